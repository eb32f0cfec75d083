"""What is read from the disk before a command can be decided, and what it waits for first."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any, get_args

import pytest

from chatserver.core.commands import DeleteMessage, EditMessage, Found, MarkRead, React
from chatserver.core.events import (
    FriendAdded,
    MessageSent,
    ReactionChanged,
    ReadMarked,
    RoomCreated,
    RoomJoined,
    RoomLeft,
    UserSignedUp,
)
from chatserver.core.outcome import Refused
from chatserver.queries.look_ups import TABLE, look_up
from chatserver.queries.requests import AskDelete, AskEdit, AskMarkRead, AskReact, LookUp
from chatserver.store import unread
from chatserver.store.postings import ID_MAX
from chatserver.store.store import Store
from chatserver.turn.batch import Batch
from tests.queries.turns import FakeTurn

ANN, BEN, CAT = 1, 2, 3
ROOM = -1


@pytest.fixture
def turn() -> Iterator[FakeTurn]:
    """Three users, the first two of them friends, all in a room; they have written messages 1 to 5, and reacted."""
    with closing(Store(":memory:")) as store:
        made = FakeTurn(store)
        names = ((ANN, "ann"), (BEN, "ben"), (CAT, "cat"))
        made.write(*(UserSignedUp(at, name, name, "hash", 0, 0) for at, name in names))
        made.write(FriendAdded(ANN, BEN, 0), RoomCreated(ROOM, "#room", "#room", "public", ANN, 0))
        made.write(*(RoomJoined(ROOM, member, 0, 0) for member, _ in names))
        said = ((ANN, BEN), (BEN, ANN), (BEN, ROOM), (CAT, ROOM), (ANN, ROOM))
        made.write(*(MessageSent(at, 10 * at, *who, f"t{at}", None) for at, who in enumerate(said, 1)))
        made.write(ReactionChanged(6, 2, BEN, ANN, 60, ANN, "x", True))
        yield made


def result(turn: FakeTurn, request: LookUp, user: int = ANN) -> Any:
    """What it comes to, with nothing in flight."""
    job = look_up(turn, user, request)
    try:
        while True:
            assert next(job) is None
    except StopIteration as end:
        return end.value


def test_every_look_up_has_a_row() -> None:
    assert TABLE.keys() == set(get_args(LookUp))


# One message.


def test_what_is_found_of_a_message_goes_into_the_command(turn: FakeTurn) -> None:
    found = Found(20, BEN, ANN, {"x": True}, 1)
    assert result(turn, AskEdit(2, "new")) == EditMessage(ANN, 2, "new", 0, found)
    assert result(turn, AskDelete(2)) == DeleteMessage(ANN, 2, 0, found)
    assert result(turn, AskReact(2, "y")) == React(ANN, 2, "y", 0, found)


def test_what_somebody_else_put_to_it_is_counted_alone(turn: FakeTurn) -> None:
    assert result(turn, AskReact(2, "y"), BEN) == React(BEN, 2, "y", 0, Found(20, BEN, ANN, {}, 1))


@pytest.mark.parametrize("message", [0, 6, 7, ID_MAX])
def test_where_there_is_no_such_message_nothing_is_found(turn: FakeTurn, message: int) -> None:
    assert result(turn, AskDelete(message)) == DeleteMessage(ANN, message, 0, None)


def test_it_waits_until_nothing_of_the_message_is_in_flight(turn: FakeTurn) -> None:
    """Two changes of one message are decided in order: also one that is added while it waits."""
    turn.in_flight = first = Batch(1, 0)
    job = look_up(turn, ANN, AskReact(2, "y"))
    assert next(job) is first
    turn.in_flight = second = Batch(2, 0)
    assert next(job) is second
    turn.in_flight = None
    turn.write(ReactionChanged(7, 2, BEN, ANN, 60, ANN, "y", True))
    with pytest.raises(StopIteration) as end:
        next(job)
    assert end.value.value == React(ANN, 2, "y", 0, Found(20, BEN, ANN, {"x": True, "y": True}, 2))
    assert all(asked == ([(0, 2)], 2) for asked in turn.asked)


# How far a conversation is read.


def mark(turn: FakeTurn, other: str, upto: int, user: int = ANN) -> tuple[int, int, int, tuple[int, ...]]:
    found = result(turn, AskMarkRead(other, upto), user)
    assert isinstance(found, MarkRead)
    assert found.user == user
    return found.party, found.upto, found.end, found.authors


def test_a_mark_names_the_end_of_the_conversation_and_who_wrote_what_it_passes(turn: FakeTurn) -> None:
    assert mark(turn, "ben", 2) == (BEN, 2, 2, (ANN, BEN))
    assert mark(turn, "ben", 1) == (BEN, 1, 1, (ANN,))
    assert mark(turn, "ben", 4) == (BEN, 4, 2, (ANN, BEN))
    assert mark(turn, "#room", 9) == (ROOM, 9, 5, (ANN, BEN, CAT))
    assert mark(turn, "#room", 4) == (ROOM, 4, 4, (BEN, CAT))
    assert mark(turn, "cat", 5) == (CAT, 5, 0, ())


def test_what_is_read_already_is_not_passed_again(turn: FakeTurn) -> None:
    turn.write(ReadMarked(ANN, ROOM, 3, ()))
    assert mark(turn, "#room", 9) == (ROOM, 9, 5, (ANN, CAT))
    turn.asked.clear()
    assert mark(turn, "#room", 3) == (ROOM, 3, 0, ())
    assert turn.asked == []


def test_what_was_said_before_one_came_is_not_passed(turn: FakeTurn) -> None:
    turn.write(RoomLeft(5, ROOM, CAT), RoomJoined(ROOM, CAT, 4, 0))
    assert mark(turn, "#room", 9, CAT) == (ROOM, 9, 5, (ANN,))


@pytest.mark.parametrize("page", [1, 2])
def test_it_is_the_same_however_it_is_cut(turn: FakeTurn, monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    monkeypatch.setattr(unread, "PAGE", page)
    assert mark(turn, "#room", 9) == (ROOM, 9, 5, (ANN, BEN, CAT))


@pytest.mark.parametrize(("other", "code"), [("nobody", "NO_SUCH_USER"), ("#nowhere", "NO_SUCH_ROOM")])
def test_one_that_is_not_there_is_refused(turn: FakeTurn, other: str, code: str) -> None:
    found = result(turn, AskMarkRead(other, 1))
    assert isinstance(found, Refused)
    assert found.code == code


def test_a_room_that_is_left_while_it_waits_is_for_the_decision_to_refuse(turn: FakeTurn) -> None:
    turn.in_flight = Batch(1, 0)
    job = look_up(turn, ANN, AskMarkRead("#room", 5))
    assert next(job) is turn.in_flight
    turn.write(RoomLeft(5, ROOM, ANN))
    with pytest.raises(StopIteration) as end:
        next(job)
    assert end.value.value == MarkRead(ANN, ROOM, 5, 0, ())


def test_it_waits_once_for_what_is_in_flight_when_it_is_asked(turn: FakeTurn) -> None:
    """A busy room is never quite stored."""
    turn.in_flight = Batch(1, 0)
    job = look_up(turn, ANN, AskMarkRead("#room", 5))
    assert next(job) is turn.in_flight
    assert turn.asked == [([(ROOM, 0)], 5)]
    assert set(job) <= {None}
