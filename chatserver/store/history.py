"""What was said: HISTORY, SYNC and the backlog, by the lists of `postings`."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import chain, islice
from typing import NamedTuple

from chatserver.core.id_ranges import IdRange
from chatserver.store.changes import Changes
from chatserver.store.hidden import Hidden
from chatserver.store.postings import ID_MAX, Postings
from chatserver.store.removal import Removal
from chatserver.store.search import SearchIndex

PAGE = 100  # messages read at a time where nobody says how many are wanted
PAGE_MAX = 2_000  # what a page grows to
COLUMNS = "m.id, m.time_ms, m.sender, m.recipient, m.text"


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
        self.hidden = Hidden(connection)
        self.changes = Changes(connection, self.hidden)
        self.postings = Postings(connection)
        self.removal = Removal(connection, self.postings, self.hidden)
        self.heard_id: int = connection.execute("SELECT value FROM meta WHERE name = 'heard_id'").fetchone()[0]

    @property
    def connection(self) -> sqlite3.Connection:
        """For the queries of the files beside this one."""
        return self._connection

    def between(self, user: int, other: int, limit: int, before: int) -> list[Message]:
        """The last `limit` messages between two users with an id below `before`."""
        return self._last(min(user, other), max(user, other), limit, before)

    def of_room(self, room: int, limit: int, before: int) -> list[Message]:
        """The last `limit` messages in a room with an id below `before`."""
        return self._last(room, 0, limit, before)

    def _last(self, party: int, other: int, limit: int, before: int) -> list[Message]:
        found = list(islice(self.messages(self.postings.downward(party, other, 0, before), limit), limit))
        found.reverse()
        return found

    def message(self, message_id: int) -> Message | None:
        """One message, whoever may see it."""
        return next(self._rows(f"SELECT {COLUMNS} FROM messages m WHERE id = ?", (message_id,)), None)

    def after(self, user: int, after: int, limit: int) -> list[Message]:
        """The first `limit` messages that a user sent or received with an id above `after`."""
        return list(islice(self._heard(user, after + 1, ID_MAX), limit))

    def received(self, user: int, ranges: Sequence[IdRange], limit: int) -> list[Message]:
        """The first `limit` messages from others to a user, or to rooms of that time, whose ids lie in the ranges.

        Deleted ones are left out.
        """
        heard = chain.from_iterable(self._heard(user, first, last) for first, last in ranges)
        return list(islice((message for message in heard if message.sender != user and message.text), limit))

    def _heard(self, user: int, first: int, last: int) -> Iterator[Message]:
        """What a user sent or received, in the order of ids, read only as far as it is wanted."""
        stays = self._connection.execute(
            "SELECT room, after_id, ifnull(until_id, ?) FROM memberships WHERE user = ? AND ifnull(until_id, ?) >= ?",
            (ID_MAX, user, ID_MAX, first),
        ).fetchall()
        lists = [self.postings.upward(user, 0, first, last)]
        for room, after_id, until_id in stays:
            lists.append(self.postings.upward(room, 0, max(first, after_id + 1), min(last, until_id)))
        return self.messages(merge(*lists) if stays else lists[0], PAGE)

    def messages(self, ids: Iterator[int], page: int) -> Iterator[Message]:
        """The messages that have these ids, in their order, read `page` at a time as far as they are wanted.

        The next page is twice as large: many ids may lead to nothing, where an author's account was deleted.
        """
        while wanted := list(islice(ids, page)):
            yield from self._rows(
                f"SELECT {COLUMNS} FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value WHERE true",
                (json.dumps(wanted),),
            )
            page = min(2 * page, PAGE_MAX)

    def _rows(self, statement: str, parameters: tuple[int | str, ...]) -> Iterator[Message]:
        """`statement` ends in a condition, to which it is added that nobody hidden wrote them."""
        return map(Message._make, self._connection.execute(statement + self.hidden.but("m.sender"), parameters))
