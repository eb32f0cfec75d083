"""A connection that never blocks, and one after the other."""
