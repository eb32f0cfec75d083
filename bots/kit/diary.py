"""What a bot outside remembers between runs, in one SQLite file: states, timers, what it has heard, what it will say.

A step is one transaction: the new states and timers, the message it answered, and the answers, each with
the tag under which it will be sent. So a crash at any point loses no answer and doubles none. A step that is begun
is noted too, so that one with which the program dies is not begun for ever.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from bots.kit.effects import After, BotError, Cancel, Whisper

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS states (user TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS timers (
    user TEXT NOT NULL, name TEXT NOT NULL, due_ms INTEGER NOT NULL, room TEXT, PRIMARY KEY (user, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT, recipient TEXT NOT NULL, text TEXT NOT NULL, tag TEXT
);
CREATE TABLE IF NOT EXISTS begun (
    step TEXT PRIMARY KEY, times INTEGER NOT NULL, last_ms INTEGER NOT NULL
) WITHOUT ROWID;
"""
BEGUN_KEPT = 64  # steps that did not end well, the newest
BEGUN_MS_MAX = 24 * 3600 * 1000  # after a day they may be tried again: the bot may have been mended
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
            self._give_tags()
            self._be_of(owner)
        except sqlite3.Error as error:
            self.close()
            raise BotError(f"{path} cannot be used ({error}): name another file with --state") from None
        except BotError:
            self.close()
            raise

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

    def meet(self, identity: str) -> None:
        """This is the store of the server: what was heard of another one's messages says nothing about its ids."""
        if not identity:
            return
        if self._meta("store") not in (None, identity):
            self._connection.execute("DELETE FROM meta WHERE name = 'heard_id'")
        self._set("store", identity)

    def state(self, user: str) -> str:
        """What is remembered of a user, as JSON."""
        row = self._connection.execute("SELECT state FROM states WHERE user = ?", (user,)).fetchone()
        return str(row[0]) if row else "{}"

    def begin(self, step: str, now_ms: int) -> int:
        """Note that a step begins; how often it did before without ending well."""
        key = _digest(step)
        with self._transaction():
            self._connection.execute("DELETE FROM begun WHERE last_ms < ?", (now_ms - BEGUN_MS_MAX,))
            row = self._connection.execute("SELECT times FROM begun WHERE step = ?", (key,)).fetchone()
            times = int(row[0]) if row else 0
            self._connection.execute("INSERT OR REPLACE INTO begun VALUES (?, ?, ?)", (key, times + 1, now_ms))
            self._connection.execute(
                "DELETE FROM begun WHERE step NOT IN (SELECT step FROM begun ORDER BY last_ms DESC LIMIT ?)",
                (BEGUN_KEPT,),
            )
        return times

    def keep(
        self, result: Result, *, heard_id: int | None = None, fired: str | None = None, worked: str | None = None
    ) -> None:
        """Store what a step came to, all or nothing; it answered a message, or a timer that is now gone.

        What answers a message has a tag made of its id: whichever process answers it, the server takes one answer.
        """
        user = result.user
        stem = f"re{heard_id}" if heard_id is not None else f"t{token_hex(8)}"
        with self._transaction():
            if heard_id is not None:
                self.hear(heard_id)
            if fired is not None:
                self._connection.execute("DELETE FROM timers WHERE user = ? AND name = ?", (user, fired))
            if worked is not None:
                self._connection.execute("DELETE FROM begun WHERE step = ?", (_digest(worked),))
            for name, new in ((user, result.state), (SHARED, result.shared)):
                if new is not None:
                    self._connection.execute("INSERT OR REPLACE INTO states VALUES (?, ?)", (name, new))
            for effect in result.timers:
                self._set_timer(user, result.room, effect, result.now_ms)
            room = result.room or user
            rows = [
                (user if isinstance(text, Whisper) else room, text, f"{stem}.{at}")
                for at, text in enumerate(result.says)
            ]
            self._connection.executemany("INSERT INTO outbox (recipient, text, tag) VALUES (?, ?, ?)", rows)

    def unsent(self) -> list[Letter]:
        """The answers that wait, oldest first."""
        rows = self._connection.execute("SELECT number, tag, recipient, text FROM outbox ORDER BY number").fetchall()
        return [Letter(*row) for row in rows]

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

    def _give_tags(self) -> None:
        """In a file of an earlier version a letter has a tag made of its number, and may have been sent so."""
        if any(row[1] == "tag" for row in self._connection.execute("PRAGMA table_info(outbox)")):
            return
        prefix = str(self._meta("prefix"))
        with self._transaction():
            self._connection.execute("ALTER TABLE outbox ADD COLUMN tag TEXT")
            stem = prefix if prefix.endswith(".") else f"{prefix}-"
            self._connection.execute("UPDATE outbox SET tag = ? || number", (stem,))

    def _be_of(self, owner: str) -> None:
        found = self._meta("owner")
        if found is None:
            self._set("owner", owner)
        elif found != owner:
            raise BotError(f"{self._path} is of {found}, not of {owner}: name another file with --state")

    def _meta(self, name: str) -> object:
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def _set(self, name: str, value: object) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._connection)


def _digest(step: str) -> str:
    """What was said is not kept for this."""
    return hashlib.sha256(step.encode(errors="surrogatepass")).hexdigest()


class _Transaction:
    """A with block that is kept whole or not at all."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")
