"""The door of hooks: whose text is read, how much of a turn all callers have together, and when they go on."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from chatserver.core.outcome import Refused
from chatserver.fronts.web.hooks import TURN_S, HookLobby
from chatserver.net.connection import Connection, Owner

BODY = b'{"text": "green"}'
HEAD = (
    f"POST /hooks/secret HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
)
REQUEST = HEAD.encode() + BODY


class FakeConnection:
    """What a caller does with its connection."""

    def __init__(self) -> None:
        self.sent = b""
        self.is_paused = self.closed = self.closing = self.peer_ended = False

    def send(self, data: bytes) -> bool:
        self.sent += data
        return True

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False

    def close_when_sent(self, within_s: float) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closed = self.closing = True


class FakeHost:
    """A host whose clock goes on when a text is read, and which knows one token."""

    def __init__(self) -> None:
        self.now_s = self.began_s = 1.0
        self.text_s = 0.0  # what it takes to read one
        self.said: list[str] = []
        self.asked = 0
        self.soon: list[Callable[[], None]] = []

    def clock(self) -> float:
        return self.now_s

    def turn_began_s(self) -> float:
        return self.began_s

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def give_back(self, address: str) -> None:
        pass

    def deliver_hook(self, token: str, text: Callable[[], str], done: Callable[[Refused | None], None]) -> None:
        self.asked += 1
        self.now_s += self.text_s
        if token != "secret":
            done(Refused("NO_SUCH_HOOK", "There is no such hook"))
            return
        self.said.append(text())
        done(None)

    def turn(self) -> None:
        self.began_s = self.now_s
        soon, self.soon = self.soon, []
        for callback in soon:
            callback()


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def lobby(host: FakeHost) -> HookLobby:
    made = HookLobby(10.0, 1000)
    made.attend(host)
    return made


def caller(lobby: HookLobby) -> tuple[Owner, FakeConnection]:
    found: list[Owner] = []
    connection = FakeConnection()

    def connect(owner: Owner, read_bytes: int) -> Connection:
        found.append(owner)
        return cast(Connection, connection)

    lobby.welcome(connect, "1.2.3.4", "1.2.3.4")
    return found[0], connection


def status(connection: FakeConnection) -> int:
    return int(connection.sent.split()[1])


def test_a_text_is_not_read_whose_token_does_not_count(
    lobby: HookLobby, host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading what claims to be JSON takes up to some ms, which a stranger could have for nothing."""
    read: list[object] = []
    monkeypatch.setattr("chatserver.fronts.web.hooks.json.loads", read.append)
    owner, connection = caller(lobby)
    owner.received(REQUEST.replace(b"secret", b"guess!"))
    assert status(connection) == 404
    assert not read


def test_one_that_counts_is_read_and_said(lobby: HookLobby, host: FakeHost) -> None:
    owner, connection = caller(lobby)
    owner.received(REQUEST)
    assert host.said == ["green"]
    assert status(connection) == 200


def test_all_callers_together_have_so_much_of_a_turn(lobby: HookLobby, host: FakeHost) -> None:
    host.text_s = TURN_S * 0.6
    callers = [caller(lobby) for _ in range(5)]
    for owner, _ in callers:
        owner.received(REQUEST)
    answered = [len(host.said)]
    while host.soon:
        host.turn()
        answered.append(len(host.said))
    assert answered == [2, 4, 5]
    assert [status(connection) for _, connection in callers] == [200] * 5


@pytest.mark.parametrize("left", [0, 3])
def test_who_is_put_off_and_says_no_more_is_answered_if_all_has_come(
    lobby: HookLobby, host: FakeHost, left: int
) -> None:
    host.text_s = TURN_S
    caller(lobby)[0].received(REQUEST)
    owner, connection = caller(lobby)
    owner.received(REQUEST[: len(REQUEST) - left])
    assert connection.is_paused
    connection.peer_ended = True
    owner.ended()
    assert not connection.closed
    host.turn()
    assert connection.closed == bool(left)
    assert len(host.said) == (1 if left else 2)


def test_who_is_put_off_before_all_has_come_is_read_on(lobby: HookLobby, host: FakeHost) -> None:
    host.text_s = TURN_S
    caller(lobby)[0].received(REQUEST)
    owner, connection = caller(lobby)
    owner.received(REQUEST[:-3])
    host.turn()
    assert not connection.is_paused
    owner.received(REQUEST[-3:])
    assert status(connection) == 200


def test_who_is_put_off_and_goes_is_not_answered(lobby: HookLobby, host: FakeHost) -> None:
    host.text_s = TURN_S
    caller(lobby)[0].received(REQUEST)
    owner, connection = caller(lobby)
    owner.received(REQUEST)
    cast(Any, connection).abort()
    owner.lost()
    host.turn()
    assert not connection.sent
    assert len(host.said) == 1
