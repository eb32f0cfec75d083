"""The machinery behind `from bots import Bot`: events, effects, patterns, running, testing."""
