"""A scripted peer: a listener whose connections are played by functions of the test's own.

Each connection is one script, in the order given, in a thread that ends with the `with` block.
What goes wrong in a script is raised at the end of the block, so that no failure is lost.
"""

import socket
import ssl
import threading
from collections.abc import Callable
from types import TracebackType

PATIENCE_S = 30.0  # a busy machine makes no test fail
HELLO = "HELLO|chatserver|1|welcome"


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._file = connection.makefile("rb")

    def say(self, *lines: str) -> None:
        """Send lines."""
        self._socket.sendall("".join(f"{line}\n" for line in lines).encode())

    def say_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def hear(self) -> str:
        """The next line of the client; empty at its end."""
        return self._file.readline().decode().removesuffix("\n")

    def hear_end(self) -> None:
        """Wait until the client has closed, whatever it still says."""
        try:
            while self._file.readline():
                pass
        except OSError:
            return

    def expect(self, verb: str, *fields: str) -> str:
        """The next line must be this command; return its echo (verb and tag), for the answer."""
        line = self.hear()
        head, _, rest = line.partition("|")
        assert head.partition("#")[0] == verb, line
        if fields:
            assert rest == "|".join(fields), line
        return head

    def greet(self) -> None:
        """Say HELLO."""
        self.say(HELLO)

    def log_in(self, name: str = "alice", *backlog: str) -> None:
        """Greet, take a LOGIN or RESUME, answer the SYNC questions of a client that has seen nothing yet."""
        self.greet()
        self.accept_login(name, *backlog)
        self.say(f"OK|{self.expect('SYNC')}|0|0")
        self.say(f"OK|{self.expect('SYNC')}|0|0")

    def accept_login(self, name: str = "alice", *backlog: str) -> None:
        """Take a LOGIN or RESUME."""
        head = self.hear().split("|")[0]
        assert head.partition("#")[0] in ("LOGIN", "RESUME"), head
        self.say(f"OK|{head}|{name}|token-of-{name}", *backlog)

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()


Script = Callable[[Peer], None]


class FakeServer:
    """Plays the scripts, one connection each."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self._scripts = scripts
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE_S)
        self.port: int = self._listener.getsockname()[1]
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._play, daemon=True)

    def __enter__(self) -> "FakeServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.join(PATIENCE_S)
        self._listener.close()
        if self._problem is not None and error is None:
            raise self._problem

    def _play(self) -> None:
        try:
            for script in self._scripts:
                connection, _ = self._listener.accept()
                connection.settimeout(PATIENCE_S)
                if self._tls is not None:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                peer = Peer(connection)
                try:
                    script(peer)
                finally:
                    peer.close()
        except BaseException as problem:
            self._problem = problem
            self._listener.close()  # so that the client does not wait for what will not come
