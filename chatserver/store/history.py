"""What was said: HISTORY, SYNC and the backlog, by the lists of `postings`.

A `Page` is what can be read in a step of about a millisecond, whatever the texts' length, and even where the ids lead
to nothing. Who wants more asks again, behind where the page ends.
"""

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
from chatserver.store.search import SearchIndex

STEP_COST = 500_000
"""Of a page, about a millisecond: a character of a text costs 2, and is as quick to show as to read."""
MESSAGE_COST = 2_500  # beside its text
ID_COST = 300  # to look up, whether there is a message or not
LOOKED_UP = 100  # ids at a time, where nobody says how many messages are wanted
LOOKED_UP_MAX = 1_000  # what that grows to: many ids may lead to nothing, where an author's account was deleted
COLUMNS = "m.id, m.time_ms, m.sender, m.recipient, m.text"

_PRESENT = "SELECT room FROM memberships WHERE user = ? AND until_id IS NULL"
_EDITED_LATER = (
    "SELECT c.message FROM json_each(?1) j CROSS JOIN changes c ON c.message = j.value AND c.kind = 'edited'"
    " WHERE c.id > (SELECT max(until_id) FROM memberships WHERE user = ?2 AND room = c.recipient)"
)


class Message(NamedTuple):
    """One row of the messages table; users are ids, rooms ids below zero."""

    id: int
    time_ms: int
    sender: int
    recipient: int
    text: str


class Page(NamedTuple):
    """As many messages as could be read in a step."""

    messages: list[Message]
    end: int  # the last id that was looked at; 0 where there was none
    is_last: bool  # there is nothing behind it
    cost: int


class History:
    """Queries over messages, oldest first."""

    def __init__(
        self, connection: sqlite3.Connection, postings: Postings | None = None, hidden: Hidden | None = None
    ) -> None:
        """What the connection sees; what is in memory is shared with those who write, if there are any."""
        self._connection = connection
        self.postings = postings or Postings(connection, connection)
        self.search = SearchIndex(connection)
        self.changes = Changes(connection, hidden or Hidden(connection))
        self.hidden = self.changes.hidden

    @property
    def heard_id(self) -> int:
        """Up to which id it is noted who has written to whom."""
        return int(self._connection.execute("SELECT value FROM meta WHERE name = 'heard_id'").fetchone()[0])

    @property
    def connection(self) -> sqlite3.Connection:
        """For the queries of the files beside this one."""
        return self._connection

    def message(self, message_id: int) -> Message | None:
        """One message, whoever may see it."""
        return next(self._rows(f"SELECT {COLUMNS} FROM messages m WHERE id = ?", (message_id,)), None)

    def received(self, user: int, ranges: Sequence[IdRange], limit: int) -> list[Message]:
        """The first `limit` messages from others to a user, or to rooms of that time, whose ids lie in the ranges.

        Deleted ones are left out.
        """
        ids = chain.from_iterable(self._heard(user, first, last) for first, last in ranges)
        heard = chain.from_iterable(map(self._read, _batches(ids, LOOKED_UP)))
        return list(islice((message for message in heard if message.sender != user and message.text), limit))

    def said_page(self, party: int, other: int, limit: int, below: int) -> Page:
        """The next messages of a list of `postings` under an id, newest first, `limit` at most."""
        return self.page(self.postings.downward(party, other, 0, below), limit)

    def said_after_page(self, party: int, other: int, limit: int, above: int, below: int) -> Page:
        """The next messages of a list between two ids, oldest first, `limit` at most."""
        return self.page(self.postings.upward(party, other, above + 1, below - 1), limit)

    def heard_page(self, user: int, after: int, upto: int, limit: int) -> Page:
        """The next messages that a user sent or received, with ids above one and up to another, `limit` at most."""
        page = self.page(self._heard(user, after + 1, upto), limit)
        return page._replace(messages=self._but_edited_later(user, page.messages))

    def received_page(self, user: int, ranges: Sequence[IdRange], limit: int) -> Page:
        """As `received`, a page of it; who wants more cuts the ranges behind its end."""
        found: list[Message] = []
        end = cost = 0
        for first, last in ranges:
            page = self.page(self._heard(user, first, last), limit - len(found), cost)
            messages = self._but_edited_later(user, page.messages)
            found += (message for message in messages if message.sender != user and message.text)
            cost = page.cost + MESSAGE_COST
            end = last if page.is_last else page.end
            if not page.is_last or cost >= STEP_COST:
                return Page(found, end, False, cost)
        return Page(found, end, True, cost)

    def _but_edited_later(self, user: int, messages: list[Message]) -> list[Message]:
        """Without those in rooms that have got another text since the user left: it is not for them."""
        if all(message.recipient > 0 for message in messages):
            return messages
        present = {room for (room,) in self._connection.execute(_PRESENT, (user,))}
        left = [message.id for message in messages if message.recipient < 0 and message.recipient not in present]
        if not left:
            return messages
        later = {message for (message,) in self._connection.execute(_EDITED_LATER, (json.dumps(left), user))}
        return [message for message in messages if message.id not in later]

    def _heard(self, user: int, first: int, last: int) -> Iterator[int]:
        """The ids of what a user sent or received, rising."""
        stays = self._connection.execute(
            "SELECT room, after_id, ifnull(until_id, ?1) AS until FROM memberships"
            " WHERE user = ?2 AND until >= ?3 AND until > after_id",
            (ID_MAX, user, first),
        ).fetchall()
        lists = [self.postings.upward(user, 0, first, last)]
        for room, after_id, until_id in stays:
            lists.append(self.postings.upward(room, 0, max(first, after_id + 1), min(last, until_id)))
        return merge(*lists) if stays else lists[0]

    def page(self, ids: Iterator[int], limit: int, cost: int = 0) -> Page:
        """The first messages that have these ids, in their order, as many as a step may read: `limit` at most.

        `cost` is what the step has done before.
        """
        found: list[Message] = []
        end = 0
        for wanted in _batches(ids, limit):
            for message in self._read(wanted):
                found.append(message)
                cost += MESSAGE_COST + 2 * len(message.text)
                if cost >= STEP_COST or len(found) >= limit:
                    return Page(found, message.id, False, cost)
            end, cost = wanted[-1], cost + ID_COST * len(wanted)
            if cost >= STEP_COST:
                return Page(found, end, False, cost)
        return Page(found, end, True, cost)

    def _read(self, ids: list[int]) -> Iterator[Message]:
        return self._rows(
            f"SELECT {COLUMNS} FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value WHERE true",
            (json.dumps(ids),),
        )

    def _rows(self, statement: str, parameters: tuple[int | str, ...]) -> Iterator[Message]:
        """`statement` ends in a condition, to which it is added that nobody hidden wrote them."""
        return map(Message._make, self._connection.execute(statement + self.hidden.but_messages(), parameters))


def _batches(ids: Iterator[int], size: int) -> Iterator[list[int]]:
    """The ids, so many at a time, and each time more."""
    while wanted := list(islice(ids, size)):
        yield wanted
        size = min(8 * size, LOOKED_UP_MAX)
