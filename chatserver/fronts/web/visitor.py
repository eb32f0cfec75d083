"""Who owns a connection while it speaks HTTP: it reads requests, answers them, and hands over to a link.

It knows no chat. What a request gets is the site's to say; when a visitor has had its time is the lobby's.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from chatserver.fronts.web.http import Problem, Request, RequestReader, Response
from chatserver.fronts.web.share import Share
from chatserver.fronts.web.site import Site, refusal
from chatserver.net.connection import Connection

REQUESTS_PER_TURN = 16  # each costs up to 0.1 ms; a page asks for fewer than this at once
REST_S = 0.02  # behind so many requests the connection rests: 800 a second are enough for anybody
TURN_S = 0.01  # of a turn, for the requests of all visitors together


class Lobby(Protocol):
    """What a visitor needs of the lobby."""

    site: Site
    share: Share  # of the time of a turn
    head_s: float  # how long the head of a request may take
    idle_s: float  # how long the next one may be waited for
    unsent_max: int  # bytes of answers; while more wait, no request is answered
    goodbye_s: float

    def clock(self) -> float:
        """Monotonic seconds."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> object:
        """Call from a turn of its own, in so many seconds."""

    def left(self, visitor: "Visitor") -> None:
        """The connection is gone."""

    def upgrade(self, visitor: "Visitor", request: Request, answer: Response, rest: bytes) -> None:
        """Send the answer: from here on it is WebSocket, of which `rest` has come already."""


class Visitor:
    """The owner of a connection that speaks HTTP."""

    __slots__ = ("_left", "_lobby", "_reader", "address", "connection", "deadline", "host")

    connection: Connection

    def __init__(self, lobby: Lobby, address: str, host: str) -> None:
        """`address` is what it counts as, `host` where it comes from."""
        self._lobby = lobby
        self._reader = RequestReader()
        self._left = REQUESTS_PER_TURN  # to be answered until it rests; while it does so, none
        self.address = address
        self.host = host
        self.deadline = lobby.clock() + lobby.head_s

    def received(self, data: bytes) -> None:
        """Bytes came in."""
        if self._reader.is_empty:
            self.deadline = self._lobby.clock() + self._lobby.head_s
        self._reader.feed(data)
        self._serve()

    def ended(self) -> None:
        """The peer asks no more; what it has asked is still answered."""
        self._serve()

    def drained(self) -> None:
        """It has read its answers: the next one."""
        self._serve()

    def lost(self) -> None:
        """The connection is gone."""
        self._lobby.left(self)

    def _serve(self) -> None:
        """Answer the requests that are there, one after another, as far as the peer reads and its turn goes."""
        share = self._lobby.share
        while self._left and not self.connection.closing:
            if not share.has_time():
                self._put_off()
                return
            began_s = self._lobby.clock()
            goes_on = self._serve_next()
            share.spend(began_s)
            if not goes_on:
                return

    def _serve_next(self) -> bool:
        """Answer one request; tell whether to look for another."""
        if self.connection.unsent > self._lobby.unsent_max:
            self.connection.pause()
            return False
        try:
            request = self._reader.next()
            answer = None if request is None else self._lobby.site.answer(request)
        except Problem as problem:
            self._send(refusal(problem.status, str(problem)).render(closes=True), closes=True)
            return False
        if request is None or answer is None:
            self._wait_for_more()
            return False
        if answer.status is HTTPStatus.SWITCHING_PROTOCOLS:
            self._lobby.upgrade(self, request, answer, self._reader.rest)
            return False
        self._left -= 1
        if not self._left:
            self._rest()
        closes = not request.keeps_alive
        self._send(answer.render(head_alone=request.method == "HEAD", closes=closes), closes=closes)
        return True

    def _wait_for_more(self) -> None:
        if self.connection.peer_ended:
            self.connection.close_when_sent(self._lobby.goodbye_s)
        else:
            self.connection.resume()

    def _rest(self) -> None:
        """Read and answer no more until it is this one's turn again."""
        self.connection.pause()
        self._lobby.call_later(REST_S, self._go_on)

    def _put_off(self) -> None:
        """The other visitors have had this turn's time."""
        self._left = 0
        self.connection.pause()
        self._lobby.share.put_off(self._go_on)

    def _go_on(self) -> None:
        self._left = REQUESTS_PER_TURN
        self._serve()

    def _send(self, data: bytes, *, closes: bool) -> None:
        self.connection.send(data)
        wait_s = self._lobby.idle_s if self._reader.is_empty else self._lobby.head_s
        self.deadline = self._lobby.clock() + wait_s
        if closes:
            self.connection.close_when_sent(self._lobby.goodbye_s)
