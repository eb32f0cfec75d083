"""A client of the page: it asks by HTTP, and then its lines and all that it hears are messages of WebSocket."""

from collections import Counter

from tests.simulation.callers import Caller
from tests.simulation.choices import Choices
from tests.simulation.sockets import Wire

REQUEST = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
ACCEPTED = b"HTTP/1.1 101 "
TEXT, MORE, LAST, PING, CLOSE = 0x81, 0x01, 0x80, 0x89, 0x88
MASK = b"\x01\x20\x03\x40"


class PageCaller(Caller):
    """One WebSocket. What it sends comes in fragments now and then, with pings in between."""

    def __init__(self, wire: Wire, name: str, now_s: float, choices: Choices, fired: Counter[str]) -> None:
        super().__init__(wire, name, now_s)
        self._choices = choices
        self._fired = fired
        self._raw = b""
        self._is_open = False
        self.close_code = 0
        self.wire.incoming += REQUEST

    is_page = True

    @property
    def has_part(self) -> bool:
        return super().has_part or (self._is_open and bool(self._raw))

    def _send(self, data: bytes) -> None:
        if self._choices.below(4) == 1:
            self._fired["a ping of WebSocket"] += 1
            self.wire.incoming += _frame(PING, b"there?")
        if self._choices.below(4) == 1:
            self._fired["a message in fragments"] += 1
            at = 1 + self._choices.below(len(data) - 1)
            self.wire.incoming += _frame(MORE, data[:at]) + _frame(LAST, data[at:])
        else:
            self.wire.incoming += _frame(TEXT, data)

    def _taken(self) -> bytes:
        self._raw += super()._taken()
        if not self._is_open:
            head, end, self._raw = self._raw.partition(b"\r\n\r\n")
            if not end:
                self._raw = head
                return b""
            self._is_open = head.startswith(ACCEPTED)
            if not self._is_open:  # there is no place
                self.bye, self._raw = "FULL", b""
        return b"".join(self._texts())

    def _texts(self) -> list[bytes]:
        texts = []
        while len(self._raw) >= 2:
            first, size, start = self._raw[0], self._raw[1], 2
            if size == 126:
                size, start = int.from_bytes(self._raw[2:4]), 4
            if len(self._raw) < start + size or (start == 4 and len(self._raw) < 4):
                break
            payload, self._raw = self._raw[start : start + size], self._raw[start + size :]
            if first == CLOSE:
                self.close_code = int.from_bytes(payload[:2])
            elif first == TEXT:
                texts.append(payload)
        return texts


def _frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2)
    return bytes((first,)) + length + MASK + bytes(byte ^ MASK[at % 4] for at, byte in enumerate(payload))
