"""The changes of messages in the store: what is kept, what SYNC is given, and older files."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatserver.core.audience_changes import Change
from chatserver.core.commands import Found
from chatserver.core.events import Event, MessageDeleted, MessageEdited, MessageSent, ReactionChanged, UserSignedUp
from chatserver.core.state import Limits
from chatserver.store import changes
from chatserver.store.schema import APPLICATION_ID, MIGRATIONS
from chatserver.store.store import Store
from tests.store import reading

NOW_MS = 1_795_358_345_123
ALICE, BOB = 1, 2


@pytest.fixture
def store() -> Iterator[Store]:
    """A store in memory with two users, and two messages of the first to the second."""
    with closing(Store(":memory:")) as made:
        made.load(Limits())
        made.write([UserSignedUp(at, name, name, "hash", NOW_MS, 0) for at, name in ((ALICE, "a"), (BOB, "b"))])
        made.write([MessageSent(at, NOW_MS, ALICE, BOB, f"text {at}", None) for at in (1, 2)])
        yield made


def edited(number: int, message: int, text: str) -> MessageEdited:
    return MessageEdited(number, message, ALICE, BOB, NOW_MS + number, text)


def reacted(number: int, message: int, emoji: str, stands: bool = True) -> ReactionChanged:
    return ReactionChanged(number, message, ALICE, BOB, NOW_MS + number, BOB, emoji, stands)


def changes_of(store: Store, messages: list[int]) -> list[Change]:
    """All that stands of some messages' changes, by pages."""
    ids: list[int] = []
    while messages:
        deeds, reactions, passed = store.history.changes.ids_page(messages)
        ids += deeds + reactions
        messages = messages[passed:]
    return read(store, sorted(ids))


def read(store: Store, ids: list[int]) -> list[Change]:
    found: list[Change] = []
    while ids:
        more, passed = store.history.changes.page(ids)
        found += more
        ids = ids[passed:]
    return found


def changes_after(store: Store, user: int, after: int, upto: int) -> list[Change]:
    """All, by pages, the oldest first."""
    found: list[Change] = []
    is_last = False
    while not is_last:
        more, below, is_last = store.history.changes.after_page(user, after, upto)
        found += more
        upto = below - 1
    return found[::-1]


@pytest.fixture(params=[250, 1], ids=["pages", "steps of one"], autouse=True)
def step(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it is cut into pages, it is the same."""
    monkeypatch.setattr(changes, "STEP_COST", request.param)
    monkeypatch.setattr(changes, "STEP_ROWS", request.param)


def test_the_newest_of_each_kind_is_kept_also_of_one_turn(store: Store) -> None:
    store.write([edited(3, 1, "once"), edited(4, 1, "twice"), reacted(5, 1, "x"), reacted(6, 1, "x", False)])
    store.write([reacted(7, 2, "y"), reacted(8, 2, "y", False), reacted(9, 2, "y")])
    kept: list[Event] = [edited(4, 1, "twice"), reacted(6, 1, "x", False), reacted(9, 2, "y")]
    assert changes_after(store, BOB, 2, 9) == kept
    assert changes_of(store, [1, 2]) == [kept[0], kept[2]]
    assert changes_of(store, [2]) == [kept[2]]
    assert changes_of(store, []) == []


def test_a_deletion_takes_the_place_of_all_that_was_done(store: Store) -> None:
    deletion = MessageDeleted(6, 1, ALICE, BOB, NOW_MS)
    store.write([edited(3, 1, "once"), reacted(4, 1, "x"), reacted(5, 2, "x"), deletion])
    assert changes_after(store, ALICE, 0, 9) == [reacted(5, 2, "x"), deletion]
    assert [(row.id, row.text) for row in reading.after(store.history, BOB, 0, 9)] == [(1, ""), (2, "text 2")]
    assert [row.id for row in store.history.received(BOB, [(1, 9)], 9)] == [2]


def test_what_a_command_needs_to_know(store: Store) -> None:
    store.write([reacted(3, 1, "x"), reacted(4, 1, "y"), reacted(5, 1, "y", False)])
    found = store.history.changes.found(1, BOB)
    assert found is not None
    assert found == Found(NOW_MS, ALICE, BOB, {"x": True, "y": False}, 2)
    found = store.history.changes.found(1, ALICE)
    assert found == Found(NOW_MS, ALICE, BOB, {}, 2, frozenset({"x", "y"}))
    assert store.history.changes.found(3, BOB) is None


def test_a_page_ends_where_it_has_cost_enough(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long edit counts for more; a reaction that was taken back counts too, though it is left out."""
    monkeypatch.setattr(changes, "STEP_COST", 12)
    store.write([edited(3, 1, "x" * 2000), reacted(4, 1, "y"), edited(5, 2, "x" * 1999), reacted(6, 1, "z")])
    page = store.history.changes.after_page(BOB, 0, 99)
    assert ([change.id for change in page.changes], page.below, page.is_last) == ([6, 5, 4], 4, False)
    page = store.history.changes.after_page(BOB, 0, 3)
    assert ([change.id for change in page.changes], page.is_last) == ([3], True)
    found, passed = store.history.changes.page([3, 4, 5, 6])
    assert ([change.id for change in found], passed) == ([3, 4], 2)
    store.write([reacted(at, 1, f"{at}", False) for at in range(7, 40)])
    page = store.history.changes.after_page(BOB, 0, 99)
    assert (page.changes, page.below) == ([], 28)


def test_a_message_is_not_left_half_way(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "STEP_ROWS", 5)
    store.write([MessageSent(3, NOW_MS, ALICE, BOB, "text 3", None)])
    store.write([edited(4, 1, "x"), *(reacted(at, 1, f"{at}", at > 10) for at in range(5, 20)), reacted(20, 2, "y")])
    assert store.history.changes.ids_page([1, 2, 3]) == ([4], list(range(11, 20)), 1)
    assert store.history.changes.ids_page([2, 3]) == ([], [20], 2)


def test_ids_of_changes_are_not_given_out_again(store: Store) -> None:
    store.write([reacted(7, 1, "x")])
    assert store.load(Limits()).last_message_id == 7


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
        assert store.load(Limits()).last_message_id == 5
        assert store.history.changes.found(5, BOB) == Found(1, 1, 2, {}, 0)
