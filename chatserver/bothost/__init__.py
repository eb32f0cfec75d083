"""Runs the bots of `bots/` on the server's turn."""
