"""Without a terminal: plain frames, and one message for a script."""
