"""One socket: bytes in, bytes out, never blocking.

It knows no verbs and no users. Sending is optimistic: what the kernel takes at once needs no write
event; the rest waits here. The owner hears of bytes, of the peer's end, of a drained buffer and
of the loss of the connection; after any of these calls the connection may be closed.
"""

import errno
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from chatserver.net.progress import progress
from chatserver.net.reactor import DEFECT, READ, WRITE, Reactor, Timer

log = logging.getLogger(__name__)

SEND_BYTES = 1 << 18  # handed to the kernel at a time, so that a large rest is not copied over and over
VANISHED = (errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH)
LINGER_S = 2.0  # how long a closing connection still reads, so that its last frames are not lost to a reset


class Owner(Protocol):
    """Whom a connection tells."""

    def received(self, data: bytes) -> None:
        """Bytes came in."""

    def ended(self) -> None:
        """The peer sends no more; it may still read."""

    def drained(self) -> None:
        """All that waited has been handed to the socket."""

    def lost(self) -> None:
        """The connection is closed; it is told once."""


class Nobody:
    """Owns a connection that is over, of which nothing is told any more.

    Else it and its owner would be a circle, which keeps what had come in until circles are looked for.
    """

    def received(self, data: bytes) -> None:
        """Nothing."""

    def ended(self) -> None:
        """Nothing."""

    def drained(self) -> None:
        """Nothing."""

    def lost(self) -> None:
        """Nothing."""


_NOBODY = Nobody()


class Stream(Protocol):
    """What a connection is to those who send: one of its own, or one that is wrapped in a protocol of messages."""

    @property
    def unsent(self) -> int:
        """Bytes that wait for the kernel."""

    @property
    def committed(self) -> int:
        """How many of the unsent bytes cannot be dropped any more."""

    @property
    def closed(self) -> bool:
        """Whether the connection is gone."""

    def send(self, data: bytes) -> bool:
        """Hand bytes over; tell whether the kernel has them all."""

    def progress(self) -> tuple[int, int] | None:
        """What the peer's machine has confirmed of the wire's bytes, and what the kernel was given; None: nobody knows.

        Of a closed connection, what it was when the peer had vanished.
        """

    def drop_unsent(self, keep: int) -> None:
        """Forget what waits, but for so many bytes."""

    def pause(self) -> None:
        """Read no more for now."""

    def resume(self) -> None:
        """Read again."""

    def close_when_sent(self, within_s: float) -> None:
        """Close once the peer has been sent what waits."""

    def abort(self) -> None:
        """Close now."""


class Connection:
    """A connected, non-blocking socket in a reactor."""

    __slots__ = (
        "_buffer",
        "_closing",
        "_interest",
        "_last_word",
        "_more",
        "_offset",
        "_owner",
        "_reactor",
        "_read_bytes",
        "_reading",
        "_socket",
        "_timer",
        "closed",
        "peer_ended",
        "unsent",
    )

    def __init__(self, reactor: Reactor, connected: socket.socket, owner: Owner, read_bytes: int) -> None:
        self._reactor = reactor
        self._socket = connected
        self._owner = owner
        self._read_bytes = read_bytes
        self._buffer = b""  # being sent, from _offset on
        self._offset = 0
        self._more: list[bytes] = []
        self.unsent = 0  # bytes that wait here for the kernel
        self._reading = True
        self._closing = False
        self._timer: Timer | None = None
        self._last_word: tuple[int, int] | None = None  # of one that has vanished: how far its bytes had come
        self.closed = False
        self.peer_ended = False
        self._interest = READ
        reactor.register(connected, READ, self._read)

    def send(self, data: bytes) -> bool:
        """Hand bytes over; tell whether the kernel has them all. False on a lost connection too."""
        if self.closed:
            return False
        if self.unsent:
            self._more.append(data)
            self.unsent += len(data)
            return False
        sent = self._try_send(data)
        if sent == len(data):
            return True
        if not self.closed:
            self._buffer, self._offset = data, sent
            self.unsent = len(data) - sent
            self._watch()
        return False

    def tell(self, owner: Owner) -> None:
        """From now on somebody else owns this connection."""
        self._owner = owner

    def progress(self) -> tuple[int, int] | None:
        """How far the bytes have come, as a Stream tells it."""
        return self._last_word if self.closed else progress(self._socket)

    @property
    def closing(self) -> bool:
        """Whether it closes, or is closed: nothing more is read."""
        return self._closing or self.closed

    @property
    def committed(self) -> int:
        """How many of the unsent bytes cannot be dropped any more."""
        return 0

    def drop_unsent(self, keep: int) -> None:
        """Forget what waits, but for so many bytes from its begin on, `committed` at least."""
        self._buffer = b"".join((self._buffer[self._offset :], *self._more))[:keep]
        self._offset = 0
        self._more.clear()
        self.unsent = keep

    def pause(self) -> None:
        """Read no more for now: the peer's bytes wait in the kernel, and then in the peer."""
        if self._reading:
            self._reading = False
            self._watch()

    def resume(self) -> None:
        """Read again."""
        if not self._reading:
            self._reading = True
            self._watch()

    def close_when_sent(self, within_s: float) -> None:
        """Close once the peer has been sent what waits; abort if that takes too long."""
        if self.closed or self._closing:
            return
        self._closing = True
        self._timer = self._reactor.call_later(within_s, self.abort)
        if not self.unsent:
            self._finish()

    def abort(self) -> None:
        """Close now, whatever waits."""
        if self.closed:
            return
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._interest:
            self._reactor.unregister(self._socket)
        if self._reactor.outlived_by is None:
            self._socket.close()
        else:
            self._reactor.outlived_by.append(self._socket)
        self._buffer = b""
        self._more.clear()
        owner, self._owner = self._owner, _NOBODY
        owner.lost()

    def _on_ready(self, ready: int) -> None:
        if ready & WRITE:
            self._write()
        if ready & READ and not self.closed:
            self._read(ready)

    def _read(self, ready: int) -> None:
        try:
            data = self._socket.recv(self._read_bytes)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._broken(error)
            return
        if data:
            if not self._closing:  # else it is read only so that the close is no reset
                try:
                    self._owner.received(data)
                except Exception:
                    self._give_up()
            return
        self._end()

    def _end(self) -> None:
        self.peer_ended = True
        if self._closing and not self.unsent:
            self.abort()
            return
        self._watch()
        if not self._closing:
            try:
                self._owner.ended()
            except Exception:
                self._give_up()

    def _write(self) -> None:
        while self.unsent:
            if self._offset == len(self._buffer):
                self._buffer, self._offset = b"".join(self._more), 0
                self._more.clear()
            sent = self._try_send(memoryview(self._buffer)[self._offset : self._offset + SEND_BYTES])
            if not sent:
                return
            self._offset += sent
            self.unsent -= sent
        self._buffer, self._offset = b"", 0
        self._watch()
        if self._closing:
            self._finish()
            return
        try:
            self._owner.drained()
        except Exception:
            self._give_up()

    def _try_send(self, data: bytes | memoryview) -> int:
        try:
            return self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self._broken(error)
            return 0

    def _give_up(self) -> None:
        """Its owner has a defect with it: nobody knows what it would do next, and its place is free again."""
        log.exception(DEFECT)
        self.abort()

    def _broken(self, error: OSError) -> None:
        """A reset is an ordinary way to go; who has vanished has left bytes behind that nobody confirmed."""
        if error.errno in VANISHED:
            self._last_word = progress(self._socket)
        self.abort()

    def _finish(self) -> None:
        """All is sent: say so to the peer, and read on until it has closed too, but not for long."""
        if self.peer_ended:
            self.abort()
            return
        with suppress(OSError):  # it may be gone already
            self._socket.shutdown(socket.SHUT_WR)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._reactor.call_later(LINGER_S, self.abort)
        self._reading = True
        self._watch()

    def _watch(self) -> None:
        """Wait for just what can be dealt with: write events with nothing to write would spin the loop."""
        if self.closed:
            return
        interest = READ if self._may_read() else 0
        if self._waits_for_kernel():
            interest |= WRITE
        if interest == self._interest:
            return
        on_ready = self._read if interest == READ else self._on_ready  # the usual case spares itself a call
        if not interest:
            self._reactor.unregister(self._socket)
        elif not self._interest:
            self._reactor.register(self._socket, interest, on_ready)
        else:
            self._reactor.modify(self._socket, interest, on_ready)
        self._interest = interest

    def _may_read(self) -> bool:
        return self._reading and not self.peer_ended

    def _waits_for_kernel(self) -> bool:
        return self.unsent > 0


Connect = Callable[[Reactor, socket.socket, Owner, int], Connection]
"""Makes a connection of an accepted socket, as the class does."""
