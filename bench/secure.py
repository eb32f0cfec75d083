"""The generator's side of TLS: a connection whose lines travel encrypted, and a certificate for a server started here.

No name is checked and no chain followed: what is measured is the server.
"""

import shutil
import socket
import ssl
import subprocess
from pathlib import Path

from bench import BenchError
from bench.loop import Connection, Loop

_CONTEXT = ssl.create_default_context()
_CONTEXT.check_hostname = False
_CONTEXT.verify_mode = ssl.CERT_NONE


class SecureConnection(Connection):
    """A connection over TLS. What is sent before the handshake is over waits for that."""

    __slots__ = ("_agreed", "_held", "_incoming", "_outgoing", "_tls")

    def __init__(self, loop: Loop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = _CONTEXT.wrap_bio(self._incoming, self._outgoing)
        self._agreed = False
        self._held = b""
        self._receive = self._decrypted

    def begin(self, address: tuple[str, int]) -> None:
        """Begin the handshake."""
        self._shake_hands()

    def send(self, data: bytes) -> None:
        """Send lines, once they can be encrypted."""
        if not self._agreed:
            self._held += data
        elif data and not self.closed:
            self._tls.write(data)
            super().send(self._outgoing.read())

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
            self._agreed = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            raise BenchError(f"No TLS there ({error.reason}): name the port of TLS, not the plain pipe's") from None
        if said := self._outgoing.read():
            super().send(said)
        if self._agreed:
            held, self._held = self._held, b""
            self.send(held)

    def _decrypted(self, size: int, flags: int = 0) -> bytes:
        """What one `recv` brought, in the clear. Raises BlockingIOError where that is nothing yet."""
        data = self._socket.recv(size, flags)
        if not data:
            return b""
        self._incoming.write(data)
        if not self._agreed:
            self._shake_hands()
        parts = []
        try:
            while part := self._tls.read(size):
                parts.append(part)
        except ssl.SSLWantReadError:
            if not parts:
                raise BlockingIOError from None
        except ssl.SSLZeroReturnError:
            pass
        return b"".join(parts)


def certificate(folder: Path) -> dict[str, str]:
    """Make one that signs itself; return the server's settings that name it. Raises BenchError without openssl."""
    if shutil.which("openssl") is None:
        raise BenchError("A certificate is made with openssl, which is not here: get it, or leave tls out")
    files = {"tls_certificate": str(folder / "certificate.pem"), "tls_key": str(folder / "key.pem")}
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    written = ["-subj", "/CN=localhost", "-out", files["tls_certificate"], "-keyout", files["tls_key"]]
    subprocess.run([*words, *written], check=True, capture_output=True)
    return files
