"""One TCP connection, with or without TLS, that never blocks: addresses tried in turn, bytes in and out.

Knows no protocol. Every failure is a `LinkFailed` with a sentence for a person.
"""

import errno
import os
import selectors
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

RECEIVE_BYTES = 65_536
CHUNKS_PER_TURN = 16
DEFAULT_PORT = 5000

Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int], str]
"""Its family, what a socket connects to, and the host it is an address of, whose certificate TLS checks."""


class LinkFailed(Exception):
    """There is no connection, or no longer; the text is a sentence. `lasting`: trying again would not help."""

    def __init__(self, text: str, *, lasting: bool = False) -> None:
        super().__init__(text)
        self.lasting = lasting


@dataclass(frozen=True, slots=True)
class Target:
    """Where the server is. `tls` is the context to use, or None for plain TCP.

    `others` are further machines of the same chat, of which one at a time lets people in.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    others: tuple[tuple[str, int], ...] = ()

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """All of them."""
        return ((self.host, self.port), *self.others)

    def __str__(self) -> str:
        return ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.places)


def parse_target(text: str, default_host: str = "localhost") -> tuple[str, int]:
    """Read `HOST`, `HOST:PORT`, `PORT`, `:PORT` or `[v6]:PORT`. Raises ValueError with a sentence."""
    if text.isascii() and text.isdigit():
        text = f":{text}"
    if text.count(":") > 1 and not text.startswith("["):
        return text, DEFAULT_PORT
    host, mark, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not mark:
        host, port = text, str(DEFAULT_PORT)
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise ValueError(f"“{port}” is no port: write HOST:PORT with a port from 1 to 65535, such as localhost:5000")
    return host.strip("[]") or default_host, int(port)


def target_of(text: str, tls: ssl.SSLContext | None = None) -> Target:
    """Read one place as `parse_target` does, or several with commas between. Raises ValueError with a sentence."""
    (host, port), *others = [parse_target(each.strip()) for each in text.split(",")]
    return Target(host, port, tls, tuple(others))


def look_up(target: Target) -> list[Address]:
    """The addresses of all its hosts. This asks the network and blocks, so it is done before the loop begins.

    Of several hosts, those that nobody knows at the moment are passed over.
    """
    found: list[Address] = []
    for host, port in target.places:
        with suppress(OSError, UnicodeError):
            for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                if family in (socket.AF_INET, socket.AF_INET6):
                    found.append((family, address, host))  # type: ignore[arg-type]
    if not found:
        names = ", ".join(f"“{host}”" for host, _ in target.places)
        raise LinkFailed(f"There is no host {names}: check its name", lasting=True)
    return found


class _Step(Enum):
    CONNECTING = 1
    SHAKING_HANDS = 2
    OPEN = 3


class Link:
    """Connects as it is turned; `fileno` and `mask` say what to wait for before the next turn.

    `fileno` changes when the next address is tried: ask for it before every wait.
    """

    def __init__(self, target: Target, addresses: Sequence[Address]) -> None:
        self._target = target
        self._addresses = list(addresses)
        self._output = bytearray()
        self._step = _Step.CONNECTING
        self._wants_write = True
        self._socket = self._next_socket()

    @property
    def is_open(self) -> bool:
        """Whether bytes can go either way."""
        return self._step is _Step.OPEN

    def fileno(self) -> int:
        """The file descriptor to wait for."""
        return self._socket.fileno()

    def mask(self) -> int:
        """The selector events to wait for."""
        if self._step is _Step.CONNECTING:
            return selectors.EVENT_WRITE
        wants_write = bool(self._output) if self.is_open else self._wants_write
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if wants_write else 0)

    def send(self, data: bytes) -> None:
        """Send bytes now if the socket takes them, else as it allows."""
        self._output += data
        if self.is_open:
            self._flush()

    @property
    def bytes_waiting(self) -> int:
        """How many bytes wait to be sent."""
        return len(self._output)

    def turn(self) -> bytes | None:
        """Do what can be done without waiting; return what was received, None at the peer's end.

        Raises LinkFailed when there is no connection to be had, or it broke.
        """
        if self._step is _Step.CONNECTING and not self._connected():
            return b""
        if self._step is _Step.SHAKING_HANDS and not self._shaken():
            return b""
        self._flush()
        return self._receive()

    def end_sending(self) -> None:
        """Tell the peer that no more comes; what it sends is still received. TLS cannot do this by halves."""
        if not isinstance(self._socket, ssl.SSLSocket):
            with suppress(OSError):  # the peer is gone already, which the next turn says
                self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def _next_socket(self) -> socket.socket:
        family, address, self._host = self._addresses.pop(0)
        fresh = socket.socket(family, socket.SOCK_STREAM)
        fresh.setblocking(False)
        fresh.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            fresh.connect(address)
        except BlockingIOError:
            pass
        except OSError as error:
            fresh.close()
            if self._addresses:
                return self._next_socket()
            raise self._refused(error.errno) from None
        return fresh

    def _connected(self) -> bool:
        problem = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if problem:
            self._socket.close()
            if not self._addresses:
                raise self._refused(problem)
            self._socket = self._next_socket()
            return False
        try:
            self._socket.getpeername()
        except OSError:
            return False  # turned before its time
        self._step = _Step.OPEN
        if self._target.tls is not None:
            self._socket = self._target.tls.wrap_socket(
                self._socket, server_hostname=self._host, do_handshake_on_connect=False
            )
            self._step = _Step.SHAKING_HANDS
        return True

    def _refused(self, number: int | None) -> LinkFailed:
        if number == errno.ECONNREFUSED:
            return LinkFailed(f"No server listens on {self._target}: check the port, or start the server")
        return LinkFailed(f"No connection to {self._target}: {os.strerror(number or 0)}")

    def _shaken(self) -> bool:
        assert isinstance(self._socket, ssl.SSLSocket)
        self._wants_write = False
        try:
            self._socket.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLWantWriteError:
            self._wants_write = True
            return False
        except ssl.SSLCertVerificationError as error:
            hint = "give its certificate with --tls-ca FILE"
            text = f"The certificate of {self._target} is not trusted ({error.verify_message}): {hint}"
            raise LinkFailed(text, lasting=True) from None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise self._broken(error) from None
        except ssl.SSLError:
            raise LinkFailed(f"{self._target} does not speak TLS: leave out --tls", lasting=True) from None
        except OSError as error:
            raise self._broken(error) from None
        self._step = _Step.OPEN
        return True

    def _flush(self) -> None:
        try:
            while self._output:
                sent = self._socket.send(memoryview(self._output)[:RECEIVE_BYTES].tobytes())
                del self._output[:sent]
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return
        except OSError:
            self._output.clear()  # what the peer said before it went is still to be received

    def _receive(self) -> bytes | None:
        chunks = []
        try:
            while chunk := self._socket.recv(RECEIVE_BYTES):
                chunks.append(chunk)
                if len(chunks) >= CHUNKS_PER_TURN and not self._holds_more():
                    return b"".join(chunks)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return b"".join(chunks)
        except OSError as error:
            if not chunks:
                raise self._broken(error) from None
        return b"".join(chunks) if chunks else None

    def _holds_more(self) -> bool:
        """Whether TLS has bytes that no selector would report."""
        return isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0

    def _broken(self, error: OSError) -> LinkFailed:
        reason = "the other end closed it" if isinstance(error, ssl.SSLError) else error.strerror
        return LinkFailed(f"The connection to {self._target} broke: {reason}")
