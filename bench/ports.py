"""Ports for servers that have to be told where to listen."""

import socket
from random import SystemRandom

LOWEST, HIGHEST = 20_000, 31_999  # below those that Linux gives to connections, each of which would be in the way
_given: set[int] = set()


def free_port() -> int:
    """One that nobody listens on now, and that this process has not been given before."""
    random = SystemRandom()
    while True:
        port = random.randint(LOWEST, HIGHEST)
        if port in _given:
            continue
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        _given.add(port)
        return port
