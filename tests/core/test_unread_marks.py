"""How far conversations are read, and who is told that somebody types."""

import pytest

from chatserver.core.audience import deliver
from chatserver.core.commands import MarkRead, ShowTyping
from chatserver.core.decide import decide
from chatserver.core.events import (
    FriendAdded,
    ReadMarked,
    RoomCreated,
    RoomJoined,
    RoomLeft,
    Typed,
    UserBlocked,
    UserSignedUp,
)
from chatserver.core.evolve import evolve
from chatserver.core.outcome import Refused
from chatserver.core.state import TYPING_TOLD_MAX, TYPING_TOLD_MS, State
from chatserver.core.unread_marks import read_upto

ALICE, BOB, CAROL, ROOM = 1, 2, 3, -1
NOW_MS = 1_000_000


def given(*events: object) -> State:
    """Alice and Bob are friends, Carol is there; all three are in a room, Carol since message 5."""
    state = State()
    for number, name in ((ALICE, "alice"), (BOB, "bob"), (CAROL, "carol")):
        evolve(state, UserSignedUp(number, name, name, "hash", 0, 0))
    evolve(state, FriendAdded(ALICE, BOB, 0))
    evolve(state, RoomCreated(ROOM, "#room", "#room", "public", ALICE, 0))
    for number, after in ((ALICE, 0), (BOB, 0), (CAROL, 5)):
        evolve(state, RoomJoined(ROOM, number, after, 0))
    for event in events:
        evolve(state, event)  # type: ignore[arg-type]  # events of any type
    return state


def test_a_mark_moves_to_the_id_that_was_named() -> None:
    outcome = decide(given(), MarkRead(ALICE, BOB, 4, 9, (BOB,)))
    assert outcome == ((ReadMarked(ALICE, BOB, 4, (BOB,)),), ("bob", "4"))


def test_a_mark_does_not_go_past_the_end() -> None:
    outcome = decide(given(), MarkRead(ALICE, BOB, 100, 9, (BOB,)))
    assert outcome == ((ReadMarked(ALICE, BOB, 9, (BOB,)),), ("bob", "9"))


@pytest.mark.parametrize("upto", [1, 4])
def test_a_mark_does_not_go_back_and_nothing_new_is_no_event(upto: int) -> None:
    state = given(ReadMarked(ALICE, BOB, 4, (BOB,)))
    assert decide(state, MarkRead(ALICE, BOB, upto, 9, ())) == ((), ("bob", "4"))


def test_an_empty_conversation_has_no_mark() -> None:
    assert decide(given(), MarkRead(ALICE, CAROL, 7, 0, ())) == ((), ("carol", "0"))


def test_the_reader_is_no_author_of_what_was_read() -> None:
    outcome = decide(given(), MarkRead(ALICE, ROOM, 9, 9, (ALICE, BOB)))
    assert outcome == ((ReadMarked(ALICE, ROOM, 9, (BOB,)),), ("#room", "9"))


def test_a_room_that_was_left_meanwhile_is_refused() -> None:
    outcome = decide(given(RoomLeft(9, ROOM, CAROL)), MarkRead(CAROL, ROOM, 9, 9, (BOB,)))
    assert isinstance(outcome, Refused)
    assert outcome.code == "NOT_MEMBER"


def test_a_mark_goes_with_the_membership() -> None:
    state = given(ReadMarked(CAROL, ROOM, 8, ()), RoomLeft(9, ROOM, CAROL), RoomJoined(ROOM, CAROL, 20, 0))
    assert read_upto(state, CAROL, ROOM) == 20


def test_in_a_room_all_before_the_membership_counts_as_read() -> None:
    state = given()
    assert read_upto(state, CAROL, ROOM) == 5
    evolve(state, ReadMarked(CAROL, ROOM, 7, ()))
    assert read_upto(state, CAROL, ROOM) == 7


def test_the_authors_and_the_reader_hear_of_it() -> None:
    event = ReadMarked(ALICE, ROOM, 9, (BOB, CAROL))
    ((users, frame),) = deliver(given(event), event)
    assert sorted(users) == [ALICE, BOB, CAROL]
    assert frame == b"EVENT|READ|alice|#room|9\n"


@pytest.mark.parametrize("block", [UserBlocked(ALICE, BOB, 0), UserBlocked(BOB, ALICE, 0)])
def test_a_block_keeps_receipts_away_in_both_directions(block: UserBlocked) -> None:
    event = ReadMarked(ALICE, ROOM, 9, (BOB, CAROL))
    ((users, _),) = deliver(given(block, event), event)
    assert sorted(users) == [ALICE, CAROL]


def test_an_author_who_has_gone_is_passed_over() -> None:
    event = ReadMarked(ALICE, ROOM, 9, (BOB, 77))
    ((users, _),) = deliver(given(event), event)
    assert sorted(users) == [ALICE, BOB]


# Typing


def test_typing_is_told_to_the_other_alone() -> None:
    state = given()
    outcome = decide(state, ShowTyping(ALICE, "BOB", NOW_MS))
    typed = Typed(ALICE, BOB, NOW_MS)
    assert outcome == ((typed,), ("bob",))
    assert list(deliver(state, typed)) == [([BOB], b"EVENT|TYPING|alice|bob\n")]


@pytest.mark.parametrize(
    ("to", "code"),
    [("alice", "SELF"), ("carol", "NOT_FRIENDS"), ("dora", "NO_SUCH_USER"), ("#none", "NO_SUCH_ROOM")],
)
def test_typing_is_refused_like_a_message(to: str, code: str) -> None:
    outcome = decide(given(), ShowTyping(ALICE, to, NOW_MS))
    assert isinstance(outcome, Refused)
    assert outcome.code == code


def test_typing_in_a_room_one_is_not_in() -> None:
    outcome = decide(given(RoomLeft(9, ROOM, CAROL)), ShowTyping(CAROL, "#room", NOW_MS))
    assert isinstance(outcome, Refused)
    assert outcome.code == "NOT_MEMBER"


@pytest.mark.parametrize("block", [UserBlocked(ALICE, BOB, 0), UserBlocked(BOB, ALICE, 0)])
def test_typing_in_a_room_is_told_to_the_others_but_not_across_a_block(block: UserBlocked) -> None:
    typed = Typed(ALICE, ROOM, NOW_MS)
    assert list(deliver(given(), typed)) == [([BOB, CAROL], b"EVENT|TYPING|alice|#room\n")]
    assert list(deliver(given(block), typed)) == [([CAROL], b"EVENT|TYPING|alice|#room\n")]


@pytest.mark.parametrize(
    ("later_ms", "is_told"),
    [(0, False), (TYPING_TOLD_MS - 1, False), (TYPING_TOLD_MS, True), (-1, True)],
    ids=["at once", "too soon", "in time", "the clock was set back"],
)
def test_typing_is_told_once_in_a_while_for_each_conversation(later_ms: int, is_told: bool) -> None:
    state = given(Typed(ALICE, BOB, NOW_MS))
    outcome = decide(state, ShowTyping(ALICE, "bob", NOW_MS + later_ms))
    assert not isinstance(outcome, Refused)
    assert bool(outcome[0]) == is_told
    assert outcome[1] == ("bob",)
    in_room = decide(state, ShowTyping(ALICE, "#room", NOW_MS))
    assert in_room == ((Typed(ALICE, ROOM, NOW_MS),), ("#room",))


def test_what_is_remembered_of_typing_is_bounded_and_passes() -> None:
    state = given(*(Typed(ALICE, number, NOW_MS) for number in range(10, 20 + TYPING_TOLD_MAX)))
    assert len(state.typing) == TYPING_TOLD_MAX
    evolve(state, Typed(BOB, ALICE, NOW_MS + TYPING_TOLD_MS))
    assert list(state.typing) == [(BOB, ALICE)]
