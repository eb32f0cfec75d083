"""That somebody types, as a decision, and how long it is remembered to have been told."""

import pytest

from chatserver.core.commands import ShowTyping
from chatserver.core.events import FriendAdded, RoomLeft, Typed
from chatserver.core.state import TYPING_TOLD_MAX, TYPING_TOLD_MS
from tests.core.given import ANN, BOB, EVE, FRIENDS, NOW_MS, PEOPLE, ROOM, given, nothing, refused, room_of, when


@pytest.mark.parametrize(("to", "party", "shown"), [("BOB", BOB, "bob"), ("#TEA", ROOM, "#tea")])
def test_typing_is_told(to: str, party: int, shown: str) -> None:
    state = given(FRIENDS, room_of(ANN, BOB))
    assert when(state, ShowTyping(ANN, to, NOW_MS)) == ([Typed(ANN, party, NOW_MS)], [shown])


@pytest.mark.parametrize(
    ("to", "code"),
    [("ann", "SELF"), ("eve", "NOT_FRIENDS"), ("carol", "NO_SUCH_USER"), ("#none", "NO_SUCH_ROOM")],
)
def test_typing_is_refused_like_a_message(to: str, code: str) -> None:
    refused(given(FRIENDS), ShowTyping(ANN, to, NOW_MS), code)


def test_typing_in_a_room_one_is_not_in() -> None:
    state = given(PEOPLE, room_of(ANN, EVE), RoomLeft(9, ROOM, EVE))
    refused(state, ShowTyping(EVE, "#tea", NOW_MS), "NOT_MEMBER")


@pytest.mark.parametrize("later_ms", [0, 1, TYPING_TOLD_MS - 1])
def test_typing_that_was_told_a_moment_ago_is_not_told_again(later_ms: int) -> None:
    state = given(FRIENDS, Typed(ANN, BOB, NOW_MS))
    assert when(state, ShowTyping(ANN, "bob", NOW_MS + later_ms)) == nothing("bob")


@pytest.mark.parametrize("later_ms", [TYPING_TOLD_MS, -1], ids=["in time", "the clock was set back"])
def test_typing_is_told_again_after_a_while(later_ms: int) -> None:
    state = given(FRIENDS, Typed(ANN, BOB, NOW_MS))
    assert when(state, ShowTyping(ANN, "bob", NOW_MS + later_ms)).events == [Typed(ANN, BOB, NOW_MS + later_ms)]


def test_typing_is_told_for_each_conversation_and_each_user() -> None:
    state = given(FRIENDS, FriendAdded(ANN, EVE, NOW_MS), room_of(ANN, BOB), Typed(ANN, BOB, NOW_MS))
    for user, to, party in ((ANN, "eve", EVE), (ANN, "#tea", ROOM), (BOB, "ann", ANN), (BOB, "#tea", ROOM)):
        assert when(state, ShowTyping(user, to, NOW_MS)).events == [Typed(user, party, NOW_MS)]


@pytest.mark.parametrize(
    ("later_ms", "remembered"),
    [(TYPING_TOLD_MS - 1, [(ANN, BOB), (BOB, ANN), (EVE, ANN)]), (TYPING_TOLD_MS, [(BOB, ANN), (EVE, ANN)])],
)
def test_what_is_remembered_of_typing_passes(later_ms: int, remembered: list[tuple[int, int]]) -> None:
    told = [Typed(ANN, BOB, NOW_MS), Typed(BOB, ANN, NOW_MS + 1), Typed(EVE, ANN, NOW_MS + later_ms)]
    assert list(given(PEOPLE, *told).typing) == remembered


def test_what_is_told_again_is_remembered_from_then() -> None:
    again = Typed(ANN, BOB, NOW_MS + TYPING_TOLD_MS - 1)
    state = given(PEOPLE, Typed(ANN, BOB, NOW_MS), Typed(BOB, ANN, NOW_MS), again)
    assert list(state.typing.items()) == [((BOB, ANN), NOW_MS), ((ANN, BOB), NOW_MS + TYPING_TOLD_MS - 1)]


def test_what_is_remembered_of_typing_is_bounded() -> None:
    parties = range(10, 12 + TYPING_TOLD_MAX)
    state = given(PEOPLE, *(Typed(ANN, party, NOW_MS) for party in parties))
    assert list(state.typing) == [(ANN, party) for party in parties[2:]]
