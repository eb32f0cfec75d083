"""Which messages a user sent with a tag: the newest first, by a list of `postings`, and one of them.

Lists may name messages without a tag, beside others of a burst, and messages that are gone: both are passed over.
"""

import json
from itertools import islice

from chatserver.store.history import History
from chatserver.store.postings import tagged_key

PAGE = 400  # ids looked up at a time, about a millisecond

_TAGS = (
    "SELECT m.tag, m.id, m.time_ms FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value"
    " WHERE m.sender = ? AND m.tag IS NOT NULL"
)
_SENT = (
    "SELECT m.id, m.time_ms FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value"
    " WHERE m.sender = ? AND m.tag = ?"
)


def page(history: History, user: int, below: int) -> tuple[list[tuple[str, int, int]], int]:
    """The next tags of a user under an id, newest first, their ids and times; and where to go on, 0 at the end."""
    ids, below = _ids(history, user, 0, below)
    return history.connection.execute(_TAGS, (json.dumps(ids), user)).fetchall(), below


def sent(history: History, user: int, tag: str, first: int, last: int) -> tuple[tuple[int, int] | None, int]:
    """Id and time of the last message with that tag, if the user sent one, and its id is between these.

    And up to which id to look then, 0 at the end.
    """
    ids, below = _ids(history, user, first - 1, last + 1)
    row = history.connection.execute(_SENT, (json.dumps(ids), user, tag)).fetchone()
    return row and (row[0], row[1]), max(below - 1, 0)


def _ids(history: History, user: int, above: int, below: int) -> tuple[list[int], int]:
    ids = list(islice(history.postings.downward(*tagged_key(user), above, below), PAGE))
    return ids, ids[-1] if len(ids) == PAGE else 0
