"""A small HTTP server of the tests' own: it answers as it is told, breaks as it is told, and counts."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Answer = Callable[[str], bytes | None]
"""From the path asked for to the bytes to send; None leaves the asker waiting until the server closes."""


class Web:
    """`url` is where it listens; `asked` holds the path of every request, in order."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.arrived = threading.Semaphore(0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Close everything, also what still waits."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                data = connection.recv(4096)
                if not data:
                    return
                request += data
            path = request.split(b" ", 2)[1].decode()
            self.asked.append(path)
            self.arrived.release()
            answer = self.answer(path)
            if answer is None:
                connection.recv(1)  # until close() or the asker ends it
            else:
                connection.sendall(answer)


@contextmanager
def web(answer: Answer) -> Iterator[Web]:
    """A server for the length of a with block."""
    server = Web(answer)
    try:
        yield server
    finally:
        server.close()


def page(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    """A whole HTTP answer."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n".encode() + body


def json_page(value: object) -> bytes:
    """A whole HTTP answer of JSON."""
    return page(json.dumps(value).encode())
