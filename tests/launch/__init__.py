"""Tests of how the server is started, told, stopped and taken over from."""
