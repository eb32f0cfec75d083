"""What keeps a server in order while it runs."""
