"""Tells a client of another protocol by its first line, so that nothing behind that line runs.

Any web page can have its visitor's browser send `POST / HTTP/1.1`, headers, and a body of its own choice to any port
that the visitor reaches: lines of the pipe among them. A page over TLS can put some into a handshake likewise. Neither
can choose what comes first. Two kinds of first lines are turned away; everything else is the line reader's.
"""

import re

from chatserver.protocol.frames import FRAME_BYTES_MAX, BadFrame, LineReader

HTTP = "This port serves no web pages: connect with nc or with the chat client, and type HELP"
TLS = "This port speaks plain text: leave TLS out, or ask who runs the server for its TLS port"

_BLANK_LINES = re.compile(rb"(?:\r?\n)*")
_HELLO_OF_TLS = b"\x16\x03"  # a handshake record of any version (RFC 8446, section 5.1)
_REQUEST = re.compile(rb"[ \t]*[^|\s]+[ \t].*?[ \t]HTTP/\d+\.\d+[ \t]*(?:\r|$)", re.IGNORECASE | re.DOTALL)
"""A request line (RFC 9112, section 3) or HTTP/2's preface. No command of the pipe has a blank before its first `|`."""
_REQUEST_BEGIN = re.compile(rb"[ \t]*[^|\s]+[ \t]+(?:[/*]|[a-z][a-z0-9+.-]*://|[^|\s/]+:\d)", re.IGNORECASE)
"""The same, where the line is too long for its end to be waited for: a method and a target."""


class Foreign(BadFrame):
    """A first line of another protocol; its value is the sentence to answer with before the good-bye."""

    __slots__ = ()


class GuardedReader(LineReader):
    """A line reader that looks at the first line that is not empty; behind one that is foreign it gives nothing."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        self._unusual = GuardedReader._look

    def _look(self, data: bytes) -> list[str]:
        begin = data[_BLANK_LINES.match(data).end() :]  # type: ignore[union-attr]  # nothing at all matches too
        self._rest = b""
        sentence = _foreign(begin)
        if sentence:
            self._unusual = GuardedReader._ignore
            return [Foreign(sentence)]
        if b"\n" in begin or len(begin) >= FRAME_BYTES_MAX:
            self._unusual = None
            return self.feed(begin)
        self._rest = begin
        return []

    def _ignore(self, data: bytes) -> list[str]:
        self._rest = b""
        return []


def _foreign(begin: bytes) -> str:
    """Why these first bytes are no client's of ours; empty if they may be, or if that cannot be told yet."""
    if begin.startswith(_HELLO_OF_TLS):
        return TLS
    line, end, _ = begin.partition(b"\n")
    if len(line) >= FRAME_BYTES_MAX:
        return HTTP if _REQUEST_BEGIN.match(line) else ""
    return HTTP if end and _REQUEST.match(line) else ""
