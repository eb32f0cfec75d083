"""Who wrote what behind a mark, page by page, so that no question holds the loop up.

A conversation is named by the user who asks and the party: another user, or a room (below zero).
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from chatserver.store.history import ID_MAX, History

PAGE = 2_000  # messages looked at a time, some 2 ms


class Entry(NamedTuple):
    """A message of a conversation: id and author."""

    id: int
    sender: int


def last_id(history: History, user: int, party: int) -> int:
    """The id of a conversation's last message, 0 if it has none."""
    last = history.of_room(party, 1, ID_MAX) if party < 0 else history.between(user, party, 1, ID_MAX)
    return last[0].id if last else 0


def page(history: History, user: int, party: int, first: int, last: int) -> list[Entry]:
    """The next messages of a conversation with ids from `first` to `last`; fewer than `PAGE` where that is all."""
    found = indexed_page(history, user, party, first, last)
    if len(found) < PAGE:
        found += _tail(history, user, party, max(first, history.indexed_id + 1), last, PAGE - len(found))
    return found


def indexed_page(history: History, user: int, party: int, first: int, last: int) -> list[Entry]:
    """The same, of what is indexed alone."""
    low, high = (party, 0) if party < 0 else (min(user, party), max(user, party))
    rows = history.connection.execute(
        "SELECT m.id, m.sender FROM conversation_index c CROSS JOIN messages m ON m.id = c.id"
        " WHERE c.low = ? AND c.high = ? AND c.id BETWEEN ? AND ? ORDER BY c.id LIMIT ?",
        (low, high, first, min(last, history.indexed_id), PAGE),
    )
    return list(map(Entry._make, rows))


def _tail(history: History, user: int, party: int, first: int, last: int, limit: int) -> Iterator[Entry]:
    rows = history.connection.execute(
        "SELECT id, sender FROM messages WHERE id BETWEEN ?1 AND ?2 AND CASE WHEN ?4 < 0 THEN recipient = ?4"
        " ELSE sender = ?3 AND recipient = ?4 OR sender = ?4 AND recipient = ?3 END ORDER BY id LIMIT ?5",
        (first, last, user, party, limit),
    )
    return map(Entry._make, rows)


def correspondents(history: History, user: int) -> set[int]:
    """Who has ever written to a user; the unindexed tail tells of the others in `received_since`."""
    rows = history.connection.execute("SELECT author FROM correspondents WHERE user = ?", (user,))
    return {row[0] for row in rows}


def received_since(history: History, user: int, after: int, marks: Mapping[int, int]) -> dict[int, list[int]]:
    """Party → ids of the messages behind its mark (0 for other users), of those after an id. Rooms need a mark."""
    found: dict[int, list[int]] = {}
    rows = history.connection.execute(
        "SELECT id, sender, recipient FROM messages"
        " WHERE id > ? AND (recipient = ? OR recipient < 0) AND sender <> ? ORDER BY id",
        (after, user, user),
    )
    for message_id, sender, recipient in rows:
        party = sender if recipient > 0 else recipient
        mark = marks.get(party, 0 if party > 0 else ID_MAX)
        if message_id > mark:
            found.setdefault(party, []).append(message_id)
    return found
