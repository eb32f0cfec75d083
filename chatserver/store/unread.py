"""Who wrote what behind a mark, page by page, so that no question holds the loop up.

A conversation is named by the user who asks and the party: another user, or a room (below zero). Messages
that were deleted have an empty text, and count no more.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from chatserver.store.history import History
from chatserver.store.postings import ID_MAX

PAGE = 2_000  # messages looked at a time, some 2 ms
PENDING_MIN = 200  # ids that wait for `fill_correspondents`: fewer are looked at by those who ask


class Entry(NamedTuple):
    """A message of a conversation: id, author, and whether it still has a text (0 or 1)."""

    id: int
    sender: int
    has_text: int


def end_at(history: History, user: int, party: int, upto: int) -> int:
    """An id if a message of the conversation has it, else that of the conversation's last message (0 if none)."""
    named = history.message(upto)  # so it mostly is, and then nothing needs to be looked for
    if named is not None and (named.recipient == party < 0 or {named.sender, named.recipient} == {user, party}):
        return upto
    last = history.of_room(party, 1, ID_MAX) if party < 0 else history.between(user, party, 1, ID_MAX)
    return last[0].id if last else 0


def page(history: History, user: int, party: int, first: int, last: int) -> list[Entry]:
    """The next messages of a conversation with ids from `first` to `last`; fewer than `PAGE` where that is all."""
    low, high = (party, 0) if party < 0 else (min(user, party), max(user, party))
    ids = history.postings.upward(low, high, first, last)
    found: list[Entry] = []
    while len(found) < PAGE and (wanted := list(islice(ids, PAGE))):  # also for the last: the next may all be deleted
        found += (entry for entry in _entries(history, wanted) if entry.has_text)
    return found[:PAGE]


def _entries(history: History, ids: Sequence[int]) -> Iterator[Entry]:
    rows = history.connection.execute(
        "SELECT m.id, m.sender, m.text <> '' FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value"
        f" WHERE true{history.hidden.but('m.sender')}",
        (json.dumps(ids),),
    )
    return map(Entry._make, rows)


def correspondents(history: History, user: int) -> set[int]:
    """Who has written to a user, as far as that is known without looking at messages: up to `heard_id`."""
    rows = history.connection.execute("SELECT author FROM correspondents WHERE user = ?", (user,))
    return {row[0] for row in rows} - history.hidden.users


def authors_page(history: History, user: int, first: int, last: int) -> tuple[set[int], int]:
    """Who wrote the next messages to a user, and behind which id to go on: `last` where that is all."""
    ids = list(islice(history.postings.upward(user, 0, first, last), PAGE))
    authors = {entry.sender for entry in _entries(history, ids)}
    return authors - {user}, ids[-1] if len(ids) == PAGE else last


def fill_correspondents(history: History, limit: int, last_id: int) -> bool:
    """Look at so many ids more, up to the last one, inside the open transaction; tell whether there was anything."""
    if last_id - history.heard_id < PENDING_MIN:
        return False
    upto = min(history.heard_id + limit, last_id)
    history.connection.execute(
        "INSERT OR IGNORE INTO correspondents SELECT recipient, sender FROM"
        " (SELECT DISTINCT recipient, sender FROM messages WHERE id > ? AND id <= ? AND recipient > 0 ORDER BY 1, 2)"
        " WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = recipient AND deleted_ms IS NOT NULL)",
        (history.heard_id, upto),
    )
    history.connection.execute("UPDATE meta SET value = ? WHERE name = 'heard_id'", (upto,))
    history.heard_id = upto
    return True
