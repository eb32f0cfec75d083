"""What a bot outside remembers between runs, in one SQLite file: states, timers, what it has heard, what it will say.

A step is one transaction: the new states and timers, the message it answered, and the answers, each with
the tag under which it will be sent. So a crash at any point loses no answer and doubles none.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from bots.kit.effects import After, BotError, Cancel

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS states (user TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS timers (
    user TEXT NOT NULL, name TEXT NOT NULL, due_ms INTEGER NOT NULL, room TEXT, PRIMARY KEY (user, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT, recipient TEXT NOT NULL, text TEXT NOT NULL
);
"""
SHARED = "#shared"
"""The row of `states` that holds what is shared: no user has such a name."""


@dataclass(frozen=True, slots=True)
class Due:
    """A timer and when it is due, in milliseconds since 1970."""

    user: str
    name: str
    due_ms: int
    room: str | None


@dataclass(frozen=True, slots=True)
class Letter:
    """An answer that the server has not confirmed yet."""

    number: int
    tag: str
    recipient: str
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a step came to: what to say and where, new states as JSON (None: as before), timers from `now_ms` on."""

    user: str
    room: str | None
    says: Sequence[str]
    state: str | None = None
    shared: str | None = None
    timers: Sequence[After | Cancel] = ()
    now_ms: int = 0


class Diary:
    """One open file, for one user of one server."""

    def __init__(self, path: Path, owner: str) -> None:
        """Open or create it. Raises BotError if it cannot be, or belongs to another user or server."""
        self._path = path
        try:
            # Autocommit, because a transaction here is a step.
            self._connection = sqlite3.connect(path, isolation_level=None)
        except sqlite3.Error as error:
            raise BotError(f"{path} cannot be opened ({error}): name another file with --state") from None
        try:
            self._connection.executescript(_SCHEMA)
            self._be_of(owner)
        except sqlite3.Error as error:
            self.close()
            raise BotError(f"{path} cannot be used ({error}): name another file with --state") from None
        except BotError:
            self.close()
            raise
        self._prefix = str(self._meta("prefix"))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @property
    def heard_id(self) -> int | None:
        """The last message that was dealt with; None before the first run."""
        value = self._meta("heard_id")
        return None if value is None else int(str(value))

    def hear(self, message_id: int) -> None:
        """Note that messages up to this one are dealt with."""
        self._set("heard_id", message_id)

    def state(self, user: str) -> str:
        """What is remembered of a user, as JSON."""
        row = self._connection.execute("SELECT state FROM states WHERE user = ?", (user,)).fetchone()
        return str(row[0]) if row else "{}"

    def keep(self, result: Result, *, heard_id: int | None = None, fired: str | None = None) -> None:
        """Store what a step came to, all or nothing; it answered a message, or a timer that is now gone."""
        user = result.user
        with self._transaction():
            if heard_id is not None:
                self.hear(heard_id)
            if fired is not None:
                self._connection.execute("DELETE FROM timers WHERE user = ? AND name = ?", (user, fired))
            for name, new in ((user, result.state), (SHARED, result.shared)):
                if new is not None:
                    self._connection.execute("INSERT OR REPLACE INTO states VALUES (?, ?)", (name, new))
            for effect in result.timers:
                self._set_timer(user, result.room, effect, result.now_ms)
            rows = [(result.room or user, text) for text in result.says]
            self._connection.executemany("INSERT INTO outbox (recipient, text) VALUES (?, ?)", rows)

    def unsent(self) -> list[Letter]:
        """The answers that wait, oldest first."""
        rows = self._connection.execute("SELECT number, recipient, text FROM outbox ORDER BY number").fetchall()
        return [Letter(number, f"{self._prefix}-{number}", recipient, text) for number, recipient, text in rows]

    def sent(self, letter: Letter) -> None:
        """The server has it, or will never take it."""
        self._connection.execute("DELETE FROM outbox WHERE number = ?", (letter.number,))

    def next_timer(self) -> Due | None:
        """The timer that is due first."""
        row = self._connection.execute("SELECT user, name, due_ms, room FROM timers ORDER BY due_ms LIMIT 1").fetchone()
        return Due(*row) if row else None

    def _set_timer(self, user: str, room: str | None, effect: After | Cancel, now_ms: int) -> None:
        if isinstance(effect, Cancel):
            self._connection.execute("DELETE FROM timers WHERE user = ? AND name = ?", (user, effect.name))
            return
        row = (user, effect.name, now_ms + round(effect.seconds * 1000), room)
        self._connection.execute("INSERT OR REPLACE INTO timers VALUES (?, ?, ?, ?)", row)

    def _be_of(self, owner: str) -> None:
        found = self._meta("owner")
        if found is None:
            with self._transaction():
                self._set("owner", owner)
                self._set("prefix", token_hex(6))  # tags of another file for the same user must not meet these
        elif found != owner:
            raise BotError(f"{self._path} is of {found}, not of {owner}: name another file with --state")

    def _meta(self, name: str) -> object:
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def _set(self, name: str, value: object) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._connection)


class _Transaction:
    """A with block that is kept whole or not at all."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")
