"""Whether a store's file is whole: every page of it, what a server makes of it, and whether anything told is missing.

It only reads, also beside a server that uses the file, and also a file that is refused.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from chatserver.core.state import Limits
from chatserver.store.errors import StoreError
from chatserver.store.identity import Mark, last_id, name_of
from chatserver.store.load import load_state
from chatserver.store.schema import VERSION, check_file

FAULTS_SHOWN = 3


def check_store(path: str) -> str:
    """Say that it is whole, and what it holds. Raises StoreError with a sentence where it is not."""
    if not os.path.isfile(path):
        raise StoreError(f"there is no file {path}: name a store with --store")
    uri = Path(path).absolute().as_uri() + "?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA query_only = ON")
            mark = Mark.read(path)  # before what it is compared with: a server may be writing
            connection.execute("BEGIN")
            return _checked(connection, path, mark)
    except sqlite3.Error as error:
        raise StoreError(f"{path} is not whole ({error}): restore a backup") from error


def _checked(connection: sqlite3.Connection, path: str, mark: Mark.Read | None) -> str:
    if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise StoreError(f"{path} is empty, and holds no chat yet: name another file with --store")
    check_file(connection, path)
    faults = [row[0] for row in connection.execute(f"PRAGMA integrity_check({FAULTS_SHOWN})")]
    if faults != ["ok"]:
        shown = " ".join("; ".join(faults).split())[:300]
        raise StoreError(f"{path} is not whole ({shown}): restore a backup")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version < VERSION:
        return f"{path} is whole, of format {version}: a server brings it up to {VERSION} when it starts"
    _check_nothing_is_missing(connection, path, mark)
    try:
        state = load_state(connection, Limits())
    except (KeyError, ValueError, TypeError) as error:
        raise StoreError(f"{path} holds what a server cannot load ({error!r}): restore a backup") from error
    people, rooms = len(state.users), len(state.rooms)
    return f"{path} is whole: {people} users, bots included, {rooms} rooms, all up to id {state.last_message_id}"


def _check_nothing_is_missing(connection: sqlite3.Connection, path: str, mark: Mark.Read | None) -> None:
    """A log that was cut reads well up to there: the mark beside the file knows what clients were told."""
    upto = last_id(connection)
    if mark is not None and mark.name == name_of(connection) and mark.last_id > upto:
        raise StoreError(
            f"{path} holds all up to id {upto} and clients were told of ids up to {mark.last_id}: its log (-wal)"
            " was cut or taken away, or it is an earlier copy; a server goes on from there with new ids"
        )
