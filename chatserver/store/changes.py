"""What was done to messages after they were sent, as the events that did it: the marks of HISTORY and SYNC.

They are read in steps of about a millisecond: the functions that end in `page` say how far they have come.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from heapq import merge
from operator import itemgetter
from typing import Any, NamedTuple

from chatserver.core.audience_changes import Change
from chatserver.core.commands import Answered, Found
from chatserver.core.events import MessageDeleted, MessageEdited, ReactionChanged
from chatserver.store.hidden import Hidden

MARKS_MAX = 5_000
"""Of one answer, some 20 ms of work; an edit counts once more for each `MARK_CHARS` of its text."""
MARK_CHARS = 200
STEP_COST = 250
"""Changes read in a step, where an edit counts as in `MARKS_MAX`."""
STEP_ROWS = 500  # looked at in a step, where only ids are wanted

_first = itemgetter(0)
_COLUMNS = "c.id, c.message, c.sender, c.recipient, c.time_ms, c.kind, c.user, c.emoji, m.text"


class Deed(NamedTuple):
    """One row of the changes table, for who did it."""

    id: int
    kind: str
    message: int
    emoji: str
    time_ms: int


class Page(NamedTuple):
    """Changes, newest first, and where to go on."""

    changes: list[Change]
    below: int  # the next are under this id
    is_last: bool


class Changes:
    """Queries over the changes table, in the order of their ids."""

    def __init__(self, connection: sqlite3.Connection, hidden: Hidden) -> None:
        """What `hidden` users wrote and did is left out."""
        self._connection = connection
        self.hidden = hidden

    def found(self, message: int, user: int) -> Found | None:
        """What a command needs to know of a message; None if there is none, or none any more."""
        row = self._connection.execute(
            "SELECT time_ms, sender, recipient FROM messages WHERE id = ? AND text != ''" + self.hidden.but("sender"),
            (message,),
        ).fetchone()
        if row is None:
            return None
        reactions = self._connection.execute(
            "SELECT user, emoji, kind FROM changes WHERE message = ? AND emoji != ''" + self.hidden.but("user"),
            (message,),
        ).fetchall()
        own = {emoji: kind == "reacted" for who, emoji, kind in reactions if who == user}
        others = frozenset(emoji for who, emoji, _ in reactions if who != user)
        return Found._make((*row, own, len(reactions), others, self._answers(message)))

    def _answers(self, message: int) -> tuple[Answered, ...]:
        """What bots have answered to it."""
        rows = self._connection.execute(
            "SELECT m.id, m.sender, m.recipient FROM answers a CROSS JOIN messages m ON m.id = a.answer"
            " WHERE a.message = ? AND m.text != '' ORDER BY m.id",
            (message,),
        )
        return tuple(map(Answered._make, rows))

    def ids_page(self, messages: Sequence[int]) -> tuple[list[int], list[int], int]:
        """Ids of what stands of the first messages' changes: edits and deletions, and reactions; and of how many.

        A message has some hundred at most, and is not left half way.
        """
        deeds: list[int] = []
        reactions: list[int] = []
        rows = self._connection.execute(
            "SELECT j.key, c.id, c.kind FROM json_each(?) j CROSS JOIN changes c ON c.message = j.value"
            f" WHERE true{self._but_hidden()}",
            (json.dumps(messages),),
        )
        current = 0
        for count, (at, change, kind) in enumerate(rows):
            if at != current and count >= STEP_ROWS:
                return deeds, reactions, at
            current = at
            if kind != "unreacted":
                (reactions if kind == "reacted" else deeds).append(change)
        return deeds, reactions, len(messages)

    def page(self, ids: Sequence[int]) -> tuple[list[Change], int]:
        """The first of these changes, in this order, and how many of the ids have been looked at."""
        found: list[Change] = []
        cost = 0
        rows = self._connection.execute(
            f"SELECT j.key, {_COLUMNS} FROM json_each(?) j CROSS JOIN changes c ON c.id = j.value"
            f" CROSS JOIN messages m ON m.id = c.message WHERE true{self._but_hidden()}",
            (json.dumps(ids[:STEP_COST]),),
        )
        for at, *row in rows:
            found.append(_event(tuple(row)))
            cost += weight(found[-1])
            if cost >= STEP_COST:
                return found, at + 1
        return found, min(len(ids), STEP_COST)

    def after_page(self, user: int, after: int, upto: int) -> Page:
        """The changes behind one id and up to another in conversations of a user, and in rooms of that time.

        That a reaction was taken back is left out where the message is behind the first id too.
        """
        stays = self._connection.execute(
            "SELECT room, max(after_id, ?1), min(ifnull(until_id, ?2), ?2) FROM memberships"
            " WHERE user = ?3 AND ifnull(until_id, ?2) > max(?1, after_id)",
            (after, upto, user),
        ).fetchall()
        streams = [
            self._newest("c.sender = ? AND c.recipient > 0", user, after, upto),
            self._newest("c.recipient = ?", user, after, upto),
            *(self._newest("c.recipient = ?", room, since, until) for room, since, until in stays),
        ]
        found: list[Change] = []
        cost = 0
        for row in merge(*streams, key=_first, reverse=True):
            change = _event(row)
            if not isinstance(change, ReactionChanged) or change.stands or change.message <= after:
                found.append(change)
            cost += weight(change)
            if cost >= STEP_COST:
                return Page(found, change.id, False)
        return Page(found, 0, True)

    def by(self, user: int, after: int, limit: int) -> list[Deed]:
        """The first `limit` that a user has made after an id."""
        rows = self._connection.execute(
            "SELECT id, kind, message, emoji, time_ms FROM changes c WHERE user = ?1 AND id > ?2"
            f"{self.hidden.but('sender')} AND NOT EXISTS (SELECT 1 FROM withheld_edits WHERE message = c.message"
            " AND c.kind = 'edited') UNION ALL SELECT id, 'edited', message, '', time_ms FROM withheld_edits"
            " WHERE author = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
            (user, after, limit),
        )
        return list(map(Deed._make, rows))

    def _but_hidden(self) -> str:
        return self.hidden.but("c.sender", "c.user")

    def _newest(self, condition: str, party: int, after: int, upto: int) -> Iterator[tuple[Any, ...]]:
        return self._connection.execute(
            f"SELECT {_COLUMNS} FROM changes c CROSS JOIN messages m ON m.id = c.message WHERE {condition}"
            f" AND c.id > ? AND c.id <= ?{self._but_hidden()} ORDER BY c.id DESC",
            (party, after, upto),
        )


def weight(change: Change) -> int:
    """What a change counts of an answer's `MARKS_MAX`."""
    return 1 + (len(change.text) // MARK_CHARS if isinstance(change, MessageEdited) else 0)


def _event(row: tuple[Any, ...]) -> Change:
    *shared, kind, user, emoji, text = row
    if kind == "edited":
        return MessageEdited._make((*shared, text))
    if kind == "deleted":
        return MessageDeleted._make(shared)
    return ReactionChanged._make((*shared, user, emoji, kind == "reacted"))
