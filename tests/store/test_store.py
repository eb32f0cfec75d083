"""The store by itself: what a turn has written stays written, whatever housekeeping falls into it."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatserver.core.events import Event, FriendAdded, MessageSent, UserSignedUp
from chatserver.core.state import Limits
from chatserver.store import store as store_module
from chatserver.store.errors import StoreBroken, StoreError, StoreUnavailable
from chatserver.store.store import Store

NOW_MS = 1_795_358_345_123
USERS: list[Event] = [UserSignedUp(at, name, name, "hash", NOW_MS, 0) for at, name in ((1, "alice"), (2, "bob"))]
MESSAGES: list[Event] = [
    FriendAdded(1, 2, NOW_MS),
    *(MessageSent(at, NOW_MS, 1, 2, f"text {at}", None) for at in range(1, 4)),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store on a new file, with two users in it."""
    with closing(Store(str(tmp_path / "chat.db"))) as made:
        made.load(Limits())
        made.write(USERS)
        made.commit()
        yield made


@pytest.mark.parametrize(
    "housekeeping",
    [lambda store: store.has_chore(False), Store.checkpoint, Store.touch],
    ids=["chore", "checkpoint", "touch"],
)
def test_what_a_turn_has_written_outlives_housekeeping_in_the_same_turn(
    store: Store, housekeeping: Callable[[Store], object]
) -> None:
    """A timer may be due between the rows of a batch and their commit."""
    store.write(MESSAGES)
    housekeeping(store)
    store.commit()
    state = store.load(Limits())
    assert state.last_message_id == 3
    assert state.users[1].friends == {2}


def test_a_transaction_that_sqlite_has_ended_by_itself_is_a_failed_turn(store: Store) -> None:
    """As it does when a query in the middle of a turn meets a read error: no OK may follow."""
    store.write(MESSAGES)
    store._connection.execute("ROLLBACK")
    with pytest.raises(StoreUnavailable):
        store.commit()
    store.roll_back()
    store.write(MESSAGES)
    store.commit()
    assert store.load(Limits()).last_message_id == 3


def test_a_store_that_cannot_be_read_again_is_broken(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it knew of its lists may have been undone, and a query that trusts it would pass messages over."""

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(store_module, "History", fail)
    store.write(MESSAGES)
    with pytest.raises(StoreBroken, match="check the disk"):
        store.roll_back()


LOCKED = (
    "import fcntl, sys; file = open(sys.argv[1], 'r+b');"
    "fcntl.lockf(file, fcntl.LOCK_EX, 1, 121); print(flush=True); input()"
)
"""Holds the lock of whoever moves a log into the tables: WAL_CKPT_LOCK of https://sqlite.org/walformat.html."""


def test_a_start_does_not_take_a_log_for_moved_that_another_program_is_moving(tmp_path: Path) -> None:
    path = str(tmp_path / "chat.db")
    with closing(Store(path)) as made:
        made.load(Limits())
        made.write(USERS)
        made.commit()
        with closing(sqlite3.connect(path)) as reader:  # it keeps the log
            reader.execute("SELECT count(*) FROM users").fetchone()
            made.close()
            words = [sys.executable, "-c", LOCKED, f"{path}-shm"]
            with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
                assert other.stdout
                other.stdout.readline()
                with pytest.raises(StoreError, match="another program"):
                    Store(path)
                other.communicate(b"\n")
            Store(path).close()
