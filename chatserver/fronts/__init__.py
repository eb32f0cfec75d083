"""How clients speak: one folder a dialect."""
