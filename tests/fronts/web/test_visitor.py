"""A visitor's turn: how many requests it has answered in one, and when it goes on."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from chatserver.fronts.web.http import Request, Response
from chatserver.fronts.web.link import Link
from chatserver.fronts.web.share import Share
from chatserver.fronts.web.visitor import REQUESTS_PER_TURN, REST_S, TURN_S, Visitor
from chatserver.net.connection import Connection
from tests.websocket import TEXT, masked

HEAD = b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class FakeSite:
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.answered = 0
        self.takes: Callable[[], None] = lambda: None  # time, for one answer

    def answer(self, request: Request) -> Response:
        self.answered += 1
        self.takes()
        return Response(HTTPStatus.OK, {})


class FakeLobby:
    """A lobby whose clock stands still, and whose calls are made when the test says so."""

    share: Share
    head_s, idle_s, unsent_max, goodbye_s = 10.0, 15.0, 1000, 5.0

    def __init__(self) -> None:
        self.site = FakeSite()
        self.now_s = 0.0
        self.calls: list[tuple[float, Callable[[], None]]] = []
        self.soon: list[Callable[[], None]] = []
        self.began_s = 0.0
        self.share = Share(self, TURN_S)

    def clock(self) -> float:
        return self.now_s

    def turn_began_s(self) -> float:
        return self.began_s

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def turn(self) -> None:
        self.began_s = self.now_s
        soon, self.soon = self.soon, []
        for callback in soon:
            callback()

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        self.calls.append((delay_s, callback))


class FakeConnection:
    """Takes all at once, and notes whether it reads."""

    def __init__(self) -> None:
        self.unsent = 0
        self.reads = True
        self.closing = self.closed = self.peer_ended = False

    def send(self, data: bytes) -> bool:
        return True

    def pause(self) -> None:
        self.reads = False

    def resume(self) -> None:
        self.reads = True

    def close_when_sent(self, within_s: float) -> None:
        self.closing = True


def visit() -> tuple[Visitor, FakeLobby, FakeConnection]:
    lobby, connection = FakeLobby(), FakeConnection()
    visitor = Visitor(cast(Any, lobby), "here", "here")
    visitor.connection = cast(Connection, connection)
    return visitor, lobby, connection


def test_so_many_requests_are_answered_in_a_turn_and_the_rest_in_the_next_ones() -> None:
    visitor, lobby, connection = visit()
    visitor.received(HEAD * (2 * REQUESTS_PER_TURN + 5))
    for turn in (1, 2):
        assert lobby.site.answered == turn * REQUESTS_PER_TURN
        assert not connection.reads
        visitor.drained()  # is no turn of its own
        ((delay_s, go_on),) = lobby.calls
        assert delay_s == REST_S
        lobby.calls.clear()
        go_on()
    assert lobby.site.answered == 2 * REQUESTS_PER_TURN + 5
    assert connection.reads
    assert not lobby.calls


def test_requests_that_come_one_by_one_have_the_same_rate() -> None:
    visitor, lobby, connection = visit()
    for _ in range(REQUESTS_PER_TURN):
        assert connection.reads
        visitor.received(HEAD)
    assert not connection.reads
    lobby.calls.pop()[1]()
    assert connection.reads


def test_an_end_waits_for_what_was_asked_before_it() -> None:
    visitor, lobby, connection = visit()
    visitor.received(HEAD * (REQUESTS_PER_TURN + 1))
    connection.peer_ended = True
    visitor.ended()
    assert not connection.closing
    lobby.calls.pop()[1]()
    assert lobby.site.answered == REQUESTS_PER_TURN + 1
    assert connection.closing


def test_the_deadline_moves_with_an_answer_and_with_the_first_bytes_behind_it_alone() -> None:
    visitor, lobby, connection = visit()
    assert visitor.deadline == lobby.head_s
    visitor.received(b"\r\n")
    for piece in (HEAD[:1], HEAD[1:5]):
        lobby.now_s += 1
        visitor.received(piece)
        assert visitor.deadline == lobby.head_s
    visitor.received(HEAD[5:])
    assert visitor.deadline == lobby.now_s + lobby.idle_s
    lobby.now_s += 1
    visitor.received(b"\r\n")
    assert visitor.deadline == lobby.now_s + lobby.head_s
    lobby.now_s += 1
    visitor.received(b"\r\n")
    assert connection.closing


class FakeOwner:
    """A client that only reads."""

    def __init__(self) -> None:
        self.heard = b""
        self.has_ended = False

    def received(self, data: bytes) -> None:
        self.heard += data

    def said_nothing(self, commands: int) -> None:
        pass

    def ended(self) -> None:
        self.has_ended = True


def test_web_sockets_have_so_much_of_a_turn_together_and_lose_nothing_by_it() -> None:
    lobby, connection = FakeLobby(), FakeConnection()
    link = Link(cast(Connection, connection), lobby.clock, lobby.share)
    link.owner = owner = cast(Any, FakeOwner())
    lobby.now_s += TURN_S
    lobby.share.spend(0.0)  # by others
    link.received(masked(TEXT, b"PING|1\n"))
    assert not owner.heard
    assert not connection.reads
    link.resume()  # its client could read more, but what is here already comes first
    assert not connection.reads
    connection.peer_ended = True
    link.ended()
    assert not owner.has_ended
    lobby.now_s += 1
    lobby.turn()
    assert owner.heard == b"PING|1\n"
    assert connection.reads
    assert owner.has_ended


def test_hundreds_of_visitors_have_so_much_of_a_turn_together_and_come_in_their_order() -> None:
    """Each was bounded by itself: 200 with sixteen requests each held everybody up for 0.3 s a turn."""
    lobby = FakeLobby()
    answer_s = TURN_S / 3.5  # so that four begin

    def visitor() -> Visitor:
        made = Visitor(cast(Any, lobby), "here", "here")
        made.connection = cast(Connection, FakeConnection())
        return made

    def takes() -> None:
        lobby.now_s += answer_s

    lobby.site.takes = takes
    visitors = [visitor() for _ in range(50)]
    for each in visitors:
        each.received(HEAD)
    assert lobby.site.answered == 4
    assert not cast(FakeConnection, visitors[-1].connection).reads
    late = visitor()
    late.received(HEAD)
    for turn in range(2, 13):
        lobby.turn()
        assert lobby.site.answered == 4 * turn
        late.drained()  # is no turn of its own
    lobby.turn()
    assert lobby.site.answered == 51
    assert cast(FakeConnection, late.connection).reads
    assert not lobby.soon
