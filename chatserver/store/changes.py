"""What was done to messages after they were sent, as the events that did it: the marks of HISTORY and SYNC."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from operator import attrgetter
from typing import Any, NamedTuple

from chatserver.core.audience_changes import Change
from chatserver.core.commands import Found
from chatserver.core.events import MessageDeleted, MessageEdited, ReactionChanged
from chatserver.store.hidden import Hidden

MARKS_MAX = 5_000
"""Of one answer, some 20 ms of work; an edit counts once more for each `MARK_CHARS` of its text."""
MARK_CHARS = 200

_id = attrgetter("id")
_COLUMNS = "c.id, c.message, c.sender, c.recipient, c.time_ms, c.kind, c.user, c.emoji, m.text"


class Deed(NamedTuple):
    """One row of the changes table, for who did it."""

    id: int
    kind: str
    message: int
    emoji: str
    time_ms: int


class Changes:
    """Queries over the changes table, in the order of their ids."""

    def __init__(self, connection: sqlite3.Connection, hidden: Hidden) -> None:
        """What `hidden` users wrote and did is left out."""
        self._connection = connection
        self._hidden = hidden

    def found(self, message: int, user: int) -> Found | None:
        """What a command needs to know of a message; None if there is none, or none any more."""
        row = self._connection.execute(
            "SELECT time_ms, sender, recipient FROM messages WHERE id = ? AND text != ''" + self._hidden.but("sender"),
            (message,),
        ).fetchone()
        if row is None:
            return None
        reactions = self._connection.execute(
            "SELECT user, emoji, kind FROM changes WHERE message = ? AND emoji != ''" + self._hidden.but("user"),
            (message,),
        ).fetchall()
        own = {emoji: kind == "reacted" for who, emoji, kind in reactions if who == user}
        return Found._make((*row, own, len(reactions)))

    def of(self, messages: Sequence[int]) -> list[Change]:
        """What stands of these messages' changes; of more than `MARKS_MAX` reactions the newest."""
        if not messages:
            return []
        found = self._events(
            f"SELECT {_COLUMNS} FROM json_each(?) j CROSS JOIN changes c ON c.message = j.value"
            f" CROSS JOIN messages m ON m.id = c.message WHERE c.kind != 'unreacted'{self._but_hidden()}"
            " ORDER BY c.emoji = '' DESC, c.id DESC LIMIT ?",
            (json.dumps(messages), len(messages) + MARKS_MAX),
        )
        return sorted(found, key=_id)

    def after(self, user: int, after: int, upto: int) -> list[Change]:
        """The changes behind one id and up to another in conversations of a user, and in rooms of that time.

        That a reaction was taken back is left out where the message is behind the first id too. If they are
        too many for one answer, it is the newest.
        """
        stays = self._connection.execute(
            "SELECT room, max(after_id, ?), min(ifnull(until_id, ?), ?) FROM memberships WHERE user = ?",
            (after, upto, upto, user),
        ).fetchall()
        streams = [
            self._newest("c.sender = ? AND c.recipient > 0", user, after, upto, after),
            self._newest("c.recipient = ?", user, after, upto, after),
            *(self._newest("c.recipient = ?", room, since, until, after) for room, since, until in stays),
        ]
        return _as_many_as_fit(merge(*streams, key=_id, reverse=True))[::-1]

    def by(self, user: int, after: int, limit: int) -> list[Deed]:
        """The first `limit` that a user has made after an id."""
        rows = self._connection.execute(
            "SELECT id, kind, message, emoji, time_ms FROM changes WHERE user = ? AND id > ?"
            f"{self._hidden.but('sender')} ORDER BY id LIMIT ?",
            (user, after, limit),
        )
        return list(map(Deed._make, rows))

    def _but_hidden(self) -> str:
        return self._hidden.but("c.sender", "c.user")

    def _newest(self, condition: str, party: int, after: int, upto: int, seen: int) -> Iterator[Change]:
        return self._events(
            f"SELECT {_COLUMNS} FROM changes c CROSS JOIN messages m ON m.id = c.message WHERE {condition}"
            f" AND c.id > ? AND c.id <= ? AND (c.kind != 'unreacted' OR c.message <= ?){self._but_hidden()}"
            " ORDER BY c.id DESC",
            (party, after, upto, seen),
        )

    def _events(self, statement: str, parameters: tuple[Any, ...]) -> Iterator[Change]:
        return map(_event, self._connection.execute(statement, parameters))


def _as_many_as_fit(changes: Iterable[Change]) -> list[Change]:
    found: list[Change] = []
    left = MARKS_MAX
    for change in changes:
        left -= 1 + (len(change.text) // MARK_CHARS if isinstance(change, MessageEdited) else 0)
        if left < 0:
            break
        found.append(change)
    return found


def _event(row: tuple[Any, ...]) -> Change:
    *shared, kind, user, emoji, text = row
    if kind == "edited":
        return MessageEdited._make((*shared, text))
    if kind == "deleted":
        return MessageDeleted._make(shared)
    return ReactionChanged._make((*shared, user, emoji, kind == "reacted"))
