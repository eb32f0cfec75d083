"""How those who are named in a command are found, and what is said where they are not."""

import pytest

from chatserver.core.commands import StartBot
from chatserver.core.events import Invited
from chatserver.core.outcome import Refused, find_other, find_own_room, find_room, no_such_user, quoted
from chatserver.core.state import Room, User
from tests.core.given import ANN, BOB, EVE, NOW_MS, PEOPLE, ROOM, given, room_of


def test_a_name_of_any_length_fits_into_a_sentence() -> None:
    assert quoted("") == "''"
    assert quoted("n" * 40) == f"'{'n' * 40}'"
    assert quoted("n" * 41) == f"'{'n' * 40}…'"


def test_nobody_of_that_name() -> None:
    assert no_such_user("carol") == Refused("NO_SUCH_USER", "There is no user 'carol': check the spelling")


@pytest.mark.parametrize(("name", "other"), [("bob", BOB), ("BOB", BOB), ("ｂｏｂ", BOB), ("Tea Bot", 5)])
def test_the_other_user_is_found_however_the_name_was_typed(name: str, other: int) -> None:
    found = find_other(given(PEOPLE, StartBot("TeaBot", "makes tea", NOW_MS)), ANN, name, "befriend")
    assert isinstance(found, User)
    assert found.id == other


def test_the_other_user_is_another() -> None:
    assert find_other(given(PEOPLE), ANN, "ANN", "befriend") == Refused(
        "SELF", "You cannot befriend yourself: name somebody else"
    )
    assert find_other(given(PEOPLE), ANN, "carol", "befriend") == no_such_user("carol")


@pytest.mark.parametrize(
    ("kind", "user", "room_code", "own_room_code"),
    [
        ("public", BOB, None, None),
        ("public", ANN, None, "NOT_MEMBER"),
        ("private", BOB, None, None),
        ("private", ANN, "NO_SUCH_ROOM", "NO_SUCH_ROOM"),
        ("private", EVE, "NO_SUCH_ROOM", "NO_SUCH_ROOM"),
    ],
    ids=["member", "outsider", "member of a private one", "outsider of a private one", "who was asked into it"],
)
def test_who_finds_a_room(kind: str, user: int, room_code: str | None, own_room_code: str | None) -> None:
    state = given(PEOPLE, room_of(BOB, kind=kind), Invited(ROOM, EVE, BOB, NOW_MS))
    for find, code in ((find_room, room_code), (find_own_room, own_room_code)):
        found = find(state, user, "#TEA")
        if code is None:
            assert isinstance(found, Room)
            assert found.id == ROOM
        else:
            assert isinstance(found, Refused)
            assert found.code == code


def test_a_private_room_is_refused_in_the_words_for_one_that_is_not_there() -> None:
    there, not_there = given(PEOPLE, room_of(BOB, kind="private")), given(PEOPLE)
    for find in (find_room, find_own_room):
        assert find(there, ANN, "#tea") == find(not_there, ANN, "#tea")
