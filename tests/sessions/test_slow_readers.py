"""How much waits for those who do not read: who is closed for the sum, and that what was read counts no more."""

from typing import Any, cast

import pytest

from chatserver.sessions.client import Client
from chatserver.sessions.slow_readers import ROOM, SlowReaders
from chatserver.settings import build
from chatserver.turn.receiver import ENTRY_BYTES, Book, Receiver
from chatserver.turn.records import Reply
from tests.sessions.clients import connected, logged_in

TOTAL = 100_000
OWN = 2 * ENTRY_BYTES  # what a book takes for one record of events


class Pipe:
    """A connection that takes nothing, or what the test says."""

    committed = 0

    def __init__(self) -> None:
        self.unsent = 0
        self.is_aborted = False

    def drop_unsent(self, keep: int) -> None:
        self.unsent = keep

    def abort(self) -> None:
        self.is_aborted = True


def pipe_of(client: Client) -> Pipe:
    return cast(Pipe, client.receiver.connection)


class Hall:
    """Clients for whom bytes wait, and those who were closed."""

    def __init__(self, count: int, **settings: int) -> None:
        self.now_s = 1000.0
        self.soon: list[Any] = []
        self.ended: list[Client] = []
        self.clients = [logged_in(user=at + 1) for at in range(count)]
        for client in self.clients:
            client.receiver.connection = cast(Any, Pipe())
        chosen = build(file={}, environment={}, given={"send_bytes_total_max": TOTAL, **settings})
        seats = {client.receiver: client for client in self.clients}
        self.slow = SlowReaders(seats, chosen, self.end, self.soon.append, lambda: self.now_s)

    def end(self, client: Client, reason: str) -> None:
        assert reason == "TOO_SLOW"
        self.ended.append(client)

    def send(self, client: Client, size: int, *, is_answer: bool = False) -> None:
        """Bytes none of which the kernel takes; then what was put off is done."""
        receiver = client.receiver
        receiver.book = receiver.book or Book()
        receiver.book.add([Reply(b"x" * size, 0, "PING", 1) if is_answer else (b"x" * size, 0, None)])
        pipe_of(client).unsent += size
        self.slow.look(receiver)
        while self.soon:
            self.soon.pop(0)()

    def pass_time(self, seconds: float) -> None:
        self.now_s += seconds
        self.slow.end_unread()
        while self.soon:
            self.soon.pop(0)()

    def read(self, client: Client, size: int) -> None:
        pipe_of(client).unsent -= size
        assert client.receiver.book
        client.receiver.book.handed(client.receiver.connection.unsent)


@pytest.mark.parametrize("is_answer", [True, False])
def test_who_has_most_is_closed_for_the_sum_until_there_is_room(*, is_answer: bool) -> None:
    hall = Hall(4)
    for client, size in zip(hall.clients, (20_000, 40_000, 30_000, 1_000), strict=True):
        hall.send(client, size, is_answer=is_answer)
    assert hall.ended == []
    hall.send(hall.clients[3], 10_000, is_answer=is_answer)
    assert hall.ended == [hall.clients[1]]
    assert hall.clients[1].receiver.over
    assert sum(client.receiver.connection.unsent for client in hall.clients) <= TOTAL * (1 - ROOM)
    hall.send(hall.clients[0], 20_000, is_answer=is_answer)
    assert len(hall.ended) == 1  # there is room: nobody is closed with each frame


def test_what_was_read_meanwhile_is_no_more() -> None:
    hall = Hall(2)
    hall.send(hall.clients[0], 80_000)
    hall.read(hall.clients[0], 79_000)
    hall.send(hall.clients[1], 30_000)
    hall.send(hall.clients[1], 30_000)
    assert hall.ended == []


def test_who_has_read_all_or_has_gone_counts_no_more() -> None:
    hall = Hall(3)
    for client in hall.clients[:2]:
        hall.send(client, 45_000)
        hall.slow.forget(client.receiver)
        client.receiver.book = None
        pipe_of(client).unsent = 0
    hall.send(hall.clients[2], 90_000)
    assert hall.ended == []
    assert hall.slow._sum == 90_000 + OWN


def test_small_frames_count_with_what_is_known_of_them() -> None:
    hall = Hall(1)
    for _ in range(TOTAL // OWN + 1):
        hall.send(hall.clients[0], 1)
    assert hall.ended == hall.clients


def test_who_is_going_already_is_closed_at_once() -> None:
    hall = Hall(2)
    going = hall.clients[0]
    hall.send(going, 60_000)
    going.close()
    hall.send(hall.clients[1], 50_000)
    assert hall.ended == []
    assert pipe_of(going).is_aborted


def test_one_alone_has_a_bound_of_its_own_for_events_and_none_for_answers() -> None:
    hall = Hall(2, send_bytes_max=10_000)
    hall.send(hall.clients[0], 20_000, is_answer=True)
    assert hall.ended == []
    hall.send(hall.clients[1], 20_000)
    assert hall.ended == [hall.clients[1]]


def test_one_that_is_no_client_any_more_is_not_looked_at() -> None:
    hall = Hall(1)
    stranger = connected()
    stranger.receiver.connection = cast(Any, Pipe())
    hall.send(stranger, 10 * TOTAL)
    assert hall.ended == []
    assert hall.slow._sum == 0
    assert isinstance(stranger.receiver, Receiver)


@pytest.mark.parametrize("is_answer", [True, False])
def test_who_reads_nothing_for_too_long_is_closed(*, is_answer: bool) -> None:
    hall = Hall(2, unread_s=10)
    reader, sleeper = hall.clients
    for client in hall.clients:
        hall.send(client, 1000, is_answer=is_answer)
    hall.pass_time(0)
    for _ in range(3):
        hall.pass_time(5)
        hall.read(reader, 1)
    assert hall.ended == [sleeper]
    assert sleeper.receiver.over
    hall.pass_time(9)
    hall.send(reader, 1000, is_answer=is_answer)  # what comes is no sign of reading
    assert hall.ended == [sleeper]
    hall.pass_time(10)
    assert hall.ended == [sleeper, reader]


def test_the_time_begins_again_with_what_waits() -> None:
    hall = Hall(1, unread_s=10)
    (client,) = hall.clients
    hall.send(client, 1000)
    hall.pass_time(0)
    hall.pass_time(9)
    hall.read(client, 1000)
    client.receiver.book = None  # drained
    hall.slow.forget(client.receiver)
    hall.pass_time(100)
    hall.send(client, 1000)
    hall.pass_time(9)
    hall.pass_time(9)
    assert hall.ended == []
    hall.pass_time(1)
    assert hall.ended == [client]


def test_who_is_going_already_has_a_time_of_its_own() -> None:
    hall = Hall(1, unread_s=1)
    (client,) = hall.clients
    hall.send(client, 1000)
    client.close()
    hall.pass_time(0)
    hall.pass_time(100)
    assert hall.ended == []
    assert not pipe_of(client).is_aborted
