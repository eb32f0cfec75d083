"""The server in a hostile world that is played again from a seed; `python3 -m tests.simulation --help`."""
