"""A year of an operator's life, in minutes, against a server under load (`python3 -m tests.year`)."""
