"""How far conversations are read, as a decision."""

import pytest

from chatserver.core.commands import DeleteAccount, LeaveRoom, MarkRead
from chatserver.core.events import ReadMarked, RoomEnded, RoomJoined, RoomLeft
from chatserver.core.outcome import Refused
from chatserver.core.state import State
from chatserver.core.unread_marks import find_party, read_upto
from tests.core.given import ANN, BOB, DAN, EVE, FRIENDS, NOW_MS, ROOM, given, nothing, refused, room_of, when


@pytest.fixture
def state() -> State:
    """Ann and Bob are friends; both are in a room from the start, Eve since message 5."""
    return given(FRIENDS, room_of(ANN, BOB), RoomJoined(ROOM, EVE, 5, NOW_MS))


# MARKREAD


def test_a_mark_moves_to_the_id_that_was_named(state: State) -> None:
    outcome = when(state, MarkRead(ANN, BOB, 4, 9, (BOB,)))
    assert outcome == ([ReadMarked(ANN, BOB, 4, (BOB,))], ["bob", "4"])
    assert read_upto(state, ANN, BOB) == 4
    assert (read_upto(state, ANN, EVE), read_upto(state, BOB, ANN)) == (0, 0)
    when(state, MarkRead(BOB, ANN, 5, 9, (ANN,)))
    assert read_upto(state, BOB, ANN) == 5


def test_a_mark_does_not_go_past_the_end(state: State) -> None:
    outcome = when(state, MarkRead(ANN, BOB, 100, 9, (BOB,)))
    assert outcome == ([ReadMarked(ANN, BOB, 9, (BOB,))], ["bob", "9"])


@pytest.mark.parametrize("upto", [1, 4])
def test_a_mark_does_not_go_back_and_nothing_new_is_no_event(state: State, upto: int) -> None:
    when(state, MarkRead(ANN, BOB, 4, 9, (BOB,)))
    assert when(state, MarkRead(ANN, BOB, upto, 9, ())) == nothing("bob", "4")


def test_a_mark_does_not_go_back_where_the_last_messages_are_gone(state: State) -> None:
    when(state, MarkRead(ANN, BOB, 4, 9, (BOB,)))
    assert when(state, MarkRead(ANN, BOB, 9, 3, ())) == nothing("bob", "4")


def test_an_empty_conversation_has_no_mark(state: State) -> None:
    assert when(state, MarkRead(ANN, EVE, 7, 0, ())) == nothing("Eve", "0")


def test_the_reader_is_no_author_of_what_was_read(state: State) -> None:
    outcome = when(state, MarkRead(ANN, ROOM, 9, 9, (ANN, BOB, EVE)))
    assert outcome == ([ReadMarked(ANN, ROOM, 9, (BOB, EVE))], ["#tea", "9"])


def test_a_room_that_was_left_while_the_store_was_asked_is_refused(state: State) -> None:
    when(state, LeaveRoom(EVE, "#tea", NOW_MS))
    refused(state, MarkRead(EVE, ROOM, 9, 9, (BOB,)), "NOT_MEMBER")


def test_a_room_that_ended_while_the_store_was_asked_is_refused() -> None:
    state = given(FRIENDS, room_of(ANN), RoomLeft(9, ROOM, ANN), RoomEnded(NOW_MS, ROOM))
    refused(state, MarkRead(ANN, ROOM, 9, 9, (BOB,)), "NOT_MEMBER")


def test_an_account_that_was_deleted_while_the_store_was_asked_is_refused(state: State) -> None:
    when(state, DeleteAccount(BOB, NOW_MS))
    refused(state, MarkRead(ANN, BOB, 4, 9, (BOB,)), "NO_SUCH_USER")


# read_upto


def test_in_a_room_all_before_the_membership_counts_as_read(state: State) -> None:
    assert (read_upto(state, EVE, ROOM), read_upto(state, ANN, ROOM)) == (5, 0)
    when(state, MarkRead(EVE, ROOM, 3, 9, ()))
    assert read_upto(state, EVE, ROOM) == 5
    when(state, MarkRead(EVE, ROOM, 7, 9, ()))
    assert read_upto(state, EVE, ROOM) == 7


def test_a_mark_goes_with_the_membership() -> None:
    read = [ReadMarked(EVE, ROOM, 8, ()), ReadMarked(EVE, BOB, 3, ())]
    state = given(FRIENDS, room_of(ANN, EVE), *read, RoomLeft(9, ROOM, EVE), RoomJoined(ROOM, EVE, 5, NOW_MS))
    assert (read_upto(state, EVE, ROOM), read_upto(state, EVE, BOB)) == (5, 3)


# find_party


@pytest.mark.parametrize(("name", "party"), [("BOB", BOB), ("eve", EVE), ("ann", ANN), ("dan", DAN), ("#TEA", ROOM)])
def test_a_conversation_is_with_any_user_and_with_a_room_of_ones_own(state: State, name: str, party: int) -> None:
    assert find_party(state, ANN, name) == party


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [
        ("public", "carol", "NO_SUCH_USER"),
        ("public", "", "NO_SUCH_USER"),
        ("public", "#none", "NO_SUCH_ROOM"),
        ("public", "#tea", "NOT_MEMBER"),
        ("private", "#tea", "NO_SUCH_ROOM"),
    ],
)
def test_with_whom_there_is_no_conversation(kind: str, name: str, code: str) -> None:
    found = find_party(given(FRIENDS, room_of(ANN, BOB, kind=kind)), DAN, name)
    assert isinstance(found, Refused)
    assert found.code == code
