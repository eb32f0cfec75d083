"""Which store this is, and since when its story goes on unbroken: clients see both (PROTOCOL.md, "The store").

A file that is put back from a backup does not know what was given out behind it. So the highest id stands in a small
file beside the store as well, the *mark*, written a moment after the ids have been stored. At a start the two are
compared: where the mark knows of more than the tables, or does not belong to them, the tables are an earlier copy. Then
a new *epoch* begins, and ids go on above all that can have been given out.
"""

import logging
import os
import sqlite3
from contextlib import suppress
from typing import NamedTuple

from chatserver.store.errors import StoreError

log = logging.getLogger(__name__)

IDS_UNKNOWN = 1_000_000  # that may have been given out behind a copy of which there is no mark
IDS_UNMARKED = 1_000  # that may have been stored since the mark was written

_LAST_ID = (
    "SELECT max(ifnull((SELECT max(id) FROM messages), 0), ifnull((SELECT max(id) FROM changes), 0),"
    " ifnull((SELECT max(id) FROM withheld_edits), 0), value) FROM meta WHERE name = 'last_message_id'"
)


class StoreName(NamedTuple):
    """Drawn once for each store, and a number that rises with each restore."""

    identity: int
    epoch: int

    def __str__(self) -> str:
        """As clients see it."""
        return f"{self.identity:x}.{self.epoch:x}"


def name_of(connection: sqlite3.Connection) -> StoreName:
    """What the tables say."""
    return StoreName(_meta(connection, "identity"), _meta(connection, "epoch"))


def last_id(connection: sqlite3.Connection) -> int:
    """The highest id that the tables know of: of a message or a change of one, or one not to be given again."""
    return int(connection.execute(_LAST_ID).fetchone()[0])


def new_epoch(connection: sqlite3.Connection, above: int = 0, later_than: int = 0) -> StoreName:
    """Begin a new epoch in tables that were put back from a backup, in a transaction of its own; the new name.

    Ids go on behind `above`, where it is known up to which id they were given out, and otherwise a million behind what
    the tables have. `later_than` is an earlier epoch that the tables do not know of. Raises sqlite3.Error.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            "UPDATE meta SET value = max(value + 1, ? + 1, CAST(strftime('%s', 'now') AS INTEGER))"
            " WHERE name = 'epoch'",
            (later_than,),
        )
        _raise_ids(connection, above + IDS_UNMARKED if above else last_id(connection) + IDS_UNKNOWN)
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    return name_of(connection)


def recognise(connection: sqlite3.Connection, path: str) -> StoreName:
    """Tell which store this is, and begin a new epoch if it is an earlier copy. Raises sqlite3.Error, StoreError."""
    mark, name, known_id = Mark.read(path), name_of(connection), last_id(connection)
    epoch = name.epoch
    if not _meta(connection, "marked"):  # a new file, or one of an earlier version, which may be an old backup
        if mark is not None and 0 < known_id <= mark.last_id:
            _raise_ids(connection, mark.last_id + IDS_UNMARKED)
    elif mark is None or mark.name.identity != name.identity:
        name = new_epoch(connection)
    elif mark.name.epoch > name.epoch or (mark.name.epoch == name.epoch and mark.last_id > known_id):
        name = new_epoch(connection, max(mark.last_id, known_id), mark.name.epoch)
    elif mark.last_id > known_id:  # whoever put it back has begun the epoch, but did not know of these ids
        _raise_ids(connection, mark.last_id + IDS_UNMARKED)
    if name.epoch != epoch:
        log.warning("the store is an earlier copy, or its log was cut: a new epoch begins, and clients are told")
    return name


class Mark:
    """The file beside the store, held open. What goes wrong with it later costs the mark, not the server."""

    class Read(NamedTuple):
        """What it says."""

        name: StoreName
        last_id: int

    def __init__(self, path: str, name: StoreName, upto: int) -> None:
        """Write it; where it was not there, make sure that it is on the disk. Raises StoreError."""
        known = Mark.read(path)
        self._name = name
        self._upto = -1
        try:
            self._descriptor = os.open(_beside(path), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._write(upto)
            if known is None or known.name != name:
                os.fsync(self._descriptor)
        except OSError as error:
            raise StoreError(
                f"{path}-mark cannot be written ({error.strerror}): it belongs to the store, make it writable"
            ) from error

    @classmethod
    def read(cls, path: str) -> "Mark.Read | None":
        """What the file beside this store says; None if there is none that can be read."""
        try:
            with open(_beside(path), encoding="ascii") as file:
                word, identity, epoch, upto = file.readline().split()
            return cls.Read(StoreName(int(identity, 16), int(epoch)), int(upto)) if word == "pipechat" else None
        except (OSError, ValueError):
            return None

    def note(self, upto: int) -> None:
        """Ids up to this one are stored."""
        if upto > self._upto:
            with suppress(OSError):
                self._write(upto)

    def rename(self, name: StoreName) -> None:
        """The store has another name from now on. Raises StoreError."""
        self._name = name
        try:
            self._write(self._upto)
            os.fsync(self._descriptor)
        except OSError as error:
            raise StoreError(f"the mark beside the store cannot be written ({error.strerror}): make room") from error

    def close(self) -> None:
        """Let go of it."""
        os.close(self._descriptor)

    def _write(self, upto: int) -> None:
        os.pwrite(self._descriptor, self._text(upto), 0)
        self._upto = upto

    def _text(self, upto: int) -> bytes:
        """Always as long, so that it takes the place of what was there."""
        return f"pipechat {self._name.identity:015x} {self._name.epoch:018d} {upto:018d}\n".encode()


def _beside(path: str) -> str:
    """Where the mark stands: beside the file itself, as SQLite's log does, by whichever link it was named."""
    return os.path.realpath(path) + "-mark"


def _raise_ids(connection: sqlite3.Connection, upto: int) -> None:
    """No id up to this one is given out any more; what was listed up to the end is listed up to here."""
    newest = connection.execute("SELECT ifnull(max(id), 0) FROM messages").fetchone()[0]
    connection.execute(
        "UPDATE meta SET value = ?1 WHERE name = 'last_message_id'"
        " OR (name IN ('indexed_id', 'heard_id', 'searched_id') AND value >= ?2)",
        (upto, newest),
    )


def _meta(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0])
