"""Tests of `chatserver/queries`."""
