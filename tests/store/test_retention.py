"""Messages that are older than they are to be kept leave the file, and nothing else does."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from chatserver.core.events import (
    MessageEdited,
    MessageSent,
    ReactionChanged,
    RetentionSet,
    RoomCreated,
    RoomEnded,
    RoomForgotten,
    RoomJoined,
    RoomLeft,
    UserSignedUp,
)
from chatserver.core.state import Limits
from chatserver.store import retention
from chatserver.store.retention import DAY_MS
from chatserver.store.store import Store

SHORT, LONG, OTHER = -1, -2, -3
USERS = [UserSignedUp(at, f"u{at}", f"u{at}", "hash", 1, 0) for at in (1, 2)]


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(Store(":memory:")) as made:
        made.load(Limits())
        made.write([*USERS, *(MessageSent(at, at * 10, 1, 2, f"text {at}", None) for at in range(1, 101))])
        made.write([MessageEdited(101, 3, 1, 2, 2000, "new"), ReactionChanged(102, 60, 1, 2, 2000, 2, "x", True)])
        made.commit()
        made.committed()
        yield made


def work(store: Store) -> int:
    """All chores; how many there were."""
    count = 0
    while store.keep_house():
        count += 1
    return count


def ids(store: Store) -> list[int]:
    return [row[0] for row in store.history.connection.execute("SELECT id FROM messages ORDER BY id")]


def test_what_is_old_goes_in_slices_and_ids_go_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SLICE_ROWS", 7)
    assert store.retention.waits is False
    store.retention.let_go(510 + DAY_MS, 1)
    assert work(store) > 50 // 7
    assert ids(store) == list(range(51, 101))
    changed = store.history.connection.execute("SELECT message FROM changes").fetchall()
    assert changed == [(60,)]
    store.retention.let_go(10**6 + DAY_MS, 1)
    work(store)
    assert ids(store) == []
    assert store.load(Limits()).last_message_id == 102


def test_a_slice_ends_by_the_letters_that_its_texts_unfold_to(store: Store) -> None:
    """The search index has to forget them: of a sign that stands for fifteen, as many."""
    store.write([MessageSent(at, at * 10, 1, 2, "\ufdfa" * 700, None) for at in range(103, 113)])
    store.commit()
    store.retention.let_go(10**6 + DAY_MS, 1)
    left = []
    while store.keep_house():
        left.append(len([found for found in ids(store) if found > 102]))
    assert [count for count in dict.fromkeys(left) if count] == [8, 6, 4, 2]


def test_where_nothing_is_old_nothing_is_written(store: Store) -> None:
    work(store)
    before = store._connection.total_changes
    store.retention.let_go(10 + DAY_MS, 1)
    assert work(store) == 0
    assert store._connection.total_changes == before
    assert not store.retention.waits


def test_a_server_that_is_always_busy_lets_them_go_with_its_batches(store: Store) -> None:
    store.retention.let_go(510 + DAY_MS, 1)
    for at in range(200, 203):
        store.has_chore(busy=True)
        store.write([MessageSent(at, 5000, 1, 2, "new", None)])
        store.seal()
        store.commit()
        store.committed()
    assert ids(store) == [*range(51, 101), 200, 201, 202]


@pytest.fixture
def rooms(store: Store) -> Store:
    """One that keeps messages for two days, one for good, one as all; each says something each half a day."""
    for room in (SHORT, LONG, OTHER):
        store.write([RoomCreated(room, f"#r{-room}", f"#r{-room}", "public", 1, 1), RoomJoined(room, 1, 0, 1)])
    store.write([RetentionSet(2, SHORT), RetentionSet(0, LONG)])
    store.write(
        [
            MessageSent(200 + at, DAY_MS * at // 2, 1, (SHORT, LONG, OTHER, 2)[at % 4], f"text {at}", None)
            for at in range(80)
        ]
    )
    store.commit()
    store.committed()
    return store


def kept(store: Store, party: int) -> list[int]:
    """The first and the last message that are left, and how many there are."""
    query = "SELECT min(id), max(id), count(*) FROM messages WHERE recipient = ?"
    first, last, count = store.history.connection.execute(query, (party,)).fetchone()
    return [first, last, count]


ALL = {SHORT: [200, 276, 20], LONG: [201, 277, 20], OTHER: [202, 278, 20], 2: [1, 279, 120]}


@pytest.mark.parametrize("sizes", [(200, 1_000), (3, 5)])
def test_a_room_has_days_of_its_own(rooms: Store, sizes: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SLICE_ROWS", sizes[0])
    monkeypatch.setattr(retention, "LOOKED_AT", sizes[1])
    now_ms = 40 * DAY_MS
    rooms.retention.let_go(now_ms, 0)
    work(rooms)
    assert {party: kept(rooms, party) for party in ALL} == {**ALL, SHORT: [276, 276, 1]}
    rooms.retention.let_go(now_ms, 10)  # #r2 keeps what is older, and lies before what goes
    work(rooms)
    assert {party: kept(rooms, party) for party in ALL} == {
        SHORT: [276, 276, 1],
        LONG: ALL[LONG],
        OTHER: [262, 278, 5],
        2: [263, 279, 5],
    }
    rooms.write([RetentionSet(None, LONG), RetentionSet(0, SHORT)])
    rooms.commit()
    rooms.retention.let_go(now_ms + 30 * DAY_MS, 10)
    work(rooms)
    assert {party: kept(rooms, party)[2] for party in ALL} == {SHORT: 1, LONG: 0, OTHER: 0, 2: 0}
    assert rooms.load(Limits()).last_message_id == 279


def test_what_a_failed_batch_puts_back_goes_with_the_next(rooms: Store) -> None:
    rooms.retention.let_go(40 * DAY_MS, 10)
    while rooms.retention.waits:
        rooms.has_chore(busy=False)
        rooms.roll_back()
    assert {party: kept(rooms, party) for party in ALL} == ALL
    rooms.retention.let_go(40 * DAY_MS, 10)
    work(rooms)
    assert {party: kept(rooms, party)[2] for party in ALL} == {SHORT: 1, LONG: 20, OTHER: 5, 2: 5}


def test_the_days_of_a_room_hold_when_it_has_ended_and_its_name_is_forgotten(rooms: Store) -> None:
    rooms.write([RoomLeft(300, SHORT, 1), RoomEnded(1, SHORT), RoomForgotten(SHORT)])
    rooms.commit()
    rooms.retention.let_go(40 * DAY_MS, 0)
    work(rooms)
    assert kept(rooms, SHORT) == [276, 276, 1]
    rooms.retention.let_go(90 * DAY_MS, 0)
    work(rooms)
    assert kept(rooms, SHORT) == [None, None, 0]
    rooms.retention.let_go(90 * DAY_MS, 0)
    work(rooms)
    left = rooms.history.connection.execute("SELECT room FROM room_retention").fetchall()
    assert left == [(LONG,)]
