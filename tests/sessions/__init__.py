"""Tests of `chatserver/sessions`."""
