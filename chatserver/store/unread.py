"""Who wrote what behind a mark, page by page, so that no question holds the loop up.

A conversation is named by the user who asks and the party: another user, or a room (below zero). Messages
that were deleted have an empty text, and count no more.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from chatserver.store.history import History, Page

PAGE = 500  # messages looked at a time: some 2 ms where each stands on a page of its own
AUTHORS = 1_000  # read at a time, some 1 ms
PENDING_MIN = 200  # ids that wait for `fill_correspondents`: fewer are looked at by those who ask


class Entry(NamedTuple):
    """A message of a conversation: id, author, and whether it still has a text (0 or 1)."""

    id: int
    sender: int
    has_text: int


def holds(history: History, user: int, party: int, message_id: int) -> bool:
    """Tell whether an id is that of a message of the conversation."""
    named = history.message(message_id)
    return named is not None and (named.recipient == party < 0 or {named.sender, named.recipient} == {user, party})


def last_page(history: History, user: int, party: int, below: int) -> Page:
    """The conversation's last message under an id, if it is found in a step."""
    return history.said_page(*_list(user, party), 1, below)


def page(history: History, user: int, party: int, first: int, last: int) -> tuple[list[Entry], int]:
    """Some of a conversation's messages with ids from `first` on, and up to which id they are all: at most `last`."""
    ids = list(islice(history.postings.upward(*_list(user, party), first, last), PAGE))
    return [entry for entry in _entries(history, ids) if entry.has_text], ids[-1] if len(ids) == PAGE else last


def _list(user: int, party: int) -> tuple[int, int]:
    return (party, 0) if party < 0 else (min(user, party), max(user, party))


def _entries(history: History, ids: Sequence[int]) -> Iterator[Entry]:
    rows = history.connection.execute(
        "SELECT m.id, m.sender, m.text <> '' FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value"
        f" WHERE true{history.hidden.but_messages()}",
        (json.dumps(ids),),
    )
    return map(Entry._make, rows)


def correspondents(history: History, user: int, after: int) -> list[int]:
    """The next who have written to a user, with ids above one, `AUTHORS` at most.

    As far as that is known without looking at messages: up to `heard_id`.
    """
    return _next(history, "author", "user", user, after)


def addressees(history: History, user: int, after: int) -> list[int]:
    """The same of those to whom a user has written."""
    return _next(history, "user", "author", user, after)


def _next(history: History, wanted: str, given: str, user: int, after: int) -> list[int]:
    rows = history.connection.execute(
        f"SELECT {wanted} FROM correspondents WHERE {given} = ? AND {wanted} > ?{history.hidden.but(wanted)}"
        f" ORDER BY {wanted} LIMIT ?",
        (user, after, AUTHORS),
    )
    return [row[0] for row in rows]


def authors_page(history: History, user: int, first: int, last: int) -> tuple[set[int], int]:
    """Who wrote the next messages to a user, and up to which id they are all: at most `last`."""
    ids = list(islice(history.postings.upward(user, 0, first, last), PAGE))
    authors = {entry.sender for entry in _entries(history, ids)}
    return authors - {user}, ids[-1] if len(ids) == PAGE else last


def parties_page(history: History, user: int, first: int, last: int) -> tuple[set[int], int]:
    """As `authors_page`, with those to whom the user wrote."""
    ids = list(islice(history.postings.upward(user, 0, first, last), PAGE))
    rows = history.connection.execute(
        "SELECT DISTINCT m.sender, m.recipient FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value"
        f" WHERE true{history.hidden.but_messages()}",
        (json.dumps(ids),),
    )
    return {party for pair in rows for party in pair} - {user}, ids[-1] if len(ids) == PAGE else last


def stored_mark(history: History, user: int, party: int) -> int:
    """Up to which id a user has read a conversation."""
    row = history.connection.execute(
        "SELECT upto FROM read_marks WHERE user = ? AND party = ?", (user, party)
    ).fetchone()
    return row[0] if row else 0


def fill_correspondents(history: History, limit: int, last_id: int) -> bool:
    """Look at so many ids more, up to the last one, inside the open transaction; tell whether there was anything."""
    heard_id = history.heard_id
    if last_id - heard_id < PENDING_MIN:
        return False
    upto = min(heard_id + limit, last_id)
    history.connection.execute(
        "INSERT OR IGNORE INTO correspondents SELECT recipient, sender FROM"
        " (SELECT DISTINCT recipient, sender FROM messages WHERE id > ? AND id <= ? AND recipient > 0 ORDER BY 1, 2)"
        " WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = recipient AND deleted_ms IS NOT NULL)",
        (heard_id, upto),
    )
    history.connection.execute("UPDATE meta SET value = ? WHERE name = 'heard_id'", (upto,))
    return True
