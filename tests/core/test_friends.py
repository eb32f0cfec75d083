"""Friendships and requests as decisions."""

import pytest

from chatserver.core.commands import AcceptFriend, AddFriend, Command, DeleteFriend, RejectFriend, StartBot
from chatserver.core.events import (
    FriendAdded,
    FriendRemoved,
    FriendRequested,
    RequestHidden,
    RequestRemoved,
    UserBlocked,
)
from chatserver.core.state import Limits
from tests.core.given import ANN, BOB, DAN, EVE, FRIENDS, NOW_MS, PEOPLE, Step, given, refused, when

BOT = 5
START_BOT = StartBot("TeaBot", "makes tea", NOW_MS)
BOB_ASKED = FriendRequested(BOB, ANN, NOW_MS)

# ADDFRIEND


def test_a_friendship_begins_with_a_request() -> None:
    state = given(PEOPLE)
    events, answer = when(state, AddFriend(ANN, "BOB", NOW_MS))
    assert events == [FriendRequested(ANN, BOB, NOW_MS)]
    assert answer == ["bob", "requested"]
    assert (state.users[ANN].asked, state.users[BOB].askers) == ({BOB}, {ANN})


def test_to_ask_the_one_who_asked_is_a_yes() -> None:
    state = given(PEOPLE, BOB_ASKED)
    events, answer = when(state, AddFriend(ANN, "bob", NOW_MS))
    assert events == [RequestRemoved(BOB, ANN), FriendAdded(ANN, BOB, NOW_MS)]
    assert answer == ["bob", "added"]
    assert (state.users[ANN].friends, state.users[BOB].friends) == ({BOB}, {ANN})


def test_a_bot_says_yes_at_once() -> None:
    events, answer = when(given(PEOPLE, START_BOT), AddFriend(ANN, "tea bot", NOW_MS))
    assert events == [FriendAdded(ANN, BOT, NOW_MS)]
    assert answer == ["TeaBot", "added"]


def test_a_request_to_one_who_blocks_looks_like_any_other_but_is_hidden() -> None:
    state = given(PEOPLE, UserBlocked(BOB, ANN, NOW_MS))
    events, answer = when(state, AddFriend(ANN, "bob", NOW_MS))
    assert events == [RequestHidden(ANN, BOB, NOW_MS)]
    assert answer == ["bob", "requested"]
    assert (state.users[ANN].asked, state.users[BOB].askers) == ({BOB}, set())
    refused(state, AddFriend(ANN, "bob", NOW_MS), "ALREADY_REQUESTED")


def test_nobody_of_that_name() -> None:
    assert "'carol'" in refused(given(PEOPLE), AddFriend(ANN, "carol", NOW_MS), "NO_SUCH_USER")


def test_nobody_befriends_themselves() -> None:
    assert "befriend yourself" in refused(given(PEOPLE), AddFriend(ANN, "ann", NOW_MS), "SELF")


def test_friends_have_nothing_to_ask() -> None:
    refused(given(FRIENDS), AddFriend(ANN, "bob", NOW_MS), "ALREADY_FRIENDS")
    refused(given(FRIENDS), AddFriend(BOB, "ann", NOW_MS), "ALREADY_FRIENDS")


def test_who_has_asked_waits() -> None:
    refused(given(PEOPLE, BOB_ASKED), AddFriend(BOB, "ann", NOW_MS), "ALREADY_REQUESTED")


def test_who_blocks_somebody_unblocks_before_asking() -> None:
    state = given(PEOPLE, START_BOT, UserBlocked(ANN, BOB, NOW_MS), UserBlocked(ANN, BOT, NOW_MS))
    assert "UNBLOCK" in refused(state, AddFriend(ANN, "bob", NOW_MS), "NOT_ALLOWED")
    assert "UNBLOCK" in refused(state, AddFriend(ANN, "TeaBot", NOW_MS), "NOT_ALLOWED")


# ACCEPTFRIEND, REJECTFRIEND


def test_yes_to_a_request() -> None:
    state = given(PEOPLE, BOB_ASKED)
    events, answer = when(state, AcceptFriend(ANN, "BOB", NOW_MS))
    assert events == [RequestRemoved(BOB, ANN), FriendAdded(ANN, BOB, NOW_MS)]
    assert answer == ["bob"]
    assert (state.users[BOB].asked, state.users[ANN].askers) == (set(), set())


def test_no_to_a_request_lets_the_asker_ask_again() -> None:
    state = given(PEOPLE, BOB_ASKED)
    assert when(state, RejectFriend(ANN, "BOB")) == ([RequestRemoved(BOB, ANN)], ["bob"])
    assert when(state, AddFriend(BOB, "ann", NOW_MS)).events == [BOB_ASKED]


@pytest.mark.parametrize("command", [AcceptFriend(ANN, "", NOW_MS), RejectFriend(ANN, "")])
def test_an_answer_to_what_was_not_asked(command: AcceptFriend | RejectFriend) -> None:
    """Bob was asked by Ann, Eve is a friend, Dan's request is hidden; none of them has asked her."""
    state = given(
        PEOPLE,
        FriendRequested(ANN, BOB, NOW_MS),
        FriendAdded(ANN, EVE, NOW_MS),
        [UserBlocked(ANN, DAN, NOW_MS), RequestHidden(DAN, ANN, NOW_MS)],
    )
    for name in ("bob", "Eve", "dan", "Ann"):
        command.friend = name
        assert name in refused(state, command, "NO_SUCH_REQUEST")
    command.friend = "carol"
    refused(state, command, "NO_SUCH_USER")


# DELETEFRIEND


@pytest.mark.parametrize(("user", "name", "other"), [(ANN, "bob", BOB), (BOB, "Ann", ANN)])
def test_either_ends_a_friendship_for_both(user: int, name: str, other: int) -> None:
    state = given(FRIENDS)
    assert when(state, DeleteFriend(user, name.upper())) == ([FriendRemoved(user, other)], [name])
    assert (state.users[ANN].friends, state.users[BOB].friends) == (set(), set())


def test_the_asker_takes_a_request_back() -> None:
    state = given(PEOPLE, BOB_ASKED)
    assert when(state, DeleteFriend(BOB, "ann")) == ([RequestRemoved(BOB, ANN)], ["Ann"])
    refused(state, AcceptFriend(ANN, "bob", NOW_MS), "NO_SUCH_REQUEST")


def test_the_asker_takes_a_hidden_request_back() -> None:
    state = given(PEOPLE, UserBlocked(ANN, BOB, NOW_MS), RequestHidden(BOB, ANN, NOW_MS))
    assert when(state, DeleteFriend(BOB, "ann")) == ([RequestRemoved(BOB, ANN)], ["Ann"])
    assert state.users[BOB].asked == set()


def test_what_is_no_friendship_cannot_be_ended() -> None:
    state = given(PEOPLE, BOB_ASKED)
    refused(state, DeleteFriend(ANN, "bob"), "NOT_FRIENDS")  # a request that came in is rejected, not deleted
    refused(state, DeleteFriend(ANN, "ann"), "NOT_FRIENDS")
    refused(state, DeleteFriend(ANN, "carol"), "NO_SUCH_USER")


# How many there may be


@pytest.mark.parametrize(
    "command",
    [AddFriend(ANN, "dan", NOW_MS), AcceptFriend(ANN, "dan", NOW_MS), AddFriend(ANN, "TeaBot", NOW_MS)],
    ids=["add", "accept", "bot"],
)
@pytest.mark.parametrize("second", [FriendAdded(ANN, EVE, NOW_MS), FriendRequested(ANN, EVE, NOW_MS)])
def test_friends_and_requests_together_are_bounded(command: Command, second: FriendAdded | FriendRequested) -> None:
    others: list[Step] = [FriendAdded(ANN, BOB, NOW_MS), second]
    if isinstance(command, AcceptFriend):
        others.append(FriendRequested(DAN, ANN, NOW_MS))
    when(given(PEOPLE, START_BOT, others, limits=Limits(friends_max=3)), command)
    full = given(PEOPLE, START_BOT, others, limits=Limits(friends_max=2))
    assert "2 friends and requests" in refused(full, command, "NOT_ALLOWED")


def test_a_request_that_is_added_counts_too() -> None:
    state = given(PEOPLE, FriendAdded(ANN, EVE, NOW_MS), BOB_ASKED, limits=Limits(friends_max=1))
    assert "1 friends" in refused(state, AddFriend(ANN, "bob", NOW_MS), "NOT_ALLOWED")


def test_who_asked_has_kept_the_place_for_the_friend() -> None:
    """Bob's only place is taken by his request, and becomes that of the friendship."""
    state = given(PEOPLE, BOB_ASKED, limits=Limits(friends_max=1))
    when(state, AcceptFriend(ANN, "bob", NOW_MS))
    assert state.users[BOB].friends == {ANN}


def test_what_others_ask_of_a_user_fills_no_place_of_theirs() -> None:
    state = given(PEOPLE, FriendRequested(EVE, ANN, NOW_MS), BOB_ASKED, limits=Limits(friends_max=1))
    assert when(state, AddFriend(ANN, "dan", NOW_MS)).events == [FriendRequested(ANN, DAN, NOW_MS)]


def test_one_is_asked_by_no_more_than_there_may_be_whoever_one_blocks() -> None:
    """That Ann blocks Dan makes no difference to what he is told."""
    asked = [FriendRequested(BOB, ANN, NOW_MS), FriendRequested(EVE, ANN, NOW_MS)]
    told: list[str] = []
    for block in (BOB_ASKED, UserBlocked(ANN, DAN, NOW_MS)):
        state = given(PEOPLE, *asked, block, limits=Limits(friends_max=2))
        told.append(refused(state, AddFriend(DAN, "ann", NOW_MS), "NOT_ALLOWED"))
    assert told[0] == told[1]
    when(state, RejectFriend(ANN, "bob"))
    when(state, AddFriend(DAN, "ann", NOW_MS))
