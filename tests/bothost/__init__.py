"""Tests of `chatserver/bothost`."""
