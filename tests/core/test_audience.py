"""Who hears of each event, and the frame they get: given a chat in which it has happened."""

from typing import get_args

import pytest

from chatserver.core import audience, events
from chatserver.core.commands import LeaveRoom, StartBot
from chatserver.core.events import (
    BurstSent,
    Event,
    FriendAdded,
    FriendRemoved,
    FriendRequested,
    Invited,
    MessageSent,
    ReadMarked,
    RoomJoined,
    RoomLeft,
    StatusSet,
    TopicSet,
    Typed,
    UserBlocked,
)
from chatserver.core.evolve import evolve
from chatserver.core.state import State
from tests.core.given import (
    ANN,
    BOB,
    DAN,
    EVE,
    FRIENDS,
    NOW_MS,
    PEOPLE,
    ROOM,
    STAMP,
    Step,
    given,
    heard,
    log_in,
    room_of,
    when,
)

ANN_BLOCKS_BOB, BOB_BLOCKS_ANN = UserBlocked(ANN, BOB, NOW_MS), UserBlocked(BOB, ANN, NOW_MS)
both_ways = pytest.mark.parametrize(
    ("sender", "recipient", "names"), [(ANN, BOB, "Ann|bob"), (BOB, ANN, "bob|Ann")], ids=["to Bob", "to Ann"]
)
either_block = pytest.mark.parametrize("block", [ANN_BLOCKS_BOB, BOB_BLOCKS_ANN])


def after(event: Event, *steps: Step) -> list[tuple[list[int], str]]:
    """Who hears of an event that has happened just now."""
    return heard(given(*steps, event), event)


# Messages


@both_ways
def test_a_message_is_heard_by_the_recipient_and_the_sender(sender: int, recipient: int, names: str) -> None:
    said = MessageSent(7, NOW_MS, sender, recipient, "a | b", "tag")
    assert after(said, FRIENDS) == [([ANN, BOB], f"EVENT|MESSAGE|7|{STAMP}|{names}|a | b\n")]


def test_a_message_in_a_room_is_heard_by_all_members() -> None:
    said = MessageSent(7, NOW_MS, EVE, ROOM, "hello", None)
    assert after(said, PEOPLE, room_of(ANN, EVE, DAN)) == [
        ([ANN, EVE, DAN], f"EVENT|MESSAGE|7|{STAMP}|Eve|#tea|hello\n")
    ]


@either_block
def test_a_message_in_a_room_is_heard_across_a_block(block: UserBlocked) -> None:
    said = MessageSent(7, NOW_MS, ANN, ROOM, "hello", None)
    assert after(said, PEOPLE, room_of(ANN, BOB), block)[0][0] == [ANN, BOB]


@both_ways
def test_a_burst_is_one_run_of_frames(sender: int, recipient: int, names: str) -> None:
    said = BurstSent(7, NOW_MS, sender, recipient, ["a", "b | c"])
    frames = f"EVENT|MESSAGE|7|{STAMP}|{names}|a\nEVENT|MESSAGE|8|{STAMP}|{names}|b | c\n"
    assert after(said, FRIENDS) == [([ANN, BOB], frames)]


def test_a_burst_in_a_room_is_heard_by_all_members() -> None:
    frames = f"EVENT|MESSAGE|7|{STAMP}|Ann|#tea|a\nEVENT|MESSAGE|8|{STAMP}|Ann|#tea|b\n"
    assert after(BurstSent(7, NOW_MS, ANN, ROOM, ["a", "b"]), PEOPLE, room_of(EVE, ANN)) == [([ANN, EVE], frames)]


# Friends


def test_a_request_is_heard_by_who_is_asked() -> None:
    assert after(FriendRequested(ANN, BOB, NOW_MS), PEOPLE) == [([BOB], "EVENT|FRIENDREQUEST|Ann\n")]


def test_each_of_two_friends_hears_how_the_other_is() -> None:
    state: list[Step] = [PEOPLE, log_in(ANN), StatusSet("busy", "a | b", ANN), StatusSet("away", "gone", BOB)]
    assert after(FriendAdded(ANN, BOB, NOW_MS), *state) == [
        ([ANN], "EVENT|FRIENDADDED|bob|offline|\n"),
        ([BOB], "EVENT|FRIENDADDED|Ann|busy|a | b\n"),
    ]


def test_a_bot_that_runs_is_a_friend_who_is_online() -> None:
    bot = StartBot("TeaBot", "makes tea", NOW_MS)
    assert after(FriendAdded(ANN, 5, NOW_MS), PEOPLE, bot) == [
        ([ANN], "EVENT|FRIENDADDED|TeaBot|online|\n"),
        ([5], "EVENT|FRIENDADDED|Ann|offline|\n"),
    ]


def test_each_of_two_friends_hears_that_they_are_none_any_more() -> None:
    assert after(FriendRemoved(BOB, ANN), FRIENDS) == [
        ([BOB], "EVENT|FRIENDREMOVED|Ann\n"),
        ([ANN], "EVENT|FRIENDREMOVED|bob\n"),
    ]


# Rooms


def test_who_joins_is_heard_of_by_all_members() -> None:
    assert after(RoomJoined(ROOM, EVE, 0, NOW_MS), PEOPLE, room_of(ANN, BOB)) == [
        ([ANN, BOB, EVE], "EVENT|JOINED|#tea|Eve\n")
    ]


def test_who_leaves_is_heard_of_by_the_members_and_by_themselves() -> None:
    assert after(RoomLeft(0, ROOM, BOB), PEOPLE, room_of(ANN, BOB, EVE)) == [([ANN, BOB, EVE], "EVENT|LEFT|#tea|bob\n")]


def test_as_a_room_ends_each_who_leaves_it_is_heard_of_by_those_still_in_it() -> None:
    """An event is delivered when it has happened, and the ones behind it have not."""
    bot = StartBot("TeaBot", "makes tea", NOW_MS)
    steps: list[Step] = [PEOPLE, bot, room_of(ANN, 5), Invited(ROOM, EVE, ANN, NOW_MS)]
    state, told = given(*steps), []
    for event in when(given(*steps), LeaveRoom(ANN, "#tea", NOW_MS)).events:
        evolve(state, event)
        told += heard(state, event)
    assert told == [([ANN, 5], "EVENT|LEFT|#tea|Ann\n"), ([5], "EVENT|LEFT|#tea|TeaBot\n")]


def test_a_topic_is_heard_by_the_members_with_who_has_set_it() -> None:
    assert after(TopicSet("a | b", ROOM, BOB), PEOPLE, room_of(ANN, BOB)) == [
        ([ANN, BOB], "EVENT|TOPIC|#tea|bob|a | b\n")
    ]


def test_an_invitation_is_heard_by_who_is_asked_alone() -> None:
    assert after(Invited(ROOM, EVE, BOB, NOW_MS), PEOPLE, room_of(ANN, BOB)) == [([EVE], "EVENT|INVITED|#tea|bob\n")]


# Marks and typing


@pytest.mark.parametrize(("party", "shown"), [(BOB, "bob"), (ROOM, "#tea")])
def test_what_was_read_is_heard_by_its_authors_and_the_reader(party: int, shown: str) -> None:
    read = ReadMarked(ANN, party, 9, (BOB, EVE))
    assert after(read, FRIENDS, room_of(ANN, BOB, EVE, DAN)) == [([ANN, BOB, EVE], f"EVENT|READ|Ann|{shown}|9\n")]


@either_block
def test_a_block_keeps_what_was_read_away_in_both_directions(block: UserBlocked) -> None:
    read = ReadMarked(ANN, ROOM, 9, (BOB, EVE))
    assert after(read, PEOPLE, room_of(ANN, BOB, EVE), block)[0][0] == [ANN, EVE]


def test_an_author_who_has_gone_hears_nothing() -> None:
    assert after(ReadMarked(ANN, ROOM, 9, (BOB, 77)), PEOPLE, room_of(ANN, BOB))[0][0] == [ANN, BOB]


def test_typing_is_heard_by_the_other_side_alone() -> None:
    assert after(Typed(ANN, BOB, NOW_MS), FRIENDS) == [([BOB], "EVENT|TYPING|Ann|bob\n")]
    assert after(Typed(BOB, ANN, NOW_MS), FRIENDS) == [([ANN], "EVENT|TYPING|bob|Ann\n")]
    assert after(Typed(ANN, ROOM, NOW_MS), PEOPLE, room_of(BOB, ANN, EVE)) == [([BOB, EVE], "EVENT|TYPING|Ann|#tea\n")]


@either_block
def test_a_block_keeps_typing_away_in_both_directions(block: UserBlocked) -> None:
    assert after(Typed(ANN, ROOM, NOW_MS), PEOPLE, room_of(BOB, ANN, EVE), block)[0][0] == [EVE]
    assert after(Typed(ANN, BOB, NOW_MS), PEOPLE, block)[0][0] == []


# The rest


def test_what_nobody_hears_of() -> None:
    """A row that is missing by mistake would be seen here: who hears of an event is a promise of the protocol."""
    silent = {
        *("UserSignedUp", "PasswordSet", "TokenIssued", "TokenUsed", "TokenRevoked", "StatusSet", "AccountDeleted"),
        *("RequestRemoved", "RequestHidden", "UserBlocked", "UserUnblocked", "Delivered", "OtherSessionsEnded"),
        *("RoomCreated", "OwnerSet", "InvitationRemoved", "RoomEnded", "RoomForgotten", "BotAnswered"),
        *("BotStarted", "BotStopped", "BotRemembered", "BotTimerSet", "BotTimerRemoved"),
        *("SessionOpened", "SessionClosed", "PresenceChanged", "UserRemoved", "DeedNoted", "TagsRead"),
        *("RetentionSet", "ModeratorSet", "MessageReported", "ReportClosed", "SanctionSet", "SanctionEnded"),
        *("AddressBanned", "BanEnded", "InviteSet", "InviteEnded", "NoticeEnded"),
    }
    assert {kind.__name__ for kind in get_args(events.Event)} - {kind.__name__ for kind in audience.TABLE} == silent
    assert audience.deliver(State(), events.TokenRevoked(b"token")) == ()
    assert audience.deliver(State(), events.UserBlocked(BOB, ANN, NOW_MS)) == ()
