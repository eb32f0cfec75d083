"""Posting lists beside plain lists of ids: whatever is asked of both, both say the same."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from chatserver.core.events import (
    AccountDeleted,
    BurstSent,
    Event,
    MessageSent,
    RoomJoined,
    UserSignedUp,
)
from chatserver.core.state import Limits
from chatserver.store import schema, search_pages
from chatserver.store import store as store_module
from chatserver.store.history import History, Message
from chatserver.store.opening import PAGE_BYTES
from chatserver.store.postings import ID_MAX, NUMBERS_MAX, Postings
from chatserver.store.search_pages import Wanted
from chatserver.store.store import Store
from tests.store import reading

USERS = range(1, 6)
ROOMS = (-1, -2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(new_store(tmp_path / "chat.db")) as made:
        yield made


def new_store(path: Path) -> Store:
    made = Store(str(path), "normal")
    made.load(Limits())
    signed_up: list[Event] = [UserSignedUp(number, f"u{number}", f"u{number}", "x", 0, 0) for number in USERS]
    made.write(signed_up)
    made.write([RoomJoined(room, user, 0, 1) for room in ROOMS for user in USERS])
    made.commit()
    return made


def some_turn(random: Random, next_id: int) -> tuple[list[Event], list[Message]]:
    """Singles and runs; now and then an id is left out."""
    events: list[Event] = []
    said: list[Message] = []
    for _ in range(random.randint(1, 12)):
        sender, other = random.sample(USERS, 2)
        recipient = random.choice([other, other, *ROOMS])
        count = random.choice([1, 1, 2, 9])
        texts = [f"text {next_id + at}" for at in range(count)]
        if count == 1:
            events.append(MessageSent(next_id, 5, sender, recipient, texts[0], None))
        else:
            events.append(BurstSent(next_id, 5, sender, recipient, texts))
        said += [Message(next_id + at, 5, sender, recipient, text) for at, text in enumerate(texts)]
        next_id += count + (random.random() < 0.1)
    return events, said


def play(store: Store, random: Random, turns: int, rows_max: int) -> list[Message]:
    """Turns, and lists stored between them; a commit that fails takes its messages with it, a restart forgets lists."""
    said: list[Message] = []
    for turn in range(turns):
        events, more = some_turn(random, said[-1].id + 1 if said else 1)
        store.write(events)
        if random.random() < 0.1 and turn < turns - 1:
            store.roll_back()
            continue
        if random.random() < 0.3:
            store.history.postings.fill(random.randint(1, rows_max))
        store.commit()
        said += more
        if random.random() < 0.1:
            store.history = History(store._connection)
    return said


def check(store: Store, said: list[Message], random: Random) -> None:
    """HISTORY, SYNC and the lists themselves against a look at everything."""
    history, newest = store.history, said[-1].id
    for _ in range(40):
        user, other = random.sample(USERS, 2)
        room, limit, before = random.choice(ROOMS), random.randint(1, 30), random.randint(1, newest + 5)
        between = [each for each in said if {each.sender, each.recipient} == {user, other} and each.id < before]
        in_room = [each for each in said if each.recipient == room and each.id < before]
        own = [each for each in said if each.recipient > 0 and user in (each.sender, each.recipient)]
        heard = [each for each in said if each.recipient < 0 or user in (each.sender, each.recipient)]
        assert reading.between(history, user, other, limit, before) == between[-limit:]
        assert reading.of_room(history, room, limit, before) == in_room[-limit:]
        assert reading.after(history, user, before, limit) == [each for each in heard if each.id > before][:limit]
        first, last = sorted(random.choices(range(1, newest + 5), k=2))
        listed = [each.id for each in own if first <= each.id <= last]
        assert list(history.postings.upward(user, 0, first, last)) == listed
        assert list(history.postings.downward(user, 0, first - 1, last + 1)) == listed[::-1]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rows_max", [1, 4, 100])
def test_what_is_stored_and_what_is_in_memory_are_all_that_was_said(store: Store, seed: int, rows_max: int) -> None:
    random = Random(seed)
    said = play(store, random, 60, rows_max)
    check(store, said, random)
    store.history = History(store._connection)
    check(store, said, random)
    while store.history.postings.fill(100):
        pass
    assert store.history.postings.indexed_id == said[-1].id
    check(store, said, random)


def test_a_long_list_makes_rows_that_are_quickly_read(store: Store) -> None:
    store.write([MessageSent(at, 5, 1, 2 if at % 2 else 3, "hi", None) for at in range(1, 4000)])
    while store.history.postings.fill(1):
        pass
    store.commit()
    longest = store._connection.execute("SELECT max(json_array_length(ranges)) FROM postings").fetchone()
    assert longest == (NUMBERS_MAX,)
    assert [each.id for each in reading.between(store.history, 1, 2, 500, ID_MAX)] == list(range(3001, 4000, 2))
    assert list(store.history.postings.upward(1, 3, 1, ID_MAX)) == list(range(2, 4000, 2))
    assert list(store.history.postings.downward(1, 3, 0, ID_MAX)) == list(range(3998, 0, -2))


def test_a_sweep_that_ended_half_way_stores_nothing_twice(store: Store) -> None:
    store.write([MessageSent(at, 5, 1 + at % 2, 2 - at % 2, "hi", None) for at in range(1, 9)])
    store.history.postings.fill(2)
    store.write([MessageSent(9, 5, 1, 2, "hi", None)])
    store.commit()
    store.history = History(store._connection)
    while store.history.postings.fill(2):
        pass
    rows = store._connection.execute("SELECT * FROM postings ORDER BY party, other, first_id").fetchall()
    assert rows == [
        (1, 0, 1, "[1, 8]"),
        (1, 0, 9, "[9, 1]"),
        (1, 2, 1, "[1, 8]"),
        (1, 2, 9, "[9, 1]"),
        (2, 0, 1, "[1, 9]"),
    ]


def test_a_write_that_fails_again_and_again_does_not_read_what_waits(store: Store) -> None:
    store.write([BurstSent(1, 5, 1, 2, ["hi"] * 9)])
    store.commit()
    statements: list[str] = []
    store._connection.set_trace_callback(statements.append)
    store.roll_back()
    store.roll_back()
    store._connection.set_trace_callback(None)
    assert statements
    assert not [each for each in statements if "messages" in each]
    store.write([BurstSent(10, 5, 1, 2, ["hi"] * 9)])
    assert store.history.postings.fill(100)
    assert list(store.history.postings.upward(1, 2, 1, ID_MAX)) == list(range(1, 19))


def test_what_waits_is_read_before_a_server_that_starts_is_asked(store: Store) -> None:
    store.write([BurstSent(1, 5, 1, 2, ["hi"] * 9)])
    store.commit()
    store.history = History(store._connection)
    store.catch_up(lambda done: None)
    statements: list[str] = []
    store._connection.set_trace_callback(statements.append)
    store.write([MessageSent(10, 5, 1, 2, "hi", None)])
    assert list(store.history.postings.upward(1, 2, 1, ID_MAX)) == list(range(1, 11))
    store._connection.set_trace_callback(None)
    assert not [each for each in statements if "FROM messages" in each]


def test_of_many_lists_only_the_messages_that_are_wanted_are_read(store: Store) -> None:
    store.write([RoomJoined(-at, 1, 0, 1) for at in range(3, 50)])
    store.write([MessageSent(at, 5, 1, -1 - at % 49, "hi", None) for at in range(1, 500)])
    store.history.postings.fill(100)
    store.commit()
    statements: list[str] = []
    store._reading.set_trace_callback(statements.append)
    assert [each.id for each in reading.after(store.history, 1, 0, 5)] == [1, 2, 3, 4, 5]
    wanted = Wanted(("hi",), (), 1, frozenset(range(-49, 0)))
    found, _ = search_pages.step(store.history, wanted, search_pages.begin()._replace(limit=5))
    store._reading.set_trace_callback(None)
    assert [hit.message.id for hit in found] == [499, 498, 497, 496, 495]
    assert sum("json_each" in each for each in statements) == 2


def test_a_run_of_messages_is_one_range(store: Store) -> None:
    store.write([BurstSent(1, 5, 1, 2, ["hi"] * 1000), BurstSent(1001, 5, 2, 1, ["hi"] * 1000)])
    store.history.postings.fill(100)  # as the lists of a busy server: with the events of the same turn
    store.commit()
    rows = store._connection.execute("SELECT * FROM postings ORDER BY party, other").fetchall()
    assert rows == [(1, 0, 1, "[1, 2000]"), (1, 2, 1, "[1, 2000]"), (2, 0, 1, "[1, 2000]")]


def test_a_busy_store_stores_the_more_the_more_waits(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "UNLISTED_BUSY", 100)
    monkeypatch.setattr(store_module, "UNLISTED_STEP", 100)
    for first_id in range(1, 20_000, 50):
        ids = range(first_id, first_id + 50)
        store.has_chore(busy=True)
        store.write([MessageSent(at, 5, 1 + at % 40, 41 + at % 39, "hi", None) for at in ids])
        store.seal()
        store.commit()
        store.committed()
    assert 20_000 - store.history.postings.indexed_id < 1000


def test_a_deleted_account_leaves_what_others_wrote(store: Store) -> None:
    random = Random(1)
    said = play(store, random, 40, 4)
    newest = said[-1].id
    store.write([AccountDeleted(9, newest, 1)])
    store.commit()
    left = [each for each in said if each.sender != 1]
    for keeps_house in (False, True):
        while keeps_house and store.keep_house():
            pass
        for user in USERS[1:]:
            heard = [each for each in left if each.recipient < 0 or user in (each.sender, each.recipient)]
            assert reading.after(store.history, user, 0, ID_MAX) == heard
    assert store._connection.execute("SELECT count(*) FROM messages").fetchone() == (len(left),)


def test_what_a_deleted_account_said_in_a_room_is_passed_over_many_at_a_time(store: Store) -> None:
    store.write([MessageSent(1, 5, 1, -1, "hi", None), BurstSent(2, 5, 2, -1, ["hi"] * 5000)])
    store.history.postings.fill(100)
    store.write([AccountDeleted(9, 5001, 2)])
    store.commit()
    while store.removal.waits:
        store.keep_house()
    statements: list[str] = []
    store._reading.set_trace_callback(statements.append)
    assert [each.id for each in reading.of_room(store.history, -1, 1, ID_MAX)] == [1]
    store._reading.set_trace_callback(None)
    assert 0 < len(statements) < 30


@pytest.mark.parametrize("catches_up", [True, False], ids=["at the start", "when idle"])
def test_listing_does_not_let_the_log_grow(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, catches_up: bool
) -> None:
    store.write([MessageSent(at, 5, 1 + at % 3, 4 + at % 2, "hi", None) for at in range(1, 2000)])
    store.commit()
    for name, value in (
        ("UNLISTED_IDLE", 1),
        ("ROWS_IDLE", 1),
        ("CATCH_UP_MESSAGES", 10),
        ("CHECKPOINT_BYTES_MIN", 9),
    ):
        monkeypatch.setattr(store_module, name, value)
    if catches_up:
        store.catch_up(lambda done: None)
    while store.keep_house():
        pass
    assert store.history.postings.indexed_id == 1999
    assert (tmp_path / "chat.db-wal").stat().st_size < 100 * PAGE_BYTES  # of hundreds of transactions, if it catches up


def test_catching_up_that_is_interrupted_leaves_no_half_of_a_slice(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(lists: Postings, messages: int) -> bool:
        lists._connection.execute("INSERT INTO postings VALUES (1, 0, 1, '[1, 9]')")
        raise KeyboardInterrupt

    monkeypatch.setattr(store_module, "CATCH_UP_MESSAGES", 5)
    monkeypatch.setattr(Postings, "catch_up", half)
    store.write([BurstSent(1, 5, 1, 2, ["hi"] * 9)])
    store._connection.execute("COMMIT")
    with pytest.raises(KeyboardInterrupt):
        store.catch_up(lambda done: None)
    monkeypatch.undo()
    store.write([MessageSent(10, 5, 1, 2, "more", None)])  # as at the end of the server
    store.commit()
    assert store._connection.execute("SELECT count(*) FROM postings").fetchone() == (0,)


def test_a_file_of_the_format_before_is_listed_when_the_server_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.db"
    random = Random(2)
    with closing(sqlite3.connect(path, isolation_level=None)) as old, pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:5])
        patch.setattr(schema, "VERSION", 5)
        old.execute("PRAGMA synchronous = OFF")
        schema.migrate(old)
        said = [Message(at, 5, 1 + at % 3, 2 + at % 3, f"text {at}") for at in range(1, 500)]
        old.executemany("INSERT INTO messages (id, time_ms, sender, recipient, text) VALUES (?, ?, ?, ?, ?)", said)
        old.executemany("INSERT INTO user_index VALUES (?, ?)", [(each.sender, each.id) for each in said])
        old.execute("UPDATE meta SET value = 400 WHERE name = 'indexed_id'")
    monkeypatch.setattr(store_module, "CATCH_UP_MESSAGES", 50)
    told: list[float] = []
    with closing(Store(str(path), "normal")) as store:
        store.load(Limits())
        store.catch_up(told.append)
        assert 499 - store.history.postings.indexed_id <= 50
        check(store, said, random)
    assert told[0] == 0 < len(told)
    assert told == sorted(set(told))
    assert told[-1] < 1
