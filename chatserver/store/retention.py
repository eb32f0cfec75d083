"""Messages that are older than they are to be kept leave the file, a slice at a time, the oldest first.

All are kept as long, but for those of rooms that have days of their own (the table `room_retention`). Ids and times
rise together, so the oldest of all are the first of their tree, and those of a room the first of its posting list. Like
those of a deleted account, they are gone from every answer with their rows; lists that name them are passed over.
"""

import json
import sqlite3
from itertools import islice
from typing import NamedTuple

from chatserver.store.folding import letters
from chatserver.store.postings import Postings

SLICE_ROWS = 200
SLICE_LETTERS = 20_000  # of texts (`folding.letters`), which the search index has to forget
LOOKED_AT = 1_000  # messages of rooms that keep them longer, passed over in one slice: less than 1 ms
BYTES_PER_ROW = 2_000  # about what one adds to the log, with what follows from it
DAY_MS = 86_400_000
EVERYWHERE = 0
"""In place of a room: wherever no room has days of its own."""

_OWN_DAYS = "SELECT room FROM room_retention WHERE days IS NOT NULL"
_OLDEST = (
    f"SELECT id, time_ms, CASE WHEN recipient NOT IN ({_OWN_DAYS}) THEN text END FROM messages"
    " WHERE id > ? ORDER BY id LIMIT ?"
)
_OF_LIST = (
    "SELECT j.value, m.time_ms, m.text FROM json_each(?) j LEFT JOIN messages m ON m.id = j.value ORDER BY j.value"
)
_GONE_UPTO = "SELECT gone_id FROM room_retention WHERE room = ?"
_NOTE_GONE = "UPDATE room_retention SET gone_id = ? WHERE room = ?"
_NOTE_LAST_ID = (
    "UPDATE meta SET value = max(value, ?, (SELECT ifnull(max(id), 0) FROM changes),"
    " (SELECT ifnull(max(id), 0) FROM withheld_edits)) WHERE name = 'last_message_id'"
)
_DELETIONS = tuple(
    f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))"
    for table, column in (
        ("changes", "message"),
        ("withheld_edits", "message"),
        ("answers", "answer"),
        ("messages", "id"),
    )
)
_FORGET_ROOM = "DELETE FROM room_retention WHERE room = ?1 AND NOT EXISTS (SELECT 1 FROM rooms WHERE id = ?1)"


class _Pass(NamedTuple):
    """Where messages are to go, and those from before which time."""

    room: int
    before_ms: int


class _Due(NamedTuple):
    """What goes in a slice, how far was looked, and whether there may be more."""

    ids: list[int]
    letters: int
    upto: int
    goes_on: bool


class Retention:
    """What is to go; nothing until somebody says so."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._asked: tuple[int, int] | None = None  # now, and the days of all; not looked at yet
        self._passes: list[_Pass] = []  # the next one last
        self._after = 0  # wherever no room says otherwise: what is looked at already
        self.waits = False

    def let_go(self, now_ms: int, days: int) -> None:
        """Messages older than so many days are to go (0: none), those of a room when they are older than its own."""
        self._asked = now_ms, days
        self.waits = True

    @staticmethod
    def rooms_with_days(connection: sqlite3.Connection) -> int:
        """How many rooms let their messages go after days of their own, ended ones too."""
        found: int = connection.execute("SELECT count(*) FROM room_retention WHERE days > 0").fetchone()[0]
        return found

    def step(self, last_id: int, postings: Postings) -> int:
        """Remove a slice inside the open transaction; about how many bytes that adds to the log.

        There may be nothing to write although more `waits`. `last_id` is the last message's: it is noted, since ids go
        on behind it and the last change, whatever goes.
        """
        if self._asked is not None:
            self._passes, self._after, self._asked = self._begin(*self._asked), 0, None
            self.waits = bool(self._passes)
        if not self._passes:
            return 0
        now = self._passes[-1]
        due = self._due_in_room(now, postings, last_id) if now.room else self._due_everywhere(now)
        if due.ids:
            self._connection.execute(_NOTE_LAST_ID, (last_id,))
            for statement in _DELETIONS:
                self._connection.execute(statement, (json.dumps(due.ids),))
            self._connection.execute("UPDATE meta SET value = 1 WHERE name = 'log_purge'")
        if not due.goes_on:
            self._passes.pop()
            self.waits = bool(self._passes)
        return len(due.ids) * BYTES_PER_ROW + due.letters

    def _begin(self, now_ms: int, days: int) -> list[_Pass]:
        rooms = self._connection.execute("SELECT room, days FROM room_retention WHERE days > 0").fetchall()
        passes = [_Pass(EVERYWHERE, now_ms - days * DAY_MS)] if days else []
        return passes + [_Pass(room, now_ms - own * DAY_MS) for room, own in rooms]

    def _due_everywhere(self, now: _Pass) -> _Due:
        """From the first message on: what a failed batch has put back is found by the next pass."""
        due = _due(self._connection.execute(_OLDEST, (self._after, LOOKED_AT)), now.before_ms, LOOKED_AT)
        self._after = due.upto or self._after
        return due

    def _due_in_room(self, now: _Pass, postings: Postings, last_id: int) -> _Due:
        """Behind what is noted as gone, which holds with the batch."""
        gone_id = self._connection.execute(_GONE_UPTO, (now.room,)).fetchone()[0]
        listed = list(islice(postings.upward(now.room, 0, gone_id + 1, last_id), SLICE_ROWS))
        due = _due(self._connection.execute(_OF_LIST, (json.dumps(listed),)), now.before_ms, SLICE_ROWS)
        if due.upto:
            self._connection.execute(_NOTE_GONE, (due.upto, now.room))
        if not listed:
            self._connection.execute(_FORGET_ROOM, (now.room,))
        return due


def _due(rows: sqlite3.Cursor, before_ms: int, most: int) -> _Due:
    ids: list[int] = []
    weight = upto = looked_at = 0
    for message_id, time_ms, text in rows:
        if time_ms is not None and time_ms >= before_ms:
            return _Due(ids, weight, upto, goes_on=False)
        upto, looked_at = message_id, looked_at + 1
        if text is not None:  # else it stays, or has gone otherwise
            ids.append(message_id)
            weight += letters(text)
            if len(ids) == SLICE_ROWS or weight > SLICE_LETTERS:
                return _Due(ids, weight, upto, goes_on=True)
    return _Due(ids, weight, upto, goes_on=looked_at == most)
