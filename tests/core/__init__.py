"""Tests of the core alone: given a State, when a command is decided, then these events follow."""
