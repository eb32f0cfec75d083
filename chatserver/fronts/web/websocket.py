"""WebSocket, the server's side of RFC 6455: bytes to messages, messages to frames. No extension, text alone.

It knows no socket. The reader never fails and never grows: a violation is an item like others, the last one, so
that what stood before it is served.
"""

import codecs
import hashlib
from base64 import b64encode
from enum import IntEnum
from typing import NamedTuple

MESSAGE_BYTES_MAX = 65_536
CONTROL_BYTES_MAX = 125
_WHOLE_TEXT = 0x81  # the first byte of a text in one frame
_MASKED = 0x80  # of the second byte
_LONG = 126  # from this size on it is written elsewhere
_SHORT_HEAD = 6  # both bytes and the mask
_number = int.from_bytes  # looked up once: it is called twice a frame
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Opcode(IntEnum):
    """What a frame is (section 5.2)."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class Code(IntEnum):
    """Why a connection closes (section 7.4.1)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    TEXT_ALONE = 1003
    NOT_UTF8 = 1007
    TOO_LONG = 1009
    TRY_AGAIN_LATER = 1013


class Ping(NamedTuple):
    """It wants this back as a pong."""

    data: bytes


class Close(NamedTuple):
    """The last item: the peer closes, or has broken the protocol. `code` is what to close with."""

    code: int


Item = bytes | Ping | Close
"""The bytes are a whole message: text in UTF-8."""


class _Violation(Exception):
    def __init__(self, code: Code) -> None:
        super().__init__()
        self.code = code


class MessageReader:
    """Cuts a client's bytes into messages; holds at most one unfinished message and one unfinished frame."""

    __slots__ = ("_buffer", "_decoder", "_ended", "_message", "frames")

    def __init__(self) -> None:
        self._buffer = b""
        self._message: bytearray | None = None  # the fragments of an unfinished message
        self._decoder: codecs.IncrementalDecoder | None = None  # looks whether they are UTF-8 as they come
        self._ended = False
        self.frames = 0  # that were read last, also those that are no item

    def feed(self, data: bytes) -> list[Item]:
        """Take what a socket gave; the items that are now complete. Nothing follows a Close."""
        items: list[Item] = []
        if self._ended:
            return items
        data = self._buffer + data if self._buffer else data
        position = self.frames = 0
        try:
            while (position := self._take_short(data, position, items)) < len(data):
                end = self._take(data, position, items)
                if end == position:
                    break
                position = end
                self.frames += 1
                if self._ended:
                    break
        except _Violation as violation:
            items.append(Close(violation.code))
            self._ended = True
        self._buffer = b"" if self._ended else data[position:]
        return items

    def _take_short(self, data: bytes, position: int, items: list[Item]) -> int:
        """Take whole, short and good texts as long as one follows the other, as nearly always; where the last one ends.

        What is different in any way is left to `_take`, which needs four times as long for a frame.
        """
        if self._message is not None:
            return position
        before, total = len(items), len(data)
        while position + _SHORT_HEAD <= total and data[position] == _WHOLE_TEXT:
            start = position + _SHORT_HEAD
            end = start + data[position + 1] - _MASKED
            if not start <= end < start + _LONG or end > total:
                break
            payload = _masked(data[start:end], data[start - 4 : start])
            if not (payload.isascii() or _is_utf8(payload)):
                break
            items.append(payload)
            position = end
        self.frames += len(items) - before
        return position

    def _take(self, data: bytes, start: int, items: list[Item]) -> int:
        """Take one frame that begins here; where it ends, or `start` if it is not all there. Raises _Violation."""
        if len(data) < start + 2:
            return start
        first, second = data[start], data[start + 1]
        opcode, size = first & 0x0F, second & 0x7F
        self._check(first, second)
        at = start + 2
        if size >= 126:
            width = 2 if size == 126 else 8
            if len(data) < at + width:
                return start
            shortest, size = size, int.from_bytes(data[at : at + width])
            if size < (126 if shortest == 126 else 65_536):
                raise _Violation(Code.PROTOCOL_ERROR)  # a length is written as short as can be
            at += width
        if opcode < Opcode.CLOSE and size + len(self._message or b"") > MESSAGE_BYTES_MAX:
            raise _Violation(Code.TOO_LONG)
        end = at + 4 + size
        if len(data) < end:
            return start
        payload = _masked(data[at + 4 : end], data[at : at + 4])
        if opcode >= Opcode.CLOSE:
            self._control(opcode, payload, items)
        elif first == _WHOLE_TEXT:
            items.append(_checked(payload))
        else:
            self._fragment(payload, items, is_last=first >= 0x80)
        return end

    def _check(self, first: int, second: int) -> None:
        """Look at a frame's first two bytes: whether it may come here."""
        opcode, is_last, size = first & 0x0F, first & 0x80, second & 0x7F
        if first & 0x70 or not second & 0x80:  # a reserved bit, or not masked
            raise _Violation(Code.PROTOCOL_ERROR)
        if opcode >= Opcode.CLOSE:
            if opcode > Opcode.PONG or not is_last or size > CONTROL_BYTES_MAX:
                raise _Violation(Code.PROTOCOL_ERROR)
        elif opcode > Opcode.BINARY or (opcode == Opcode.CONTINUATION) != (self._message is not None):
            raise _Violation(Code.PROTOCOL_ERROR)
        elif opcode == Opcode.BINARY:
            raise _Violation(Code.TEXT_ALONE)

    def _control(self, opcode: int, payload: bytes, items: list[Item]) -> None:
        if opcode == Opcode.PING:
            items.append(Ping(payload))
        elif opcode == Opcode.CLOSE:
            items.append(Close(_answer_to_close(payload)))
            self._ended = True

    def _fragment(self, payload: bytes, items: list[Item], *, is_last: bool) -> None:
        if self._message is None or self._decoder is None:
            self._message, self._decoder = bytearray(), codecs.getincrementaldecoder("utf-8")()
        try:
            self._decoder.decode(payload, is_last)
        except UnicodeDecodeError:
            raise _Violation(Code.NOT_UTF8) from None
        self._message += payload
        if is_last:
            items.append(bytes(self._message))
            self._message = self._decoder = None


def _checked(payload: bytes) -> bytes:
    if not _is_utf8(payload):
        raise _Violation(Code.NOT_UTF8)
    return payload


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _answer_to_close(payload: bytes) -> int:
    """The code to close with: the peer's own, if it may send that one (section 7.4)."""
    if not payload:
        return Code.NORMAL
    code = int.from_bytes(payload[:2])
    if len(payload) == 1 or not ((1000 <= code <= 1014 and code not in (1004, 1005, 1006)) or 3000 <= code <= 4999):
        raise _Violation(Code.PROTOCOL_ERROR)
    _checked(payload[2:])
    return code


def _masked(data: bytes, mask: bytes) -> bytes:
    """Each byte of data XOR a byte of the mask: as two big numbers, since a loop would take 50 ns a byte."""
    size = len(data)
    key = (mask * (size // 4 + 1))[:size]
    return (_number(data, "little") ^ _number(key, "little")).to_bytes(size, "little")


def text_header(size: int) -> bytes:
    """What stands before a text of so many bytes, which go out unmasked."""
    return _SHORT_HEADERS[size] if size < _LONG else _header(_WHOLE_TEXT, size)


def control_frame(opcode: Opcode, payload: bytes = b"") -> bytes:
    """A ping, a pong or a close."""
    return _header(0x80 | opcode, len(payload)) + payload


def close_frame(code: int) -> bytes:
    """A close frame."""
    return control_frame(Opcode.CLOSE, code.to_bytes(2))


def _header(first: int, size: int) -> bytes:
    if size < 126:
        return bytes((first, size))
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2)
    return bytes((first, 127)) + size.to_bytes(8)


_SHORT_HEADERS = [_header(_WHOLE_TEXT, size) for size in range(_LONG)]


def accept(key: str) -> str:
    """What proves that the server has read the client's key (section 4.2.2)."""
    return b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()
