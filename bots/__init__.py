"""Bots: pure functions of one screen."""
