"""Opens the file: alone, whole, of this version, and with all that it holds on the disk."""

import fcntl
import os
import sqlite3

from chatserver.store import search
from chatserver.store.errors import StoreError
from chatserver.store.identity import Mark, StoreName, last_id
from chatserver.store.schema import check_file, migrate
from chatserver.store.shared import SharedPlace

MEMORY = ":memory:"
PAGE_BYTES = 8192  # 0.5 µs of CPU a message in large turns, 0.7 with 4096; small turns write 4 KB more
BUSY_MS = 50  # how long a foreign lock on the file may hold up a turn
_IS_MEMBER = (
    "{0} belongs to a cluster, whose other machines would not have what is written here alone: start it with"
    " --cluster, or take it out for good with: python3 -m chatserver cluster leave --store {0}"
)


class Lock:
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
        """Let others have it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def connect(path: str, sync: str, in_cluster: bool) -> sqlite3.Connection:
    """The connection that writes. Raises StoreError, sqlite3.Error or OSError."""
    # Autocommit, because a transaction here is a turn. Tests build a server in one thread and run it in another.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
    try:
        check_file(connection, path)
        if not in_cluster and SharedPlace(connection).cluster:
            raise StoreError(_IS_MEMBER.format(path))
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


def mark_of(connection: sqlite3.Connection, path: str, name: StoreName) -> Mark:
    """The mark beside the file; the tables know that there is one once it is on the disk."""
    mark = Mark(path, name, last_id(connection))
    if not connection.execute("SELECT value FROM meta WHERE name = 'marked'").fetchone()[0]:
        _sync_folder(path)
        connection.execute("UPDATE meta SET value = 1 WHERE name = 'marked'")
    return mark


def connect_to_read(path: str) -> sqlite3.Connection:
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
