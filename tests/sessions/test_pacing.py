"""When lines are run: what a turn, the rate, an unread answer and a waiting session allow, for one line as for many."""

from typing import Any, cast

import pytest

from chatserver.core.commands import SendBurst
from chatserver.fronts.pipe.front import Pipe
from chatserver.net.connection import Connection
from chatserver.net.reactor import Reactor
from chatserver.sessions.client import BYTES_PER_COMMAND, Client, Ticket
from chatserver.sessions.pacing import LINE_BYTES, TURN_S, Pacing
from chatserver.settings import build


class FakeConnection:
    """Bytes that wait, and whether it is read from."""

    def __init__(self) -> None:
        self.unsent = 0
        self.is_read = True
        self.is_lost = False

    def pause(self) -> None:
        self.is_read = False

    def resume(self) -> None:
        self.is_read = True

    def abort(self) -> None:
        self.is_lost = True


class World:
    """The host of one client, which notes what is done; its loop's clock stands still until it is moved."""

    def __init__(self, **settings: int) -> None:
        self.now_s = self.began_s = 1000.0
        self.line_s = 0.0  # how long a line takes
        self.done: list[str] = []
        self.later: list[tuple[float, Any]] = []
        chosen = build(file={}, environment={}, given={"commands_per_s": 0, **settings})
        pacing = Pacing(self, chosen, cast(Reactor, self), lambda: 0)
        self.run_line, self.run_lines = pacing.run_line, pacing.run_lines
        self.client = self.make_client()
        self.connection = cast(FakeConnection, self.client.receiver.connection)
        self.refuses_bursts = False
        self.is_held_back = False  # by what is not stored yet

    def make_client(self) -> Client:
        client = Client(self, Pipe(), "")
        client.receiver.connection = cast(Connection, FakeConnection())
        client.log_in(1, "ann", b"")
        return client

    def say(self, *lines: str, client: Client | None = None) -> None:
        (client or self.client).received("".join(f"{line}\n" for line in lines).encode())

    def pass_time(self, seconds: float) -> None:
        self.now_s += seconds
        self.began_s = self.now_s
        due = [callback for at_s, callback in self.later if at_s <= self.now_s]
        self.later = [each for each in self.later if each[0] > self.now_s]
        for callback in due:
            callback()

    # The host

    def do_line(self, client: Client, line: str, now_ms: int) -> None:
        self.done.append(line)
        self.now_s += self.line_s

    def do_burst(self, client: Client, command: SendBurst) -> int:
        if self.refuses_bursts:
            return 0
        ((name, count),) = command.to
        self.done += [f"SENDMESSAGE|ann|{name}|{text}" for text in command.texts]
        return count

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


NOTHING = b"\n" * 10 * BYTES_PER_COMMAND


@pytest.mark.parametrize("data", [NOTHING, b"x" * 10 * BYTES_PER_COMMAND + b"\nPING|1\n", NOTHING + b"PING|1\n"])
def test_bytes_that_say_nothing_are_read_more_slowly_too(data: bytes) -> None:
    world = World(commands_per_s=6)
    world.client.received(b"PING|0\nPING|0\n")
    world.client.received(data)
    assert not world.connection.is_read
    world.pass_time(0.5)
    assert not world.connection.is_read
    for _ in range(3):
        world.pass_time(0.5)
    assert world.connection.is_read
    assert world.done[-1] == ("PING|1" if b"PING" in data else "PING|0")


def test_lines_of_usual_length_count_by_their_number_alone() -> None:
    world = World(commands_per_s=40)
    line = f"PING|{'x' * (BYTES_PER_COMMAND - 10)}"
    world.say(*[line] * 20)
    world.say(*[line] * 20)
    assert len(world.done) == 40
    assert world.connection.is_read


def test_without_a_rate_no_bytes_are_too_many() -> None:
    world = World()
    for _ in range(20):
        world.client.received(NOTHING)
    assert world.connection.is_read


def test_who_is_told_good_bye_is_read_to_the_end_whatever_it_sends() -> None:
    """Else the close would be a reset, and the good-bye lost."""
    world = World(commands_per_s=1)
    world.client.received(b"PING|0\n")
    world.client.received(NOTHING)
    world.client.close()
    world.connection.is_read = True  # as `close_when_sent` has it
    world.pass_time(0.1)
    world.run_lines(world.client)
    assert world.connection.is_read


def test_all_that_was_read_at_once_is_run_however_many_lines_it_is() -> None:
    world = World(commands_per_turn=100, send_bytes_high=1 << 30)
    lines = [f"PING|{at}" for at in range(5000)]
    world.say(*lines)
    assert world.done == lines[:100]
    assert not world.connection.is_read
    for _ in range(49):
        assert not world.connection.is_read
        world.pass_time(0.0)
    assert world.done == lines
    assert world.connection.is_read


def test_a_client_that_has_ended_its_side_has_all_its_lines_run_first() -> None:
    world = World(commands_per_turn=1000, send_bytes_high=1 << 30)
    lines = [f"PING|{at}" for at in range(3000)]
    world.client.received("".join(f"{line}\n" for line in lines).encode())
    world.client.ended()
    for _ in range(5):
        world.pass_time(0.0)
    assert world.done == [*lines, "the end"]


def test_lines_that_are_refused_as_one_command_are_run_by_themselves_and_wait_for_each_other() -> None:
    world = World()
    world.refuses_bursts = True
    lines = [f"SENDMESSAGE#x.{at}|ann|ben|hi" for at in range(9)]
    done, do_line = world.done, world.do_line

    def do_some(client: Client, line: str, now_ms: int) -> None:
        do_line(client, line, now_ms)
        if len(done) == 4:
            client.wait(Ticket(client, ""))

    world.do_line = do_some  # type: ignore[method-assign]
    world.say(*lines)
    assert done == lines[:4]
    world.client.wait(None)
    world.run_lines(world.client)
    assert done == lines


def test_a_turn_has_its_time_however_many_clients_send_ahead() -> None:
    """What is left over is run in later turns, in the order in which it waited."""
    world = World()
    others = [world.make_client() for _ in range(3)]
    world.line_s = TURN_S / 1.5
    for number, client in enumerate(others):
        world.say(*(f"HELP|{number}|{at}" for at in range(3)), client=client)
    assert world.done == ["HELP|0|0", "HELP|0|1"]
    world.pass_time(0)
    assert world.done[2:] == ["HELP|0|2", "HELP|1|0"]
    world.say("PING|1")
    assert world.done[4:] == ["PING|1"]
    for turn in (["HELP|2|0", "HELP|2|1"], ["HELP|1|1", "HELP|1|2"], ["HELP|2|2"]):
        world.done.clear()
        world.pass_time(0)
        assert world.done == turn
    assert not world.later


def test_a_defect_with_one_client_ends_that_one_and_the_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them wait for the next turn, because this one has no time left."""
    world = World()
    others = [world.make_client() for _ in range(3)]
    world.now_s += TURN_S * 2
    for number, client in enumerate([others[0], world.client, *others[1:]]):
        world.say(f"PING|{number}", f"PONG|{number}", client=client)
    assert world.done == []
    monkeypatch.setattr(world.client.front, "read_burst", lambda *_: 1 // 0)
    world.pass_time(1.0)
    assert world.done == ["PING|0", "PONG|0", "PING|2", "PONG|2", "PING|3", "PONG|3"]
    assert world.connection.is_lost
