"""Posting lists: which messages are in which conversation, filled behind the messages, some at a time.

A list is named by two numbers: two users, the lower id first, for what they wrote to each other; a room and 0 for
what was said there; a user and 0 for what the user sent and received outside rooms. A row holds a stretch of one list
as ranges of ids, `[first, count, first, count, …]`, so that many messages of one conversation cost as much as one.
Rows of one list follow each other and do not overlap. An id whose message was removed may stay in a list: it leads to
nothing.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from chatserver.core.events import MessageSent, MessagesSent

Span = tuple[int, int, int, int]
"""Messages with consecutive ids in one conversation: the first id, how many, sender, recipient."""

SPANS_MAX = 100_000  # remembered until they are in the lists, some 15 MB; with more, all are read from the table again
SPANS = 3_000  # put into the lists at a time, as long as they make up no more than
ROWS = 1_000  # rows: either takes some 3 ms

_FROM = (
    "SELECT ranges FROM postings WHERE party = ?1 AND other = ?2 AND first_id >="
    " ifnull((SELECT max(first_id) FROM postings WHERE party = ?1 AND other = ?2 AND first_id <= ?3), 0)"
    " AND first_id <= ?4 ORDER BY first_id"
)
_BELOW = "SELECT ranges FROM postings WHERE party = ? AND other = ? AND first_id < ? ORDER BY first_id DESC"


class Postings:
    """The lists in the tables hold every message up to `indexed_id`; what is behind it waits."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.indexed_id: int = connection.execute("SELECT value FROM meta WHERE name = 'indexed_id'").fetchone()[0]
        self._waiting: list[Span] = []
        self._all_wait = False  # what waits here is all there is behind `indexed_id`
        self._is_read = False  # only once it is needed: while the disk is full, each probe comes here (70 ms)

    def upward(self, party: int, other: int, first: int, last: int) -> Iterator[int]:
        """The ids of a list from `first` to `last`, rising."""
        for (text,) in self._connection.execute(_FROM, (party, other, first, last)):
            for start, count in _ranges(text):
                yield from range(max(start, first), min(start + count, last + 1))

    def downward(self, party: int, other: int, above: int, below: int) -> Iterator[int]:
        """The ids of a list under `below` and over `above`, falling."""
        for (text,) in self._connection.execute(_BELOW, (party, other, below)):
            ranges = _ranges(text)
            for start, count in reversed(ranges):
                yield from range(min(start + count, below) - 1, max(start - 1, above), -1)
            if ranges[0][0] <= above:
                return

    def add(self, events: Iterable[MessageSent | MessagesSent]) -> None:
        """Messages that have just been written, for `fill`; what is not remembered is found in the table."""
        if not self._is_read:
            self._read_waiting(SPANS_MAX)  # these too
        elif self._all_wait and len(self._waiting) < SPANS_MAX:
            self._waiting += [
                (event[0], 1 if type(event) is MessageSent else len(event[4]), event[2], event[3]) for event in events
            ]
        else:
            self._all_wait = False

    def fill(self, slices: int = 1) -> bool:
        """Put some of what waits into the lists, inside the open transaction; tell whether there was anything.

        Several slices as one take less for each message where there are many lists: more of it goes into one row.
        """
        if not self._is_read:
            self._read_waiting(SPANS_MAX)
        elif not self._waiting and not self._all_wait:
            self._read_waiting(SPANS * slices)
        lists, taken = _grouped(self._waiting[: SPANS * slices], ROWS * slices)
        if not taken:
            return False
        rows = [(*key, ranges[0], str(ranges)) for key, ranges in sorted(lists.items())]  # as JSON has it, but quicker
        self._connection.executemany("INSERT INTO postings (party, other, first_id, ranges) VALUES (?, ?, ?, ?)", rows)
        first, count, _, _ = self._waiting[taken - 1]
        del self._waiting[:taken]
        self.indexed_id = first + count - 1
        self._connection.execute("UPDATE meta SET value = ? WHERE name = 'indexed_id'", (self.indexed_id,))
        return True

    def _read_waiting(self, limit: int) -> None:
        self._waiting = self._connection.execute(
            "SELECT id, 1, sender, recipient FROM messages WHERE id > ? ORDER BY id LIMIT ?", (self.indexed_id, limit)
        ).fetchall()
        self._all_wait = len(self._waiting) < limit
        self._is_read = True


def _ranges(text: str) -> list[tuple[int, int]]:
    """First id and count of each."""
    numbers = iter(json.loads(text))
    return list(zip(numbers, numbers, strict=True))


def _grouped(spans: Sequence[Span], rows_max: int) -> tuple[dict[tuple[int, int], list[int]], int]:
    """The lists' new ranges, and how many spans, from the first on, have gone into them."""
    lists: dict[tuple[int, int], list[int]] = {}
    routes: dict[
        tuple[int, int], list[list[int]]
    ] = {}  # sender, recipient → the lists for it: found once, not each time
    taken = 0
    for first, count, sender, recipient in spans:
        route = routes.get((sender, recipient))
        if route is None:
            if len(lists) >= rows_max:
                break
            route = [lists.setdefault(key, []) for key in keys(sender, recipient)]
            routes[sender, recipient] = route
        for ranges in route:
            if ranges and ranges[-2] + ranges[-1] == first:
                ranges[-1] += count
            else:
                ranges += (first, count)
        taken += 1
    return lists, taken


def keys(sender: int, recipient: int) -> tuple[tuple[int, int], ...]:
    """The lists that a message stands in."""
    if recipient < 0:
        return ((recipient, 0),)
    pair = (sender, recipient) if sender < recipient else (recipient, sender)
    return pair, (sender, 0), (recipient, 0)
