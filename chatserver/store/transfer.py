"""A store as lines of JSON that any program can read, and a new store made of such lines.

The first line says which format it is, each further one is a row of a table under the names of its columns, and the
last one says how many rows there were: a file that was cut off is noticed. Bytes stand as {"hex": "…"}. What a server
makes of the rows by itself (posting lists, the search index, whom a user has written with) is left out. Password and
token hashes are in it: the file is for the owner alone.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from chatserver.store.check import check_store
from chatserver.store.errors import StoreError
from chatserver.store.schema import VERSION
from chatserver.store.store import Store

DERIVED = ("postings", "correspondents")
META = ("last_message_id",)  # of what is noted about the file itself, all that a new one takes over
_TABLES = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search_index%' AND name NOT LIKE 'sqlite_%'"
    f" AND name NOT IN {DERIVED} ORDER BY name"
)


class TransferError(Exception):
    """It could not be done; the text is a sentence for the operator."""


def export_store(store: str, wanted: str) -> str:
    """Write a store's rows into a new file; say what was done. The server may go on. Raises TransferError."""
    if not wanted or os.path.lexists(wanted):
        raise TransferError(f"{wanted or 'the file'} is there already, or has no name: name a file that is not there")
    partial = f"{wanted}.partial"
    try:
        with closing(_reading(store)) as connection, _created(partial) as file:
            rows = 0
            file.write(_line({"pipechat": "store", "format": VERSION}))
            for table, row in _rows(connection):
                file.write(_line({"table": table, "row": row}))
                rows += 1
            file.write(_line({"rows": rows}))
            file.flush()
            os.fsync(file.fileno())
        os.link(partial, wanted)  # unlike a rename it never replaces what has come there meanwhile
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise TransferError(
            f"{wanted} could not be made ({why}): look at its folder, and at the room on its disk"
        ) from error
    finally:
        with suppress(OSError):
            os.unlink(partial)
    return f"{wanted} holds {rows} rows, password hashes among them: keep it to yourself"


def import_store(source: str, store: str) -> str:
    """Make a new store of such a file; say what was done. Raises TransferError, and leaves nothing then."""
    if os.path.lexists(store):
        raise TransferError(f"{store} is there already: name a store that is not there yet with --store")
    partial = f"{store}.partial"
    try:
        _remove(partial)
        with closing(Store(partial)):
            pass  # its tables
        with closing(sqlite3.connect(partial)) as connection, open(source, encoding="utf-8") as file:
            rows = _fill(connection, source, file)
            connection.commit()
        check_store(partial)
        os.link(f"{partial}-mark", f"{store}-mark")
        os.link(partial, store)
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise TransferError(
            f"{store} could not be made of {source} ({why}): check both, and the room there is"
        ) from error
    except UnicodeDecodeError as error:
        raise TransferError(f"{source} is no text in UTF-8: name a file that admin export has made") from error
    except StoreError as error:
        raise TransferError(f"{source} does not make a store that can be used. {error}") from error
    finally:
        _remove(partial)
    return f"{store} holds {rows} rows of {source}; the server lists the conversations when it starts"


def _remove(partial: str) -> None:
    for end in ("", "-mark", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            os.unlink(partial + end)


def _reading(store: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{Path(store).absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("BEGIN")
    return connection


def _created(path: str) -> Any:  # Any: a text file
    with suppress(FileNotFoundError):
        os.unlink(path)  # of an earlier try that was cut off
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")


def _rows(connection: sqlite3.Connection) -> Iterator[tuple[str, dict[str, Any]]]:
    for (table,) in connection.execute(_TABLES).fetchall():
        where = f" WHERE name IN ('{META[0]}')" if table == "meta" else ""
        found = connection.execute(f"SELECT * FROM {table}{where}")
        names = [column[0] for column in found.description]
        for values in found:
            yield table, {name: _written(value) for name, value in zip(names, values, strict=True)}


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _written(value: Any) -> Any:
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def _read(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"hex"}:
        return bytes.fromhex(value["hex"])
    if value is not None and not isinstance(value, int | float | str):
        raise TypeError("a value is a text, a number, null, or bytes as hex")
    return value


def _fill(connection: sqlite3.Connection, source: str, lines: Iterator[str]) -> int:
    """Put all rows in; how many. Raises TransferError with the number of the line that is wrong."""
    tables = {table for (table,) in connection.execute(_TABLES)}
    columns = {table: {row[1] for row in connection.execute(f"PRAGMA table_info({table})")} for table in tables}
    rows, is_whole = 0, False
    for number, line in enumerate(lines, 1):
        try:
            said = json.loads(line)
            if number == 1:
                _check_format(source, said)
            elif is_whole:
                raise ValueError("it stands behind the last line")
            elif "rows" in said:
                if said["rows"] != rows:
                    raise ValueError(f"{rows} rows came")
                is_whole = True
            else:
                _put(connection, columns, said["table"], said["row"])
                rows += 1
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, sqlite3.Error) as error:
            raise TransferError(f"line {number} of {source} cannot be used ({error}): nothing was made") from error
    if not is_whole:
        raise TransferError(
            f"{source} has no last line with the number of its rows: it was cut off, and nothing was made"
        )
    return rows


def _check_format(source: str, said: Any) -> None:
    if said.get("pipechat") != "store":
        raise TransferError(f"{source} is no file that admin export has made: name one")
    if said["format"] != VERSION:
        raise TransferError(
            f"{source} has format {said['format']}, and this version {VERSION}: export it once more with this one"
        )


def _put(connection: sqlite3.Connection, columns: dict[str, set[str]], table: str, row: dict[str, Any]) -> None:
    unknown = row.keys() - columns[table]
    if unknown or not row:
        raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}")
    if table == "meta" and row["name"] not in META:
        raise ValueError("meta has last_message_id alone")
    names = ", ".join(f'"{name}"' for name in row)
    places = ", ".join("?" * len(row))
    connection.execute(
        f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({places})", [_read(value) for value in row.values()]
    )
