"""The web front: a page for browsers, and the pipe's lines over WebSocket."""
