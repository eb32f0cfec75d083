"""The same lines through every door (pipe, TLS, WebSocket), in other pieces each, get the same answers."""

import re
import socket
from collections.abc import Callable, Iterable

import pytest

from bench.ports import free_port
from tests.conftest import StartServer
from tests.fuzz.grammar import Grammar
from tests.harness import PASSWORD, Process
from tests.wire import WAIT_S

SEEDS = range(3)
LAST = "PING|that was all"
TOKEN = re.compile(r"(?<=OK\|LOGIN\|anna\|)\S+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def script(seed: int) -> bytes:
    """Lines that are text, since WebSocket takes nothing else, behind a login."""
    begin = f"SIGNUP|anna|{PASSWORD}\nLOGIN|anna|{PASSWORD}\nCREATEROOM|anna|#den\n".encode()
    lines = [line for line in Grammar(seed).stream(80, is_text=True).split(b"\n") if not line.startswith(GOING)]
    return begin + b"\n".join(lines) + b"\n" + LAST.encode() + b"\n"


GOING = (b"QUIT", b"quit", b"LOGOUT", b"DELETEACCOUNT", b"SETPASSWORD", b"EXPORT")
"""What would end the talk, or shows times as plain numbers."""


def pieces(data: bytes, seed: int) -> list[bytes]:
    """In pieces of one size, whatever they part."""
    size = (1_000, 37, 4_001)[seed % 3]
    return [data[at : at + size] for at in range(0, len(data), size)]


def talk(connected: socket.socket, sent: Iterable[bytes], unpack: Callable[[bytes], bytes]) -> list[str]:
    """Send pieces, and read until the last answer has come; what differs from time to time is taken out."""
    connected.settimeout(WAIT_S)
    for piece in sent:
        connected.sendall(piece)
    data = b""
    while f"OK|{LAST}\n".encode() not in unpack(data):
        more = connected.recv(65_536)
        assert more, unpack(data)[-300:]
        data += more
    return TIME.sub("TIME", TOKEN.sub("TOKEN", unpack(data).decode())).splitlines()[1:]


def through_pipe(server: Process, data: list[bytes]) -> list[str]:
    with socket.create_connection(server.address) as connected:
        return talk(connected, data, lambda data: data)


def through_tls(server: Process, data: list[bytes]) -> list[str]:
    assert server.trust is not None
    with (
        socket.create_connection(server.address) as connected,
        server.trust.wrap_socket(connected, server_hostname="localhost") as secret,
    ):
        return talk(secret, data, lambda data: data)


def through_web_socket(port: int, data: list[bytes]) -> list[str]:
    with socket.create_connection(("127.0.0.1", port)) as connected:
        head = f"GET /ws HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        connected.sendall(f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n".encode())
        return talk(connected, data, unframed)


def messages(data: bytes) -> bytes:
    """Three lines a message, since the end of a message ends a line."""
    lines = data.splitlines(keepends=True)
    return b"".join(masked(b"".join(lines[at : at + 3])) for at in range(0, len(lines), 3))


def masked(payload: bytes) -> bytes:
    """A text message of a browser, whose mask changes nothing."""
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2)
    return b"\x81" + length + bytes(4) + payload


def unframed(data: bytes) -> bytes:
    """The texts of whole messages behind the answer to the handshake; of a ping, nothing."""
    _, _, rest = data.partition(b"\r\n\r\n")
    text, at = b"", 0
    while at + 2 <= len(rest):
        size, start = rest[at + 1], at + 2
        if size > 125:
            width = 2 if size == 126 else 8
            size, start = int.from_bytes(rest[start : start + width]), start + width
        if start + size > len(rest):
            break
        text += rest[start : start + size] if rest[at] & 0x0F < 3 else b""
        at = start + size
    return text


@pytest.mark.parametrize("seed", SEEDS)
def test_every_door_gives_the_same_answers(start_server: StartServer, start_tls_server: StartServer, seed: int) -> None:
    web_port = free_port()
    data = script(seed)
    expected = through_pipe(start_server(), [data])
    assert len(expected) > 60
    assert through_pipe(start_server(), pieces(data, seed)) == expected
    assert through_tls(start_tls_server(), pieces(data, seed + 1)) == expected
    start_server(web_port=web_port)
    assert through_web_socket(web_port, pieces(messages(data), seed + 2)) == expected
