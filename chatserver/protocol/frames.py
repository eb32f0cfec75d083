"""Bytes to lines: one reader a direction, which never fails and never grows.

A frame is one line of UTF-8 ended by LF (PROTOCOL.md, "Frames"). What is no frame
comes out as a `BadFrame` in its place, so that it is answered in its order.
"""

import re
from collections.abc import Callable

FRAME_BYTES_MAX = 8192
"""The longest frame in bytes, with its CR and LF, in either direction."""

CONTROL_BYTES = bytes([*range(0x09), *range(0x0B, 0x20), 0x7F])
"""C0 but TAB and LF (which ends a line), and DEL: single bytes in UTF-8, so a scan of bytes finds them."""

_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_LEADS = (b"\xc2", b"\xe2\x80", b"\xe2\x81")
"""How the UTF-8 of every forbidden character above ASCII begins."""

TOO_LONG = f"A line has at most {FRAME_BYTES_MAX} bytes with its line end: send less at once"
NOT_UTF8 = "This line is no valid UTF-8: set your client to UTF-8"
NOT_PRINTABLE = "A line may hold no control, line-separator or bidirectional character: take it out and send again"


class BadFrame(str):
    """Stands in the place of a line that is no frame; its value is the sentence to answer with."""

    __slots__ = ()


def is_clean(text: str) -> bool:
    """Tell whether a field may hold this text: no control, line separator or bidirectional character."""
    return _FORBIDDEN.search(text) is None


def clean(text: str, substitute: str = " ") -> str:
    """Make a text safe to put in a field: each forbidden character becomes the substitute."""
    return _FORBIDDEN.sub(substitute, text)


class LineReader:
    """Cuts a stream of bytes into lines; holds at most one unfinished line."""

    __slots__ = ("_rest", "_unusual")

    def __init__(self) -> None:
        self._rest = b""
        self._unusual: Callable[..., list[str]] | None = None  # what deals with bytes that are no lines now

    def feed(self, data: bytes) -> list[str]:
        """Take what a socket gave; return the lines now complete, without their ends, empty ones left out."""
        if self._rest:
            data = self._rest + data
        if self._unusual is not None:
            return self._unusual(self, data)
        end = data.rfind(b"\n") + 1
        if end == len(data):
            self._rest = b""
            return _lines(data)
        self._rest = data[end:]
        lines = _lines(data[:end]) if end else []
        if len(self._rest) >= FRAME_BYTES_MAX:
            self._rest = b""
            self._unusual = LineReader._skip
            lines.append(BadFrame(TOO_LONG))
        return lines

    def _skip(self, data: bytes) -> list[str]:
        """Drop the rest of an overlong line, which has been answered already."""
        end = data.find(b"\n") + 1
        self._rest = b""
        if not end:
            return []
        self._unusual = None
        return self.feed(data[end:])


def _lines(data: bytes) -> list[str]:
    """Split a run of whole lines, with one check over all its bytes where it is all clean (the usual case)."""
    if len(data.translate(None, CONTROL_BYTES)) != len(data):  # CR is one of them
        return _lines_one_by_one(data)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _lines_one_by_one(data)
    if not text.isascii() and any(lead in data for lead in _LEADS):
        return _lines_one_by_one(data)
    lines = text.split("\n")
    lines.pop()
    if len(data) > FRAME_BYTES_MAX and max(map(len, lines)) * (1 if text.isascii() else 4) >= FRAME_BYTES_MAX:
        return _lines_one_by_one(data)
    if "" in lines:
        return [line for line in lines if line]
    return lines


def _lines_one_by_one(data: bytes) -> list[str]:
    lines = []
    for raw in data.split(b"\n")[:-1]:
        line = _line(raw)
        if line:
            lines.append(line)
    return lines


def _line(raw: bytes) -> str:
    if len(raw) >= FRAME_BYTES_MAX:
        return BadFrame(TOO_LONG)
    try:
        line = raw.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        return BadFrame(NOT_UTF8)
    return line if is_clean(line) else BadFrame(NOT_PRINTABLE)
