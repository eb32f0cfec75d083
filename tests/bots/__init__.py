"""Tests of the bot kit, the bots, and their host."""
