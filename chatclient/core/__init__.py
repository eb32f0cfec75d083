"""The client without I/O: bytes in, typed events out; commands in, bytes out."""
