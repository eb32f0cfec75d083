"""How a file grows from an older version, with real rows in it, and which files are refused."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatserver.core.state import Limits, snapshot
from chatserver.store import schema, tagged
from chatserver.store.errors import StoreError
from chatserver.store.schema import APPLICATION_ID, MIGRATIONS, VERSION
from chatserver.store.store import Store
from tests.store import reading

ANN, BEN, GONE = 1, 2, 3
ROOM = -1

BEFORE_REMOVALS = 6
ROWS: dict[str, list[tuple[object, ...]]] = {
    "users": [
        (ANN, "Ann", "ann", "hash", "busy", "soon", 1, None, 4, "[[2, 3]]"),
        (BEN, "Ben", "ben", "hash", "online", "", 1, None, 9, "[]"),
        (GONE, "Gone", "gone", None, "online", "", 1, 7, 0, "[]"),
    ],
    "friendships": [(ANN, BEN, 2)],
    "friend_requests": [(BEN, ANN, 3, 0)],
    "tokens": [(b"token", ANN, 5, 4)],
    "messages": [
        (1, 5, ANN, BEN, "one", "tag"),
        (2, 5, BEN, ANN, "two", None),
        (3, 5, BEN, GONE, "to nobody", None),
        (4, 5, ANN, ROOM, "in the room", None),
    ],
    "changes": [(5, 1, "reacted", BEN, 6, "x", ANN, BEN)],
    "rooms": [(ROOM, "#Room", "#room", "public", ANN, "topic", 1, None)],
    "memberships": [(1, ROOM, ANN, 0, None, 1), (2, ROOM, BEN, 2, None, 1)],
    "read_marks": [(BEN, ANN, 1)],
    "correspondents": [(BEN, ANN), (ANN, BEN), (GONE, BEN)],
    "postings": [
        (GONE, 0, 3, "[3, 1]"),
        (BEN, GONE, 3, "[3, 1]"),
        (BEN, 0, 1, "[1, 3]"),
        (ANN, 0, 1, "[1, 2]"),
        (ANN, BEN, 1, "[1, 2]"),
        (ROOM, 0, 4, "[4, 1]"),
    ],
    "bot_memory": [(ANN, 9, "{}")],
    "bot_timers": [(ANN, 9, "tea", 99, "")],
}
"""Of a file of version 6, all of whose messages are listed."""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        for step in MIGRATIONS[:BEFORE_REMOVALS]:
            step(connection)
        for table, rows in ROWS.items():
            places = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
        connection.execute("UPDATE meta SET value = 4 WHERE name IN ('indexed_id', 'heard_id')")
        connection.execute(f"PRAGMA user_version = {BEFORE_REMOVALS}")
        connection.execute("COMMIT")
    return path


@pytest.fixture
def store(old: Path) -> Iterator[Store]:
    with closing(Store(str(old), "normal")) as made:
        yield made


def test_the_steps_end_at_this_version(store: Store) -> None:
    assert VERSION == len(MIGRATIONS) > BEFORE_REMOVALS
    assert store._connection.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_nothing_is_lost_from_the_version_before(store: Store) -> None:
    state = store.load(Limits())
    assert snapshot(state) == {
        "users": {
            ANN: (
                *("Ann", "ann", "hash", "busy", "soon"),
                *([BEN], [], [BEN]),
                *(4, ((2, 3),), [b"token"]),
                *([], [], [ROOM], []),
                {},
                {},
            ),
            BEN: (
                "Ben",
                "ben",
                "hash",
                "online",
                "",
                [ANN],
                [ANN],
                [],
                9,
                (),
                [],
                [],
                [],
                [ROOM],
                [],
                {ANN: 1},
                {},
            ),
        },
        "rooms": {ROOM: ("#Room", "#room", "public", ANN, "topic", [(ANN, 0), (BEN, 2)], {}, [], None)},
        "ended_rooms": {},
        "ended_by": {},
        "topics_by": {ROOM: ANN},
        "last_room_id": ROOM,
        "names": {"ann": ANN, "ben": BEN},
        "deleted": {GONE: "Gone"},
        "reserved": ["gone"],
        "tokens": {b"token": (ANN, 5)},
        "bot_memory": {ANN: {9: "{}"}},
        "bot_timers": {ANN: {(9, "tea"): (99, "")}},
        "bans": {},
        "banned_networks": {},
        "invites": {},
        "notices": {},
        "reported": {},
        "last_report_id": 0,
        "last_user_id": GONE,
        "last_message_id": 5,
    }
    assert [each.text for each in reading.after(store.history, ANN, 0, 9)] == ["one", "two", "in the room"]
    assert store.history.changes.after_page(BEN, 0, 9).changes[0].message == 1


def test_tags_of_an_earlier_version_are_listed(store: Store) -> None:
    store.load(Limits())
    assert tagged.page(store.history, ANN, 99) == ([("tag", 1, 5)], 0)
    assert tagged.sent(store.history, ANN, "tag", 1, 9) == ((1, 5), 0)


def test_an_account_deleted_by_an_earlier_version_leaves_nobody_s_list(store: Store) -> None:
    """That version removed its messages, but not all that told who wrote with whom."""
    store.load(Limits())
    assert store.removal.waits
    while store.keep_house():
        pass
    count = "SELECT (SELECT count(*) FROM postings WHERE 3 IN (party, other)), (SELECT count(*) FROM correspondents)"
    assert store._connection.execute(count).fetchone() == (0, 2)
    assert store._connection.execute("SELECT count(*) FROM removals").fetchone() == (0,)
    assert [each.id for each in reading.after(store.history, BEN, 0, 9)] == [1, 2, 3, 4]


def test_a_step_that_fails_leaves_the_file_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM messages")
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, fail))
    monkeypatch.setattr(schema, "VERSION", VERSION + 1)
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(str(old))
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (BEFORE_REMOVALS,)
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (4,)


def test_a_new_file_has_all_the_tables_of_an_old_one(old: Path, tmp_path: Path) -> None:
    def tables(path: Path) -> list[tuple[str, str]]:
        with closing(Store(str(path))) as store:
            return store._connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()

    assert tables(tmp_path / "new.db") == tables(old)


@pytest.mark.parametrize(
    ("pragma", "sentence"),
    [(f"user_version = {VERSION + 1}", "newer version"), ("application_id = 1", "another program")],
)
def test_what_is_not_ours_is_refused(old: Path, pragma: str, sentence: str) -> None:
    with closing(sqlite3.connect(old)) as connection:
        connection.execute(f"PRAGMA {pragma}")
    with pytest.raises(StoreError, match=sentence):
        Store(str(old))


def test_a_file_is_marked_as_ours(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
