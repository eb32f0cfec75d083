"""First lines that are of another protocol, and those that are not: whole, byte by byte and at each cut."""

import pytest

from chatserver.fronts.pipe.guard import HTTP, TLS, Foreign, GuardedReader
from chatserver.protocol.frames import FRAME_BYTES_MAX, TOO_LONG, LineReader
from tests.harness import shown

BEHIND = b"Host: chat\r\n\r\nSIGNUP|eve|long enough\nPING|x\n"
LONG_TARGET = b"/" + b"x" * FRAME_BYTES_MAX
REQUESTS = [
    b"GET / HTTP/1.1\r\n",
    b"POST /a%7Cb HTTP/1.0\n",
    b"post /lower HTTP/1.1\r\n",
    b"FETCH-IT! /unknown-method http/1.1\r\n",
    b"OPTIONS * HTTP/1.1\r\n",
    b"CONNECT chat:5000 HTTP/1.1\r\n",
    b"GET http://chat:5000/ HTTP/1.1\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /a b HTTP/1.1\r\n",
    b"GET /a|b HTTP/1.1\r\n",
    b"GET /\xff\x00 HTTP/1.1\r\n",
    b" \tGET\t/\tHTTP/1.1 \r\n",
    b"GET / HTTP/1.1\rHost: a\r\n",
    b"\r\n\n\r\nGET / HTTP/1.1\r\n",
    b"GET " + LONG_TARGET + b" HTTP/1.1\r\n",
    b"GET http:/" + LONG_TARGET + b" HTTP/1.1\r\n",
    b"GET /" + b"x" * (FRAME_BYTES_MAX - len(b"GET / HTTP/1.1\n")) + b" HTTP/1.1\n",
    b"GET /" + b"x" * (FRAME_BYTES_MAX - len(b"GET / HTTP/1.1\n") - 1) + b" HTTP/1.1\n",
]
OURS = [
    b"PING|GET / HTTP/1.1\n",
    b"PING|x / HTTP/1.1\n",
    b"HELP\nGET / HTTP/1.1\n",
    b"hello there\nGET / HTTP/1.1\n",
    b"GET /\n",
    b"HTTP/1.1\n",
    b"what is HTTP/1.1?\n",
    b"\x16PING\n",
    b"\x16\n",
    b"\xff GET / HTTP\n",
    b"\r\r\n",
    b"x" * FRAME_BYTES_MAX + b" GET / HTTP/1.1\nPING\n",
    b"PING|" + LONG_TARGET + b" HTTP/1.1\nPING\n",
    b"a long story " + b"x" * FRAME_BYTES_MAX + b"\nPING\n",
]


def pieces(data: bytes, size: int) -> list[str]:
    reader = GuardedReader()
    return [line for at in range(0, len(data), size) for line in reader.feed(data[at : at + size])]


@pytest.mark.parametrize("size", [1, 2, 7, 4096, 1 << 20])
@pytest.mark.parametrize("request_line", REQUESTS, ids=shown)
def test_a_request_of_http_is_told_so_and_nothing_behind_it_is_a_line(request_line: bytes, size: int) -> None:
    lines = pieces(request_line + BEHIND, size)
    assert lines == [HTTP]
    assert isinstance(lines[0], Foreign)


@pytest.mark.parametrize("size", [1, 2, 7, 1 << 20])
@pytest.mark.parametrize("version", [0, 1, 3])
def test_the_begin_of_a_tls_handshake_is_told_so_at_once(version: int, size: int) -> None:
    begin = bytes([0x16, 3, version, 2, 0, 1])
    assert pieces(begin, size) == [TLS]
    assert pieces(begin + b"\nSIGNUP|eve|long enough\n", size) == [TLS]


@pytest.mark.parametrize("cut", range(1, len(REQUESTS[0]) + 20))
def test_it_does_not_matter_where_a_request_is_cut(cut: int) -> None:
    reader, data = GuardedReader(), REQUESTS[0] + BEHIND
    assert reader.feed(data[:cut]) + reader.feed(data[cut:]) == [HTTP]


@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
@pytest.mark.parametrize("said", OURS, ids=shown)
def test_every_other_first_line_is_read_as_any_line(said: bytes, size: int) -> None:
    behind = b"\n\r\nGET / HTTP/1.1\nPING|last\nand a rest"
    lines = pieces(said + behind, size)
    assert lines == LineReader().feed(said + behind)
    assert not any(isinstance(line, Foreign) for line in lines)


def test_a_first_line_without_end_is_held_to_the_bound_of_any_line() -> None:
    reader = GuardedReader()
    for _ in range(100):
        assert reader.feed(b"\n" * 10_000) == []
        assert len(reader._rest) <= 1
    assert reader.feed(b"x" * (FRAME_BYTES_MAX - 1)) == []
    assert reader.feed(b"x") == [TOO_LONG]


def test_behind_a_foreign_line_nothing_is_kept() -> None:
    reader = GuardedReader()
    reader.feed(b"GET / HTTP/1.1\n")
    for _ in range(10):
        assert reader.feed(b"x" * 10_000) == []
    assert reader._rest == b""
