"""Bytes that nobody would send in earnest; `python3 -m tests.fuzz --help`."""
