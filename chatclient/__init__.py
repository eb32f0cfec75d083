"""Clients of the chat server."""
