"""Tests of what stands at the top of `chatserver/`."""
