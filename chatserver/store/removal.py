"""What a user wrote leaves the file with the account; what others wrote to the user stays theirs."""

import json
import sqlite3
from collections.abc import Iterator
from itertools import islice

from chatserver.store.postings import ID_MAX, Postings, list_keys

PAGE = 10_000  # ids removed with one statement


def remove_messages(connection: sqlite3.Connection, postings: Postings, user: int) -> None:
    """Remove all messages of a user, inside the open transaction. Raises sqlite3.Error.

    Other lists than the user's keep the ids, which lead to nothing.
    """
    own_lists = {(user, 0)}
    for page in _pages(postings, user):
        others = connection.execute(  # sender and recipient are the user and the other
            "SELECT DISTINCT m.sender + m.recipient - ? FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value",
            (user, page),
        )
        own_lists.update(list_keys(user, other)[0] for (other,) in others)
        _remove(connection, user, page)
    for (room,) in connection.execute("SELECT DISTINCT room FROM memberships WHERE user = ?", (user,)).fetchall():
        for page in _pages(postings, room):
            _remove(connection, user, page)
    postings.remove(own_lists)


def _pages(postings: Postings, party: int) -> Iterator[str]:
    """The ids of a user's or room's list, as JSON."""
    ids = postings.upward(party, 0, 1, ID_MAX)
    while page := list(islice(ids, PAGE)):
        yield json.dumps(page)


def _remove(connection: sqlite3.Connection, user: int, page: str) -> None:
    connection.execute("DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?)) AND sender = ?", (page, user))
