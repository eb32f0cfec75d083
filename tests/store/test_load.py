"""State from the tables, where what they hold is more than State does, or less."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from chatserver.core.events import (
    AccountDeleted,
    BotRemembered,
    Delivered,
    MessageReported,
    MessageSent,
    ReactionChanged,
    ReadMarked,
    RoomCreated,
    RoomEnded,
    RoomJoined,
    RoomLeft,
    UserSignedUp,
)
from chatserver.core.state import REPORTS_KEPT, TAG_LIFE_MS, Limits
from chatserver.core.tags import StoredTags
from chatserver.store.store import Store

ANN, BEN, BOT = 1, 2, 3
NOW_MS = 10 * TAG_LIFE_MS


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(Store(":memory:")) as made:
        made.load(Limits())
        made.write([UserSignedUp(at, f"u{at}", f"u{at}", "hash", 0, 0) for at in (ANN, BEN, BOT)])
        yield made


def test_a_new_file_is_an_empty_chat() -> None:
    limits = Limits(friends_max=3)
    with closing(Store(":memory:")) as store:
        state = store.load(limits)
    assert state.limits is limits
    assert not state.users
    assert (state.last_user_id, state.last_room_id, state.last_message_id) == (0, 0, 0)


def test_no_tag_is_read_at_a_start(store: Store) -> None:
    store.write([MessageSent(1, NOW_MS, ANN, BEN, "hi", "tag")])
    assert {type(user.tags) for user in store.load(Limits()).users.values()} == {StoredTags}


def test_gaps_in_what_was_delivered(store: Store) -> None:
    store.write([Delivered(9, ((2, 3), (5, 5)), ANN)])
    state = store.load(Limits())
    assert (state.users[ANN].delivered_id, state.users[ANN].gaps) == (9, ((2, 3), (5, 5)))
    assert (state.users[BEN].delivered_id, state.users[BEN].gaps) == (0, ())


def test_the_last_id_is_that_of_a_message_or_of_a_change_or_of_what_was_removed(store: Store) -> None:
    def last_id() -> int:
        return store.load(Limits()).last_message_id

    store.write([MessageSent(4, 5, ANN, BEN, "hi", None)])
    assert last_id() == 4
    store.write([ReactionChanged(5, 4, ANN, BEN, 5, BEN, "x", True)])
    assert last_id() == 5
    store.write([AccountDeleted(6, 5, ANN)])
    store.commit()
    while store.keep_house():
        pass
    assert last_id() == 5
    received = {user.received_id for user in store.load(Limits()).users.values()}
    assert received == {5}


def test_rooms_that_have_ended_leave_their_names(store: Store) -> None:
    store.write([RoomCreated(room, "#tea", "#tea", "public", ANN, 1) for room in (-1,)])
    store.write([RoomJoined(-1, ANN, 0, 1)])
    store.write([RoomLeft(3, -1, ANN)])
    store.write([RoomEnded(2, -1)])
    store.write([RoomCreated(-2, "#Tea", "#tea", "public", BEN, 3)])
    store.write([RoomJoined(-2, BEN, 3, 1)])
    store.write([RoomJoined(-2, ANN, 4, 1)])
    state = store.load(Limits())
    assert state.ended_rooms == {-1: "#tea"}
    assert list(state.rooms[-2].members.items()) == [(BEN, 3), (ANN, 4)]
    assert state.rooms_by_key == {"#tea": (state.rooms[-2],)}
    assert (state.users[ANN].rooms, state.last_room_id) == ({-2}, -2)


def test_the_last_reports_of_each_user_count_for_the_limit_over_a_restart(store: Store) -> None:
    made = [(ANN if number % 3 else BEN) for number in range(1, 31)]
    store.write([MessageReported(at, NOW_MS + at, user, 7, BOT, user, "", "") for at, user in enumerate(made, 1)])
    reported = store.load(Limits()).reported
    assert reported[BEN] == tuple(NOW_MS + number for number in range(3, 31, 3))
    assert reported[ANN] == tuple(NOW_MS + number for number in range(1, 31) if number % 3)[-REPORTS_KEPT:]


def test_what_a_deleted_account_has_left_is_not_loaded(store: Store) -> None:
    store.write([RoomCreated(-1, "#tea", "#tea", "public", BEN, 1)])
    store.write([RoomJoined(-1, user, 0, 1) for user in (BEN, ANN)])
    store.write([BotRemembered(BOT, user, "{}") for user in (ANN, BEN)])
    store.write([ReadMarked(ANN, BEN, 3, ()), ReadMarked(BEN, ANN, 3, ())])
    store.write([MessageReported(1, NOW_MS, ANN, 7, BEN, ANN, "", "")])
    store.write([RoomLeft(3, -1, ANN)])
    store.write([AccountDeleted(6, 5, ANN)])
    state = store.load(Limits())
    assert (list(state.users), state.deleted, state.reserved) == ([BEN, BOT], {ANN: "u1"}, {"u1"})
    assert (list(state.rooms[-1].members), list(state.bot_memory)) == ([BEN], [BEN])
    assert (state.users[BEN].read, state.reported) == ({ANN: 3}, {})
