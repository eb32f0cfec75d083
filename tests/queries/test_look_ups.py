"""What is read from the disk before a command can be decided, and what it waits for first."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any, get_args

import pytest

from chatserver.core.commands import DeleteMessage, EditMessage, Found, MarkRead, React, SendAgain, SendMessage
from chatserver.core.events import (
    BurstSent,
    FriendAdded,
    MessageSent,
    ReactionChanged,
    ReadMarked,
    RoomCreated,
    RoomJoined,
    RoomLeft,
    TagsRead,
    UserSignedUp,
)
from chatserver.core.evolve import evolve
from chatserver.core.facts import GONE
from chatserver.core.outcome import Refused
from chatserver.core.state import Limits
from chatserver.core.tags import StoredTags, Tags
from chatserver.queries.jobs import Job
from chatserver.queries.look_ups import LETTERS_MAX, TABLE, look_up, look_up_tag
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


@pytest.mark.parametrize("request_", [AskEdit(1, "new"), AskDelete(1)])
def test_a_change_waits_for_the_next_batch_once_enough_is_changed_in_this_one(turn: FakeTurn, request_: LookUp) -> None:
    """The search index forgets one text and learns the other while the batch is written, and everybody waits for it."""
    turn.batch.letters = LETTERS_MAX
    heavy, job = turn.batch, look_up(turn, ANN, request_)
    assert next(job) is heavy
    turn.batch = Batch(2, 0)
    with pytest.raises(StopIteration):
        next(job)


def test_what_a_change_weighs_is_the_letters_of_both_texts(turn: FakeTurn) -> None:
    result(turn, AskEdit(1, "\ufdfa" * 10))
    assert turn.batch.letters == len("t1") + 150
    result(turn, AskDelete(5))
    assert turn.batch.letters == len("t1") + 150 + len("t5")
    result(turn, AskReact(2, "y"))
    result(turn, AskEdit(999, "none"))
    assert turn.batch.letters == len("t1") + 150 + len("t5")


def test_what_somebody_else_put_to_it_is_counted_and_how_it_is_spelled(turn: FakeTurn) -> None:
    assert result(turn, AskReact(2, "y"), BEN) == React(BEN, 2, "y", 0, Found(20, BEN, ANN, {}, 1, frozenset({"x"})))


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
    assert all(asked == ([(0, 2), GONE], 2) for asked in turn.asked)  # an account that goes takes its messages along


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


# Tags.


def tag_result(turn: FakeTurn, tag: str, user: int = ANN) -> SendAgain:
    """What a send with this tag becomes."""
    return ended(look_up_tag(turn, user, SendMessage(user, "ben", "hi", tag, 0)))


def ended(job: Job) -> SendAgain:
    """What it comes to, with nothing in flight."""
    try:
        while True:
            assert next(job) is None
    except StopIteration as end:
        found = end.value
    assert isinstance(found, SendAgain)
    return found


def test_a_tag_is_found_with_the_id_and_time_of_its_message(turn: FakeTurn) -> None:
    turn.write(BurstSent(7, 70, ANN, ROOM, ["a", "b"], ["x.1", "x.2"]), MessageSent(9, 90, ANN, BEN, "c", "t"))
    assert [tag_result(turn, tag).sent for tag in ("x.1", "x.2", "t", "u")] == [(7, 70), (8, 70), (9, 90), None]
    assert tag_result(turn, "t", BEN).sent is None


@pytest.mark.parametrize("is_listed", [False, True])
def test_after_a_start_all_last_tags_are_read_from_the_disk(turn: FakeTurn, *, is_listed: bool) -> None:
    for number in range(20):
        tags, first = [f"x.{100 * number + at}" for at in range(100)], 7 + 101 * number
        said_beside = MessageSent(first + 100, 0, BEN, ROOM, "b", "x.1")
        turn.write(BurstSent(first, 70, ANN, ROOM, ["a"] * 100, tags), said_beside)
    if is_listed:
        while turn.history.postings.fill(1000):
            pass
        turn.history.postings.stored()
    turn.state.users[ANN].tags = StoredTags()
    turn.state.limits = Limits(tags_per_user_max=1500)
    found = tag_result(turn, "x.1999")
    assert found.sent == (7 + 101 * 19 + 99, 70)
    assert found.read is not None
    assert [bool(found.read.find(f"x.{at}")) for at in (499, 500, 1999)] == [False, True, True]
    assert tag_result(turn, "x.499").sent is None


def test_a_tag_of_long_ago_is_found_among_the_messages_of_its_span(
    turn: FakeTurn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("core.tags", "queries.look_ups"):
        monkeypatch.setattr(f"chatserver.{module}.SPAN", 500)
    monkeypatch.setattr("chatserver.queries.look_ups.ADDED_AT_A_TIME", 100)
    for number in range(40):
        names = [f"{'x.' if number % 2 else 't'}{100 * number + at}" for at in range(100)]
        turn.write(BurstSent(7 + 100 * number, 70 + number, ANN, ROOM, ["a"] * 100, names))
    asked = {
        "t0": (7, 70),
        "x.199": (206, 71),
        "t399": None,
        "t3899": (3906, 108),
        "x.3999": (4006, 109),
        "x.250": None,
    }
    for _ in range(2):  # as they were added one after the other, and as they are read after a start
        assert {tag: tag_result(turn, tag).sent for tag in asked} == asked
        turn.state.users[ANN].tags = StoredTags()


def test_a_tag_that_another_session_has_used_while_this_one_looked_is_found(
    turn: FakeTurn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatserver.core.tags.SPAN", 2000)
    for at, first in enumerate([0, 1002, *range(2002, 9000, 1000)]):  # without x.1001
        names = [f"x.{number}" for number in range(first, first + 1000)]
        turn.write(BurstSent(7 + 1000 * at, 70, ANN, ROOM, ["a"] * 1000, names))
    job = look_up_tag(turn, ANN, SendMessage(ANN, "ben", "hi", "x.1001", 0))
    assert next(job) is None
    turn.write(MessageSent(9500, 99, ANN, BEN, "c", "x.1001"))
    assert ended(job).sent == (9500, 99)


def test_a_tag_whose_message_is_gone_is_free(turn: FakeTurn) -> None:
    tags = Tags()
    tags.add("t", 3)  # the message with this id has another sender
    turn.state.users[ANN].tags = tags
    assert tag_result(turn, "t").sent is None


def test_a_tag_waits_until_its_message_is_stored(turn: FakeTurn) -> None:
    turn.write(MessageSent(7, 70, ANN, BEN, "c", "t"))
    turn.in_flight = Batch(1, 0)
    job = look_up_tag(turn, ANN, SendMessage(ANN, "ben", "hi", "t", 0))
    assert next(job) is turn.in_flight
    assert turn.asked[-1] == ((), 7)


def test_what_another_session_has_read_and_sent_meanwhile_counts(turn: FakeTurn) -> None:
    tags = [f"x.{at}" for at in range(7, 1007)]
    turn.write(BurstSent(7, 70, ANN, ROOM, ["a"] * 1000, tags))
    turn.state.users[ANN].tags = StoredTags()
    job = look_up_tag(turn, ANN, SendMessage(ANN, "ben", "hi", "t", 0))
    assert next(job) is None
    evolve(turn.state, TagsRead(ANN, Tags()))
    turn.write(MessageSent(2000, 99, ANN, BEN, "c", "t"))
    found = ended(job)
    assert (found.sent, found.read) == ((2000, 99), None)
