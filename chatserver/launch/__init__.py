"""From words typed to a server that runs, or to what else the first word names."""
