"""One client: its lines, its phase, when it reads, and how many commands it has left."""

from collections import deque
from random import Random

import pytest

from chatserver.sessions.client import NO_LINES, PART_LINES, Client, Ticket
from chatserver.sessions.phases import Phase
from chatserver.settings import Settings, build
from tests.sessions.clients import FakeHost, connected, logged_in


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


# Lines.


def test_a_single_line_goes_the_short_way(host: FakeHost) -> None:
    client = connected(host)
    client.received(b"PING|1\n")
    assert host.told == [("line", ["PING|1"])]
    assert client.lines is NO_LINES


def test_several_lines_are_kept_for_who_runs_them(host: FakeHost) -> None:
    client = connected(host)
    client.received(b"PING|1\nPING|2\nPI")
    client.received(b"NG|3\n")
    assert host.told == [("lines", ["PING|1", "PING|2"]), ("lines", ["PING|1", "PING|2", "PING|3"])]


def test_a_single_line_does_not_overtake_those_that_wait(host: FakeHost) -> None:
    client = connected(host)
    client.lines = deque(["PING|1"])
    client.received(b"PING|2\n")
    assert host.told == [("lines", ["PING|1", "PING|2"])]


def test_a_part_of_a_line_is_none(host: FakeHost) -> None:
    connected(host).received(b"PI")
    assert host.told == [("lines", [])]


def test_the_lines_of_all_idle_clients_are_the_same_and_empty(host: FakeHost) -> None:
    client = connected(host)
    client.received(b"1\n2\n")
    client.lost()
    assert client.lines is connected().lines is NO_LINES
    assert not NO_LINES


def test_what_the_connection_tells_is_passed_on(host: FakeHost) -> None:
    client = connected(host)
    client.drained()
    assert not client.at_end
    client.ended()
    assert client.at_end
    assert host.told == [("drained", []), ("lines", [])]


def test_a_connection_that_is_gone_takes_lines_and_wait_with_it(host: FakeHost) -> None:
    client = logged_in(host)
    client.wait(Ticket(client, "LOGIN"))
    client.lines = deque(["PING"])
    client.lost()
    assert client.ticket is None
    assert client.phase is Phase.CLOSED
    assert not client.reads
    assert host.told == [("lost", [])]


def lines_of(client: Client) -> list[str]:
    """All that is there to run, as whoever runs it takes them."""
    found = []
    while client.has_lines():
        found.append(client.lines.popleft())
    return found


def test_of_much_that_comes_at_once_a_part_is_cut_into_lines() -> None:
    """64 KB of short lines would take 1.5 MB."""
    client = logged_in()
    client.received(b"ab\n" * 21_000)
    assert client.has_lines()
    assert len(client.lines) <= PART_LINES
    client.received(b"last\n")
    assert len(client.lines) <= PART_LINES
    assert lines_of(client) == ["ab"] * 21_000 + ["last"]


@pytest.mark.parametrize("seed", range(10))
def test_however_it_is_cut_the_lines_are_those_that_came(seed: int) -> None:
    random = Random(seed)
    lengths = [random.choice([1, 2, 5, 100, 600, 5000, 8191]) for _ in range(400)]
    lines = ["".join(random.choices("aé日😀", k=1 + length // 4))[: length or 1] for length in lengths]
    lines = [line if len(line.encode()) < 8192 else "x" for line in lines]
    found: list[str] = []
    host = FakeHost()
    host.run_line = lambda client, line: found.append(line)  # type: ignore[method-assign]
    client = logged_in(host)
    data = "".join(f"{line}{random.choice([chr(10), chr(10) * 3, chr(13) + chr(10)])}" for line in lines).encode()
    while data:
        size = random.choice([1, 7, 511, 513, 4000, 65_536])
        client.received(data[:size])
        data = data[size:]
        if random.random() < 0.5:
            found += lines_of(client)
    assert found + lines_of(client) == lines


def test_what_is_not_cut_yet_goes_with_the_connection(host: FakeHost) -> None:
    client = connected(host)
    client.received(b"ab\n" * 21_000)
    client.lost()
    assert not client.has_lines()


# Who it is, and where it stands.


def test_it_becomes_a_users_session_and_as_before() -> None:
    client = connected()
    before = client.rows, client.sends
    client.log_in(7, "Ann", b"hash")
    assert (client.user, client.name, client.token_hash, client.phase) == (7, "Ann", b"hash", Phase.LOGGED_IN)
    assert client.rows is not before[0]
    assert client.sends == "SENDMESSAGE|Ann|"
    client.log_out()
    assert (client.user, client.name, client.token_hash, client.phase) == (0, "", b"", Phase.BEFORE_LOGIN)
    assert (client.rows, client.sends) == before


def test_what_is_closed_can_be_taken_back_with_its_lines() -> None:
    client = logged_in()
    client.wait(Ticket(client, ""))
    client.lines = deque(["PING"])
    client.close()
    assert (client.phase, client.reads, client.ticket) == (Phase.CLOSING, False, None)
    client.received(b"behind it\n")
    client.reopen()
    assert (client.phase, client.reads) == (Phase.LOGGED_IN, True)
    assert client.lines == deque(["PING", "behind it"])
    assert client.user == 1


def test_it_reads_where_it_is_open_and_does_not_wait() -> None:
    client = connected()
    assert client.reads
    client.wait(Ticket(client, ""))
    assert not client.reads
    client.log_in(1, "ann", b"")  # it goes on when its wait is over
    assert not client.reads
    client.wait(None)
    assert client.reads
    client.close()
    client.wait(None)
    assert not client.reads


# What its rate allows.


def settings(**given: int) -> Settings:
    return build(file={}, environment={}, given=given)


def left(client: Client, chosen: Settings, now_s: float) -> int:
    return client.commands_left(chosen, lambda: now_s)


def test_without_a_rate_a_turn_is_the_limit() -> None:
    assert left(connected(), settings(commands_per_s=0, commands_per_turn=9), 5.0) == 9


def test_a_rate_allows_a_seconds_worth_at_once_and_no_more() -> None:
    client, chosen = connected(), settings(commands_per_s=10, commands_per_turn=256)
    assert left(client, chosen, 1000.0) == 10
    client.allowance -= 10
    assert left(client, chosen, 1000.0) == 0
    assert left(client, chosen, 1000.25) == 2
    assert left(client, chosen, 1000.25) == 2
    assert left(client, chosen, 1099.0) == 10


def test_a_turn_limits_what_the_rate_allows() -> None:
    assert left(connected(), settings(commands_per_s=1000, commands_per_turn=3), 1000.0) == 3


def test_parts_of_a_command_add_up() -> None:
    client, chosen = connected(), settings(commands_per_s=10)
    left(client, chosen, 1000.0)
    client.allowance = 0.0
    assert [left(client, chosen, 1000.0 + at / 16) for at in (1, 2, 3, 4)] == [0, 1, 1, 2]
