"""What became of a message, in rows: for its sender of every receiver, for a receiver of themselves alone."""

import pytest

from chatserver.core.commands import StartBot
from chatserver.core.events import ReadMarked, RoomEnded, RoomJoined, RoomLeft, UserBlocked
from chatserver.core.evolve import evolve
from chatserver.core.id_ranges import Delivery
from chatserver.core.outcome import Refused
from chatserver.core.state import State, User
from chatserver.queries.explain import NO_SUCH_MESSAGE, explain
from chatserver.store.history import Message
from tests.core.given import ANN, BOB, DAN, EVE, FRIENDS, NOW_MS, ROOM, STAMP, given, room_of

BOT = 5
SEEN = Delivery(NOW_MS, NOW_MS - 1000, True)
TO_BOB = Message(7, NOW_MS, ANN, BOB, "hi")
TO_ROOM = Message(7, NOW_MS, ANN, ROOM, "hi")


class World:
    """State, and what was delivered to whom."""

    def __init__(self) -> None:
        self.state: State = given(FRIENDS, StartBot("TeaBot", "makes tea", NOW_MS), room_of(ANN, EVE, BOB))
        self.delivered: dict[int, Delivery] = {}

    def delivery(self, user: User, message: int) -> Delivery | None:
        assert message == 7
        return self.delivered.get(user.id)

    def rows(self, user: int, message: Message | None = TO_BOB) -> list[tuple[str, ...]]:
        rows = explain(self.state, self.delivery, self.state.users[user], message)
        assert not isinstance(rows, Refused)
        return rows

    def fates(self, user: int, message: Message = TO_BOB) -> list[tuple[str, ...]]:
        """All but that it is stored, without the sentences."""
        return [row[:2] for row in self.rows(user, message)[1:]]

    def is_told(self, user: int, message: Message | None) -> bool:
        return explain(self.state, self.delivery, self.state.users[user], message) is not NO_SUCH_MESSAGE


@pytest.fixture
def world() -> World:
    return World()


# Whom it concerns.


def test_a_message_concerns_its_sender_and_its_recipient(world: World) -> None:
    assert [world.is_told(user, TO_BOB) for user in (ANN, BOB, EVE, DAN)] == [True, True, False, False]


def test_one_in_a_room_concerns_who_is_in_it(world: World) -> None:
    assert [world.is_told(user, TO_ROOM) for user in (ANN, BOB, EVE, DAN)] == [True, True, True, False]
    evolve(world.state, RoomLeft(7, ROOM, ANN))
    assert not world.is_told(ANN, TO_ROOM)


def test_one_that_is_not_there_concerns_nobody(world: World) -> None:
    assert not world.is_told(ANN, None)


# What became of it.


def test_it_is_stored_then_delivered_then_read(world: World) -> None:
    stored = ("stored", "Ann", f"written at {STAMP}, and on the server's disk")
    assert world.rows(ANN) == [stored, ("waiting", "bob", "no session of bob has been handed it in full yet")]
    world.delivered[BOB] = SEEN
    assert world.rows(ANN) == [stored, ("delivered", "bob", f"handed to a session, within the second before {STAMP}")]
    evolve(world.state, ReadMarked(BOB, ANN, 7, ()))
    assert world.fates(ANN) == world.fates(BOB) == [("delivered", "bob"), ("read", "bob")]


def test_since_when_a_session_is_open_is_told_to_its_own_user_alone(world: World) -> None:
    """Who was invisible until a moment ago would be seen to have been there."""
    world.delivered[BOB] = SEEN
    since = "2026-12-02T12:00:00.000Z"
    assert world.rows(BOB)[1][2].startswith(f"handed to the session that bob opened at {since}, within")
    assert since not in str(world.rows(ANN))


@pytest.mark.parametrize(("upto", "is_read"), [(6, False), (7, True), (8, True)])
def test_it_is_read_where_the_mark_has_reached_it(world: World, upto: int, is_read: bool) -> None:
    evolve(world.state, ReadMarked(BOB, ANN, upto, ()))
    assert world.fates(ANN) == ([("read", "bob")] if is_read else [("waiting", "bob")])


def test_the_mark_of_another_conversation_does_not_count(world: World) -> None:
    evolve(world.state, ReadMarked(BOB, ROOM, 9, ()))
    assert world.fates(ANN) == [("waiting", "bob")]
    assert world.fates(ANN, TO_ROOM) == [("read", "bob"), ("waiting", "Eve")]


def test_what_is_long_ago_is_delivered_without_a_time(world: World) -> None:
    world.delivered[BOB] = Delivery(0, 0, True)
    assert world.rows(ANN)[1] == (
        "delivered",
        "bob",
        "handed to a session; when and to which is not remembered any more",
    )


def test_what_is_taken_back_is_told_as_that_alone(world: World) -> None:
    world.delivered[BOB] = SEEN
    assert world.fates(ANN, TO_BOB._replace(text="")) == [("deleted", "Ann")]


def test_an_account_that_is_gone_is_told_as_that_alone(world: World) -> None:
    world.state.remove(world.state.users[BOB])
    assert world.rows(ANN)[1:] == [("gone", "bob", "the account has been deleted")]


def test_bots_get_theirs_at_once(world: World) -> None:
    message = TO_BOB._replace(recipient=BOT)
    assert world.rows(ANN, message)[1:] == [("delivered", "TeaBot", "bots get their messages at once")]


# Rooms.


def test_the_sender_learns_of_every_member_by_name_and_a_member_of_themselves(world: World) -> None:
    world.delivered[EVE] = SEEN
    assert world.fates(ANN, TO_ROOM) == [("waiting", "bob"), ("delivered", "Eve")]
    assert world.fates(EVE, TO_ROOM) == [("delivered", "Eve")]
    assert world.fates(BOB, TO_ROOM) == [("waiting", "bob")]


@pytest.mark.parametrize(("after", "is_for_dan"), [(6, True), (7, False)])
def test_it_was_for_members_since_before_it_was_written(world: World, after: int, is_for_dan: bool) -> None:
    evolve(world.state, RoomJoined(ROOM, DAN, after, NOW_MS))
    assert (("waiting", "dan") in world.fates(ANN, TO_ROOM)) is is_for_dan


def test_a_room_that_has_ended_concerns_nobody(world: World) -> None:
    for member in (ANN, BOB, EVE):
        evolve(world.state, RoomLeft(7, ROOM, member))
    evolve(world.state, RoomEnded(NOW_MS, ROOM))
    assert not world.is_told(ANN, TO_ROOM)


# What others may not know.


@pytest.mark.parametrize("blocker", [ANN, BOB])
def test_those_apart_look_as_if_they_had_not_come(world: World, blocker: int) -> None:
    world.delivered[BOB] = SEEN
    evolve(world.state, ReadMarked(BOB, ANN, 7, ()))
    evolve(world.state, UserBlocked(blocker, ANN + BOB - blocker, NOW_MS))
    assert world.fates(ANN) == [("waiting", "bob")]
    assert world.fates(BOB) == [("delivered", "bob"), ("read", "bob")]


def test_the_invisible_do_too_but_to_themselves(world: World) -> None:
    world.delivered[BOB] = SEEN._replace(was_seen=False)
    assert world.fates(ANN) == [("waiting", "bob")]
    assert world.fates(BOB) == [("delivered", "bob")]
    evolve(world.state, ReadMarked(BOB, ANN, 7, ()))
    assert world.fates(ANN) == [("read", "bob")]
