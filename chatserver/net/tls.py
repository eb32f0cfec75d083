"""A connection that speaks TLS: ciphertext to the socket, plain bytes to the owner.

`ssl` works on bytes in memory here and never touches the socket: so a handshake cannot block, reading never waits for a
write, and all that was read is decrypted in the same turn. A record counts as sent when the kernel has its last byte.
"""

import socket
import ssl
from contextlib import suppress

from chatserver.net.connection import Connection, Owner
from chatserver.net.reactor import Reactor

RECORD_BYTES = 16_384  # of plain text, the most that a record holds (RFC 8446, section 5.1)
CIPHERTEXT_BYTES_MAX = 65_536  # a record, and what TLS itself says: more is a peer that makes it talk and never reads


class TlsFileError(Exception):
    """A certificate or a key cannot be used; the text is a sentence that says what to do."""


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """What connections share, made of two PEM files. Raises TlsFileError."""
    for path in (certificate, key):
        try:
            with open(path, "rb"):
                pass  # the error of `load_cert_chain` does not say which of them it is about
        except OSError as error:
            sentence = f"{path} cannot be read ({error.strerror}): check tls_certificate and tls_key"
            raise TlsFileError(sentence) from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # it costs a server far more than its client; OpenSSL 3 has it off
    try:
        context.load_cert_chain(certificate, key, password="")  # else it would ask for one on the terminal
    except (ssl.SSLError, ValueError) as error:
        sentence = (
            f"{certificate} and {key} are no certificate with its key:"
            " give two PEM files that belong together, the key without a passphrase"
        )
        raise TlsFileError(sentence) from error
    return context


class TlsConnection(Connection):
    """A Connection whose bytes are encrypted on their way; `unsent` counts plain ones."""

    __slots__ = ("_ciphertext", "_incoming", "_is_open", "_outgoing", "_record_bytes", "_tls")

    def __init__(
        self, reactor: Reactor, connected: socket.socket, owner: Owner, read_bytes: int, context: ssl.SSLContext
    ) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._is_open = False  # the handshake is done
        self._ciphertext = b""  # that the kernel has not taken
        self._record_bytes = 0  # of plain text in it
        super().__init__(reactor, connected, owner, read_bytes)

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
        except OSError:
            self.abort()
            return
        if not data:
            self._end()  # also without the peer's close_notify: a frame that was cut off is dropped anyway
        elif not self._closing:
            self._incoming.write(data)
            self._decrypt()

    def _decrypt(self) -> None:
        """Take all that has come in: nothing may stay behind that no selector would report."""
        pieces = []
        try:
            self._shake_hands()
            while piece := self._tls.read(RECORD_BYTES):
                pieces.append(piece)
            has_ended = True
        except ssl.SSLWantReadError:
            has_ended = False
        except ssl.SSLError:  # no TLS, none that we can speak, or a forged record
            self._flush()  # the alert that says so
            self.abort()
            return
        if self.unsent:
            self._write()  # a handshake, or a change of keys, has held it back
        elif not self._flush():
            self._watch()
        if pieces and not self.closed:
            self._owner.received(b"".join(pieces))
        if has_ended and not self.closed:
            self._end()

    def _shake_hands(self) -> None:
        if not self._is_open:
            self._tls.do_handshake()
            self._is_open = True

    def _write(self) -> None:
        if self._flush():
            super()._write()
        self._watch()

    def _try_send(self, data: bytes | memoryview) -> int:
        """Encrypt a record at a time, the next once the kernel has the last: what is encrypted cannot be taken back."""
        sent = 0
        while sent < len(data):
            if not self._record_bytes:
                try:
                    self._record_bytes = self._tls.write(data[sent : sent + RECORD_BYTES])
                except ssl.SSLWantReadError:  # in a handshake, or a change of keys
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
        if self._outgoing.pending:
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

    def _waits_for_kernel(self) -> bool:
        return len(self._ciphertext) > 0
