"""What each event does to State, where the tests of the decisions do not show it."""

import pytest

from chatserver.core.commands import LogIn, StartBot
from chatserver.core.events import (
    AccountDeleted,
    BotRemembered,
    BotStarted,
    BotTimerRemoved,
    BotTimerSet,
    BurstSent,
    Delivered,
    Event,
    FriendAdded,
    FriendRemoved,
    FriendRequested,
    InvitationRemoved,
    Invited,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    OtherSessionsEnded,
    OwnerSet,
    PasswordSet,
    PresenceChanged,
    ReactionChanged,
    ReadMarked,
    RequestHidden,
    RequestRemoved,
    RetentionSet,
    RoomCreated,
    RoomEnded,
    RoomJoined,
    RoomLeft,
    SessionClosed,
    SessionOpened,
    StatusSet,
    TokenIssued,
    TokenRevoked,
    TokenUsed,
    TopicSet,
    UserBlocked,
    UserSignedUp,
    UserUnblocked,
)
from chatserver.core.evolve import evolve
from chatserver.core.state import Limits, Token
from tests.core.given import ANN, BOB, EVE, FRIENDS, NOW_MS, PEOPLE, ROOM, Step, given, log_in, room_of, token_of, whole

BOT = 5
START_BOT = StartBot("TeaBot", "makes tea", NOW_MS)

# Users


def test_a_user_is_found_by_id_name_and_key_and_begins_offline() -> None:
    state = given(UserSignedUp(3, "Ann", "ann", "a hash", NOW_MS, 7))
    user = state.users[3]
    assert state.by_name == {"Ann": user}
    assert state.by_key == {"ann": user}
    assert (user.id, user.name, user.key, user.password_hash) == (3, "Ann", "ann", "a hash")
    assert (user.status, user.status_text, user.sessions, user.delivered_id) == ("online", "", 0, 7)
    assert state.last_user_id == 3


def test_a_password_and_a_status_are_those_of_one_user() -> None:
    state = given(PEOPLE, PasswordSet("new hash", BOB), StatusSet("busy", "text", BOB))
    assert state.users[BOB].password_hash == "new hash"
    assert state.users[ANN].password_hash == "hash of Ann"
    assert (state.users[BOB].status, state.users[BOB].status_text) == ("busy", "text")
    assert (state.users[ANN].status, state.users[ANN].status_text) == ("online", "")


def test_sessions_are_counted() -> None:
    state = given(PEOPLE, SessionOpened(ANN), SessionOpened(ANN), SessionOpened(BOB), SessionClosed(ANN))
    assert [state.users[user].sessions for user in (ANN, BOB, EVE)] == [1, 1, 0]


def test_an_account_that_goes_leaves_its_name_and_takes_its_tokens_timers_and_memory() -> None:
    state = given(PEOPLE, START_BOT, log_in(ANN, BOB), LogIn(ANN, b"other", NOW_MS))
    for user in (ANN, BOB):
        evolve(state, BotRemembered(BOT, user, "{}"))
        evolve(state, BotTimerSet(BOT, user, "pot", 5, ""))
    evolve(state, AccountDeleted(NOW_MS, 0, ANN))
    assert state.tokens.keys() == {token_of(BOB)}
    assert state.bot_memory.keys() == state.bot_timers.keys() == {BOB}
    assert ANN not in state.users
    assert "ann" not in state.by_key
    assert "Ann" not in state.by_name
    assert (state.deleted, state.reserved) == ({ANN: "Ann"}, {"ann"})


# Tokens


def test_tokens_are_kept_in_the_order_of_issue() -> None:
    state = given(PEOPLE, TokenIssued(b"b", ANN, 1), TokenIssued(b"a", ANN, 2), TokenIssued(b"c", BOB, 3))
    assert state.users[ANN].tokens == (b"b", b"a")
    assert state.tokens == {b"b": Token(ANN, 1), b"a": Token(ANN, 2), b"c": Token(BOB, 3)}


def test_the_use_of_a_token_is_noted_and_that_of_one_that_is_gone_is_not() -> None:
    state = given(PEOPLE, TokenIssued(b"a", ANN, 1), TokenUsed(5, b"a"), TokenUsed(5, b"gone"))
    assert state.tokens == {b"a": Token(ANN, 5)}


def test_a_token_that_is_revoked_is_gone_once() -> None:
    state = given(PEOPLE, TokenIssued(b"a", ANN, 1), TokenIssued(b"b", ANN, 1), TokenRevoked(b"a"), TokenRevoked(b"a"))
    assert state.tokens == {b"b": Token(ANN, 1)}
    assert state.users[ANN].tokens == (b"b",)


# Friends and blocks


def test_friendships_and_requests_are_known_on_both_sides() -> None:
    state = given(PEOPLE, FriendRequested(ANN, BOB, 1), FriendRequested(EVE, BOB, 1), FriendAdded(ANN, EVE, 1))
    ann, bob, eve = (state.users[user] for user in (ANN, BOB, EVE))
    assert (ann.asked, bob.askers, eve.asked) == ({BOB}, {ANN, EVE}, {BOB})
    assert (ann.friends, bob.friends, eve.friends) == ({EVE}, set(), {ANN})
    evolve(state, RequestRemoved(ANN, BOB))
    evolve(state, FriendRemoved(EVE, ANN))
    assert (ann.asked, bob.askers, eve.asked) == (set(), {EVE}, {BOB})
    assert (ann.friends, eve.friends) == (set(), set())


def test_a_hidden_request_is_known_to_the_asker_alone() -> None:
    state = given(PEOPLE, RequestHidden(ANN, BOB, 1))
    assert (state.users[ANN].asked, state.users[BOB].askers) == ({BOB}, set())
    evolve(state, RequestRemoved(ANN, BOB))
    assert state.users[ANN].asked == set()


def test_blocks_are_those_of_one_side() -> None:
    state = given(PEOPLE, UserBlocked(ANN, BOB, 1), UserBlocked(ANN, EVE, 1), UserUnblocked(ANN, BOB))
    assert (state.users[ANN].blocks, state.users[BOB].blocks) == ({EVE}, set())


def test_users_do_not_share_what_they_have() -> None:
    """They begin with one empty set for all, which is replaced and never changed."""
    state = given(
        PEOPLE, FriendRequested(ANN, BOB, 1), UserBlocked(ANN, BOB, 1), room_of(ANN), Invited(ROOM, BOB, ANN, 1)
    )
    eve = state.users[EVE]
    assert [eve.asked, eve.askers, eve.blocks, eve.rooms, eve.invited] == [set()] * 5


# Messages


@pytest.mark.parametrize(
    "event",
    [
        MessageSent(9, NOW_MS, ANN, BOB, "hello", None),
        BurstSent(7, NOW_MS, ANN, BOB, ["a", "b", "c"]),
        MessageEdited(9, 7, ANN, BOB, NOW_MS, "hello"),
        MessageDeleted(9, 7, ANN, BOB, NOW_MS),
        ReactionChanged(9, 7, ANN, BOB, NOW_MS, BOB, "👍", True),
    ],
)
def test_messages_and_their_changes_are_numbered_together(event: Event) -> None:
    assert given(FRIENDS, event).last_message_id == 9


def test_the_last_message_for_a_user_and_in_a_room_is_known() -> None:
    sent: list[Step] = [MessageSent(1, NOW_MS, ANN, BOB, "a", None), BurstSent(2, NOW_MS, BOB, ROOM, ["b", "c"])]
    state = given(FRIENDS, room_of(ANN, BOB), sent, MessageSent(4, NOW_MS, BOB, ANN, "d", None))
    assert [state.users[user].received_id for user in (ANN, BOB, EVE)] == [4, 1, 0]
    assert state.rooms[ROOM].received_id == 3


def test_the_last_message_of_a_burst_is_the_last_for_whom_it_was() -> None:
    state = given(FRIENDS, BurstSent(2, NOW_MS, BOB, ANN, ["a", "b"]), BurstSent(4, NOW_MS, ANN, BOB, ["c"]))
    assert [state.users[user].received_id for user in (ANN, BOB)] == [3, 4]


def test_a_change_is_no_message_to_wait_for() -> None:
    state = given(FRIENDS, MessageEdited(9, 7, ANN, BOB, NOW_MS, "hello"))
    assert state.users[BOB].received_id == 0


def test_tags_are_the_senders() -> None:
    state = given(
        FRIENDS,
        MessageSent(1, NOW_MS, ANN, BOB, "a", "t"),
        MessageSent(2, NOW_MS, ANN, BOB, "b", None),
        BurstSent(3, NOW_MS, ANN, BOB, ["c", "d"], ["u", "v"]),
    )
    tags = state.users[ANN].tags
    assert tags is not None
    assert [tags.find(tag) for tag in ("t", "u", "v", "w")] == [1, 3, 4, 0]
    assert state.users[BOB].tags is None


def test_of_tags_as_many_are_kept_as_the_limits_say() -> None:
    state = given(FRIENDS)
    state.limits = Limits(tags_per_user_max=2)
    for at in range(1, 6):
        evolve(state, MessageSent(at, NOW_MS, ANN, BOB, "a", f"t{at}"))
    tags = state.users[ANN].tags
    assert tags is not None
    assert [tags.find(f"t{at}") for at in range(1, 6)] == [0, 0, 3, 4, 5]


def test_what_is_delivered_is_a_mark_and_gaps() -> None:
    state = given(PEOPLE, Delivered(9, ((2, 3), (5, 5)), BOB), Delivered(9, (), 77))
    assert (state.users[BOB].delivered_id, state.users[BOB].gaps) == (9, ((2, 3), (5, 5)))
    assert (state.users[ANN].delivered_id, state.users[ANN].gaps) == (0, ())


def test_what_is_read_is_a_mark_for_each_conversation() -> None:
    state = given(PEOPLE, ReadMarked(ANN, BOB, 3, ()), ReadMarked(ANN, ROOM, 4, (BOB,)), ReadMarked(ANN, BOB, 5, ()))
    assert (state.users[ANN].read, state.users[BOB].read) == ({BOB: 5, ROOM: 4}, None)


# Rooms


def test_a_room_is_found_by_id_and_key() -> None:
    state = given(
        PEOPLE, RoomCreated(-1, "#Tea", "#tea", "private", ANN, 1), RoomCreated(-2, "#b", "#b", "public", BOB, 1)
    )
    tea = state.rooms[-1]
    assert (tea.id, tea.name, tea.key, tea.kind, tea.owner, tea.topic) == (-1, "#Tea", "#tea", "private", ANN, "")
    assert (tea.members, tea.invited) == ({}, {})
    assert state.rooms_by_key == {"#tea": (tea,), "#b": (state.rooms[-2],)}
    assert state.last_room_id == -2


def test_members_stand_in_the_order_in_which_they_came() -> None:
    state = given(PEOPLE, room_of(EVE), RoomJoined(ROOM, ANN, 5, 1), RoomJoined(ROOM, BOB, 7, 1))
    assert list(state.rooms[ROOM].members.items()) == [(EVE, 0), (ANN, 5), (BOB, 7)]
    assert [state.users[user].rooms for user in (ANN, BOB, EVE)] == [{ROOM}] * 3


def test_a_member_who_leaves_still_waits_for_what_was_said_before() -> None:
    said = MessageSent(7, NOW_MS, ANN, ROOM, "hello", None)
    state = given(PEOPLE, room_of(ANN, BOB, EVE), MessageSent(3, NOW_MS, ANN, EVE, "a", None), said)
    evolve(state, MessageSent(9, NOW_MS, ANN, EVE, "b", None))
    for user in (BOB, EVE):
        evolve(state, RoomLeft(9, ROOM, user))
    assert (state.users[BOB].received_id, state.users[EVE].received_id) == (7, 9)
    assert (state.users[BOB].rooms, state.rooms[ROOM].members) == (set(), {ANN: 0})


def test_an_owner_a_topic_and_an_invitation_are_those_of_one_room() -> None:
    state = given(PEOPLE, room_of(ANN, BOB), room_of(ANN, BOB, room=-2, name="#b"))
    for event in (
        OwnerSet(BOB, ROOM),
        TopicSet("tea", ROOM, ANN),
        RetentionSet(0, ROOM),
        Invited(ROOM, EVE, BOB, 1),
        Invited(-2, EVE, ANN, 1),
    ):
        evolve(state, event)
    tea, other = state.rooms[ROOM], state.rooms[-2]
    assert (tea.owner, tea.topic, tea.invited) == (BOB, "tea", {EVE: BOB})
    assert (tea.history_days, other.history_days) == (0, None)
    assert (other.owner, other.topic, other.invited) == (ANN, "", {EVE: ANN})
    assert state.users[EVE].invited == {ROOM, -2}
    evolve(state, InvitationRemoved(ROOM, EVE))
    assert (tea.invited, other.invited, state.users[EVE].invited) == ({}, {EVE: ANN}, {-2})


def test_a_room_that_ended_leaves_its_name_to_old_messages_and_to_new_rooms() -> None:
    state = given(PEOPLE, room_of(ANN), RoomLeft(0, ROOM, ANN), RoomEnded(NOW_MS, ROOM))
    assert (state.rooms, state.rooms_by_key, state.ended_rooms) == ({}, {}, {ROOM: "#tea"})
    assert state.last_room_id == ROOM


# Bots


def test_a_bot_that_runs_is_online() -> None:
    state = given(PEOPLE, START_BOT, BotStarted(BOT, "makes more tea"))
    assert (state.bots, state.users[BOT].sessions) == ({BOT: "makes more tea"}, 1)


def test_what_a_bot_remembers_and_its_timers_are_kept_for_each_user_and_bot() -> None:
    state = given(PEOPLE, BotRemembered(5, ANN, "1"), BotRemembered(6, ANN, "2"), BotRemembered(5, ANN, "3"))
    assert state.bot_memory == {ANN: {5: "3", 6: "2"}}
    timers = [BotTimerSet(5, ANN, "a", 1, ""), BotTimerSet(6, ANN, "a", 2, "#tea"), BotTimerSet(5, ANN, "a", 3, "")]
    state = given(PEOPLE, *timers, BotTimerRemoved(5, ANN, "b"), BotTimerRemoved(5, BOB, "a"))
    assert state.bot_timers == {ANN: {(5, "a"): (3, ""), (6, "a"): (2, "#tea")}}
    evolve(state, BotTimerRemoved(5, ANN, "a"))
    assert state.bot_timers == {ANN: {(6, "a"): (2, "#tea")}}


@pytest.mark.parametrize("event", [OtherSessionsEnded(ANN), PresenceChanged(ANN, "busy", "text")])
def test_what_only_others_are_told_changes_nothing(event: Event) -> None:
    state = given(PEOPLE, log_in(ANN))
    before = whole(state)
    evolve(state, event)
    assert whole(state) == before
