"""When lines are run: what a turn, the rate, an unread answer and a waiting session allow, for one line as for many."""

from typing import Any, cast

import pytest

from chatserver.core.commands import SendBurst
from chatserver.fronts.pipe.front import Pipe
from chatserver.net.connection import Connection
from chatserver.net.reactor import Reactor
from chatserver.sessions.client import Client, Ticket
from chatserver.sessions.pacing import LINE_BYTES, Pacing
from chatserver.settings import build


class FakeConnection:
    """Bytes that wait, and whether it is read from."""

    def __init__(self) -> None:
        self.unsent = 0
        self.is_read = True

    def pause(self) -> None:
        self.is_read = False

    def resume(self) -> None:
        self.is_read = True


class World:
    """The host of one client, which notes what is done; its loop's clock stands still until it is moved."""

    def __init__(self, **settings: int) -> None:
        self.now_s = 1000.0
        self.done: list[str] = []
        self.later: list[tuple[float, Any]] = []
        chosen = build(file={}, environment={}, given={"commands_per_s": 0, **settings})
        pacing = Pacing(self, chosen, cast(Reactor, self), lambda: 0)
        self.run_line, self.run_lines = pacing.run_line, pacing.run_lines
        self.client = Client(self, Pipe(), "")
        self.connection = FakeConnection()
        self.client.receiver.connection = cast(Connection, self.connection)
        self.client.log_in(1, "ann", b"")
        self.is_held_back = False  # by what is not stored yet

    def say(self, *lines: str) -> None:
        self.client.received("".join(f"{line}\n" for line in lines).encode())

    def pass_time(self, seconds: float) -> None:
        self.now_s += seconds
        due = [callback for at_s, callback in self.later if at_s <= self.now_s]
        self.later = [each for each in self.later if each[0] > self.now_s]
        for callback in due:
            callback()

    # The host

    def do_line(self, client: Client, line: str, now_ms: int) -> None:
        self.done.append(line)

    def do_burst(self, client: Client, lines: list[str], command: SendBurst) -> None:
        self.done += lines

    def all_done(self, client: Client) -> None:
        self.done.append("the end")
        client.close()

    def wait_for_disk(self, client: Client) -> bool:
        if self.is_held_back:
            client.wait(Ticket(client, ""))
        return self.is_held_back

    def client_drained(self, client: Client) -> None:
        self.run_lines(client)

    def client_lost(self, client: Client) -> None:
        """Nobody is lost here."""

    # The loop

    def clock(self) -> float:
        return self.now_s

    def call_later(self, delay_s: float, callback: Any) -> None:
        self.later.append((self.now_s + delay_s, callback))

    def call_soon(self, callback: Any) -> None:
        self.call_later(0.0, callback)


@pytest.mark.parametrize("together", [True, False])
def test_more_than_the_rate_waits_and_is_run_later(*, together: bool) -> None:
    world = World(commands_per_s=2)
    lines = ["PING|1", "PING|2", "PING|3", "PING|4"]
    for said in [lines] if together else [[line] for line in lines]:
        world.say(*said)
    assert world.done == lines[:2]
    assert not world.connection.is_read
    for count in (3, 4):
        world.pass_time(0.5)
        assert world.done == lines[:count]
    assert world.connection.is_read


@pytest.mark.parametrize("lines", [["PING|1"], ["PING|1", "PING|2"]])
def test_a_client_that_does_not_read_its_answers_waits(lines: list[str]) -> None:
    world = World(send_bytes_high=2 * LINE_BYTES)
    world.connection.unsent = 2 * LINE_BYTES + 1
    world.say(*lines)
    assert world.done == []
    world.connection.unsent = 0
    world.client.drained()
    assert world.done == lines


def test_a_long_answer_in_the_same_turn_counts_too() -> None:
    world = World(send_bytes_high=100)
    world.client.receiver.staged_bytes = 101
    world.say("PING|1")
    assert world.done == []
    world.client.receiver.staged_bytes = 0
    world.pass_time(0.0)
    assert world.done == ["PING|1"]


def test_a_line_behind_one_that_waits_for_a_worker_is_not_run_before_it() -> None:
    world = World()
    world.client.wait(Ticket(world.client, ""))
    world.say("PING|1")
    assert world.done == []
    world.client.wait(None)
    world.run_lines(world.client)
    assert world.done == ["PING|1"]


def test_a_line_never_overtakes_those_that_wait() -> None:
    world = World(commands_per_turn=1)
    world.say("PING|1", "PING|2")
    world.say("PING|3")
    while world.later:
        world.pass_time(0.0)
    assert world.done == ["PING|1", "PING|2", "PING|3"]


def test_who_sends_no_more_goes_when_all_is_run() -> None:
    world = World(commands_per_turn=1)
    world.say("PING|1", "PING|2")
    world.client.ended()
    while world.later:
        world.pass_time(0.0)
    assert world.done == ["PING|1", "PING|2", "the end"]


def test_so_many_commands_may_wait_for_a_slow_disk_and_no_more() -> None:
    world = World(send_bytes_high=3 * LINE_BYTES)
    world.is_held_back = True
    lines = [f"PING|{at}" for at in range(9)]
    world.say(*lines)
    assert world.done == lines[:4]
    assert world.later == []  # it does not look again and again
    assert not world.connection.is_read
    world.client.receiver.staged_bytes = 0  # what waited has left
    world.client.wait(None)
    world.run_lines(world.client)
    assert world.done == lines[:8]
