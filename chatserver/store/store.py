"""The store's face: open, load State, write a turn's events in one transaction, keep house in idle turns.

A commit with `--sync full` is one flush to the disk for everything a turn has done. What goes
wrong comes out as one of the three kinds of `errors`; nothing is retried here.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from chatserver.core.events import AccountDeleted, Event, MessageSent
from chatserver.core.state import Limits, State
from chatserver.store.errors import StoreBroken, StoreError, StoreUnavailable, classify
from chatserver.store.hidden import Hidden
from chatserver.store.history import History
from chatserver.store.identity import last_id, name_of, new_epoch, recognise
from chatserver.store.load import load_state
from chatserver.store.message_rows import STORED, insert_messages
from chatserver.store.opening import MEMORY, PAGE_BYTES, Lock, connect, connect_to_read, mark_of
from chatserver.store.postings import Postings
from chatserver.store.removal import Removal
from chatserver.store.retention import Retention
from chatserver.store.shared import Place, SharedPlace, forget_cluster
from chatserver.store.statements import LEAVE_TEXT, STATEMENTS
from chatserver.store.unread import fill_correspondents

UNLISTED_BUSY = 50_000  # messages that are in posting lists in memory alone, some 100 bytes each: then a turn stores
UNLISTED_STEP = 10_000  # so many rows of lists: 2 times the square of these steps, each some 10 µs
UNLISTED_IDLE = 500  # below it, an idle server stores none: a write for each message would cost more
ROWS_IDLE = 500  # of posting lists stored at a time, some 4 ms
CATCH_UP_MESSAGES = 200_000  # listed at a time when the server starts with an older file
CORRESPONDENTS = 2_000  # ids looked at for authors at a time
CHECKPOINT_BYTES_MIN = 4 << 20  # of log; moving it to the tables takes some 5 ms, a larger one as much longer
CHECKPOINT_BYTES_IDLE = 1 << 20
HOUSE_BYTES = 100_000  # what a slice of indexing adds to the log
COMMIT_BYTES = PAGE_BYTES  # what a commit adds to the log, by experience: a page, and
EVENT_BYTES = 100  # so much an event, beside the text of a message


class Store:
    """One open SQLite file (or memory), which belongs to this process alone until `close`.

    Rows are written by the loop's thread: `write`, then `seal`. `commit` and `checkpoint` wait for the disk, and may
    run in another thread; until they are done nothing else touches that connection. Reading goes on meanwhile through
    `history`, on a connection of its own that sees what is on the disk and no more.
    """

    def __init__(self, path: str, sync: str = "full", *, in_cluster: bool = False) -> None:
        """Open or create the file, and make sure that what it holds is on the disk.

        A member of a cluster is opened as one alone: what is written without the others would be theirs never.
        Raises StoreError with a sentence for the operator.
        """
        self.is_in_memory = path == MEMORY
        self._lock = Lock(path)
        try:
            self._connection = connect(path, sync, in_cluster)
            self.shared = SharedPlace(self._connection)
            is_alone = path != MEMORY and not self.shared.cluster  # else the shared log knows what was given out
            self.name = recognise(self._connection, path) if is_alone else name_of(self._connection)
            self._mark = mark_of(self._connection, path, self.name) if path != MEMORY else None
            self._reading = self._connection if self.is_in_memory else connect_to_read(path)
            self.long_reading = None if self.is_in_memory else connect_to_read(path)  # for another thread
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
        self.retention = Retention(self._connection)
        self._is_busy = False  # chores are done with batches
        self._sealed_id = 0  # the last of the batch that `commit` is to make hold
        self._began = False  # a transaction is open, or ought to be
        self._uncopied_bytes = 0  # reckoned, in the log and not yet in the tables

    def _begin_anew(self) -> None:
        postings, hidden = Postings(self._connection, self._reading), Hidden(self._connection)
        self._writing = History(self._connection, postings, hidden)
        self.removal = Removal(self._connection, postings, hidden)
        self.history = self._writing if self.is_in_memory else History(self._reading, postings, hidden)

    def load(self, limits: Limits) -> State:
        """State as the tables have it."""
        state = load_state(self._connection, limits)
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
        if kind in LEAVE_TEXT:
            self.removal.log_waits = True
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

    def seal(self, upto: int = 0) -> None:
        """All rows of a batch are written, up to this id; a busy server does a chore with them. Raises as `write`."""
        self._sealed_id = upto
        if self._is_busy and self._connection.in_transaction:
            unlisted = self._last_id - self.history.postings.indexed_id
            try:
                if unlisted >= UNLISTED_BUSY:
                    self._store_lists(2 * (unlisted // UNLISTED_STEP) ** 2)
                if not self._remove_some():
                    self._forget_old()
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
        self.note_ids(self._sealed_id)
        self.shared.committed()

    @property
    def last_stamp_ms(self) -> int:
        """The time of the newest message or change of one; 0 where there is none."""
        found: int = self._connection.execute(
            "SELECT max(ifnull((SELECT time_ms FROM messages ORDER BY id DESC LIMIT 1), 0),"
            " ifnull((SELECT time_ms FROM changes ORDER BY id DESC LIMIT 1), 0))"
        ).fetchone()[0]
        return found

    def note_place(self, place: Place) -> None:
        """What was written brings this file up to a place of the shared log; it holds with that. Raises as `write`."""
        try:
            self._check_open()
            self._begin()
            self.shared.note(place)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def join(self, cluster: str, place: Place, identity: int) -> None:
        """Be a member of a cluster from now on, with all others by one identity. Raises StoreUnavailable."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self.shared.join(cluster, place, identity)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._failed(error) from error
        self.shared.committed()
        self.name = name_of(self._connection)
        if self._mark is not None:
            self._mark.rename(self.name)

    def committed(self) -> None:
        """What was written is on the disk: said by the loop's thread, which has had `commit` done elsewhere."""
        self.history.postings.stored()

    def note_ids(self, upto: int) -> None:
        """Ids up to this one are stored: a restore from a backup must not give them out again."""
        if self._mark is not None:
            self._mark.note(upto)

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
            if not listed and not self._remove_some() and not self._forget_old() and self._index_when_idle():
                self._uncopied_bytes += HOUSE_BYTES
            if self._connection.total_changes > before or self.removal.waits or self.retention.waits:
                return True
            self._connection.execute("ROLLBACK")  # of nothing
            self._began = False
        except sqlite3.Error as error:
            raise self._failed(error) from error
        return False

    def _forget_old(self) -> bool:
        """Remove a slice of what is older than it is to be kept; tell whether there was anything."""
        if not self.retention.waits:
            return False
        log_bytes = self.retention.step(self._last_id, self.history.postings)
        self._uncopied_bytes += log_bytes
        if log_bytes:
            self._writing.search.follow()
            self.removal.log_waits = True
        return log_bytes > 0

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
        return self.removal.log_waits and not self.removal.waits and not self.retention.waits

    def empty_log(self) -> None:
        """Move the whole log into the tables, and cut it. It writes and flushes, and raises as `checkpoint`."""
        try:
            if self.removal.empty_log():
                self.shared.copied()
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

    def ask_checkpoint(self) -> None:
        """Have the log moved soon, however little is in it: the shared log keeps what is not in the tables here."""
        if self.shared.safe < self.shared.place.position:
            self._uncopied_bytes = max(self._uncopied_bytes, CHECKPOINT_BYTES_MIN)

    def checkpoint(self) -> None:
        """Move the log into the tables: it writes and flushes. Raises StoreUnavailable or StoreBroken."""
        if self._connection.in_transaction:
            return
        self._uncopied_bytes = 0
        try:
            busy, in_log, moved = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            raise classify(error) from error
        if not busy and moved == in_log:
            self.shared.copied()

    def close(self) -> None:
        """Fold the log into the file, and let go of it; what was not committed is gone."""
        with contextlib.suppress(sqlite3.Error):  # the log then stays beside the file, and is read at the next start
            if self.long_reading is not None:
                self.long_reading.close()
            self._reading.close()
            self._connection.close()
        if self._mark is not None:
            self._mark.close()
            self._mark = None
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
        self._began, self._sealed_id = False, 0
        self.shared.rolled_back()
        with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back by itself
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        try:
            self._begin_anew()
        except sqlite3.Error as error:  # the old one may know of lists that were undone: messages would be passed over
            raise StoreBroken(f"the store cannot be read ({error}): check the disk, then start again") from error


def leave_cluster(path: str) -> str:
    """Take a file out of its cluster; it can be used alone then. Returns the cluster's name. Raises StoreError.

    What others hold may differ, so clients are told of a new epoch, as behind a restore.
    """
    if not os.path.exists(path):
        raise StoreError(f"there is no store {path}: check --store")
    store = Store(path, in_cluster=True)
    try:
        if not store.shared.cluster:
            raise StoreError(f"{path} belongs to no cluster: nothing was changed")
        forget_cluster(store._connection)
        name = new_epoch(store._connection, last_id(store._connection))
        if store._mark is not None:
            store._mark.rename(name)
        return store.shared.cluster
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be written ({error}): look at its disk") from error
    finally:
        store.close()


def _kind(event: Event) -> type:
    """Events of one kind go to the tables together."""
    kind = type(event)
    return MessageSent if kind in STORED else kind
