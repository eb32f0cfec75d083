"""Accepting connections: as many as there is room for, one address not all of them, and no spinning.

Where the process has no descriptor left, a spare one is given up for a moment, so that the client
at the door is told instead of left waiting.
"""

import errno
import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress

from chatserver.net.addresses import address_group
from chatserver.net.reactor import READ, Reactor

log = logging.getLogger(__name__)

ACCEPTS_PER_TURN = 128  # clients at the door, before those inside have their turn
PORT_MAX = 65_535
PROBES = 3  # that a silent peer may leave unanswered: one may get lost
PAUSE_S = 1.0  # after a failure that accepting at once again would only repeat
_NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE)


class Listener:
    """A listening socket in a reactor."""

    def __init__(
        self,
        reactor: Reactor,
        listening: socket.socket,
        welcome: Callable[[socket.socket, str], None],
        places: Callable[[str], bool],
        farewell: bytes,
    ) -> None:
        """`welcome` takes a connected socket and its address; `places` tells whether there is room for it.

        `farewell` is sent to those who find none.
        """
        self._reactor = reactor
        self._socket = listening
        self._welcome = welcome
        self._places = places
        self._farewell = farewell
        self._spare: int | None = os.open(os.devnull, os.O_RDONLY)
        self._paused = False
        self._is_over = False
        reactor.register(listening, READ, self._on_ready)

    def close(self) -> None:
        """Take no more clients."""
        self.let_go().close()

    def let_go(self) -> socket.socket:
        """Take no more clients; the socket goes on listening, for another to take them."""
        if not self._paused and not self._is_over:
            self._reactor.unregister(self._socket)
        self._is_over = True
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None
        return self._socket

    def _on_ready(self, ready: int) -> None:
        for _ in range(ACCEPTS_PER_TURN):
            try:
                connected, address = self._socket.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                continue  # it has gone before it was its turn
            except OSError as error:
                self._failed(error)
                return
            self._take(connected, address_group(address[0]) if address else "")  # at a Unix socket nobody has one

    def _take(self, connected: socket.socket, address: str) -> None:
        connected.setblocking(False)
        if self._places(address):
            self._welcome(connected, address)
        else:
            self._turn_away(connected)

    def _failed(self, error: OSError) -> None:
        if error.errno in _NO_DESCRIPTOR and self._spare is not None:
            os.close(self._spare)
            self._spare = None
            with suppress(OSError):
                self._turn_away(self._socket.accept()[0])
            with suppress(OSError):
                self._spare = os.open(os.devnull, os.O_RDONLY)
        log.warning("a client could not be accepted (%s): raise the limit of open files, see ulimit -n", error.strerror)
        self._paused = True
        self._reactor.unregister(self._socket)
        self._reactor.call_later(PAUSE_S, self._go_on)

    def _go_on(self) -> None:
        if not self._is_over:
            self._paused = False
            self._reactor.register(self._socket, READ, self._on_ready)

    def _turn_away(self, connected: socket.socket) -> None:
        with suppress(OSError):
            connected.setblocking(False)
            connected.send(self._farewell)
            connected.shutdown(socket.SHUT_WR)
        connected.close()


def listen(host: str, port: int, backlog: int, vanished_s: int) -> socket.socket:
    """A listening socket, IPv4 or IPv6 (also in brackets) as the host is; `::` takes both.

    A connection of it breaks when its peer's machine has not answered for `vanished_s` seconds. Raises OSError, and
    OverflowError where there is no such port.
    """
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if port > PORT_MAX:
        raise OverflowError  # getaddrinfo takes 65537 for 1
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind(address)
        adopt(listening, backlog, vanished_s)
    except BaseException:
        listening.close()
        raise
    return listening


def adopt(listening: socket.socket, backlog: int, vanished_s: int) -> None:
    """Make a bound socket, or one that somebody else listened at, listen as ours do."""
    # Linux hands all that follows on to each accepted socket, which saves as many system calls a connection.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _notice_vanished(listening, vanished_s)
    listening.listen(backlog)
    listening.setblocking(False)


def _notice_vanished(listening: socket.socket, vanished_s: int) -> None:
    """A cut cable says nothing: ask a peer that is silent, and do not wait for ever for its word on what was sent.

    By themselves the first takes two hours, and the second, which the first does not help, a quarter of one.
    """
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    interval_s = max(1, vanished_s // (2 * PROBES))
    for name, value in (
        ("TCP_KEEPIDLE", max(1, vanished_s - PROBES * interval_s)),
        ("TCP_KEEPINTVL", interval_s),
        ("TCP_KEEPCNT", PROBES),
        ("TCP_USER_TIMEOUT", vanished_s * 1000),
    ):
        if hasattr(socket, name):  # some systems lack some
            listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def address_of(listening: socket.socket) -> tuple[str, int]:
    """Where a socket listens: the host as it can be typed, a link-local address with its scope, and the port."""
    bound = listening.getsockname()
    host, _ = socket.getnameinfo(bound, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
    return host, bound[1]
