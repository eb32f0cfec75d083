"""Small wrong changes of the server (mutants), to see whether the tests notice: `python3 -m tests.mutate`."""
