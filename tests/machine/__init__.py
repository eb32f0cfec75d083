"""A real disk that misbehaves under a real server: slow, held up, failing, full, or without power."""
