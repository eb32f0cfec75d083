"""Tests of the load generator: that it counts right, and that it runs."""
