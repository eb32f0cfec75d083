"""A turn: what commands bring about, stored as one, and sent once it is stored."""
