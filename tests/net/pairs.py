"""A connection over a real socket whose kernel takes as much as the test says, its owner, and the peer's socket."""

import select
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

from chatserver.net.connection import Connection
from tests.net.loops import Loop

READ_BYTES = 64
FRAMES = b"a\nbcd\n\nefghij\n"
ALL = 1 << 30  # room for whatever a test sends


class Kernel(socket.socket):
    """A connected socket that takes `room` more bytes, and then none until the test gives it more."""

    def __init__(self, real: socket.socket) -> None:
        super().__init__(real.family, real.type, real.proto, real.detach())
        self.setblocking(False)
        self.room = ALL
        self.offered: list[int] = []  # bytes, at each call
        self.refusals: list[OSError] = []  # what the next calls end with

    def send(self, data: bytes | memoryview, flags: int = 0) -> int:  # type: ignore[override]
        self.offered.append(len(data))
        self._refuse()
        if not self.room:
            raise BlockingIOError
        sent = super().send(data[: self.room], flags)
        self.room -= sent
        return sent

    def recv(self, size: int, flags: int = 0) -> bytes:
        self._refuse()
        return super().recv(size, flags)

    def _refuse(self) -> None:
        if self.refusals:
            raise self.refusals.pop(0)


class Pair(Loop):
    """A connection, its owner, and the peer's socket."""

    def __init__(self, ends: tuple[socket.socket, socket.socket]) -> None:
        super().__init__()
        self.kernel, self.peer = Kernel(ends[0]), ends[1]
        self.peer.setblocking(False)
        self.heard: list[bytes] = []
        self.told: list[str] = []
        self.reaction: Callable[[], object] = lambda: None  # of the owner, to whatever it is told
        self.connection = Connection(self.reactor, self.kernel, self, READ_BYTES)

    def received(self, data: bytes) -> None:
        self.heard.append(data)
        self.reaction()

    def ended(self) -> None:
        self._tell("ended")

    def drained(self) -> None:
        self._tell("drained")

    def lost(self) -> None:
        assert self.connection.closed
        self._tell("lost")

    def _tell(self, what: str) -> None:
        self.told.append(what)
        self.reaction()

    def peer_reads(self) -> bytes:
        """All that has arrived; `<end>` where the connection has said that no more comes."""
        read = b""
        with suppress(BlockingIOError):
            while data := self.peer.recv(1 << 16):
                read += data
            read += b"<end>"
        return read

    def peer_resets(self) -> None:
        """It goes without a goodbye, and this has arrived. Of a pair of TCP."""
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.peer.close()
        select.select([self.kernel], [], [])

    def leave_unsent(self, data: bytes, taken: int) -> None:
        """Send so that the kernel takes just the first bytes."""
        self.kernel.room = taken
        assert not self.connection.send(data)
        assert self.connection.unsent == len(data) - taken

    def go_on(self, room: int = ALL) -> None:
        """The kernel has room again, and the loop turns."""
        self.kernel.room = room
        self.turn()

    def close(self) -> None:
        self.reaction = lambda: None
        self.connection.abort()
        self.peer.close()
        super().close()
