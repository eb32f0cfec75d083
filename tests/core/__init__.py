"""The core's decisions, given / when / then."""
