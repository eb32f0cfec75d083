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
        reactor.register(listening, READ, self._on_ready)

    def close(self) -> None:
        """Take no more clients."""
        if not self._paused:
            self._reactor.unregister(self._socket)
        self._paused = True
        self._socket.close()
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None

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
            self._take(connected, address_group(address[0]))

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
        if self._paused and self._socket.fileno() >= 0:
            self._paused = False
            self._reactor.register(self._socket, READ, self._on_ready)

    def _turn_away(self, connected: socket.socket) -> None:
        with suppress(OSError):
            connected.setblocking(False)
            connected.send(self._farewell)
            connected.shutdown(socket.SHUT_WR)
        connected.close()


def listen(host: str, port: int, backlog: int) -> socket.socket:
    """A listening socket, IPv4 or IPv6 as the host is; `::` takes both. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        # Linux hands these two on to each accepted socket, which saves two system calls a connection.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listening.bind(address)
        listening.listen(backlog)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening
