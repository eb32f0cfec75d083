"""Tests of `chatserver.protocol`, one file for each of its modules."""
