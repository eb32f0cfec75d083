"""DELETEACCOUNT as a decision: what goes along with a user."""

import pytest

from chatserver.core.commands import (
    DeleteAccount,
    LeaveRoom,
    LogIn,
)
from chatserver.core.events import (
    AccountDeleted,
    FriendAdded,
    FriendRemoved,
    FriendRequested,
    InvitationRemoved,
    Invited,
    MessageSent,
    OwnerSet,
    RequestHidden,
    RequestRemoved,
    RoomEnded,
    RoomForgotten,
    RoomLeft,
    TopicSet,
    UserBlocked,
    UserUnblocked,
)
from chatserver.core.state import FORGOTTEN_ROOM
from tests.core.given import (
    ANN,
    BOB,
    DAN,
    EVE,
    NOW_MS,
    PEOPLE,
    ROOM,
    given,
    log_in,
    room_of,
    when,
)


def test_an_account_goes() -> None:
    state = given(PEOPLE, log_in(ANN), LogIn(ANN, b"other", NOW_MS), MessageSent(7, NOW_MS, ANN, BOB, "hello", None))
    assert when(state, DeleteAccount(ANN, NOW_MS)) == ([AccountDeleted(NOW_MS, 7, ANN)], ["Ann"])
    assert ANN not in state.users
    assert state.tokens == {}


def test_an_account_that_goes_ends_its_friendships() -> None:
    state = given(PEOPLE, FriendAdded(DAN, ANN, NOW_MS), FriendAdded(ANN, BOB, NOW_MS), FriendAdded(BOB, DAN, NOW_MS))
    events, _ = when(state, DeleteAccount(ANN, NOW_MS))
    assert events == [FriendRemoved(ANN, BOB), FriendRemoved(ANN, DAN), AccountDeleted(NOW_MS, 0, ANN)]
    assert (state.users[BOB].friends, state.users[DAN].friends) == ({DAN}, {BOB})


def test_an_account_that_goes_takes_requests_of_both_directions_along() -> None:
    asked = [FriendRequested(ANN, DAN, NOW_MS), FriendRequested(ANN, BOB, NOW_MS), FriendRequested(EVE, ANN, NOW_MS)]
    state = given(PEOPLE, *asked, FriendRequested(EVE, BOB, NOW_MS))
    events, _ = when(state, DeleteAccount(ANN, NOW_MS))
    assert events == [
        RequestRemoved(ANN, BOB),
        RequestRemoved(ANN, DAN),
        RequestRemoved(EVE, ANN),
        AccountDeleted(NOW_MS, 0, ANN),
    ]
    assert state.users[BOB].askers == {EVE}
    assert state.users[DAN].askers == set()
    assert state.users[EVE].asked == {BOB}


@pytest.mark.parametrize("goes", [ANN, BOB])
def test_an_account_that_goes_takes_a_hidden_request_along(goes: int) -> None:
    """Bob blocks Ann, who asked him all the same: he never saw it."""
    state = given(PEOPLE, UserBlocked(BOB, ANN, NOW_MS), RequestHidden(ANN, BOB, NOW_MS))
    events, _ = when(state, DeleteAccount(goes, NOW_MS))
    assert events == [RequestRemoved(ANN, BOB), UserUnblocked(BOB, ANN), AccountDeleted(NOW_MS, 0, goes)]


def test_an_account_that_goes_takes_blocks_of_both_directions_along() -> None:
    blocks = [(ANN, DAN), (ANN, BOB), (BOB, ANN), (EVE, ANN), (EVE, BOB)]
    state = given(PEOPLE, *(UserBlocked(*block, NOW_MS) for block in blocks))
    events, _ = when(state, DeleteAccount(ANN, NOW_MS))
    assert events == [
        UserUnblocked(ANN, BOB),
        UserUnblocked(ANN, DAN),
        UserUnblocked(BOB, ANN),
        UserUnblocked(EVE, ANN),
        AccountDeleted(NOW_MS, 0, ANN),
    ]
    assert (state.users[BOB].blocks, state.users[EVE].blocks) == (set(), {BOB})


def test_an_account_that_goes_leaves_its_rooms_and_invitations() -> None:
    """One room is handed on, one ends, of one Ann was a plain member, and into one she was asked."""
    state = given(
        PEOPLE,
        room_of(ANN, BOB),
        room_of(ANN, room=-2, name="#own"),
        room_of(BOB, ANN, room=-3, name="#bobs"),
        room_of(EVE, room=-4, name="#eves"),
        [Invited(-4, ANN, EVE, NOW_MS), Invited(-2, BOB, ANN, NOW_MS)],
        MessageSent(7, NOW_MS, EVE, -4, "hello", None),
    )
    events, _ = when(state, DeleteAccount(ANN, NOW_MS + 5))
    assert events == [
        InvitationRemoved(-4, ANN),
        RoomLeft(7, -3, ANN, is_silent=True),
        RoomLeft(7, -2, ANN, is_silent=True),
        InvitationRemoved(-2, BOB),
        RoomEnded(NOW_MS + 5, -2),
        RoomLeft(7, ROOM, ANN, is_silent=True),
        OwnerSet(BOB, ROOM),
        RoomForgotten(-2),
        AccountDeleted(NOW_MS + 5, 7, ANN),
    ]
    assert state.rooms.keys() == {-1, -3, -4}
    assert state.users[BOB].invited == set()


def test_an_invitation_outlives_the_one_who_asked() -> None:
    state = given(PEOPLE, room_of(EVE, ANN), Invited(ROOM, BOB, ANN, NOW_MS), DeleteAccount(ANN, NOW_MS))
    assert state.rooms[ROOM].invited == {BOB: ANN}
    assert state.name_of(ANN) == "Ann"


def test_what_the_account_wrote_of_rooms_goes_the_topic_and_the_names_of_those_it_left_last() -> None:
    state = given(PEOPLE, room_of(BOB, ANN), TopicSet("tea", ROOM, ANN), room_of(ANN, room=-2, name="#own"))
    when(state, LeaveRoom(ANN, "#own", NOW_MS))
    when(state, LeaveRoom(ANN, "#tea", NOW_MS))
    assert (state.name_of(-2), state.rooms[ROOM].topic) == ("#own", "tea")
    events, _ = when(state, DeleteAccount(ANN, NOW_MS))
    assert events == [TopicSet("", ROOM, ANN), RoomForgotten(-2), AccountDeleted(NOW_MS, 0, ANN)]
    assert (state.name_of(-2), state.rooms[ROOM].topic) == (FORGOTTEN_ROOM, "")


def test_a_topic_of_somebody_else_stays() -> None:
    state = given(PEOPLE, room_of(BOB, ANN), TopicSet("tea", ROOM, ANN), TopicSet("cake", ROOM, BOB))
    events, _ = when(state, DeleteAccount(ANN, NOW_MS))
    assert not [event for event in events if isinstance(event, TopicSet)]
    assert state.rooms[ROOM].topic == "cake"
