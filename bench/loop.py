"""The generator's loop: many non-blocking connections, one poller, whole lines handed on.

It knows sockets and line ends, no chat. It must cost less a message than any
server under test, so it asks `select.epoll` directly: `selectors` builds a key and
a tuple for every event, which is dearer than the `recv` that follows. Where there
is no epoll it takes `select.poll`, which has the same methods and flags.
"""

import os
import select
import socket
from collections.abc import Callable
from time import perf_counter

from bench import BenchError

RECEIVE_BYTES = 32768
CONNECTING_MAX = 100
"""Connections begun and not yet answered at one time, so that no accept queue overflows."""

READ, WRITE = select.POLLIN, select.POLLOUT  # the same numbers as EPOLLIN and EPOLLOUT
SOURCE_ADDRESS_PORTS = 8000
"""Connections a source address of 127.0.0.0/8 is used for, well below the ephemeral ports it has."""

_IP_BIND_ADDRESS_NO_PORT = 24  # linux/in.h; the port is then chosen at connect, and may be shared between targets

Lines = Callable[[bytes], object]


def _ignore(_: bytes) -> None:
    """The default reader: what nobody waits for is dropped."""


class Connection:
    """One socket. `on_lines` gets runs of whole lines, line ends included; `on_close` is called once."""

    __slots__ = (
        *("_loop", "_pending", "_receive", "_rest", "_socket"),
        *("closed", "fd", "may_end", "on_close", "on_lines", "paused"),
    )

    def __init__(self, loop: "Loop", sock: socket.socket) -> None:
        self._loop = loop
        self._socket = sock
        self._receive = sock.recv
        self._rest = b""
        self._pending = b""
        self.fd = sock.fileno()
        self.closed = False
        self.paused = False
        self.may_end = False  # the server may close it: that is no fault
        self.on_lines: Lines = _ignore
        self.on_close: Callable[[], None] = lambda: None

    def begin(self, address: tuple[str, int]) -> None:
        """Say what has to be said before anything else; the pipe has nothing of the kind."""

    def send(self, data: bytes) -> None:
        """Send now what the socket takes, the rest when it is writable. On a closed connection it does nothing."""
        if self.closed:
            return
        if self._pending:
            self._pending += data
            return
        try:
            taken = self._socket.send(data)
        except BlockingIOError:
            taken = 0
        except OSError:
            self._ended()
            return
        if taken != len(data):
            self._pending = data[taken:]
            self._watch()

    def pause(self, paused: bool = True) -> None:
        """Stop reading (a slow reader), or go on."""
        self.paused = paused
        if not self.closed:
            self._watch()

    def close(self) -> None:
        """Close in order; what was not sent is dropped."""
        if self.closed:
            return
        self.closed = True
        self._loop.forget(self)
        self._socket.close()
        self.on_close()

    def received(self) -> bytes:
        """One `recv`; nothing where there is nothing yet, or no more."""
        try:
            data = self._receive(RECEIVE_BYTES)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._ended()
        return data

    def readable(self) -> None:
        """Take one `recv` and hand on the lines that are now whole."""
        data = self.received()
        if not data:
            return
        if self._rest:
            data = self._rest + data
        if data[-1] == 10:
            self._rest = b""
        else:
            end = data.rfind(b"\n") + 1
            self._rest = data[end:]
            if not end:
                return
            data = data[:end]
        self.on_lines(data)

    def _ended(self) -> None:
        """The other side has closed it."""
        if not self.may_end:
            self._loop.ended += 1
        self.close()

    def writable(self) -> None:
        """Send on; called by the loop."""
        data, self._pending = self._pending, b""
        if data:
            Connection.send(self, data)  # as it is: another front has framed or encrypted it already
        if not self._pending and not self.closed:
            self._watch()

    def _watch(self) -> None:
        self._loop.watch(self, (0 if self.paused else READ) | (WRITE if self._pending else 0))


class Loop:
    """All connections of a run. Not for use by two threads."""

    def __init__(self, front: Callable[["Loop", socket.socket], Connection] = Connection) -> None:
        self._front = front
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        self._poller = self._epoll or select.poll()
        self._connections: dict[int, Connection] = {}
        self._opened = 0
        self.ended = 0  # connections that the other side has closed, and ought not to have

    def connect(self, address: tuple[str, int]) -> Connection:
        """Begin a connection; sending may start at once. A refusal shows as `on_close`."""
        try:
            sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        except OSError as error:
            raise BenchError(f"No more connections can be opened here ({error.strerror}): raise `ulimit -n`") from None
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address[0] == "127.0.0.1":
            self._spread(sock)
        sock.connect_ex(address)
        connection = self._front(self, sock)
        self._connections[connection.fd] = connection
        self._poller.register(connection.fd, READ)
        connection.begin(address)
        return connection

    def _spread(self, sock: socket.socket) -> None:
        """Give loopback connections different source addresses: one has 28,000 ports, and each rests after a close."""
        self._opened += 1
        block = self._opened // SOURCE_ADDRESS_PORTS % 200
        if block and os.name == "posix" and self._epoll:
            sock.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
            sock.bind((f"127.0.0.{block + 1}", 0))

    def watch(self, connection: Connection, events: int) -> None:
        """Ask the poller for other events of a connection."""
        self._poller.modify(connection.fd, events)

    def forget(self, connection: Connection) -> None:
        """Called by a connection as it closes."""
        self._poller.unregister(connection.fd)
        del self._connections[connection.fd]

    def turn(self, timeout_s: float) -> None:
        """Wait for sockets and serve each of them once. The wait is exact to some 50 µs where there is epoll."""
        if self._epoll and 0 < timeout_s < 0.02:  # epoll rounds up to milliseconds; select does not
            select.select([self._epoll], [], [], timeout_s)
            timeout_s = 0.0
        connections = self._connections
        for fd, events in self._poller.poll(timeout_s if self._epoll else timeout_s * 1000):
            connection = connections.get(fd)
            if connection is None:
                continue
            if events & WRITE:
                connection.writable()
            if events & ~WRITE:
                connection.readable()

    def run_until(self, done: Callable[[], object], seconds: float) -> bool:
        """Turn until `done()`, or for so many seconds at most; tell whether it is done."""
        end = perf_counter() + seconds
        while not done():
            if not self._connections:
                return False  # nobody is left from whom anything could come
            left = end - perf_counter()
            if left <= 0:
                return False
            self.turn(min(left, 0.1))
        return True

    def run_for(self, seconds: float) -> None:
        """Turn for so many seconds."""
        self.run_until(lambda: False, seconds)

    def close(self) -> None:
        """Close every connection and the poller."""
        for connection in list(self._connections.values()):
            connection.close()
        if self._epoll:
            self._epoll.close()
