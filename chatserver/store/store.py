"""The store's face: open, load State, write a turn's events in one transaction, keep house in idle turns.

A commit with `--sync full` is one flush to the disk for everything a turn has done. What goes
wrong comes out as one of the three kinds of `errors`; nothing is retried here.
"""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from chatserver.core.events import AccountDeleted, Event, MessageSent
from chatserver.core.state import Limits, State
from chatserver.store import search
from chatserver.store.errors import StoreBroken, StoreError, StoreUnavailable, classify
from chatserver.store.hidden import Hidden
from chatserver.store.history import History
from chatserver.store.load import load_state
from chatserver.store.message_rows import STORED, insert_messages
from chatserver.store.postings import Postings
from chatserver.store.removal import Removal
from chatserver.store.schema import check_file, migrate
from chatserver.store.statements import STATEMENTS
from chatserver.store.unread import fill_correspondents

MEMORY = ":memory:"
UNLISTED_BUSY = 50_000  # messages that are in posting lists in memory alone, some 100 bytes each: then a turn stores
UNLISTED_STEP = 10_000  # so many rows of lists: 2 times the square of these steps, each some 10 µs
UNLISTED_IDLE = 500  # below it, an idle server stores none: a write for each message would cost more
ROWS_IDLE = 500  # of posting lists stored at a time, some 4 ms
CATCH_UP_MESSAGES = 200_000  # listed at a time when the server starts with an older file
CORRESPONDENTS = 2_000  # ids looked at for authors at a time
CHECKPOINT_BYTES_MIN = 4 << 20  # of log; moving it to the tables takes some 5 ms, a larger one as much longer
CHECKPOINT_BYTES_IDLE = 1 << 20
HOUSE_BYTES = 100_000  # what a slice of indexing adds to the log
PAGE_BYTES = 8192  # 0.5 µs of CPU a message in large turns, 0.7 with 4096; small turns write 4 KB more
COMMIT_BYTES = PAGE_BYTES  # what a commit adds to the log, by experience: a page, and
EVENT_BYTES = 100  # so much an event, beside the text of a message
BUSY_MS = 50  # how long a foreign lock on the file may hold up a turn


class Store:
    """One open SQLite file (or memory), which belongs to this process alone until `close`.

    Rows are written by the loop's thread: `write`, then `seal`. `commit` and `checkpoint` wait for the disk, and may
    run in another thread; until they are done nothing else touches that connection. Reading goes on meanwhile through
    `history`, on a connection of its own that sees what is on the disk and no more.
    """

    def __init__(self, path: str, sync: str = "full") -> None:
        """Open or create the file, and make sure that what it holds is on the disk.

        Raises StoreError with a sentence for the operator.
        """
        self.is_in_memory = path == MEMORY
        self._lock = _Lock(path)
        try:
            self._connection = _connect(path, sync)
            self._reading = self._connection if self.is_in_memory else _connect_to_read(path)
            self.long_reading = None if self.is_in_memory else _connect_to_read(path)  # for another thread
            self._begin_anew()
        except (sqlite3.Error, OSError) as error:
            self._lock.release()
            raise StoreError(
                f"{path} cannot be opened ({error}): check it, or name another file with --store"
            ) from error
        except StoreError:
            self._lock.release()
            raise
        self._last_id = 0
        self._is_busy = False  # chores are done with batches
        self._began = False  # a transaction is open, or ought to be
        self._uncopied_bytes = 0  # reckoned, in the log and not yet in the tables

    def _begin_anew(self) -> None:
        postings, hidden = Postings(self._connection, self._reading), Hidden(self._connection)
        self._writing = History(self._connection, postings, hidden)
        self.removal = Removal(self._connection, postings, hidden)
        self.history = self._writing if self.is_in_memory else History(self._reading, postings, hidden)

    def load(self, limits: Limits, now_ms: int) -> State:
        """State as the tables have it."""
        state = load_state(self._connection, limits, now_ms)
        self._last_id = state.last_message_id
        return state

    def write(self, events: Sequence[Event]) -> None:
        """Put events into the open transaction, which `commit` makes hold. Raises StoreUnavailable."""
        try:
            self._check_open()
            self._begin(bool(events))
            if STORED.issuperset(map(type, events)):  # the usual case, without a call for each
                self._write_messages(events)
            else:
                for kind, run in groupby(events, _kind):
                    self._write_run(kind, list(run))
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _begin(self, has_work: bool = True) -> None:
        if has_work and not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")
            self._began = True
            self._uncopied_bytes += COMMIT_BYTES

    def _write_messages(self, events: Sequence[Any]) -> None:
        if events:
            self.history.postings.read_newest()  # before there are rows that it must not find
            before = self._last_id
            self._last_id, chars = insert_messages(self._connection, events)
            self.history.postings.add(events)
            self._uncopied_bytes += EVENT_BYTES * (self._last_id - before) + 2 * chars  # one has 1 to 4 bytes

    def _write_run(self, kind: type, events: Sequence[Any]) -> None:
        if kind is MessageSent:
            self._write_messages(events)
            return
        statements, parameters = STATEMENTS[kind]
        rows = list(map(parameters, events))
        for statement in statements:
            self._connection.executemany(statement, rows)
        if kind is AccountDeleted:
            for event in events:
                self.removal.begin(event.user)
        self._uncopied_bytes += EVENT_BYTES * len(events)

    def touch(self) -> None:
        """Put something that changes nothing into the open transaction, so that there is one to be tried."""
        try:
            self._begin()
            self._connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'probe'")
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def seal(self) -> None:
        """All rows of a batch are written; a busy server does a chore with them. Raises as `write`."""
        if self._is_busy and self._connection.in_transaction:
            unlisted = self._last_id - self.history.postings.indexed_id
            try:
                if unlisted >= UNLISTED_BUSY:
                    self._store_lists(2 * (unlisted // UNLISTED_STEP) ** 2)
                self._remove_some()
            except sqlite3.Error as error:
                raise self._failed(error) from error
        self._is_busy = False

    def commit(self) -> None:
        """End the transaction, if one is open: when this returns, what was written is on the disk.

        Raises StoreUnavailable or StoreBroken, and leaves it to `roll_back` to begin anew.
        """
        if self._began and not self._connection.in_transaction:
            raise StoreUnavailable("the database has undone what was written")
        try:
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise classify(error) from error
        self._began = False

    def committed(self) -> None:
        """What was written is on the disk: said by the loop's thread, which has had `commit` done elsewhere."""
        self.history.postings.stored()

    def keep_house(self) -> bool:
        """Do a chore and wait for the disk; tell whether there was one. A server has `commit` done elsewhere."""
        has_chore = self.has_chore(busy=False)
        if has_chore:
            self.commit()
            self.committed()
        elif self.log_waits:
            self.empty_log()
        if self.needs_checkpoint(idle=not has_chore):
            self.checkpoint()
        return has_chore

    def _store_lists(self, rows: int) -> bool:
        """Store posting lists in the open transaction; tell whether there were any."""
        stored = self.history.postings.fill(rows)
        self._uncopied_bytes += PAGE_BYTES * stored  # at most: each stands in another place of the tree
        return stored > 0

    def has_chore(self, busy: bool) -> bool:
        """Write a slice of what can wait, some ms of it, for `commit` to store; tell whether there was anything.

        While messages come (`busy`) the next batch takes some along, which saves a flush. Raises as `write`.
        """
        unlisted = self._last_id - self.history.postings.indexed_id
        if busy:
            self._is_busy = True
            return False
        if self._connection.in_transaction:
            return False  # a failure here would take back what is written in it
        before = self._connection.total_changes
        try:
            self._begin()
            listed = unlisted >= UNLISTED_IDLE and self._store_lists(ROWS_IDLE)
            if not listed and not self._remove_some() and self._index_when_idle():
                self._uncopied_bytes += HOUSE_BYTES
            if self._connection.total_changes > before or self.removal.waits:
                return True
            self._connection.execute("ROLLBACK")  # of nothing
            self._began = False
        except sqlite3.Error as error:
            raise self._failed(error) from error
        return False

    def _remove_some(self) -> bool:
        """Remove what deleted accounts have left, a step of it; tell whether there was anything."""
        if not self.removal.waits:
            return False
        if self._writing.search.merge_some():  # what the step before has written apart
            self._uncopied_bytes += HOUSE_BYTES
        else:
            self._uncopied_bytes += self.removal.step()
            self._writing.search.follow()
        return True

    @property
    def log_waits(self) -> bool:
        """Whether the log may still hold texts that are gone from the tables, and should be emptied."""
        return self.removal.log_waits and not self.removal.waits

    def empty_log(self) -> None:
        """Move the whole log into the tables, and cut it. It writes and flushes, and raises as `checkpoint`."""
        try:
            self.removal.empty_log()
        except sqlite3.Error as error:
            raise classify(error) from error

    def _index_when_idle(self) -> bool:
        """What no message waits for, and what costs more than posting lists."""
        return fill_correspondents(self._writing, CORRESPONDENTS, self._last_id) or self._writing.search.keep_up(
            self._last_id
        )

    def catch_up(self, tell: Callable[[float], None]) -> None:
        """List what waits in a file of an older version, which may be all of it: 2 µs a message. Read what is left.

        `tell` hears now and then how much of it is done, from 0 to 1. Raises StoreUnavailable or StoreBroken.
        """
        postings = self.history.postings
        begin, more = postings.indexed_id, self._last_id - postings.indexed_id > CATCH_UP_MESSAGES
        while more:
            tell((postings.indexed_id - begin) / (self._last_id - begin))
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                more = postings.catch_up(CATCH_UP_MESSAGES)
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._failed(error) from error
            except BaseException:  # Ctrl-C: half a slice must not be committed when the store is closed
                self.roll_back()
                raise
            self._uncopied_bytes = CHECKPOINT_BYTES_MIN  # or more: lists stand all over the tree
            self.checkpoint()
        try:
            postings.read_newest()  # now, when nobody waits: it may take seconds
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def needs_checkpoint(self, idle: bool) -> bool:
        """Tell whether the log has grown enough to be moved into the tables; sooner where nobody waits."""
        return self._uncopied_bytes >= (CHECKPOINT_BYTES_IDLE if idle else CHECKPOINT_BYTES_MIN)

    def checkpoint(self) -> None:
        """Move the log into the tables: it writes and flushes. Raises StoreUnavailable or StoreBroken."""
        if self._connection.in_transaction:
            return
        self._uncopied_bytes = 0
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            raise classify(error) from error

    def close(self) -> None:
        """Fold the log into the file, and let go of it; what was not committed is gone."""
        with contextlib.suppress(sqlite3.Error):  # the log then stays beside the file, and is read at the next start
            if self.long_reading is not None:
                self.long_reading.close()
            self._reading.close()
            self._connection.close()
        self._lock.release()

    def _check_open(self) -> None:
        """SQLite ends a transaction by itself on some errors, also of a query: what was written in it is gone then."""
        if self._began and not self._connection.in_transaction:
            self.roll_back()
            raise StoreUnavailable("the database has undone what this turn had written")

    def _failed(self, error: sqlite3.Error) -> Exception:
        """Undo the open transaction, and say which kind of failure it was."""
        self.roll_back()
        return classify(error)

    def roll_back(self) -> None:
        """Undo the open transaction, if there is one. Raises StoreBroken where what is listed cannot be read again."""
        self._began = False
        with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back by itself
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        try:
            self._begin_anew()
        except sqlite3.Error as error:  # the old one may know of lists that were undone: messages would be passed over
            raise StoreBroken(f"the store cannot be read ({error}): check the disk, then start again") from error


def _kind(event: Event) -> type:
    """Events of one kind go to the tables together."""
    kind = type(event)
    return MessageSent if kind in STORED else kind


class _Lock:
    """Holds the file open and locked, so that a second server is refused. Creates it readable by its owner alone.

    It is another kind of lock than SQLite's own: people may read the file meanwhile. The
    descriptor stays open as long as SQLite's, whose locks would go with it.
    """

    def __init__(self, path: str) -> None:
        self._descriptor: int | None = None
        if path == MEMORY:
            return
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"{path} cannot be opened ({error.strerror}): name a file you can write with --store"
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.release()
            raise StoreError(
                f"{path} is in use by another server: stop that one, or name another file with --store"
            ) from error

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _connect(path: str, sync: str) -> sqlite3.Connection:
    # Autocommit, because a transaction here is a turn. Tests build a server in one thread and run it in another.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
    try:
        check_file(connection, path)
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a new file
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute(f"PRAGMA synchronous = {sync}")
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # it would hide a failed flush; see Store.checkpoint
        connection.execute("PRAGMA cache_size = -65536")  # KiB
        connection.execute("PRAGMA secure_delete = ON")  # a deleted account leaves nothing on free pages
        _make_durable(connection, path)
        migrate(connection)
        search.prepare(connection)
    except BaseException:
        connection.close()
        raise
    if path != MEMORY:
        _sync_folder(path)
    return connection


def _connect_to_read(path: str) -> sqlite3.Connection:
    """A connection that sees what is committed, which in a log with `--sync full` is what is flushed."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA cache_size = -16384")  # KiB; it begins anew after each commit
    return connection


def _make_durable(connection: sqlite3.Connection, path: str) -> None:
    """Move what an earlier life left in the log into the tables, with its flushes, before anybody is told of it.

    A commit that was written but not flushed is read back from the kernel's memory as if it held, and a power cut
    could still take it. After a flush that failed the kernel may call lost pages clean; these are written anew.
    """
    if path == MEMORY:
        return
    busy, in_log, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    if busy or moved < in_log:  # busy: another program is moving it, and has not flushed yet
        raise StoreError(f"{path} is being read by another program, which keeps its log from being moved: end that one")


def _sync_folder(path: str) -> None:
    """Flush the folder too: a new file that is not in its folder after a power cut is lost with all it held."""
    descriptor = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
