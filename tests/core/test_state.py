"""How State finds users and rooms, how a user is seen, and what a restart must bring back."""

import pytest

from chatserver.core.commands import DeleteAccount, LeaveRoom, StartBot
from chatserver.core.events import (
    BotTimerRemoved,
    BotTimerSet,
    Event,
    FriendRequested,
    Invited,
    MessageSent,
    ReadMarked,
    RetentionSet,
    SessionOpened,
    StatusSet,
    TokenIssued,
    TopicSet,
    Typed,
    UserBlocked,
)
from chatserver.core.evolve import evolve
from chatserver.core.state import FORGOTTEN_ROOM, State, User, apart, seen_as, snapshot
from tests.core.given import ANN, BOB, DAN, EVE, FRIENDS, NOW_MS, PEOPLE, ROOM, given, room_of, sign_up

BOT = 5
START_BOT = StartBot("TeaBot", "makes tea", NOW_MS)

# Names


@pytest.mark.parametrize("name", ["Ann", "ann", "ANN", "ａｎｎ"])
def test_a_user_is_found_however_the_name_was_typed(name: str) -> None:
    state = given(PEOPLE)
    assert state.find(name) is state.users[ANN]


@pytest.mark.parametrize("name", ["", " ", "carol", "A nn", " Ann", "Ann "])
def test_what_is_nobodys_name(name: str) -> None:
    assert given(PEOPLE).find(name) is None


@pytest.mark.parametrize("name", ["TeaBot", "teabot", "Tea Bot", "tea  bot", "TEA BOT "])
def test_a_bot_is_found_with_spaces_in_its_name(name: str) -> None:
    state = given(PEOPLE, START_BOT)
    assert state.find(name) is state.users[BOT]


def test_a_bot_that_does_not_run_is_found_without_spaces_alone() -> None:
    state = given(PEOPLE, START_BOT)
    state.bots.clear()
    assert state.find("teabot") is state.users[BOT]
    assert state.find("Tea Bot") is None


@pytest.mark.parametrize("name", ["#tea", "#TEA", "#ｔｅａ"])
def test_a_room_is_found_however_its_name_was_typed(name: str) -> None:
    state = given(PEOPLE, room_of(ANN, kind="private"))
    assert state.find_room(name, ANN) is state.rooms[ROOM]
    assert state.find_room("tea", ANN) is None


def test_names_are_shown_also_of_what_is_gone() -> None:
    state = given(PEOPLE, room_of(ANN), room_of(BOB, room=-2, name="#Lab"))
    assert [state.name_of(party) for party in (ANN, ROOM, -2)] == ["Ann", "#tea", "#Lab"]
    gone = given(
        *(PEOPLE, room_of(ANN), room_of(BOB, room=-2, name="#Lab")),
        *(LeaveRoom(BOB, "#lab", NOW_MS), DeleteAccount(ANN, NOW_MS)),
    )
    assert [gone.name_of(party) for party in (ANN, ROOM, -2)] == ["Ann", FORGOTTEN_ROOM, "#Lab"]


def test_the_highest_id_of_a_user_is_kept_whatever_the_order() -> None:
    state = State()
    for number in (2, 5, 3):
        state.add(User(number, f"user{number}", f"user{number}", "a hash"))
    assert state.last_user_id == 5


def test_a_user_who_is_removed_is_found_no_more_and_the_name_stays_reserved() -> None:
    state = given(PEOPLE)
    state.remove(state.users[ANN])
    assert state.find("Ann") is None
    assert state.find("ann") is None
    assert (ANN in state.users, state.deleted, state.reserved) == (False, {ANN: "Ann"}, {"ann"})


# How a user is seen


@pytest.mark.parametrize(
    ("status", "sessions", "seen"),
    [
        ("busy", 0, ("offline", "")),
        ("busy", 1, ("busy", "text")),
        ("busy", 2, ("busy", "text")),
        ("invisible", 0, ("offline", "")),
        ("invisible", 1, ("offline", "")),
    ],
)
def test_who_looks_offline_has_no_text(status: str, sessions: int, seen: tuple[str, str]) -> None:
    state = given(PEOPLE, StatusSet(status, "text", ANN), *[SessionOpened(ANN)] * sessions)
    assert seen_as(state.users[ANN]) == seen


def test_a_block_of_either_parts_two_users() -> None:
    state = given(PEOPLE, UserBlocked(ANN, BOB, NOW_MS), UserBlocked(ANN, EVE, NOW_MS), UserBlocked(DAN, EVE, NOW_MS))
    ann, bob, dan = (state.users[user] for user in (ANN, BOB, DAN))
    assert apart(ann, bob)
    assert apart(bob, ann)
    assert not apart(ann, dan)
    assert not apart(bob, dan)


# What a restart must bring back


@pytest.mark.parametrize(
    "event",
    [
        StatusSet("busy", "", BOB),
        StatusSet("online", "text", BOB),
        FriendRequested(BOB, EVE, NOW_MS),
        UserBlocked(BOB, EVE, NOW_MS),
        TokenIssued(b"token", BOB, NOW_MS),
        MessageSent(1, NOW_MS, ANN, BOB, "hello", None),
        ReadMarked(BOB, ANN, 1, ()),
        TopicSet("tea", ROOM, ANN),
        RetentionSet(7, ROOM),
        Invited(ROOM, BOB, ANN, NOW_MS),
    ],
)
def test_what_is_stored_is_in_the_snapshot(event: Event) -> None:
    state = given(FRIENDS, room_of(ANN))
    before = snapshot(state)
    evolve(state, event)
    assert snapshot(state) != before


def test_what_is_not_stored_is_not_in_the_snapshot() -> None:
    state = given(sign_up("Ann", "bob"), StartBot("TeaBot", "", NOW_MS))
    before = snapshot(state)
    for event in (SessionOpened(ANN), Typed(ANN, BOB, NOW_MS)):
        evolve(state, event)
    state.users[ANN].received_id = 5
    state.bots.clear()
    assert snapshot(state) == before


def test_a_user_whose_last_timer_is_gone_has_none_in_the_snapshot() -> None:
    state = given(PEOPLE, BotTimerSet(5, ANN, "pot", 5, ""), BotTimerRemoved(5, ANN, "pot"))
    assert snapshot(state)["bot_timers"] == {}
