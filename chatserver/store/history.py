"""What was said: HISTORY, SYNC, the backlog, and the indexes that make them quick.

An index that is kept up with every message costs more than the flush to the disk, so
these are filled when there is time. A query looks into the indexed part and scans the
short tail behind it; `Indexer.fill` keeps the tail short.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from chatserver.core.marks import Run
from chatserver.store.changes import Changes

_COLUMNS = "m.id, m.time_ms, m.sender, m.recipient, m.text"


class Message(NamedTuple):
    """One row of the messages table; users are ids."""

    id: int
    time_ms: int
    sender: int
    recipient: int
    text: str


class History:
    """Queries over messages, oldest first."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.changes = Changes(connection)
        self.indexed_id: int = connection.execute("SELECT value FROM meta WHERE name = 'indexed_id'").fetchone()[0]

    def between(self, user: int, other: int, limit: int, before: int) -> list[Message]:
        """The last `limit` messages between two users with an id below `before`."""
        low, high = min(user, other), max(user, other)
        found = self._rows(
            f"SELECT {_COLUMNS} FROM messages m WHERE id > ? AND id < ?"
            " AND (sender = ? AND recipient = ? OR sender = ? AND recipient = ?) ORDER BY id DESC LIMIT ?",
            (self.indexed_id, before, low, high, high, low, limit),
        )
        if len(found) < limit:
            found += self._rows(
                f"SELECT {_COLUMNS} FROM conversation_index c CROSS JOIN messages m ON m.id = c.id"
                " WHERE c.low = ? AND c.high = ? AND c.id < ? ORDER BY c.id DESC LIMIT ?",
                (low, high, min(before, self.indexed_id + 1), limit - len(found)),
            )
        found.reverse()
        return found

    def after(self, user: int, after: int, limit: int) -> list[Message]:
        """The first `limit` messages that a user sent or received with an id above `after`."""
        found = self._rows(
            f"SELECT {_COLUMNS} FROM user_index u CROSS JOIN messages m ON m.id = u.id"
            " WHERE u.user = ? AND u.id > ? ORDER BY u.id LIMIT ?",
            (user, after, limit),
        )
        if len(found) < limit:
            found += self._rows(
                f"SELECT {_COLUMNS} FROM messages m WHERE id > ? AND (sender = ? OR recipient = ?) ORDER BY id LIMIT ?",
                (max(after, self.indexed_id), user, user, limit - len(found)),
            )
        return found

    def received(self, user: int, runs: Sequence[Run], limit: int) -> list[Message]:
        """The first `limit` messages to a user whose ids lie in the runs, but for deleted ones."""
        found: list[Message] = []
        for first, last in runs:
            left = limit - len(found)
            if left > 0:
                found += self._received_in(user, first, last, left)
        return found

    def _received_in(self, user: int, first: int, last: int, limit: int) -> list[Message]:
        found = self._rows(
            f"SELECT {_COLUMNS} FROM user_index u CROSS JOIN messages m ON m.id = u.id"
            " WHERE u.user = ? AND u.id BETWEEN ? AND ? AND m.recipient = ? AND m.text != ''"
            " ORDER BY u.id LIMIT ?",
            (user, first, last, user, limit),
        )
        if len(found) < limit:
            found += self._rows(
                f"SELECT {_COLUMNS} FROM messages m WHERE id BETWEEN ? AND ? AND recipient = ? AND text != ''"
                " ORDER BY id LIMIT ?",
                (max(first, self.indexed_id + 1), last, user, limit - len(found)),
            )
        return found

    def _rows(self, statement: str, parameters: tuple[int, ...]) -> list[Message]:
        return list(map(Message._make, self._connection.execute(statement, parameters)))

    def fill_index(self, limit: int) -> bool:
        """Index the next `limit` ids, inside the transaction that is open; tell whether there was anything."""
        rows = self._connection.execute(
            "SELECT sender, recipient, id FROM messages WHERE id > ? ORDER BY id LIMIT ?", (self.indexed_id, limit)
        ).fetchall()
        if not rows:
            return False
        # Sorted, because neighbours in the tree are then written together: three times faster than as they came.
        pairs = sorted(
            (sender, recipient, at) if sender < recipient else (recipient, sender, at) for sender, recipient, at in rows
        )
        users = sorted({(user, at) for sender, recipient, at in rows for user in (sender, recipient)})
        self._connection.executemany("INSERT OR IGNORE INTO conversation_index VALUES (?, ?, ?)", pairs)
        self._connection.executemany("INSERT OR IGNORE INTO user_index VALUES (?, ?)", users)
        self._connection.execute("UPDATE meta SET value = ? WHERE name = 'indexed_id'", (rows[-1][2],))
        self.indexed_id = rows[-1][2]
        return True
