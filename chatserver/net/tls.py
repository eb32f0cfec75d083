"""A connection that speaks TLS: ciphertext to the socket, plain bytes to the owner.

`ssl` works on bytes in memory here and never touches the socket: so a handshake cannot block, reading never waits for a
write, and all that was read is decrypted in the same turn. A record counts as sent when the kernel has its last byte.
Each step of a handshake, of which a signature may cost the server milliseconds, is done elsewhere; until its result is
here nothing else touches what `ssl` works on, and nothing is read.
"""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

from chatserver.net.certificates import Certificate
from chatserver.net.connection import Connection, Owner
from chatserver.net.reactor import Reactor
from chatserver.net.workers import Result, WorkerPool

RECORD_BYTES = 16_384  # of plain text, the most that a record holds (RFC 8446, section 5.1)
HEAD_BYTES = 5  # of a record: its kind, a version, and how many bytes follow
KINDS = (20, 21, 22, 23)  # of records
CIPHERTEXT_BYTES_MAX = 65_536  # a record, and what TLS itself says: more is a peer that makes it talk and never reads


Elsewhere = Callable[[Callable[[], object], Callable[[Result[object]], None]], None]
"""Does a job, perhaps in a thread, and then calls with its result in the loop: a pool's `submit`."""


class TlsConnect:
    """Makes connections over TLS. Their handshakes are worked out in threads, which start with the first one."""

    def __init__(self, certificate: Certificate, threads: int, within_s: float) -> None:
        """A handshake that takes longer than `within_s` seconds ends its connection."""
        self._certificate = certificate
        self._threads = threads
        self._within_s = within_s
        self._pool: WorkerPool | None = None

    def __call__(self, reactor: Reactor, connected: socket.socket, owner: Owner, read_bytes: int) -> "TlsConnection":
        """Make one of an accepted socket."""
        if self._pool is None:
            self._pool = WorkerPool(self._threads, reactor.post)
        context = self._certificate.context
        return TlsConnection(reactor, connected, owner, read_bytes, context, self._within_s, self._pool.submit)

    def close(self) -> None:
        """Let the threads end."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None


class TlsConnection(Connection):
    """A Connection whose bytes are encrypted on their way; `unsent` counts plain ones."""

    __slots__ = (
        "_begun",
        "_ciphertext",
        "_elsewhere",
        "_incoming",
        "_is_away",
        "_is_open",
        "_outgoing",
        "_record_bytes",
        "_tls",
    )

    def __init__(
        self,
        reactor: Reactor,
        connected: socket.socket,
        owner: Owner,
        read_bytes: int,
        context: ssl.SSLContext,
        within_s: float,
        elsewhere: Elsewhere,
    ) -> None:
        """The handshake has `within_s` seconds, however its bytes come, and is worked out `elsewhere`."""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._is_open = False  # the handshake is done
        self._is_away = False  # a step of it is under way, and `ssl` must not be touched here
        self._begun = b""  # the begin of a handshake's record: one that comes byte by byte is no work
        self._elsewhere = elsewhere
        self._ciphertext = b""  # that the kernel has not taken
        self._record_bytes = 0  # of plain text in it
        super().__init__(reactor, connected, owner, read_bytes)
        self._timer = reactor.call_later(within_s, self.abort)

    @property
    def committed(self) -> int:
        """The plain bytes of the record that has begun to go out."""
        return self._record_bytes

    def close_when_sent(self, within_s: float) -> None:
        """Close once the peer has been sent what waits; at once where it has not finished its handshake."""
        if self._is_open:
            super().close_when_sent(within_s)
        else:
            self.abort()

    def _read(self, ready: int) -> None:
        try:
            data = self._socket.recv(self._read_bytes)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._broken(error)
            return
        if not data:
            self._end()  # also without the peer's close_notify: a frame that was cut off is dropped anyway
        elif not self._closing:
            if self._is_open:
                self._incoming.write(data)
                self._decrypt()
            else:
                self._shake_hands(data)

    def _shake_hands(self, data: bytes) -> None:
        """Go one step on with the handshake once whole records are here, and read nothing meanwhile."""
        self._begun += data
        end = _end_of_records(self._begun)
        if not end:
            return
        self._incoming.write(self._begun[:end])
        self._begun = self._begun[end:]
        self._is_away = True
        self._watch()
        self._elsewhere(self._take_step, self._step_taken)

    def _take_step(self) -> None:
        """The costly part, in whatever thread. Raises SSLError, as long as more has to come too."""
        if not self.closed:
            self._tls.do_handshake()

    def _step_taken(self, step: Result[object]) -> None:
        self._is_away = False
        if self.closed:
            return
        if step.error is None:
            self._is_open = True
            if self._timer is not None:
                self._timer.cancel()
            self._watch()
            self._incoming.write(self._begun)
            self._begun = b""
            self._decrypt()  # what came with the handshake's last word
        elif isinstance(step.error, ssl.SSLWantReadError):
            self._flush()
            self._watch()
        else:
            self._refuse()

    def _refuse(self) -> None:
        """No TLS, none that we can speak, or a forged record."""
        self._flush()  # the alert that says so
        self.abort()

    def _decrypt(self) -> None:
        """Take all that has come in: nothing may stay behind that no selector would report."""
        pieces = []
        try:
            while piece := self._tls.read(RECORD_BYTES):
                pieces.append(piece)
            has_ended = True
        except ssl.SSLWantReadError:
            has_ended = False
        except ssl.SSLError:
            self._refuse()
            return
        if self.unsent:
            self._write()  # a handshake, or a change of keys, has held it back
        elif not self._flush():
            self._watch()
        if pieces and not self.closed:
            self._owner.received(b"".join(pieces))
        if has_ended and not self.closed:
            self._end()

    def _write(self) -> None:
        if self._flush():
            super()._write()
        self._watch()

    def _try_send(self, data: bytes | memoryview) -> int:
        """Encrypt a record at a time, the next once the kernel has the last: what is encrypted cannot be taken back."""
        sent = 0
        while sent < len(data) and self._is_open:
            if not self._record_bytes:
                try:
                    self._record_bytes = self._tls.write(data[sent : sent + RECORD_BYTES])
                except ssl.SSLWantReadError:  # in a change of keys
                    break
                except ssl.SSLError:
                    self.abort()
                    break
            if not self._flush():
                break
            sent += self._record_bytes
            self._record_bytes = 0
        return sent

    def _flush(self) -> bool:
        """Hand to the kernel what is encrypted; tell whether it has all of it."""
        if not self._is_away and self._outgoing.pending:
            self._ciphertext += self._outgoing.read()
        if self._ciphertext:
            self._ciphertext = self._ciphertext[super()._try_send(self._ciphertext) :]
        if len(self._ciphertext) > CIPHERTEXT_BYTES_MAX:
            self.abort()
        return not self._ciphertext

    def _finish(self) -> None:
        """All is sent: say so inside TLS too (close_notify), so that the peer knows that nothing was cut off."""
        with suppress(ssl.SSLError):  # it always wants to wait for the peer's
            self._tls.unwrap()
        if self._flush():
            super()._finish()
        else:
            self._watch()

    def _may_read(self) -> bool:
        return super()._may_read() and not self._is_away

    def _waits_for_kernel(self) -> bool:
        return len(self._ciphertext) > 0


def _end_of_records(data: bytes) -> int:
    """Behind which byte the last whole record ends. What is none counts as whole: `ssl` has the word to refuse it."""
    if data[0] not in KINDS:
        return len(data)
    end = 0
    while len(data) - end >= HEAD_BYTES:
        size = int.from_bytes(data[end + 3 : end + HEAD_BYTES], "big")
        if size > RECORD_BYTES:
            return len(data)
        if len(data) - end < HEAD_BYTES + size:
            break
        end += HEAD_BYTES + size
    return end
