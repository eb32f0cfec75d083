"""A bad line between a client and a server: every connection through it is cut after so many bytes."""

import selectors
import socket
import threading
from collections.abc import Iterator
from types import TracebackType


class CuttingProxy:
    """Carries each connection until `budgets` says how many bytes of the server's have passed, then cuts both ends.

    What the server has handed over and the client has not received is lost, in the middle of a line as often as not.
    """

    def __init__(self, port: int, budgets: Iterator[int]) -> None:
        self._server = ("127.0.0.1", port)
        self._budgets = budgets
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cuts = 0
        self._bell, self._ringer = socket.socketpair()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "CuttingProxy":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ringer.close()
        self._thread.join()
        self._listener.close()
        self._bell.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._bell, selectors.EVENT_READ)
            while self._bell not in (ready := [key.fileobj for key, _ in selector.select()]):
                if self._listener in ready:
                    client, _ = self._listener.accept()
                    with client, socket.create_connection(self._server) as server:
                        self._carry(client, server, next(self._budgets))

    def _carry(self, client: socket.socket, server: socket.socket, budget: int) -> None:
        with selectors.DefaultSelector() as selector:
            for end in (client, server, self._bell):
                selector.register(end, selectors.EVENT_READ)
            while budget > 0:
                ready = [key.fileobj for key, _ in selector.select()]
                if self._bell in ready:
                    return
                for end, other in ((client, server), (server, client)):
                    if end not in ready:
                        continue
                    data = end.recv(65536)
                    if not data:
                        return
                    other.sendall(data[:budget] if end is server else data)
                    budget -= len(data) if end is server else 0
        self.cuts += 1
