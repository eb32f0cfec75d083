"""Small wrong changes of the server (mutants), to see whether the tests notice. `tests/mutate.py` runs it."""
