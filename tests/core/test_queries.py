"""What State alone can answer: who is in each row, what it shows, and in which order."""

from chatserver.core import queries
from chatserver.core.commands import DeleteAccount, LogIn
from chatserver.core.events import (
    FriendAdded,
    FriendRequested,
    Invited,
    RequestHidden,
    RoomJoined,
    StatusSet,
    TopicSet,
    UserBlocked,
)
from chatserver.core.state import State, User
from tests.core.given import ANN, BOB, DAN, EVE, NOW_MS, PEOPLE, ROOM, given, log_in, room_of, sign_up


def ann(state: State) -> User:
    return state.users[ANN]


def test_an_empty_chat_has_no_rows() -> None:
    state = given(PEOPLE)
    asked = (queries.friends, queries.requests, queries.blocks, queries.rooms, queries.invitations)
    assert [rows(state, ann(state)) for rows in asked] == [[]] * 5


def test_friends_are_sorted_by_name_without_regard_to_case_and_shown_as_they_are() -> None:
    state = given(
        sign_up("me", "Zoë", "anna", "Bert", "carl"),
        [FriendAdded(1, friend, NOW_MS) for friend in (2, 3, 4, 5)],
        log_in(2, 3, 4),
        [StatusSet("busy", "a | b", 2), StatusSet("invisible", "hidden", 3), StatusSet("away", "gone", 5)],
    )
    assert queries.friends(state, state.users[1]) == [
        ("anna", "offline", ""),
        ("Bert", "online", ""),
        ("carl", "offline", ""),
        ("Zoë", "busy", "a | b"),
    ]


def test_requests_that_came_in_stand_before_those_that_went_out() -> None:
    state = given(
        sign_up("Me", "d", "C", "b", "A", "e"),
        [FriendRequested(asker, 1, NOW_MS) for asker in (2, 3)],
        [FriendRequested(1, asked, NOW_MS) for asked in (4, 5)],
        FriendRequested(6, 2, NOW_MS),
    )
    rows = [("in", "C"), ("in", "d"), ("out", "A"), ("out", "b")]
    assert queries.requests(state, state.users[1]) == rows
    assert queries.requests_in(state, state.users[1]) == rows[:2]


def test_a_hidden_request_is_seen_by_the_asker_alone() -> None:
    state = given(PEOPLE, UserBlocked(BOB, ANN, NOW_MS), RequestHidden(ANN, BOB, NOW_MS))
    assert queries.requests(state, ann(state)) == [("out", "bob")]
    assert queries.requests(state, state.users[BOB]) == []


def test_blocks_are_seen_by_the_one_who_blocks() -> None:
    state = given(PEOPLE, UserBlocked(ANN, EVE, NOW_MS), UserBlocked(ANN, BOB, NOW_MS), UserBlocked(DAN, ANN, NOW_MS))
    assert queries.blocks(state, ann(state)) == [("bob",), ("Eve",)]
    assert queries.blocks(state, state.users[BOB]) == []


def test_rooms_that_are_public_or_ones_own() -> None:
    state = given(
        PEOPLE,
        room_of(BOB, EVE, name="#Zoo"),
        room_of(BOB, ANN, DAN, room=-2, name="#art", kind="private"),
        room_of(BOB, room=-3, name="#hidden", kind="private"),
        room_of(ANN, room=-4, name="#Lab"),
        [Invited(-3, ANN, BOB, NOW_MS), TopicSet("lions | tigers", ROOM, BOB)],
    )
    assert queries.rooms(state, ann(state)) == [
        ("#art", "private", "3", "joined", ""),
        ("#Lab", "public", "1", "joined", ""),
        ("#Zoo", "public", "2", "-", "lions | tigers"),
    ]


def test_members_are_shown_as_a_friend_would_see_them() -> None:
    state = given(
        PEOPLE,
        room_of(EVE, ANN, DAN, BOB),
        log_in(ANN, BOB, EVE),
        [StatusSet("invisible", "", BOB), StatusSet("busy", "text", EVE)],
    )
    assert queries.members(state, ann(state), state.rooms[ROOM]) == [
        ("Ann", "online", "member"),
        ("bob", "offline", "member"),
        ("dan", "offline", "member"),
        ("Eve", "busy", "owner"),
    ]


def test_across_a_block_a_member_looks_offline_in_both_directions() -> None:
    state = given(PEOPLE, room_of(ANN, BOB), log_in(ANN, BOB), UserBlocked(ANN, BOB, NOW_MS))
    room = state.rooms[ROOM]
    assert queries.members(state, ann(state), room) == [("Ann", "online", "owner"), ("bob", "offline", "member")]
    assert queries.members(state, state.users[BOB], room) == [("Ann", "offline", "owner"), ("bob", "online", "member")]


def test_invitations_tell_who_asked_also_if_they_have_gone() -> None:
    state = given(
        PEOPLE,
        room_of(BOB, EVE, name="#Zoo"),
        room_of(BOB, room=-2, name="#art", kind="private"),
        room_of(BOB, room=-3, name="#lab"),
        [Invited(ROOM, ANN, EVE, NOW_MS), Invited(-2, ANN, BOB, NOW_MS), Invited(-3, DAN, BOB, NOW_MS)],
        DeleteAccount(EVE, NOW_MS),
    )
    assert queries.invitations(state, ann(state)) == [("#art", "bob"), ("#Zoo", "Eve")]


def test_a_member_who_came_later_counts() -> None:
    state = given(PEOPLE, room_of(BOB), RoomJoined(ROOM, DAN, 5, NOW_MS), LogIn(DAN, b"token", NOW_MS))
    assert queries.rooms(state, ann(state)) == [("#tea", "public", "2", "-", "")]
