"""How every baseline starts: it listens on a free port of the loopback and says so; SIGTERM ends it in order."""

import signal
import socket
import sys
from types import FrameType
from typing import NoReturn


def listening() -> socket.socket:
    """A listening socket on a free port."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    sock.listen(4096)
    return sock


def say_ready(sock: socket.socket) -> None:
    """Print where it listens, as the server under load does."""
    signal.signal(signal.SIGTERM, _end)
    host, port = sock.getsockname()
    print(f"listening on {host}:{port}", flush=True)


def _end(_: int, __: FrameType | None) -> NoReturn:
    sys.exit(0)
