"""A door for those who watch over the server: `/healthz`, `/readyz` and `/metrics` over HTTP, for this machine."""

import socket
from collections.abc import Callable
from http import HTTPStatus

from chatserver.fronts.web.http import Problem, Request, RequestReader, Response
from chatserver.net.connection import Connection
from chatserver.net.listener import Listener
from chatserver.net.reactor import Reactor, Timer

CALLS_MAX = 64
READ_BYTES = 16_384
ANSWER_S = 5.0
IDLE_S = 10.0
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
METRICS = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


class HealthDoor:
    """Listens on loopback. `is_ready` says whether messages can be sent and stored; `figures` gives the text."""

    def __init__(
        self, reactor: Reactor, listening: socket.socket, is_ready: Callable[[], str], figures: Callable[[], str]
    ) -> None:
        """`is_ready` returns a sentence where it is not, else nothing."""
        self._reactor = reactor
        self._listening = listening
        self._calls: set[_Call] = set()
        self._pages: dict[str, Callable[[], Response]] = {
            "/healthz": lambda: Response(HTTPStatus.OK, PLAIN, b"ok\n"),
            "/readyz": lambda: _readiness(is_ready()),
            "/metrics": lambda: Response(HTTPStatus.OK, METRICS, figures().encode()),
        }
        full = Response(HTTPStatus.SERVICE_UNAVAILABLE, PLAIN, b"Too many ask at once: try again later\n")
        self._listener = Listener(reactor, listening, self._welcome, self._has_place, full.render(closes=True))

    def close(self) -> None:
        """Take no more calls."""
        if self._listening.fileno() >= 0:
            self._listener.close()

    def let_go(self) -> socket.socket:
        """Take no more calls; the socket goes on listening, for another door."""
        return self._listener.let_go()

    def _has_place(self, address: str) -> bool:
        return len(self._calls) < CALLS_MAX

    def _welcome(self, connected: socket.socket, address: str) -> None:
        call = _Call(self._page, self._calls.discard)
        self._calls.add(call)
        call.connection = Connection(self._reactor, connected, call, READ_BYTES)
        call.deadline = self._reactor.call_later(IDLE_S, call.connection.abort)

    def _page(self, request: Request) -> Response:
        page = self._pages.get(request.path)
        if page is None:
            known = ", ".join(self._pages)
            return Response(HTTPStatus.NOT_FOUND, PLAIN, f"There is {known} here\n".encode())
        if request.method not in ("GET", "HEAD"):
            return Response(HTTPStatus.METHOD_NOT_ALLOWED, {**PLAIN, "Allow": "GET, HEAD"}, b"Only GET and HEAD\n")
        return page()


class _Call:
    """One request, and its answer."""

    connection: Connection
    deadline: Timer

    def __init__(self, page: Callable[[Request], Response], over: "Callable[[_Call], None]") -> None:
        self._page = page
        self._over = over
        self._reader = RequestReader()
        self._is_answered = False

    def received(self, data: bytes) -> None:
        """A part of the request; what stands behind it is passed over."""
        if self._is_answered:
            return
        self._reader.feed(data)
        is_head = False
        try:
            request = self._reader.next()
            if request is None:
                return
            is_head = request.method == "HEAD"
            response = self._page(request)
        except Problem as problem:
            response = Response(problem.status, PLAIN, f"{problem}\n".encode())
        self._is_answered = True
        self.connection.send(response.render(head_alone=is_head, closes=True))
        self.connection.close_when_sent(ANSWER_S)

    def ended(self) -> None:
        """The caller says no more."""
        if not self._is_answered:
            self.connection.abort()

    def drained(self) -> None:
        """The answer has left."""

    def lost(self) -> None:
        """It is over."""
        self.deadline.cancel()
        self._over(self)


def _readiness(why_not: str) -> Response:
    if why_not:
        return Response(HTTPStatus.SERVICE_UNAVAILABLE, PLAIN, f"{why_not}\n".encode())
    return Response(HTTPStatus.OK, PLAIN, b"ready\n")
