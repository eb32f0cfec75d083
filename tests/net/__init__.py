"""Tests of `chatserver/net`."""
