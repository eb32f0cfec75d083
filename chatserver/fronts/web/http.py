"""HTTP/1.1 as far as a page needs it: bytes to requests, responses to bytes. It knows no socket and no file.

Only what is beyond doubt is a request (RFC 9112): lines end with CR LF, one Host, no body, unless the reader is told to
take one of a given length. Anything else becomes
a `Problem` that is answered once, and nothing behind it is read: two readings of one byte stream are how requests are
smuggled.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

HEAD_BYTES_MAX = 8192
HEADERS_MAX = 64

_REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP/(\d)\.(\d)")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
_LONE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
"""Half of a line end, where it may still be completed excepted."""
_ABSOLUTE = re.compile(r"https?://([^/?#@]+)(/[^#]*)?", re.IGNORECASE)


class Request(NamedTuple):
    """A request's head. Names of headers are in lower case; values of one name are joined by commas."""

    method: str
    path: str  # without the query
    host: str  # as the client names this server, in lower case
    headers: Mapping[str, str]
    keeps_alive: bool
    body: bytes = b""

    def words(self, name: str) -> list[str]:
        """The comma-separated words of a header, in lower case."""
        return [word.strip().lower() for word in self.headers.get(name, "").split(",") if word.strip()]


class Problem(Exception):
    """What is no request that can be served: the connection ends behind the answer. The text is a sentence."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class RequestReader:
    """Cuts a stream into requests, one a call; what is not yet asked for waits in it."""

    __slots__ = ("_body_bytes_max", "_buffer", "_headed", "_looked", "_passed")

    def __init__(self, body_bytes_max: int = 0) -> None:
        self._body_bytes_max = body_bytes_max
        self._buffer = b""
        self._headed: Request | None = None  # one whose body has not come yet
        self._looked = 0  # bytes in which no end of a head was found
        self._passed = False  # an empty line before the request that comes

    def feed(self, data: bytes) -> None:
        """Take what a socket gave."""
        self._buffer += data

    @property
    def is_empty(self) -> bool:
        """Whether no request has begun, nor an empty line before one."""
        return not (self._buffer or self._passed or self._headed)

    @property
    def rest(self) -> bytes:
        """What stands behind the requests that were taken."""
        return self._buffer

    def next(self) -> Request | None:
        """The next whole request; None if more has to come first. Raises Problem."""
        request, self._headed = self._headed or self._head(), None
        if request is None or not self._body_bytes_max:
            return request
        length = _length(request.headers, self._body_bytes_max)
        if len(self._buffer) < length:
            self._headed = request
            return None
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return request._replace(body=body)

    def _head(self) -> Request | None:
        if not self._passed and self._buffer.startswith(b"\r\n"):  # one empty line is passed over (section 2.2)
            self._buffer, self._passed = self._buffer[2:], True
        if self._buffer.startswith(b"\r\n"):
            raise Problem(HTTPStatus.BAD_REQUEST, "At most one empty line may stand before a request")
        end = self._buffer.find(b"\r\n\r\n", max(0, self._looked - 3), HEAD_BYTES_MAX)
        head = self._buffer[: end + 2] if end >= 0 else self._buffer[:HEAD_BYTES_MAX]
        if _LONE.search(head):
            raise Problem(HTTPStatus.BAD_REQUEST, "A line of the request does not end with CR LF")
        if end < 0:
            self._looked = len(self._buffer)
            if len(self._buffer) >= HEAD_BYTES_MAX:
                sentence = f"The head of a request has at most {HEAD_BYTES_MAX} bytes"
                raise Problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, sentence)
            return None
        self._buffer, self._looked, self._passed = self._buffer[end + 4 :], 0, False
        return _request(head.decode("latin-1"), takes_body=self._body_bytes_max > 0)


def _request(head: str, *, takes_body: bool) -> Request:
    first, *lines = head.split("\r\n")[:-1]
    found = _REQUEST_LINE.fullmatch(first)
    if found is None:
        raise Problem(HTTPStatus.BAD_REQUEST, "The first line is no request of HTTP")
    method, target, major, minor = found.groups()
    if major != "1":
        raise Problem(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "This server speaks HTTP/1.1")
    headers = _headers(lines)
    if not takes_body:
        _refuse_body(headers)
    authority, path = _parted(target, headers.get("host"))
    is_old = minor == "0"
    request = Request(method, path.partition("?")[0], authority, headers, not is_old)
    return request._replace(keeps_alive=False) if "close" in request.words("connection") else request


def _headers(lines: list[str]) -> dict[str, str]:
    if len(lines) > HEADERS_MAX:
        raise Problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"A request has at most {HEADERS_MAX} headers")
    headers: dict[str, str] = {}
    for line in lines:
        found = _HEADER.fullmatch(line)
        if found is None:
            raise Problem(HTTPStatus.BAD_REQUEST, "A header of the request is malformed")
        name, value = found[1].lower(), found[2].rstrip(" \t")
        if name not in headers:
            headers[name] = value
        elif name in ("host", "content-length", "transfer-encoding", "origin"):
            raise Problem(HTTPStatus.BAD_REQUEST, f"The request has more than one {name}")
        else:
            headers[name] += f", {value}"
    return headers


def _refuse_body(headers: Mapping[str, str]) -> None:
    """Nothing here takes a body, so none has to be read, nor its end to be found."""
    if "transfer-encoding" in headers or headers.get("content-length", "0") != "0":
        raise Problem(HTTPStatus.BAD_REQUEST, "Requests to this server have no body")


def _length(headers: Mapping[str, str], most: int) -> int:
    """How many bytes the body has. Raises Problem."""
    if "transfer-encoding" in headers:
        raise Problem(HTTPStatus.LENGTH_REQUIRED, "A body comes with its Content-Length, not in chunks")
    text = headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit()):
        raise Problem(HTTPStatus.BAD_REQUEST, "The Content-Length is no number")
    if len(text) > 18 or int(text) > most:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body has at most {most} bytes")
    return int(text)


def _parted(target: str, host: str | None) -> tuple[str, str]:
    """The server's name and the path; a whole address as target stands for the Host too (section 3.2.2)."""
    if host is None:
        raise Problem(HTTPStatus.BAD_REQUEST, "The request does not say for which Host it is")
    found = _ABSOLUTE.fullmatch(target)
    if found is not None:
        return found[1].lower(), found[2] or "/"
    return host.lower(), target


class Response(NamedTuple):
    """What a request gets."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes = b""

    def render(self, *, head_alone: bool = False, closes: bool = False) -> bytes:
        """The bytes; `head_alone` where HEAD asked, `closes` where the connection ends behind it."""
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.status not in (HTTPStatus.SWITCHING_PROTOCOLS, HTTPStatus.NOT_MODIFIED):
            lines.append(f"Content-Length: {len(self.body)}")
        if closes:
            lines.append("Connection: close")
        return "\r\n".join((*lines, "", "")).encode("latin-1") + (b"" if head_alone else self.body)
