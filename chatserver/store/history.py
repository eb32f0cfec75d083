"""What was said: HISTORY, SYNC, the backlog, and the indexes that make them quick.

An index that is kept up with every message costs more than the flush to the disk, so
these are filled when there is time. A query looks into the indexed part and scans the
short tail behind it; `Store` has `fill_index` keep the tail short.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import chain, islice
from operator import attrgetter
from typing import NamedTuple

from chatserver.core.marks import Run
from chatserver.store.changes import Changes
from chatserver.store.search import SearchIndex

ID_MAX = 10**18 - 1
_message_id = attrgetter("id")
COLUMNS = "m.id, m.time_ms, m.sender, m.recipient, m.text"


# One statement for a whole slice, sorted: a third of the cost of a row at a time, as neighbours in the tree are
# written together. A conversation is two users, the lower id first, or a room and 0.
_SLICE = "FROM messages WHERE id > :after AND id <= :upto"
_FILL_CONVERSATIONS = (
    "INSERT OR IGNORE INTO conversation_index SELECT min(sender, recipient),"
    f" CASE WHEN recipient < 0 THEN 0 ELSE max(sender, recipient) END, id {_SLICE} ORDER BY 1, 2, 3"
)
_FILL_USERS = (
    f"INSERT OR IGNORE INTO user_index SELECT sender, id {_SLICE} AND recipient > 0"
    f" UNION ALL SELECT recipient, id {_SLICE} AND recipient > 0 ORDER BY 1, 2"
)


class Message(NamedTuple):
    """One row of the messages table; users are ids, rooms ids below zero."""

    id: int
    time_ms: int
    sender: int
    recipient: int
    text: str


class History:
    """Queries over messages, oldest first."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.search = SearchIndex(connection)
        self.changes = Changes(connection)
        self.indexed_id: int = connection.execute("SELECT value FROM meta WHERE name = 'indexed_id'").fetchone()[0]
        self.heard_id: int = connection.execute("SELECT value FROM meta WHERE name = 'heard_id'").fetchone()[0]

    @property
    def connection(self) -> sqlite3.Connection:
        """For the queries of the files beside this one."""
        return self._connection

    def between(self, user: int, other: int, limit: int, before: int) -> list[Message]:
        """The last `limit` messages between two users with an id below `before`."""
        low, high = min(user, other), max(user, other)
        pair = "(sender = ? AND recipient = ? OR sender = ? AND recipient = ?)"
        return self._last(low, high, pair, (low, high, high, low), limit, before)

    def of_room(self, room: int, limit: int, before: int) -> list[Message]:
        """The last `limit` messages in a room with an id below `before`."""
        return self._last(room, 0, "recipient = ?", (room,), limit, before)

    def _last(
        self, low: int, high: int, condition: str, parties: tuple[int, ...], limit: int, before: int
    ) -> list[Message]:
        found = list(
            self._rows(
                f"SELECT {COLUMNS} FROM messages m WHERE id > ? AND id < ? AND {condition} ORDER BY id DESC LIMIT ?",
                (self.indexed_id, before, *parties, limit),
            )
        )
        if len(found) < limit:
            found += self._rows(
                f"SELECT {COLUMNS} FROM conversation_index c CROSS JOIN messages m ON m.id = c.id"
                " WHERE c.low = ? AND c.high = ? AND c.id < ? ORDER BY c.id DESC LIMIT ?",
                (low, high, min(before, self.indexed_id + 1), limit - len(found)),
            )
        found.reverse()
        return found

    def message(self, message_id: int) -> Message | None:
        """One message, whoever may see it."""
        return next(self._rows(f"SELECT {COLUMNS} FROM messages m WHERE id = ?", (message_id,)), None)

    def after(self, user: int, after: int, limit: int) -> list[Message]:
        """The first `limit` messages that a user sent or received with an id above `after`."""
        return list(islice(self._heard(user, after + 1, ID_MAX), limit))

    def received(self, user: int, runs: Sequence[Run], limit: int) -> list[Message]:
        """The first `limit` messages from others to a user, or to rooms of that time, whose ids lie in the runs.

        Deleted ones are left out.
        """
        heard = chain.from_iterable(self._heard(user, first, last) for first, last in runs)
        return list(islice((message for message in heard if message.sender != user and message.text), limit))

    def _heard(self, user: int, first: int, last: int) -> Iterator[Message]:
        """What a user sent or received, in the order of ids, read only as far as it is wanted."""
        stays = self._connection.execute(
            "SELECT room, after_id, ifnull(until_id, ?) FROM memberships WHERE user = ? AND ifnull(until_id, ?) >= ?",
            (ID_MAX, user, ID_MAX, first),
        ).fetchall()
        upto = min(last, self.indexed_id)
        streams = [self._indexed("user_index i", "i.user = ?", user, first, upto)]
        for room, after_id, until_id in stays:
            in_room = "i.high = 0 AND i.low = ?"
            since, until = max(first, after_id + 1), min(upto, until_id)
            streams.append(self._indexed("conversation_index i", in_room, room, since, until))
        yield from merge(*streams, key=_message_id) if stays else streams[0]
        yield from self._rows(
            f"SELECT {COLUMNS} FROM messages m WHERE id BETWEEN ? AND ? AND (sender = ? OR recipient = ?"
            " OR recipient < 0 AND EXISTS (SELECT 1 FROM memberships s WHERE s.user = ? AND s.room = m.recipient"
            " AND m.id > s.after_id AND m.id <= ifnull(s.until_id, m.id))) ORDER BY id",
            (max(first, self.indexed_id + 1), last, user, user, user),
        )

    def _indexed(self, table: str, condition: str, party: int, first: int, last: int) -> Iterator[Message]:
        return self._rows(
            f"SELECT {COLUMNS} FROM {table} CROSS JOIN messages m ON m.id = i.id"
            f" WHERE {condition} AND i.id BETWEEN ? AND ? ORDER BY i.id",
            (party, first, last),
        )

    def _rows(self, statement: str, parameters: tuple[int, ...]) -> Iterator[Message]:
        return map(Message._make, self._connection.execute(statement, parameters))

    def fill_index(self, limit: int) -> bool:
        """Index the next `limit` ids, inside the transaction that is open; tell whether there was anything."""
        upto = self._connection.execute(
            "SELECT max(id) FROM (SELECT id FROM messages WHERE id > ? ORDER BY id LIMIT ?)", (self.indexed_id, limit)
        ).fetchone()[0]
        if upto is None:
            return False
        span = {"after": self.indexed_id, "upto": upto}
        for statement in (_FILL_CONVERSATIONS, _FILL_USERS):
            self._connection.execute(statement, span)
        self._connection.execute("UPDATE meta SET value = ? WHERE name = 'indexed_id'", (upto,))
        self.indexed_id = upto
        return True
