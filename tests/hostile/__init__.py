"""A server attacked through every door by those who did not write it."""
