"""The face for people: windows, lines, keys."""
