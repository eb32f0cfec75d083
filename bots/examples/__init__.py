"""Bots to learn from, which no server runs unless it is told to (`--bots`)."""
