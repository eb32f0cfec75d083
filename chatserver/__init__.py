"""A self-hosted real-time chat server with bots, on one selector-driven event loop."""

__version__ = "0.1.0"
