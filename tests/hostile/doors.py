"""A started server with all its doors open, whose turns are measured (`watched`), and a look at what it holds."""

import re
import socket
from pathlib import Path

from bench.ports import free_port
from tests.harness import Process, command_line
from tests.hostile.watched import MARK
from tests.wire import WAIT_S, Address

WATCHED = "tests.hostile.watched"
TURN_MS = 100  # the longest that anybody may hold up the others


class Doors:
    """Where the doors of a server are, beside those that the server's process knows."""

    def __init__(self, store: Path, *more: str, **settings: int | str) -> None:
        hooks, metrics = free_port(), free_port()
        words = command_line(store, {"hooks_port": hooks, "metrics_port": metrics, **settings}, *more)
        self.server = Process([WATCHED if word == "chatserver" else word for word in words], store)
        self.pipe: Address = self.server.plain_address
        self.hooks: Address = ("127.0.0.1", hooks)
        self.metrics: Address = ("127.0.0.1", metrics)
        self.admin = Path(f"{self.server.store_path}.admin")

    def call_admin(self) -> socket.socket:
        """A connection to the machine owner's door."""
        called = socket.socket(socket.AF_UNIX)
        called.settimeout(WAIT_S)
        called.connect(str(self.admin))
        return called

    @property
    def longest_turn_ms(self) -> float:
        """Of the loop so far; 0 where none was worth a word."""
        return max(map(float, re.findall(rf"{MARK} ([\d.]+) ms", self.server.stderr)), default=0.0)

    @property
    def memory_bytes(self) -> int:
        """What the process takes now."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.server.pid}/status").read_text())
        assert found
        return int(found[1]) * 1024

    @property
    def descriptors(self) -> int:
        """How many files and sockets it has open."""
        return len(list(Path(f"/proc/{self.server.pid}/fd").iterdir()))


def call(address: Address) -> socket.socket:
    """A plain connection."""
    return socket.create_connection(address, timeout=WAIT_S)


def to_the_end(called: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    got = b""
    try:
        while piece := called.recv(1 << 16):
            got += piece
    except ConnectionError:
        pass
    return got


def reset(called: socket.socket) -> None:
    """Go without a good-bye, whatever is still to be read."""
    called.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    called.close()
