"""The pipe: one frame a line, as PROTOCOL.md tells."""
