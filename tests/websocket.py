"""The tests' client of the wire over WebSocket: each send is one text message, masked; what comes is read as a stream.

It shares no code with the server, and checks of each frame what holds of a server's (RFC 6455, section 5).
"""

import os
import socket
import ssl
from base64 import b64encode
from hashlib import sha1

from tests.wire import Address, Client

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PIECE_BYTES_MAX = 16_384
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def masked(opcode: int, payload: bytes, *, first: int = 0x80) -> bytes:
    """A client's frame."""
    size = len(payload)
    if size < 126:
        head = bytes((first | opcode, 0x80 | size))
    elif size < 65_536:
        head = bytes((first | opcode, 0x80 | 126)) + size.to_bytes(2)
    else:
        head = bytes((first | opcode, 0x80 | 127)) + size.to_bytes(8)
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def handshake(address: Address, path: str = "/ws", **more: str) -> tuple[bytes, str]:
    """A request for a WebSocket, with headers as they are given (`_` for `-`); and what has to be answered."""
    key = b64encode(os.urandom(16)).decode()
    headers = {
        "Host": f"localhost:{address[1]}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Protocol": "pipechat.1",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items() if value), "", ""]
    return "\r\n".join(lines).encode(), b64encode(sha1((key + GUID).encode()).digest()).decode()


class WebClient(Client):
    """A client whose lines go over WebSocket. `close_code` is what the server has closed with."""

    def __init__(
        self,
        address: Address,
        name: str = "",
        source: str = "",
        receive_bytes: int = 0,
        trust: ssl.SSLContext | None = None,
        **headers: str,
    ) -> None:
        super().__init__(address, name, source, receive_bytes, trust)
        self.close_code = 0
        self.pongs: list[bytes] = []
        self.pings = 0
        self.answers_pings = True
        self._raw = b""
        try:
            asked, proof = handshake(address, **headers)
            self.socket.sendall(asked)
            while b"\r\n\r\n" not in self._raw:
                got = self.socket.recv(1 << 16)
                assert got, self._raw
                self._raw += got
            self.head, _, self._raw = self._raw.partition(b"\r\n\r\n")
            assert self.head.startswith(b"HTTP/1.1 101 "), self.head
            assert f"Sec-WebSocket-Accept: {proof}".encode() in self.head
        except BaseException:
            self.socket.close()
            raise

    def send_bytes(self, data: bytes) -> None:
        """One message."""
        self.send_frame(TEXT, data)

    def send_frame(self, opcode: int, payload: bytes, *, first: int = 0x80) -> None:
        """A frame of any kind."""
        self.socket.sendall(masked(opcode, payload, first=first))

    def end_sending(self) -> None:
        """A WebSocket ends with a close frame."""
        self.send_frame(CLOSE, (1000).to_bytes(2))

    def expect_close(self, code: int) -> None:
        """Check that the server has closed, with nothing more to say but this code."""
        self.expect_end()
        assert self.close_code == code

    def _receive(self) -> bytes:
        """The text of the next message; nothing once the server has closed."""
        while True:
            opcode, payload = self._message()
            if opcode == TEXT:
                assert 0 < len(payload) <= PIECE_BYTES_MAX
                assert payload.endswith(b"\n"), "a message holds whole lines"
                return payload
            if opcode == PONG:
                self.pongs.append(payload)
            elif opcode == PING:
                self.pings += 1
                if self.answers_pings:
                    self.send_frame(PONG, payload)
            else:
                return b""

    def _message(self) -> tuple[int, bytes]:
        head = self._exactly(2)
        if not head:
            return 0, b""
        assert head[0] in (0x80 | TEXT, 0x80 | CLOSE, 0x80 | PING, 0x80 | PONG), (
            f"a server's frame begins with {head!r}"
        )
        assert head[1] < 127, "a server does not mask, and its messages are short"
        size = head[1] if head[1] < 126 else int.from_bytes(self._exactly(2))
        payload = self._exactly(size)
        assert len(payload) == size, "the server closed within a frame"
        if head[0] == 0x80 | CLOSE:
            self.close_code = int.from_bytes(payload[:2])
            assert not self._exactly(1), "something behind the close"
        return head[0] & 0x0F, payload

    def _exactly(self, size: int) -> bytes:
        """So many bytes; fewer if the server has closed."""
        while len(self._raw) < size:
            got = self._socket_bytes()
            if not got:
                break
            self._raw += got
        taken, self._raw = self._raw[:size], self._raw[size:]
        return taken

    def _socket_bytes(self) -> bytes:
        try:
            return self.socket.recv(1 << 16)
        except ConnectionResetError:
            return b""


def fetch(address: Address, path: str = "/", method: str = "GET", **more: str) -> tuple[int, dict[str, str], bytes]:
    """Ask once: status, headers with names in lower case, body."""
    headers = {"Host": f"localhost:{address[1]}", "Connection": "close"}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return answer_to(address, "\r\n".join(lines).encode())


def answer_to(address: Address, data: bytes) -> tuple[int, dict[str, str], bytes]:
    """Say something, and read until the server closes: the first response, and all that comes behind its head."""
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(data)
        got = b""
        while piece := connection.recv(1 << 16):
            got += piece
    return parted(got)


def parted(got: bytes) -> tuple[int, dict[str, str], bytes]:
    """A response's status, headers and what stands behind them."""
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    assert first.startswith("HTTP/1.1 "), got[:200]
    pairs = [line.split(": ", 1) for line in lines]
    return int(first.split()[1]), {name.lower(): value for name, value in pairs}, body
