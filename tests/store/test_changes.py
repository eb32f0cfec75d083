"""The changes of messages in the store: what is kept, what SYNC is given, and older files."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatserver.core.events import Event, MessageDeleted, MessageEdited, MessageSent, ReactionChanged, UserSignedUp
from chatserver.core.state import Limits
from chatserver.store import changes
from chatserver.store.schema import APPLICATION_ID, MIGRATIONS
from chatserver.store.store import Store

NOW_MS = 1_795_358_345_123
ALICE, BOB = 1, 2


@pytest.fixture
def store() -> Iterator[Store]:
    """A store in memory with two users, and two messages of the first to the second."""
    with closing(Store(":memory:")) as made:
        made.load(Limits(), NOW_MS)
        made.write([UserSignedUp(at, name, name, "hash", NOW_MS, 0) for at, name in ((ALICE, "a"), (BOB, "b"))])
        made.write([MessageSent(at, NOW_MS, ALICE, BOB, f"text {at}", None) for at in (1, 2)])
        yield made


def edited(number: int, message: int, text: str) -> MessageEdited:
    return MessageEdited(number, message, ALICE, BOB, NOW_MS + number, text)


def reacted(number: int, message: int, emoji: str, stands: bool = True) -> ReactionChanged:
    return ReactionChanged(number, message, ALICE, BOB, NOW_MS + number, BOB, emoji, stands)


def test_the_newest_of_each_kind_is_kept_also_of_one_turn(store: Store) -> None:
    store.write([edited(3, 1, "once"), edited(4, 1, "twice"), reacted(5, 1, "x"), reacted(6, 1, "x", False)])
    store.write([reacted(7, 2, "y"), reacted(8, 2, "y", False), reacted(9, 2, "y")])
    kept: list[Event] = [edited(4, 1, "twice"), reacted(6, 1, "x", False), reacted(9, 2, "y")]
    assert store.history.changes.after(BOB, 2, 9) == kept
    assert store.history.changes.of([1, 2]) == [kept[0], kept[2]]
    assert store.history.changes.of([2]) == [kept[2]]
    assert store.history.changes.of([]) == []


def test_a_deletion_takes_the_place_of_all_that_was_done(store: Store) -> None:
    deletion = MessageDeleted(6, 1, ALICE, BOB, NOW_MS)
    store.write([edited(3, 1, "once"), reacted(4, 1, "x"), reacted(5, 2, "x"), deletion])
    assert store.history.changes.after(ALICE, 0, 9) == [reacted(5, 2, "x"), deletion]
    assert [(row.id, row.text) for row in store.history.after(BOB, 0, 9)] == [(1, ""), (2, "text 2")]
    assert [row.id for row in store.history.received(BOB, [(1, 9)], 9)] == [2]


def test_what_a_command_needs_to_know(store: Store) -> None:
    store.write([reacted(3, 1, "x"), reacted(4, 1, "y"), reacted(5, 1, "y", False)])
    found = store.history.changes.found(1, BOB)
    assert found is not None
    assert found == (NOW_MS, ALICE, BOB, {"x": True, "y": False}, 2)
    found = store.history.changes.found(1, ALICE)
    assert found == (NOW_MS, ALICE, BOB, {}, 2)
    assert store.history.changes.found(3, BOB) is None


def test_sync_is_given_the_newest(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MARKS_MAX", 3)
    store.write([reacted(at, 1, str(at)) for at in range(3, 9)])
    assert [change.id for change in store.history.changes.after(BOB, 0, 99)] == [6, 7, 8]
    assert [change.id for change in store.history.changes.after(BOB, 0, 5)] == [3, 4, 5]


def test_long_texts_count_for_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MARKS_MAX", 12)
    store.write([edited(3, 1, "x" * 2000), reacted(4, 1, "y"), edited(5, 2, "x" * 1999), reacted(6, 1, "z")])
    assert [change.id for change in store.history.changes.after(BOB, 0, 99)] == [4, 5, 6]


def test_history_is_given_all_edits_and_the_newest_reactions(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MARKS_MAX", 3)
    store.write([edited(3, 1, "x"), edited(4, 2, "y"), *(reacted(at, 1, str(at)) for at in range(5, 20))])
    assert [change.id for change in store.history.changes.of([1, 2])] == [3, 4, 17, 18, 19]


def test_ids_of_changes_are_not_given_out_again(store: Store) -> None:
    store.write([reacted(7, 1, "x")])
    assert store.load(Limits(), NOW_MS).last_message_id == 7


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_a_file_of_an_older_version_has_no_changes_yet(tmp_path: Path, version: int) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for step in MIGRATIONS[:version]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {version}")
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        connection.execute("INSERT INTO messages VALUES (5, 1, 1, 2, 'hi', NULL)")
    with closing(Store(str(path))) as store:
        assert store.load(Limits(), NOW_MS).last_message_id == 5
        assert store.history.changes.found(5, BOB) == (1, 1, 2, {}, 0)
