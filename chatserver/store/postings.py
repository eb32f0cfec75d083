"""Posting lists: which messages are in which conversation. Their newest parts are in memory, the rest in a table.

A list is named by two numbers: two users, the lower id first, for what they wrote to each other; a room and 0 for
what was said there; a user and 0 for what the user sent and received outside rooms; 0 and a user for what the user sent
with a tag. A row of the table holds a stretch of one list as ranges of ids, `[first, count, first, count, …]`, so that
many messages of one conversation cost as much as one. An id whose message was removed may stay in a list: it leads to
nothing.

What is in memory is stored list by list, in sweeps over all of them, so that a row takes all that came since the sweep
before, and no turn has to store much. Every message up to `indexed_id` is in rows; what is behind it is read from the
messages themselves when the server starts or a turn has failed.
"""

import json
import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from chatserver.core.events import BurstSent, MessageSent

ID_MAX = 10**18 - 1

NUMBERS_MAX = 1_000  # in one row: reading them takes 50 µs
NUMBERS_PER_ROW = 100  # that take as long to write as a row of a list takes beside them, some 10 µs

Key = tuple[int, int]
Lists = dict[Key, list[int]]
"""Ranges of ids, flat: first, count, first, count, …"""

_FROM = (
    "SELECT ranges FROM postings WHERE party = ?1 AND other = ?2 AND first_id >="
    " ifnull((SELECT max(first_id) FROM postings WHERE party = ?1 AND other = ?2 AND first_id <= ?3), 0)"
    " AND first_id <= ?4 ORDER BY first_id"
)
_BELOW = "SELECT ranges FROM postings WHERE party = ? AND other = ? AND first_id < ? ORDER BY first_id DESC"
_LAST = "SELECT ranges FROM postings WHERE party = ? AND other = ? ORDER BY first_id DESC LIMIT 1"


class Postings:
    """All lists. Belongs to the transactions on one connection: one that fails needs new ones.

    Rows are read through a connection that sees what is stored. Lists that are being stored are kept in memory until
    that is done (`stored`); who reads meanwhile may find them in rows too, and passes over what it has had.
    """

    def __init__(self, connection: sqlite3.Connection, stored: sqlite3.Connection) -> None:
        self._connection = connection
        self._reading = stored
        self.indexed_id: int = connection.execute("SELECT value FROM meta WHERE name = 'indexed_id'").fetchone()[0]
        self._storing: Lists = {}  # in the open transaction, between the rows and the newest
        self._newest: Lists | None = None  # behind the rows of each list; None until it is needed
        self._newest_id = self.indexed_id  # the last one in it
        self._routes: dict[Key, list[list[int]]] = {}  # sender, recipient → the lists of such a message
        self._sweep: list[Key] = []  # to be stored yet, the next one last
        self._sweep_upto = 0  # what is in rows once that is done

    def upward(self, party: int, other: int, first: int, last: int) -> Iterator[int]:
        """The ids of a list from `first` to `last`, rising."""
        newest, at = self._lists().get((party, other), []), first
        for (text,) in self._reading.execute(_FROM, (party, other, first, last)):
            for message_id in _ids_up(json.loads(text), first, last):
                yield message_id
                at = message_id + 1
        for ranges in (self._storing.get((party, other), []), newest):
            yield from _ids_up(ranges, at, last)

    def downward(self, party: int, other: int, above: int, below: int) -> Iterator[int]:
        """The ids of a list under `below` and over `above`, falling."""
        for ranges in (self._lists().get((party, other), []), self._storing.get((party, other), [])):
            if ranges:
                yield from _ids_down(ranges, above, below)
                below = min(below, ranges[0])
        if below <= above + 1:
            return
        for (text,) in self._reading.execute(_BELOW, (party, other, below)):
            ranges = json.loads(text)
            yield from _ids_down(ranges, above, below)
            if ranges[0] <= above:
                return

    def add(self, events: Iterable[MessageSent | BurstSent]) -> None:
        """Put messages that are being written into their lists, which were read before (`read_newest`)."""
        routes, first, count = self._routes, 0, 0
        for event in events:
            first, count = event[0], 1 if type(event) is MessageSent else len(event[4])
            _append(routes.get(event[2:4]) or self._route(event[2], event[3]), first, count)
            if event[5]:
                key = tagged_key(event[2])
                _append(routes.get(key) or self._route_to(key, (key,)), first, count)
        self._newest_id = first + count - 1

    def fill(self, rows_max: int) -> int:
        """Store so many lists of the sweep, inside the open transaction; return how many: 0 when nothing waits.

        Long ones count for several, so that as many take about as long.
        """
        lists = self._lists()
        if not self._sweep:
            self._sweep, self._sweep_upto = sorted(lists, reverse=True), self._newest_id
        if not self._sweep:
            return 0
        taken: Lists = {}
        weight = 0
        while self._sweep and weight < rows_max:
            key = self._sweep.pop()
            taken[key] = lists.pop(key, [])
            weight += 1 + len(taken[key]) // NUMBERS_PER_ROW
        self._store(taken)
        for key, ranges in taken.items():
            self._storing.setdefault(key, []).extend(ranges)
        self._routes.clear()
        if not self._sweep:
            self._set_indexed(self._sweep_upto)
        return len(taken)

    def stored(self) -> None:
        """The transaction with what `fill` took is on the disk."""
        self._storing.clear()

    def catch_up(self, messages_max: int) -> bool:
        """Store the lists of so many messages behind `indexed_id`, in the open transaction; tell if there are more."""
        lists, last_id, count = self._read(messages_max)
        self._store(lists)
        self._set_indexed(last_id)
        self._newest = None
        return count == messages_max

    def read_newest(self) -> None:
        """Read what is behind `indexed_id`, if that is not done: up to some 13 µs a message."""
        self._lists()

    def _lists(self) -> Lists:
        if self._newest is None:
            self._newest, self._newest_id, _ = self._read(-1)
            self._routes.clear()
        return self._newest

    def _route(self, sender: int, recipient: int) -> list[list[int]]:
        return self._route_to((sender, recipient), list_keys(sender, recipient))

    def _route_to(self, name: Key, keys: Iterable[Key]) -> list[list[int]]:
        lists = self._lists()
        route = self._routes[name] = [lists.setdefault(key, []) for key in keys]
        return route

    def _read(self, limit: int) -> tuple[Lists, int, int]:
        """Lists of the messages behind `indexed_id`, without what rows have already; the last id, and how many."""
        lists: Lists = {}
        last_id, count = self.indexed_id, 0
        for message_id, sender, recipient, has_tag in self._reading.execute(
            "SELECT id, sender, recipient, tag IS NOT NULL FROM messages WHERE id > ? ORDER BY id LIMIT ?",
            (self.indexed_id, limit),
        ):
            last_id, count = message_id, count + 1
            keys = (*list_keys(sender, recipient), tagged_key(sender)) if has_tag else list_keys(sender, recipient)
            _append([lists.setdefault(key, []) for key in keys], message_id, 1)
        for key in list(lists):  # a sweep may have ended half way
            lists[key] = _behind(lists[key], self._stored_upto(key))
            if not lists[key]:
                del lists[key]
        return lists, last_id, count

    def _stored_upto(self, key: Key) -> int:
        row = self._reading.execute(_LAST, key).fetchone()
        start, count = json.loads(row[0])[-2:] if row else (1, 0)
        return int(start + count - 1)

    def _store(self, lists: Lists) -> None:
        """A long list makes several rows, so that a query has little to read that it does not want."""
        rows = [
            (*key, ranges[at], str(ranges[at : at + NUMBERS_MAX]))  # as JSON has it, but quicker
            for key, ranges in sorted(lists.items())
            for at in range(0, len(ranges), NUMBERS_MAX)
        ]
        self._connection.executemany("INSERT INTO postings (party, other, first_id, ranges) VALUES (?, ?, ?, ?)", rows)

    def _set_indexed(self, upto: int) -> None:
        self.indexed_id = upto
        self._connection.execute("UPDATE meta SET value = ? WHERE name = 'indexed_id'", (upto,))


def list_keys(sender: int, recipient: int) -> tuple[Key, ...]:
    """The lists that a message stands in."""
    if recipient < 0:
        return ((recipient, 0),)
    pair = (sender, recipient) if sender < recipient else (recipient, sender)
    return pair, (sender, 0), (recipient, 0)


def tagged_key(sender: int) -> Key:
    """The list of what a user sent with a tag."""
    return 0, sender


def _append(route: Iterable[list[int]], first: int, count: int) -> None:
    """Put consecutive ids at the end of some lists."""
    for ranges in route:
        if ranges and ranges[-2] + ranges[-1] == first:
            ranges[-1] += count
        else:
            ranges += (first, count)


def _ids_up(ranges: list[int], first: int, last: int) -> Iterator[int]:
    """The ids from one to another, rising."""
    starts = range(0, len(ranges), 2)
    for at in starts[max(0, bisect_right(starts, first, key=ranges.__getitem__) - 1) :]:
        if ranges[at] > last:
            return
        yield from range(max(ranges[at], first), min(ranges[at] + ranges[at + 1], last + 1))


def _ids_down(ranges: list[int], above: int, below: int) -> Iterator[int]:
    """The ids between two, falling."""
    starts = range(0, len(ranges), 2)
    for at in reversed(starts[: bisect_left(starts, below, key=ranges.__getitem__)]):
        start, end = ranges[at], ranges[at] + ranges[at + 1]
        yield from range(min(end, below) - 1, max(start - 1, above), -1)
        if start <= above:
            return


def _behind(ranges: list[int], upto: int) -> list[int]:
    """What lies behind an id."""
    left: list[int] = []
    for start, count in zip(ranges[::2], ranges[1::2], strict=True):
        first = max(start, upto + 1)
        if first < start + count:
            left += (first, start + count - first)
    return left
