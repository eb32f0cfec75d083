"""`--send TO TEXT`: log in, send, log out; for shell scripts."""

import os
from collections.abc import Iterator

from chatclient.blocking import Client, ClientError, RefusedError, UnsendableError
from chatclient.exits import EXIT_CONNECTION, EXIT_OK, EXIT_REFUSED, EXIT_USAGE, complain
from chatclient.net.link import Target

INPUT = 0
READ_BYTES = 65_536
LINE_BYTES_MAX = 65_536
"""Far more than a message may have: a line without an end must not fill the memory."""


class _BadLine(Exception):
    """A line that is no text; it says why."""


def send_once(target: Target, user: str, to: str, text: str, *, password: str | None, token: str | None) -> int:
    """Send one message, or each line of standard input as it comes where the text is `-`; return the exit status.

    The server has stored what this returns EXIT_OK for. A token is used as it is; a password's
    login is ended again, so that no token is left behind.
    """
    number = sent = 0
    try:
        with Client(target.host, target.port, tls=target.tls) as client:
            if token is not None:
                client.resume(user, token)
            else:
                client.login(user, password or "")
            for each in _numbered(client, text):
                number, line = each
                client.send(to, line if isinstance(line, str) else _decoded(line))
                sent += 1
            if token is None:
                client.logout()
    except (ClientError, _BadLine) as error:
        complain(f"Line {number}: {error}. Lines sent before it: {sent}" if number else str(error))
        return _status(error)
    return EXIT_OK


def _status(error: Exception) -> int:
    if isinstance(error, RefusedError):
        return EXIT_REFUSED
    return EXIT_USAGE if isinstance(error, UnsendableError | _BadLine) else EXIT_CONNECTION


def _numbered(client: Client, text: str) -> Iterator[tuple[int, str | bytes]]:
    """The text, or the lines of standard input that hold something, with their numbers."""
    if text != "-":
        yield 0, text
        return
    yield from ((number, line) for number, line in enumerate(_lines(client), 1) if line.strip())


def _lines(client: Client) -> Iterator[bytes]:
    """The lines of standard input, each as soon as it has ended; the connection is looked after meanwhile."""
    rest = b""
    while data := _read(client):
        *whole, rest = (rest + data).split(b"\n")
        yield from whole
        if len(rest) > LINE_BYTES_MAX:
            yield rest
            return
    if rest:
        yield rest


def _read(client: Client) -> bytes:
    client.wait_for(INPUT)
    return os.read(INPUT, READ_BYTES)


def _decoded(line: bytes) -> str:
    if len(line) > LINE_BYTES_MAX:
        raise _BadLine("it has no end")
    try:
        return line.decode("utf-8-sig").rstrip("\r")
    except UnicodeDecodeError as error:
        raise _BadLine(f"byte {error.start + 1} of it is no UTF-8 text") from None
