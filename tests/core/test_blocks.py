"""Blocks as decisions: what ends with one, what one keeps away, and what its end brings back."""

from chatserver.core.commands import AcceptFriend, AddFriend, Block, SendMessage, StartBot, Unblock
from chatserver.core.events import (
    FriendAdded,
    FriendRemoved,
    FriendRequested,
    MessageSent,
    RequestHidden,
    RequestRemoved,
    UserBlocked,
    UserUnblocked,
)
from chatserver.core.state import Limits
from tests.core.given import ANN, BOB, EVE, FRIENDS, NOW_MS, PEOPLE, given, nothing, refused, room_of, when

BLOCKED = UserBlocked(ANN, BOB, NOW_MS)


def test_a_block_between_strangers() -> None:
    state = given(PEOPLE)
    assert when(state, Block(ANN, "BOB", NOW_MS)) == ([BLOCKED], ["bob"])
    assert (state.users[ANN].blocks, state.users[BOB].blocks) == ({BOB}, set())


def test_a_block_ends_the_friendship() -> None:
    state = given(FRIENDS, FriendAdded(ANN, EVE, NOW_MS))
    assert when(state, Block(ANN, "bob", NOW_MS)).events == [FriendRemoved(ANN, BOB), BLOCKED]
    assert state.users[ANN].friends == {EVE}
    refused(state, SendMessage(BOB, "ann", "hello", "", NOW_MS), "NOT_FRIENDS")
    refused(state, SendMessage(ANN, "bob", "hello", "", NOW_MS), "NOT_FRIENDS")


def test_a_block_takes_ones_own_request_back() -> None:
    state = given(PEOPLE, FriendRequested(ANN, BOB, NOW_MS), FriendRequested(ANN, EVE, NOW_MS))
    assert when(state, Block(ANN, "bob", NOW_MS)).events == [RequestRemoved(ANN, BOB), BLOCKED]
    assert state.users[ANN].asked == {EVE}


def test_a_block_hides_the_others_request_so_that_the_asker_learns_nothing() -> None:
    state = given(PEOPLE, FriendRequested(BOB, ANN, 5), FriendRequested(EVE, ANN, NOW_MS))
    events, _ = when(state, Block(ANN, "bob", NOW_MS))
    assert events == [RequestRemoved(BOB, ANN), RequestHidden(BOB, ANN, NOW_MS), BLOCKED]
    assert state.users[ANN].askers == {EVE}
    assert state.users[BOB].asked == {ANN}
    refused(state, AcceptFriend(ANN, "bob", NOW_MS), "NO_SUCH_REQUEST")
    refused(state, AddFriend(BOB, "ann", NOW_MS), "ALREADY_REQUESTED")


def test_two_who_block_each_other() -> None:
    state = given(PEOPLE, BLOCKED, RequestHidden(BOB, ANN, NOW_MS))
    events, _ = when(state, Block(BOB, "ann", NOW_MS))
    assert events == [RequestRemoved(BOB, ANN), UserBlocked(BOB, ANN, NOW_MS)]
    assert when(state, Unblock(ANN, "bob")).events == [UserUnblocked(ANN, BOB)]
    assert state.users[BOB].blocks == {ANN}


def test_a_second_block_is_no_event() -> None:
    assert when(given(PEOPLE, BLOCKED), Block(ANN, "Bob", NOW_MS)) == nothing("bob")


def test_the_end_of_a_block_makes_nobody_friends() -> None:
    state = given(FRIENDS)
    when(state, Block(ANN, "bob", NOW_MS))
    assert when(state, Unblock(ANN, "BOB")) == ([UserUnblocked(ANN, BOB)], ["bob"])
    assert (state.users[ANN].blocks, state.users[ANN].friends) == (set(), set())


def test_the_end_of_a_block_forgets_the_request_that_it_has_kept_away() -> None:
    state = given(PEOPLE, BLOCKED, RequestHidden(BOB, ANN, NOW_MS))
    assert when(state, Unblock(ANN, "bob")).events == [RequestRemoved(BOB, ANN), UserUnblocked(ANN, BOB)]
    assert when(state, AddFriend(BOB, "ann", NOW_MS)).events == [FriendRequested(BOB, ANN, NOW_MS)]


def test_the_end_of_what_was_no_block_is_no_event() -> None:
    state = given(PEOPLE, UserBlocked(BOB, ANN, NOW_MS), FriendRequested(EVE, ANN, NOW_MS))
    assert when(state, Unblock(ANN, "bob")) == nothing("bob")
    assert when(state, Unblock(ANN, "eve")) == nothing("Eve")  # her request is none that a block has kept away


def test_whom_one_cannot_block() -> None:
    state = given(PEOPLE)
    assert "block yourself" in refused(state, Block(ANN, "ann", NOW_MS), "SELF")
    assert "unblock yourself" in refused(state, Unblock(ANN, "ann"), "SELF")
    assert "'carol'" in refused(state, Block(ANN, "carol", NOW_MS), "NO_SUCH_USER")
    assert "'carol'" in refused(state, Unblock(ANN, "carol"), "NO_SUCH_USER")


def test_a_block_does_not_part_two_in_a_room() -> None:
    state = given(PEOPLE, room_of(ANN, BOB), BLOCKED)
    for user in (ANN, BOB):
        number = state.last_message_id + 1
        events, _ = when(state, SendMessage(user, "#tea", "hello", "", NOW_MS))
        assert events == [MessageSent(number, NOW_MS, user, -1, "hello", None)]


def test_a_bot_that_is_blocked_does_not_write() -> None:
    state = given(PEOPLE, StartBot("TeaBot", "makes tea", NOW_MS))
    when(state, Block(ANN, "Tea Bot", NOW_MS))
    refused(state, SendMessage(5, "ann", "tea?", "", NOW_MS), "NOT_FRIENDS")
    when(state, SendMessage(5, "bob", "tea?", "", NOW_MS))


def test_one_blocks_no_more_than_there_may_be() -> None:
    state = given(PEOPLE, UserBlocked(ANN, BOB, NOW_MS), UserBlocked(ANN, EVE, NOW_MS), limits=Limits(blocks_max=2))
    assert "2 users" in refused(state, Block(ANN, "dan", NOW_MS), "NOT_ALLOWED")
    assert when(state, Block(ANN, "eve", NOW_MS)) == nothing("Eve")
    when(state, Unblock(ANN, "eve"))
    when(state, Block(ANN, "dan", NOW_MS))
