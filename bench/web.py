"""The generator's side of WebSocket (RFC 6455): a connection whose lines go in messages, as a browser's do.

All of what is sent at once is one message, or each line one of its own. It trusts the server's frames: whether those
are right is for the tests to say.
"""

import os
import socket
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import lru_cache

from bench import BenchError
from bench.loop import Connection, Loop
from bench.secure import SecureConnection

MESSAGE_BYTES_MAX = 60_000
"""Below what the server takes for one message."""

_TEXT, _CLOSE, _PING, _PONG = 0x81, 0x88, 0x89, 0x8A  # each a whole message
_MASK = os.urandom(4)  # one for all: no proxy is to be protected here
_HEAD_MAX = 16_384


class WebConnection(Connection):
    """A connection over WebSocket. What is sent before the server has agreed waits for that."""

    __slots__ = ("_agreed", "_held")

    def __init__(self, loop: Loop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self._agreed = False
        self._held = b""

    def begin(self, address: tuple[str, int]) -> None:
        """Ask for a WebSocket."""
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        key = b64encode(os.urandom(16)).decode()
        super().send(
            f"GET /ws HTTP/1.1\r\nHost: {host}:{address[1]}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: pipechat.1\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def send(self, data: bytes) -> None:
        """Send lines, as one message where they fit."""
        frames = b"".join(frame(_TEXT, message) for message in self._cut(data))
        if self._agreed:
            super().send(frames)
        else:
            self._held += frames

    def _cut(self, data: bytes) -> Iterator[bytes]:
        while len(data) > MESSAGE_BYTES_MAX:
            end = data.rfind(b"\n", 0, MESSAGE_BYTES_MAX) + 1
            yield data[:end]
            data = data[end:]
        yield data

    def readable(self) -> None:
        """Take one `recv` and hand on the messages that are now whole."""
        self._rest += self.received()
        if self._agreed or self._agrees():
            self._take()

    def _agrees(self) -> bool:
        """Whether the server has agreed; what waited for that is sent. Raises BenchError where it does not."""
        head, end, rest = self._rest.partition(b"\r\n\r\n")
        if not end and len(head) < _HEAD_MAX and head[:5] in b"HTTP/":
            return False
        if not head.startswith(b"HTTP/1.1 101 "):
            said = head.partition(b"\n")[0][:80].decode(errors="replace").strip()
            raise BenchError(f"No WebSocket there; it said {said!r}: name the port of the page, not the pipe's")
        self._agreed, self._rest = True, rest
        held, self._held = self._held, b""
        super().send(held)
        return True

    def _take(self) -> None:
        data, at, texts = self._rest, 0, []
        while len(data) >= at + 2:
            size, begins = data[at + 1], at + 2
            if size == 126:  # the server's messages are shorter than 64 KiB
                size, begins = int.from_bytes(data[at + 2 : at + 4]), at + 4
            if len(data) < begins + size:
                break
            kind, at = data[at], begins + size
            if kind == _TEXT:
                texts.append(data[begins:at])
            elif kind == _PING:
                super().send(frame(_PONG, data[begins:at]))
            elif kind == _CLOSE:
                super().send(frame(_CLOSE, data[begins:at]))
        self._rest = data[at:]
        if texts:
            self.on_lines(b"".join(texts))


class SingleWebConnection(WebConnection):
    """One that sends each line as a message of its own, as a page does for what a person types."""

    __slots__ = ()

    def _cut(self, data: bytes) -> Iterator[bytes]:
        yield from data.splitlines(keepends=True)


FRONTS: dict[str, Callable[[Loop, socket.socket], Connection]] = {
    "pipe": Connection,
    "tls": SecureConnection,
    "web": WebConnection,
    "web-single": SingleWebConnection,
}
"""How clients speak to the server."""


def frame(kind: int, payload: bytes) -> bytes:
    """A client's frame, masked."""
    size = len(payload)
    head = bytes((kind, 0x80 | size)) if size < 126 else bytes((kind, 0xFE)) + size.to_bytes(2)
    masked = (int.from_bytes(payload) ^ _mask_of(size)).to_bytes(size)
    return head + _MASK + masked


@lru_cache(maxsize=1024)
def _mask_of(size: int) -> int:
    return int.from_bytes((_MASK * (size // 4 + 1))[:size])
