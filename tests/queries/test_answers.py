"""Answers from State: the rows, and exactly the facts that they show."""

from typing import get_args

import pytest

from chatserver.core.commands import StartBot
from chatserver.core.events import FriendRequested, UserBlocked
from chatserver.core.facts import GONE
from chatserver.core.outcome import Refused
from chatserver.core.state import State
from chatserver.queries.answers import TABLE, answer
from chatserver.queries.requests import (
    Answer,
    Query,
    ShowBlocks,
    ShowBots,
    ShowFriends,
    ShowMembers,
    ShowRequests,
    ShowRooms,
)
from tests.core.given import ANN, BOB, DAN, EVE, FRIENDS, NOW_MS, ROOM, given, log_in, room_of

BOT, DEN = 5, -2


@pytest.fixture
def state() -> State:
    return given(
        FRIENDS,
        StartBot("TeaBot", "makes tea", NOW_MS),
        log_in(BOB),
        FriendRequested(EVE, ANN, NOW_MS),
        UserBlocked(ANN, DAN, NOW_MS),
        room_of(ANN, BOB),
        room_of(EVE, kind="private", room=DEN, name="#den"),
    )


def test_every_query_has_a_row() -> None:
    assert TABLE.keys() == set(get_args(Query))


@pytest.mark.parametrize(
    ("query", "rows", "shows"),
    [
        (ShowFriends(), [("bob", "online", "")], [ANN, BOB]),
        (ShowRequests(), [("in", "Eve")], [ANN]),
        (ShowBots(), [("TeaBot", "makes tea")], [BOT]),
        (ShowBlocks(), [("dan",)], [ANN]),
        (ShowRooms(), [("#tea", "public", "2", "joined", "")], [ANN, GONE, ROOM, DEN]),
        (ShowMembers("#TEA"), [("Ann", "offline", "owner"), ("bob", "online", "member")], [ANN, ROOM, ANN, BOB]),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, list) else "",
)
def test_rows_and_what_they_show(state: State, query: object, rows: list[tuple[str, ...]], shows: list[object]) -> None:
    found, facts, _ = answer(state, ANN, query)
    assert found == Answer((), rows)
    assert list(facts) == shows


@pytest.mark.parametrize(("room", "code"), [("#den", "NO_SUCH_ROOM"), ("#none", "NO_SUCH_ROOM")])
def test_that_a_room_is_not_to_be_seen_shows_which_rooms_there_are(state: State, room: str, code: str) -> None:
    found, facts, _ = answer(state, ANN, ShowMembers(room))
    assert isinstance(found, Refused)
    assert found.code == code
    assert set(facts) == {ANN, GONE, ROOM, DEN}


def test_a_room_that_one_is_not_in_is_refused(state: State) -> None:
    found, _, _ = answer(state, EVE, ShowMembers("#tea"))
    assert isinstance(found, Refused)
    assert found.code == "NOT_MEMBER"
