"""Tests of `chatserver/turn`."""
