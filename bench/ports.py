"""Ports for servers that have to be told where to listen."""

import atexit
import socket
from random import SystemRandom

LOWEST, HIGHEST = 20_000, 31_999  # below those that Linux gives to connections, each of which would be in the way
BLOCK = 100
_left: list[int] = []


def free_port() -> int:
    """One that nobody listens on now, and that no other caller is given as long as this process lives.

    Nor is the next one, which a server takes for its page if it is told of no other. A process hands out the ports of
    blocks of its own: it holds the first port of each, which tells the others.
    """
    while True:
        if not _left:
            _claim_block()
        port = _left.pop()
        if _is_free(port) and _is_free(port + 1):
            return port


def _claim_block() -> None:
    firsts = list(range(LOWEST, HIGHEST, BLOCK))
    SystemRandom().shuffle(firsts)
    for first in firsts:
        if listener := _listen(first):
            atexit.register(listener.close)
            _left.extend(range(first + 2, first + BLOCK, 2))
            return
    raise OSError(f"all blocks of ports from {LOWEST} to {HIGHEST} are taken")


def _is_free(port: int) -> bool:
    listener = _listen(port)
    if listener:
        listener.close()
    return listener is not None


def _listen(port: int) -> socket.socket | None:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        return None
