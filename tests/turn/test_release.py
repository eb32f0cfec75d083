"""The way out: in the order of staging, in one piece, behind the backlog of a login; and what slow readers are owed."""

from typing import cast

import pytest

from chatserver.core.state import State
from chatserver.turn.credit import CreditBook
from chatserver.turn.receiver import Receiver
from chatserver.turn.records import Credit, Opening, Passed, Record, Reply, standing
from chatserver.turn.release import Release, backlog_waits
from tests.core.given import ANN, BOB, FRIENDS, ROOM, given, room_of
from tests.turn.fakes import FakeConnection, receiver


class FakeCredit:
    """Notes what it is given; `handed` is written to by the usual case, as the real one's is."""

    def __init__(self) -> None:
        self.handed: dict[Receiver, int] = {}
        self.given: list[tuple[Receiver, Credit]] = []
        self.looked: list[Receiver] = []

    def give(self, receiver: Receiver, credit: Credit) -> None:
        self.given.append((receiver, credit))

    def progressed(self, receiver: Receiver) -> None:
        self.looked.append(receiver)


class World:
    """A release, one client of Ann's, and what was told of it."""

    def __init__(self) -> None:
        self.credit = FakeCredit()
        self.slow: list[Receiver] = []
        self.asked: list[Opening] = []
        self.release = Release(cast(CreditBook, self.credit), self.slow.append)
        self.release.read_backlog = lambda receiver, opening: self.asked.append(opening)
        self.ann, self.connection = self.client(ANN)

    def client(self, user: int) -> tuple[Receiver, FakeConnection]:
        made, connection = receiver()
        made.user = user
        return made, connection

    def send(self, *records: Record) -> None:
        self.release.send_all([(self.ann, list(records))])


@pytest.fixture
def world() -> World:
    return World()


def event(number: int) -> Record:
    return f"EVENT|{number}\n".encode(), number, None


def login(backlog_upto: int, user: int = ANN) -> Reply:
    return Reply(b"OK|LOGIN\n", Opening(user, 5, backlog_upto), "LOGIN", 1)


def test_what_leaves_together_leaves_in_one_piece_in_order(world: World) -> None:
    world.send(event(1), standing(b"OK|PING\n"), event(2))
    assert world.connection.sends == [b"EVENT|1\nOK|PING\nEVENT|2\n"]
    assert world.credit.handed == {world.ann: 2}
    assert world.credit.given == []


def test_everybody_gets_their_own(world: World) -> None:
    ben, connection = world.client(BOB)
    world.release.send_all([(world.ann, [event(1)]), (ben, [event(2)]), (world.ann, [event(3)])])
    assert world.connection.sends == [b"EVENT|1\n", b"EVENT|3\n"]
    assert connection.sends == [b"EVENT|2\n"]
    assert world.credit.handed == {world.ann: 3, ben: 2}


def test_it_is_noted_that_somebody_was_answered(world: World) -> None:
    assert not world.release.answered
    world.send(event(1))
    assert world.release.answered


def test_what_is_no_plain_number_is_given_to_the_credit_book(world: World) -> None:
    world.ann.special = 1
    world.send(Reply(b"OK|SYNC\n", Passed(0, 9), "SYNC", 1))
    assert world.credit.given == [(world.ann, Passed(0, 9))]
    assert world.credit.handed == {}


def test_before_a_login_a_number_is_nobodys(world: World) -> None:
    world.ann.user = 0
    world.send(event(1))
    assert world.credit.handed == {}


def test_sending_forgets_what_commands_weighed(world: World) -> None:
    world.ann.staged_bytes = 512
    world.send(event(1))
    assert world.ann.staged_bytes == 0
    world.ann.staged_bytes, world.ann.cork = 512, []
    world.send(event(1))
    assert world.ann.staged_bytes == 0


# Logins and backlogs.


def test_a_login_with_nothing_waiting_is_sent_like_anything_else(world: World) -> None:
    world.ann.special = 1
    world.send(event(1), login(0), event(2))
    assert world.connection.sends == [b"EVENT|1\nOK|LOGIN\nEVENT|2\n"]
    assert world.asked == []
    assert world.ann.special == 0
    assert world.ann.cork is None
    assert world.credit.given == [(world.ann, credit) for credit in (1, Opening(ANN, 5, 0), 2)]


def test_what_follows_a_login_waits_until_the_backlog_is_read(world: World) -> None:
    world.ann.special = 1
    world.send(event(1), login(7), event(8))
    world.send(event(9))
    assert world.connection.text() == "EVENT|1\nOK|LOGIN\n"
    assert world.asked == [Opening(ANN, 5, 7)]
    assert world.ann.cork == [event(8), event(9)]
    world.release.uncork(world.ann, [event(3), event(7)])
    assert world.connection.text() == "EVENT|3\nEVENT|7\nEVENT|8\nEVENT|9\n"
    assert world.ann.cork is None
    world.send(event(10))
    assert world.connection.text() == "EVENT|10\n"


def test_an_empty_backlog_lets_out_what_waited(world: World) -> None:
    world.ann.special = 1
    world.send(login(7))
    assert world.ann.cork == []
    world.release.uncork(world.ann, [])
    assert world.connection.sends == [b"OK|LOGIN\n"]
    assert world.ann.cork is None


def test_a_second_login_behind_the_first_has_a_backlog_of_its_own(world: World) -> None:
    """LOGIN, LOGOUT and LOGIN sent ahead: the second is corked with what follows the first."""
    world.ann.special = 3
    logout = Reply(b"OK|LOGOUT\n", Opening(0, 0, 0), "LOGOUT", 1)
    world.send(login(7), event(8), logout, login(9, BOB), event(10))
    assert len(world.asked) == 1
    assert world.ann.special == 2
    world.release.uncork(world.ann, [event(7)])
    assert world.connection.text() == "OK|LOGIN\nEVENT|7\nEVENT|8\nOK|LOGOUT\nOK|LOGIN\n"
    assert world.asked == [Opening(ANN, 5, 7), Opening(BOB, 5, 9)]
    assert world.ann.cork == [event(10)]
    assert world.ann.special == 0


def test_another_dialect_is_joined_by_its_own_rule(world: World) -> None:
    world.ann.join = lambda records: b"<" + b"|".join(record[0].strip() for record in records) + b">"
    world.send(event(1), event(2))
    assert world.connection.sends == [b"<EVENT|1|EVENT|2>"]
    assert world.credit.given == [(world.ann, 1), (world.ann, 2)]


# Those whose kernel does not take all.


def test_what_a_slow_reader_has_not_taken_counts_later(world: World) -> None:
    world.connection.room = 10
    world.send(event(1), event(2))
    assert world.credit.handed == {}
    assert world.ann.book is not None
    assert world.ann.book.event_bytes == 16
    assert world.credit.looked == world.slow == [world.ann]
    assert world.ann.book.handed(world.connection.unsent) == [1]


def test_what_follows_is_noted_behind_it_until_it_has_caught_up(world: World) -> None:
    world.connection.room = 10
    world.send(event(1), event(2))
    world.send(event(3))
    book = world.ann.book
    assert book is not None
    assert book.event_bytes == 24
    world.connection.take(None)
    assert book.handed(world.connection.unsent) == [1, 2, 3]
    assert world.connection.text() == "EVENT|1\nEVENT|2\nEVENT|3\n"


def test_with_a_book_open_nothing_takes_the_short_way(world: World) -> None:
    world.connection.room = 0
    world.send(event(1))
    world.connection.take(None)  # the loop has not told of it yet
    world.connection.room = None
    world.send(event(2))
    assert world.credit.given == [(world.ann, 2)]
    assert world.ann.book is not None


def test_a_connection_that_is_gone_is_owed_nothing(world: World) -> None:
    world.connection.closed = True
    world.send(event(1))
    world.release.send(world.ann, [event(2)])
    assert world.ann.book is None
    assert world.slow == world.credit.looked == []
    assert world.credit.handed == {}


# Whether anything waits, as far as State can tell.


def test_a_backlog_waits_where_the_last_message_is_behind_the_mark() -> None:
    state = given(FRIENDS, room_of(ANN))
    ann = state.users[ANN]
    assert not backlog_waits(state, ANN)
    ann.received_id = 5
    assert backlog_waits(state, ANN)
    ann.delivered_id = 4
    assert backlog_waits(state, ANN)
    ann.delivered_id = 5
    assert not backlog_waits(state, ANN)
    ann.gaps = ((2, 2),)
    assert backlog_waits(state, ANN)
    ann.gaps = ()
    state.rooms[ROOM].received_id = 6
    assert backlog_waits(state, ANN)
    ann.delivered_id = 6
    assert not backlog_waits(state, ANN)


def test_a_room_of_others_does_not_matter() -> None:
    state: State = given(FRIENDS, room_of(BOB))
    state.rooms[ROOM].received_id = 6
    assert not backlog_waits(state, ANN)
