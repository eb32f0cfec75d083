"""Rooms as decisions: who is in them, who owns them, and when they end."""

import pytest

from chatserver.core.commands import (
    CloseRoom,
    Command,
    CreateRoom,
    DeleteAccount,
    HandOver,
    Invite,
    JoinRoom,
    Kick,
    LeaveRoom,
    NameModerator,
    SetRetention,
    SetTopic,
    StartBot,
    Unblock,
)
from chatserver.core.events import (
    InvitationRemoved,
    Invited,
    MessageEdited,
    MessageSent,
    OwnerSet,
    RetentionSet,
    RoleChanged,
    RoomCreated,
    RoomEnded,
    RoomJoined,
    RoomLeft,
    TopicSet,
    UserBlocked,
)
from chatserver.core.evolve import evolve
from chatserver.core.rooms import STAYS_UNTRIMMED
from chatserver.core.state import Limits, State
from tests.core.given import (
    ANN,
    BOB,
    DAN,
    EVE,
    NOW_MS,
    PEOPLE,
    ROOM,
    Step,
    given,
    nothing,
    refused,
    room_of,
    sign_up,
    when,
)

BOT, SECOND_BOT = 5, 6
BOTS: list[Step] = [StartBot("TeaBot", "makes tea", NOW_MS), StartBot("MilkBot", "brings milk", NOW_MS)]
MESSAGE = MessageSent(7, NOW_MS, EVE, DAN, "hello", None)
"""Seven messages there were: memberships begin and end behind the seventh."""

NAME_32 = "#" + "n" * 32


def asked(user: int, room: int = ROOM, by: int = ANN) -> Invited:
    return Invited(room, user, by, NOW_MS)


# CREATEROOM


def test_who_makes_a_room_owns_it_and_is_its_first_member() -> None:
    state = given(PEOPLE, MESSAGE)
    events, answer = when(state, CreateRoom(ANN, "#Tea", "private", NOW_MS))
    assert events == [RoomCreated(-1, "#Tea", "#tea", "private", ANN, NOW_MS), RoomJoined(-1, ANN, 7, NOW_MS)]
    assert answer == ["#Tea", "private"]


def test_ids_of_rooms_go_down_and_are_not_given_out_again() -> None:
    state = given(PEOPLE, room_of(ANN))
    when(state, LeaveRoom(ANN, "#tea", NOW_MS))
    events, _ = when(state, CreateRoom(BOB, "#tea", "public", NOW_MS))
    assert events == [RoomCreated(-2, "#tea", "#tea", "public", BOB, NOW_MS), RoomJoined(-2, BOB, 0, NOW_MS)]


@pytest.mark.parametrize("name", ["#a", "#9", NAME_32, "#Zoë", "#" + "e\u0301" * 32])
def test_what_is_a_name(name: str) -> None:
    assert when(given(PEOPLE), CreateRoom(ANN, name, "public", NOW_MS)).events


def test_a_name_is_kept_in_its_composed_form() -> None:
    events, answer = when(given(PEOPLE), CreateRoom(ANN, "#Zoe\u0308", "public", NOW_MS))
    assert events[0] == RoomCreated(-1, "#Zoë", "#zoë", "public", ANN, NOW_MS)
    assert answer == ["#Zoë", "public"]


@pytest.mark.parametrize("name", ["", "#", "tea", "##tea", "# tea", "#_tea", "#a b", "#" + "n" * 33])
def test_what_is_no_name(name: str) -> None:
    refused(given(PEOPLE), CreateRoom(ANN, name, "public", NOW_MS), "BAD_NAME")


@pytest.mark.parametrize(
    "before", [room_of(BOB), room_of(ANN, kind="private"), [room_of(BOB, kind="private"), asked(ANN)]]
)
def test_a_name_is_taken_however_it_is_spelled(before: list[Step]) -> None:
    state = given(PEOPLE, before)
    assert "#TEA" in refused(state, CreateRoom(ANN, "#TEA", "public", NOW_MS), "NAME_TAKEN")


def test_a_private_room_of_others_takes_no_name() -> None:
    state = given(PEOPLE, room_of(BOB, kind="private"))
    when(state, CreateRoom(ANN, "#TEA", "public", NOW_MS))
    own, public = state.rooms[ROOM], state.rooms[ROOM - 1]
    assert state.find_room("#tea", BOB) is own
    assert state.find_room("#tea", ANN) is state.find_room("#tea", EVE) is public
    evolve(state, asked(EVE))
    assert state.find_room("#tea", EVE) is own
    when(state, LeaveRoom(BOB, "#tea", NOW_MS))
    assert state.find_room("#tea", BOB) is state.find_room("#tea", EVE) is public
    assert state.rooms_by_key == {"#tea": (public,)}


# JOIN


def test_anybody_joins_a_public_room() -> None:
    state = given(PEOPLE, room_of(BOB), MESSAGE)
    assert when(state, JoinRoom(ANN, "#TEA", NOW_MS)) == ([RoomJoined(ROOM, ANN, 7, NOW_MS)], ["#tea"])
    assert state.rooms[ROOM].members == {BOB: 0, ANN: 7}
    assert state.users[ANN].rooms == {ROOM}


@pytest.mark.parametrize("kind", ["public", "private"])
def test_to_join_uses_the_invitation_up(kind: str) -> None:
    state = given(PEOPLE, room_of(BOB, kind=kind), asked(ANN, by=BOB), asked(EVE, by=BOB), MESSAGE)
    events, answer = when(state, JoinRoom(ANN, "#tea", NOW_MS))
    assert events == [InvitationRemoved(ROOM, ANN), RoomJoined(ROOM, ANN, 7, NOW_MS)]
    assert answer == ["#tea"]
    assert (state.rooms[ROOM].invited, state.users[ANN].invited) == ({EVE: BOB}, set())


@pytest.mark.parametrize("kind", ["public", "private"])
def test_a_member_joins_again_without_an_event(kind: str) -> None:
    assert when(given(PEOPLE, room_of(BOB, ANN, kind=kind)), JoinRoom(ANN, "#Tea", NOW_MS)) == nothing("#tea")


def test_a_room_that_is_not_there_and_one_that_is_private_are_refused_in_the_same_words() -> None:
    there, not_there = given(PEOPLE, room_of(BOB, kind="private"), asked(EVE, by=BOB)), given(PEOPLE)
    said = refused(not_there, JoinRoom(ANN, "#tea", NOW_MS), "NO_SUCH_ROOM")
    assert refused(there, JoinRoom(ANN, "#tea", NOW_MS), "NO_SUCH_ROOM") == said


# LEAVE


def test_a_member_leaves() -> None:
    state = given(PEOPLE, room_of(ANN, BOB), MESSAGE)
    assert when(state, LeaveRoom(BOB, "#TEA", NOW_MS)) == ([RoomLeft(7, ROOM, BOB, is_silent=True)], ["#tea"])
    assert (state.rooms[ROOM].members, state.users[BOB].rooms) == ({ANN: 0}, set())
    refused(state, LeaveRoom(BOB, "#tea", NOW_MS), "NOT_MEMBER")


def test_where_the_owner_leaves_the_longest_standing_person_owns_the_room() -> None:
    state = given(PEOPLE, BOTS, room_of(ANN, BOT, EVE, BOB), MESSAGE)
    events, _ = when(state, LeaveRoom(ANN, "#tea", NOW_MS))
    assert events == [RoomLeft(7, ROOM, ANN, is_silent=True), OwnerSet(EVE, ROOM)]
    assert state.rooms[ROOM].owner == EVE


def test_who_left_and_came_again_is_not_the_longest_standing_any_more() -> None:
    state = given(PEOPLE, room_of(ANN, BOB, EVE), RoomLeft(0, ROOM, BOB), RoomJoined(ROOM, BOB, 0, NOW_MS))
    assert when(state, LeaveRoom(ANN, "#tea", NOW_MS)).events[1] == OwnerSet(EVE, ROOM)


def test_the_last_who_leaves_ends_the_room() -> None:
    state = given(PEOPLE, room_of(ANN), MESSAGE)
    events, answer = when(state, LeaveRoom(ANN, "#tea", NOW_MS))
    assert events == [RoomLeft(7, ROOM, ANN, is_silent=True), RoomEnded(NOW_MS, ROOM)]
    assert answer == ["#tea"]
    refused(state, JoinRoom(ANN, "#tea", NOW_MS), "NO_SUCH_ROOM")
    when(state, CreateRoom(BOB, "#Tea", "public", NOW_MS))


def test_a_room_with_only_bots_left_ends() -> None:
    state = given(PEOPLE, BOTS, room_of(ANN, BOT, SECOND_BOT), asked(EVE), asked(BOB), MESSAGE)
    events, _ = when(state, LeaveRoom(ANN, "#tea", NOW_MS + 5))
    assert events == [
        RoomLeft(7, ROOM, ANN, is_silent=True),
        RoomLeft(7, ROOM, BOT, is_silent=True),
        RoomLeft(7, ROOM, SECOND_BOT, is_silent=True),
        InvitationRemoved(ROOM, EVE),
        InvitationRemoved(ROOM, BOB),
        RoomEnded(NOW_MS + 5, ROOM),
    ]
    assert all(not user.rooms and not user.invited for user in state.users.values())


def test_a_room_ends_also_where_its_last_bot_does_not_run() -> None:
    """Its file was taken away: the account stays, and could be the owner of a room that never ends."""
    state = given(PEOPLE, BOTS, room_of(ANN, BOT), MESSAGE)
    del state.bots[BOT]
    events, _ = when(state, LeaveRoom(ANN, "#tea", NOW_MS))
    assert events == [
        RoomLeft(7, ROOM, ANN, is_silent=True),
        RoomLeft(7, ROOM, BOT, is_silent=True),
        RoomEnded(NOW_MS, ROOM),
    ]


def test_one_cannot_leave_a_room_one_is_not_in() -> None:
    refused(given(PEOPLE, room_of(BOB)), LeaveRoom(ANN, "#tea", NOW_MS), "NOT_MEMBER")
    refused(given(PEOPLE, room_of(BOB, kind="private")), LeaveRoom(ANN, "#tea", NOW_MS), "NO_SUCH_ROOM")
    refused(given(PEOPLE), LeaveRoom(ANN, "#tea", NOW_MS), "NO_SUCH_ROOM")


# INVITE


@pytest.mark.parametrize("kind", ["public", "private"])
def test_any_member_invites(kind: str) -> None:
    state = given(PEOPLE, room_of(ANN, BOB, kind=kind))
    assert when(state, Invite(BOB, "#TEA", "eve", NOW_MS)) == ([Invited(ROOM, EVE, BOB, NOW_MS)], ["#tea", "Eve"])
    assert (state.rooms[ROOM].invited, state.users[EVE].invited) == ({EVE: BOB}, {ROOM})


def test_a_bot_joins_at_once() -> None:
    state = given(PEOPLE, BOTS, room_of(ANN), MESSAGE)
    assert when(state, Invite(ANN, "#tea", "Tea Bot", NOW_MS)) == (
        [RoomJoined(ROOM, BOT, 7, NOW_MS)],
        ["#tea", "TeaBot"],
    )


@pytest.mark.parametrize(("name", "shown"), [("ann", "Ann"), ("bob", "bob"), ("eve", "Eve"), ("dan", "dan")])
def test_an_invitation_that_changes_nothing(name: str, shown: str) -> None:
    """Bob is a member, Eve is asked already, and Dan blocks Ann, who cannot tell."""
    state = given(PEOPLE, room_of(ANN, BOB), asked(EVE, by=BOB), UserBlocked(DAN, ANN, NOW_MS))
    assert when(state, Invite(ANN, "#tea", name, NOW_MS)) == nothing("#tea", shown)


def test_who_blocks_somebody_may_invite_them_all_the_same() -> None:
    state = given(PEOPLE, room_of(ANN), UserBlocked(ANN, BOB, NOW_MS))
    assert when(state, Invite(ANN, "#tea", "bob", NOW_MS)).events == [asked(BOB)]


def test_an_invitation_is_refused_to_those_outside_and_for_nobody() -> None:
    refused(given(PEOPLE, room_of(BOB)), Invite(ANN, "#tea", "eve", NOW_MS), "NOT_MEMBER")
    refused(given(PEOPLE, room_of(BOB, kind="private")), Invite(ANN, "#tea", "eve", NOW_MS), "NO_SUCH_ROOM")
    private = given(PEOPLE, room_of(BOB, kind="private"), asked(ANN, by=BOB))
    refused(private, Invite(ANN, "#tea", "eve", NOW_MS), "NO_SUCH_ROOM")  # to be asked is not to be in
    refused(given(PEOPLE, room_of(ANN)), Invite(ANN, "#tea", "carol", NOW_MS), "NO_SUCH_USER")


# KICK


def test_the_owner_takes_somebody_out() -> None:
    state = given(PEOPLE, BOTS, room_of(ANN, BOB, BOT), MESSAGE)
    assert when(state, Kick(ANN, "#Tea", "BOB", NOW_MS)) == ([RoomLeft(7, ROOM, BOB, is_silent=True)], ["#tea", "bob"])
    assert when(state, Kick(ANN, "#tea", "tea bot", NOW_MS)) == (
        [RoomLeft(7, ROOM, BOT, is_silent=True)],
        ["#tea", "TeaBot"],
    )
    assert state.rooms[ROOM].members == {ANN: 0}


def test_only_the_owner_kicks() -> None:
    state = given(PEOPLE, room_of(ANN, BOB, EVE))
    assert "ask Ann" in refused(state, Kick(BOB, "#tea", "eve", NOW_MS), "NOT_ALLOWED")
    assert "ask Ann" in refused(state, Kick(BOB, "#tea", "ann", NOW_MS), "NOT_ALLOWED")
    when(state, LeaveRoom(ANN, "#tea", NOW_MS))
    when(state, Kick(BOB, "#tea", "eve", NOW_MS))


def test_whom_the_owner_cannot_kick() -> None:
    state = given(PEOPLE, room_of(ANN, BOB), asked(DAN))
    assert "LEAVE" in refused(state, Kick(ANN, "#tea", "ann", NOW_MS), "NOT_ALLOWED")
    assert "Eve" in refused(state, Kick(ANN, "#tea", "eve", NOW_MS), "NOT_MEMBER")
    refused(state, Kick(ANN, "#tea", "dan", NOW_MS), "NOT_MEMBER")
    refused(state, Kick(ANN, "#tea", "carol", NOW_MS), "NO_SUCH_USER")


def test_those_outside_kick_nobody() -> None:
    refused(given(PEOPLE, room_of(BOB, EVE)), Kick(ANN, "#tea", "eve", NOW_MS), "NOT_MEMBER")
    refused(given(PEOPLE, room_of(BOB, EVE, kind="private")), Kick(ANN, "#tea", "eve", NOW_MS), "NO_SUCH_ROOM")


# SETTOPIC


@pytest.mark.parametrize("topic", ["tea | biscuits", "t" * 280])
def test_any_member_says_what_a_room_is_about(topic: str) -> None:
    state = given(PEOPLE, room_of(ANN, BOB))
    assert when(state, SetTopic(BOB, "#TEA", topic)) == ([TopicSet(topic, ROOM, BOB)], ["#tea", topic])
    assert when(state, SetTopic(ANN, "#tea", topic)) == nothing("#tea", topic)
    assert when(state, SetTopic(ANN, "#tea", "")) == ([TopicSet("", ROOM, ANN)], ["#tea", ""])


def test_a_topic_that_is_too_long_and_one_of_a_room_one_is_not_in() -> None:
    assert "280" in refused(given(PEOPLE, room_of(ANN)), SetTopic(ANN, "#tea", "t" * 281), "TOO_LONG")
    refused(given(PEOPLE, room_of(BOB)), SetTopic(ANN, "#tea", "tea"), "NOT_MEMBER")
    refused(given(PEOPLE, room_of(BOB, kind="private")), SetTopic(ANN, "#tea", "tea"), "NO_SUCH_ROOM")


# How many there may be


def in_two_rooms(most: int) -> State:
    """Ann is in two rooms, Bob has a third."""
    rooms = [room_of(ANN, room=-2, name="#a"), room_of(BOB, ANN, room=-3, name="#b"), room_of(BOB)]
    return given(PEOPLE, *rooms, limits=Limits(rooms_per_user_max=most))


@pytest.mark.parametrize("command", [CreateRoom(ANN, "#new", "public", NOW_MS), JoinRoom(ANN, "#tea", NOW_MS)])
def test_the_rooms_of_a_user_are_bounded(command: Command) -> None:
    assert when(in_two_rooms(3), command).events
    assert "2 rooms" in refused(in_two_rooms(2), command, "NOT_ALLOWED")


def test_a_member_of_as_many_rooms_as_there_may_be_joins_again() -> None:
    assert when(in_two_rooms(2), JoinRoom(ANN, "#b", NOW_MS)) == nothing("#b")


@pytest.mark.parametrize("command", [JoinRoom(ANN, "#tea", NOW_MS), Invite(BOB, "#tea", "TeaBot", NOW_MS)])
def test_the_members_of_a_room_are_bounded(command: Command) -> None:
    for most, fits in ((3, True), (2, False)):
        state = given(PEOPLE, BOTS, room_of(BOB, EVE), limits=Limits(members_per_room_max=most))
        if fits:
            assert when(state, command).events
        else:
            assert "#tea has 2 members" in refused(state, command, "NOT_ALLOWED")


def test_a_bot_is_in_as_many_rooms_as_it_is_asked_into() -> None:
    rooms = [room_of(ANN, BOT, room=-2, name="#a"), room_of(ANN)]
    state = given(PEOPLE, BOTS, *rooms, limits=Limits(rooms_per_user_max=1))
    assert when(state, Invite(ANN, "#tea", "TeaBot", NOW_MS)).events == [RoomJoined(ROOM, BOT, 0, NOW_MS)]


def test_a_place_in_a_full_room_is_not_kept_for_who_was_asked() -> None:
    state = given(PEOPLE, room_of(ANN, BOB), limits=Limits(members_per_room_max=2))
    when(state, Invite(ANN, "#tea", "eve", NOW_MS))
    refused(state, JoinRoom(EVE, "#tea", NOW_MS), "NOT_ALLOWED")
    when(state, LeaveRoom(BOB, "#tea", NOW_MS))
    when(state, JoinRoom(EVE, "#tea", NOW_MS))


def test_names_of_users_and_of_rooms_do_not_meet() -> None:
    state = given(sign_up("tea"))
    assert when(state, CreateRoom(1, "#tea", "public", NOW_MS)).answer == ["#tea", "public"]


# What rooms leave behind.

SAID = MessageSent(8, NOW_MS, ANN, ROOM, "hello", None)


def test_a_stay_in_which_something_was_said_or_done_is_not_silent() -> None:
    for happened in (SAID, MessageEdited(8, 3, ANN, ROOM, NOW_MS, "hi")):
        state = given(PEOPLE, room_of(ANN, BOB), happened)
        assert when(state, LeaveRoom(BOB, "#tea", NOW_MS)).events == [RoomLeft(8, ROOM, BOB)]
        when(state, JoinRoom(BOB, "#tea", NOW_MS))
        assert when(state, LeaveRoom(BOB, "#tea", NOW_MS)).events == [RoomLeft(8, ROOM, BOB, is_silent=True)]


def test_now_and_then_the_stays_of_a_user_are_looked_through() -> None:
    state = given(PEOPLE, room_of(ANN), limits=Limits(stays_per_user_max=9))
    kept = []
    for _ in range(3 * STAYS_UNTRIMMED):
        when(state, JoinRoom(BOB, "#tea", NOW_MS))
        kept += [event.kept for event in when(state, LeaveRoom(BOB, "#tea", NOW_MS)).events]  # type: ignore[union-attr]
    assert [at for at, most in enumerate(kept, 1) if most] == [64, 128, 192]
    assert set(kept) == {0, 9}


def test_of_too_many_rooms_that_have_ended_the_first_is_forgotten() -> None:
    state = given(PEOPLE, limits=Limits(ended_rooms_max=2))
    for name in ("#a", "#b", "#c", "#d"):
        when(state, CreateRoom(ANN, name, "public", NOW_MS))
    ends = [when(state, LeaveRoom(ANN, name, NOW_MS)).events[-1] for name in ("#b", "#a", "#d", "#c")]
    assert ends == [RoomEnded(NOW_MS, -2), RoomEnded(NOW_MS, -1), RoomEnded(NOW_MS, -4, -2), RoomEnded(NOW_MS, -3, -1)]
    assert state.ended_rooms == {-4: "#d", -3: "#c"}
    assert [state.name_of(room) for room in (-1, -4)] == ["#?", "#d"]


def test_an_account_that_goes_ends_no_more_rooms_than_are_forgotten() -> None:
    state = given(PEOPLE, limits=Limits(ended_rooms_max=3))
    for name in ("#a", "#b", "#c"):
        when(state, CreateRoom(BOB, name, "public", NOW_MS))
        when(state, LeaveRoom(BOB, name, NOW_MS))
    for name in ("#d", "#e"):
        when(state, CreateRoom(ANN, name, "public", NOW_MS))
    when(state, DeleteAccount(ANN, NOW_MS))
    assert state.ended_rooms == {-3: "#c"}  # the names of her own go with her


# Lists have an end.


def test_there_are_no_more_rooms_than_there_may_be() -> None:
    state = given(PEOPLE, room_of(ANN), limits=Limits(rooms_max=2))
    when(state, CreateRoom(BOB, "#two", "private", NOW_MS))
    assert "2 rooms" in refused(state, CreateRoom(EVE, "#three", "public", NOW_MS), "NOT_ALLOWED")
    when(state, LeaveRoom(BOB, "#two", NOW_MS))
    when(state, CreateRoom(EVE, "#three", "public", NOW_MS))


def test_one_is_asked_into_no_more_rooms_than_there_may_be_whoever_one_blocks() -> None:
    """That Eve blocks Bob makes no difference to what he is told."""
    state = given(
        *(PEOPLE, room_of(ANN), room_of(BOB, room=-2, name="#lab"), asked(EVE), UserBlocked(EVE, BOB, NOW_MS)),
        limits=Limits(invitations_max=1),
    )
    assert when(state, Invite(ANN, "#tea", "eve", NOW_MS)) == nothing("#tea", "Eve")
    said = refused(state, Invite(BOB, "#lab", "eve", NOW_MS), "NOT_ALLOWED")
    when(state, Unblock(EVE, "bob"))
    assert refused(state, Invite(BOB, "#lab", "eve", NOW_MS), "NOT_ALLOWED") == said
    when(state, JoinRoom(EVE, "#tea", NOW_MS))
    when(state, Invite(BOB, "#lab", "eve", NOW_MS))


def test_a_room_asks_no_more_than_could_be_in_it() -> None:
    state = given(PEOPLE, room_of(ANN), asked(EVE), asked(DAN), limits=Limits(members_per_room_max=2))
    assert "2 users" in refused(state, Invite(ANN, "#tea", "bob", NOW_MS), "NOT_ALLOWED")
    assert when(state, Invite(ANN, "#tea", "eve", NOW_MS)) == nothing("#tea", "Eve")


# Hand-over, moderators, an administrator's end of a room.


def test_an_owner_hands_a_room_over_and_is_a_member_then() -> None:
    state = given(PEOPLE, room_of(ANN, BOB, EVE), NameModerator(ANN, "#tea", "bob", True))
    events, answer = when(state, HandOver(ANN, "#TEA", "BOB"))
    assert answer == ["#tea", "bob"]
    assert events[-2:] == [RoleChanged(ROOM, ANN, "member"), RoleChanged(ROOM, BOB, "owner")]
    assert (state.rooms[ROOM].owner, state.rooms[ROOM].moderators) == (BOB, frozenset())
    assert when(state, HandOver(BOB, "#tea", "bob")) == nothing("#tea", "bob")
    refused(state, HandOver(ANN, "#tea", "Eve"), "NOT_ALLOWED")
    refused(state, HandOver(BOB, "#tea", "dan"), "NOT_MEMBER")
    refused(state, HandOver(DAN, "#tea", "dan"), "NOT_MEMBER")
    assert when(state, HandOver(0, "#tea", "Eve")).answer == ["#tea", "Eve"]  # an administrator may
    refused(state, HandOver(0, "#milk", "Eve"), "NO_SUCH_ROOM")


def test_a_moderator_takes_out_members_and_neither_the_owner_nor_a_moderator() -> None:
    state = given(PEOPLE, room_of(ANN, BOB, EVE, DAN))
    refused(state, Kick(BOB, "#tea", "Eve", NOW_MS), "NOT_ALLOWED")
    for name in ("bob", "dan"):
        assert when(state, NameModerator(ANN, "#tea", name, True)).answer == ["#tea", name, "moderator"]
    assert when(state, NameModerator(ANN, "#tea", "bob", True)) == nothing("#tea", "bob", "moderator")
    when(state, Kick(BOB, "#tea", "Eve", NOW_MS))
    for name in ("Ann", "dan"):
        refused(state, Kick(BOB, "#tea", name, NOW_MS), "NOT_ALLOWED")
    refused(state, NameModerator(BOB, "#tea", "dan", False), "NOT_ALLOWED")
    refused(state, NameModerator(ANN, "#tea", "Ann", True), "NOT_ALLOWED")
    when(state, NameModerator(ANN, "#tea", "bob", False))
    refused(state, Kick(BOB, "#tea", "dan", NOW_MS), "NOT_ALLOWED")


def test_a_moderator_who_leaves_and_comes_back_is_a_member() -> None:
    state = given(PEOPLE, room_of(ANN, BOB), NameModerator(ANN, "#tea", "bob", True))
    when(state, LeaveRoom(BOB, "#tea", NOW_MS))
    when(state, JoinRoom(BOB, "#tea", NOW_MS))
    assert state.rooms[ROOM].moderators == frozenset()


def test_an_administrator_ends_a_room_whoever_is_in_it() -> None:
    state = given(PEOPLE, room_of(ANN, BOB), Invite(ANN, "#tea", "Eve", NOW_MS))
    events, answer = when(state, CloseRoom("#TEA", NOW_MS))
    assert answer == ["#tea"]
    assert [type(event) for event in events] == [RoomLeft, RoomLeft, InvitationRemoved, RoomEnded]
    assert not state.users[ANN].rooms
    refused(state, CloseRoom("#tea", NOW_MS), "NO_SUCH_ROOM")


def test_an_administrator_names_one_of_several_rooms_by_its_number() -> None:
    state = given(PEOPLE, room_of(ANN), room_of(BOB, kind="private", room=-2))
    assert "1, 2" in refused(state, CloseRoom("#tea", NOW_MS), "NOT_ALLOWED")
    when(state, CloseRoom("2", NOW_MS))
    assert list(state.rooms) == [ROOM]
    for name in ("2", "#milk", "-1", "9" * 30):
        refused(state, CloseRoom(name, NOW_MS), "NO_SUCH_ROOM")


def test_an_administrator_says_how_long_a_room_keeps_what_is_said_there() -> None:
    state = given(PEOPLE, room_of(ANN, BOB, kind="private"))
    assert when(state, SetRetention("#TEA", 7)) == ([RetentionSet(7, ROOM)], ["#tea"])
    assert when(state, SetRetention("#tea", 7)) == nothing("#tea")
    assert when(state, SetRetention("1", None)) == ([RetentionSet(None, ROOM)], ["#tea"])
    refused(state, SetRetention("#nowhere", 7), "NO_SUCH_ROOM")
