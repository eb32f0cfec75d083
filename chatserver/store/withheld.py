"""Edits that a block keeps away: who wrote a message reads it with its new text, who blocks the author as it was.

The other tables hold what the reader may see, so that a query which forgets this one shows nobody too much.
"""

import json
import sqlite3
from collections.abc import Sequence

from chatserver.core.events import EditWithheld
from chatserver.store.history import Message

EDITS_MAX = 250
"""The newest of one answer: about a millisecond."""

_EDITS = "SELECT w.id, w.message, w.author, w.recipient, w.time_ms, w.text FROM withheld_edits w"
_NEWEST = f" ORDER BY w.id DESC LIMIT {EDITS_MAX}"


def with_own_texts(connection: sqlite3.Connection, user: int, messages: list[Message]) -> list[Message]:
    """The messages as this user reads them, who may have edited some of them for nobody else."""
    edits = {edit.message: edit.text for edit in own_edits_of(connection, user, [message.id for message in messages])}
    if not edits:
        return messages
    return [message._replace(text=edits.get(message.id, message.text)) for message in messages]


def own_edits_of(connection: sqlite3.Connection, user: int, messages: Sequence[int]) -> list[EditWithheld]:
    """The edits of these messages that this user alone can see, oldest first."""
    if connection.execute("SELECT 1 FROM withheld_edits WHERE author = ? LIMIT 1", (user,)).fetchone() is None:
        return []  # so it mostly is
    statement = f"{_EDITS} WHERE w.author = ? AND w.message IN (SELECT value FROM json_each(?)) ORDER BY w.id"
    return list(map(EditWithheld._make, connection.execute(statement, (user, json.dumps(messages)))))


def own_edits_after(connection: sqlite3.Connection, user: int, after: int, upto: int) -> list[EditWithheld]:
    """Those that this user has made behind one id and up to another, oldest first."""
    statement = f"{_EDITS} WHERE w.author = ? AND w.id > ? AND w.id <= ?{_NEWEST}"
    return list(map(EditWithheld._make, connection.execute(statement, (user, after, upto))))[::-1]
