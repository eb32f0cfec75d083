"""What a user wrote leaves the file with the account; what other people wrote to the user stays theirs.

What bots answered goes too: it may repeat what the user wrote, and nobody can ask for it any more.

The turn that deletes an account only notes it in `removals`, and hides its messages (`hidden`). The rows go
afterwards, in steps of a bounded cost: first all messages so far are listed in `postings`, so that nothing is listed
anew after a restart; then the user's own list is gone through, and the lists of the rooms the user was in; then go the
rows of the other tables. How far that is stands in the note, so that a restart goes on. At the end the log (WAL) is
emptied, which may still hold the texts.

The lists are gone through twice: first the texts become blanks, as many bytes in the same place, then the rows go.
Where rows go SQLite moves their neighbours to other pages, and `secure_delete` clears what is deleted, not what was
moved: a text that is still to go would stay behind in the slack of a page.
"""

import json
import sqlite3
from itertools import islice
from typing import NamedTuple

from chatserver.core.state import NO_PASSWORD
from chatserver.store.folding import letters
from chatserver.store.hidden import Hidden
from chatserver.store.postings import Postings, list_keys

STEP_COST = 6_000
"""Of one step, some 2 ms: the letters of the texts that go (`folding.letters`), which the search index has to forget,
and what follows."""
REMOVED_COST = 100  # of a row that goes, beside its letters: pages may have to be rewritten for it alone
LOOKED_AT_COST = 5  # of a row that stays, and 1 more for each `CHARS_PER_COST` of its text
CHARS_PER_COST = 400
LISTS_PER_STEP = 200  # stored, before anything else
PAGE_BYTES = 8192
_PAGE = STEP_COST // LOOKED_AT_COST  # ids looked up with one statement

_BLANK = "replace(hex(zeroblob(length(CAST({0} AS BLOB)))), '00', ' ')"
_BLANKED = (
    ("bot_memory", "state", "user"),
    ("withheld_edits", "text", "author"),
)
"""Beside messages: table, which text, and whose it is."""
_BLANK_OTHERS = tuple(f"UPDATE {t} SET {c} = {_BLANK.format(c)} WHERE {user} = ?" for t, c, user in _BLANKED)
_BLANK_MESSAGES = (
    f"UPDATE messages SET text = {_BLANK.format('text')}, tag = {_BLANK.format('tag')}"
    " WHERE id IN (SELECT value FROM json_each(?))"
)
_OTHER_ROWS = (
    ("postings", "party = ?1 AND other = 0", "first_id", 10),  # of 10 KB
    ("postings", "party = 0 AND other = ?1", "first_id", 10),
    ("memberships", "user IN (?1, -?1)", "number", 100),
    ("read_marks", "user = ?1", "party", 200),
    ("correspondents", "user = ?1", "author", 200),
    ("changes", "sender = ?1", "id", 50),  # with five indexes
    ("changes", "user = ?1", "id", 50),
    ("withheld_edits", "author = ?1", "message", 50),
    ("answers", "asker = ?1", "answer", 100),
    ("bot_memory", "user = ?1", "bot", 1),  # as long as the bot likes
    ("bot_timers", "user = ?1", "bot", 1),  # at most 50 timers
)
"""Table, which rows are the user's, a column that tells them apart, and how many of its values go in a step."""
_DELETE_MESSAGES = "DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?))"
_DELETE = "DELETE FROM {0} WHERE {1} AND {2} IN (SELECT {2} FROM {0} WHERE {1} LIMIT {3})"
_DELETIONS = tuple(_DELETE.format(*row) for row in _OTHER_ROWS)
_STAY = (
    "SELECT room, (SELECT after_id FROM memberships WHERE user IN (?1, -?1) AND room = r.room ORDER BY number LIMIT 1)"
    " FROM (SELECT max(room) AS room FROM memberships WHERE user IN (?1, -?1) AND room < ?2) r WHERE room IS NOT NULL"
)


class _Place(NamedTuple):
    """How far the removal of a user's rows is; see the table `removals`."""

    user: int
    last_id: int
    party: int
    after_id: int
    is_blanked: int


class _Found(NamedTuple):
    """What a step has to remove, and up to which id it has looked."""

    ids: list[int]
    others: set[int]  # whom the user wrote to, or who wrote to the user
    upto: int
    log_bytes: int


class Removal:
    """All removals that are not done. Belongs to the transactions on one connection, as `Postings` does."""

    def __init__(self, connection: sqlite3.Connection, postings: Postings, hidden: Hidden) -> None:
        self._connection = connection
        self._postings = postings
        self._hidden = hidden
        self._place: _Place | None = None  # further than the note says, where only rows that stay were looked at
        query = "SELECT value FROM meta WHERE name = 'log_purge'"
        self.log_waits: bool = connection.execute(query).fetchone()[0] > 0

    def begin(self, user: int) -> None:
        """The user's account has just been deleted in the open transaction."""
        self._hidden.users.add(user)

    @property
    def waits(self) -> bool:
        """Tell whether there is anything to remove."""
        return bool(self._hidden.users)

    def step(self) -> int:
        """Remove something, inside the open transaction; return about how many bytes that adds to the log.

        There may be nothing to write although more `waits`.
        """
        place = self._place or self._noted()
        if place is None:
            return 0
        if self._postings.indexed_id < place.last_id and (stored := self._postings.fill(LISTS_PER_STEP)):
            return stored * PAGE_BYTES
        return self._remove_messages(place) if place.party else self._remove_others(place)

    def empty_log(self) -> bool:
        """Copy the log into the file and cut it, outside a transaction; tell whether that could be done.

        It cannot while another connection reads. Raises sqlite3.Error.
        """
        if self._connection.in_transaction:
            return False
        timeout_ms = self._connection.execute("PRAGMA busy_timeout").fetchone()[0]
        self._connection.execute("PRAGMA busy_timeout = 0")
        busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        self._connection.execute(f"PRAGMA busy_timeout = {timeout_ms}")
        if busy:
            return False
        self._connection.execute("UPDATE meta SET value = 0 WHERE name = 'log_purge'")
        self.log_waits = False
        return True

    def _noted(self) -> _Place | None:
        row = self._connection.execute("SELECT * FROM removals ORDER BY user").fetchone()
        return _Place._make(row) if row else None

    def _remove_messages(self, place: _Place) -> int:
        ids = list(islice(self._postings.upward(place.party, 0, place.after_id + 1, place.last_id), _PAGE))
        if not ids:
            self._go_to(self._next_list(place))
            return PAGE_BYTES
        found = self._look_at(place, ids)
        if place.party > 0 and place.is_blanked:
            self._forget_others(place.user, found)
        place = place._replace(after_id=found.upto)
        if found.ids:
            self._connection.execute(
                _DELETE_MESSAGES if place.is_blanked else _BLANK_MESSAGES, (json.dumps(found.ids),)
            )
        if found.ids or found.others:
            self._go_to(place)
        self._place = place
        return found.log_bytes

    def _look_at(self, place: _Place, ids: list[int]) -> _Found:
        """Go through messages as far as it is cheap enough."""
        own: list[int] = []
        others: set[int] = set()
        cost = log_bytes = before = 0
        rows = self._connection.execute(
            "SELECT m.id, m.sender, m.recipient, m.text, m.sender = ? OR m.recipient > 0 AND"
            " EXISTS (SELECT 1 FROM users WHERE id = m.sender AND password_hash = ?)"
            " OR EXISTS (SELECT 1 FROM answers WHERE answer = m.id AND asker = ?)"
            " FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value",
            (place.user, NO_PASSWORD, place.user, json.dumps(ids)),
        )
        for message_id, sender, recipient, text, goes in rows:
            if place.party > 0 and (other := sender + recipient - place.user) not in others:
                others.add(other)
                cost += REMOVED_COST
            if goes:
                own.append(message_id)
                cost += REMOVED_COST + letters(text)
                log_bytes += min(PAGE_BYTES, (message_id - before) * (REMOVED_COST + len(text)))
                before = message_id
            else:
                cost += LOOKED_AT_COST + len(text) // CHARS_PER_COST
            if cost >= STEP_COST:
                return _Found(own, others, message_id, log_bytes + PAGE_BYTES * len(others))
        return _Found(own, others, ids[-1], log_bytes + PAGE_BYTES * len(others))

    def _forget_others(self, user: int, found: _Found) -> None:
        """Nobody asks for these conversations any more; the lists' rows hold no more ids than the step has seen."""
        keys = [(*list_keys(user, other)[0], found.upto) for other in found.others]
        self._connection.executemany("DELETE FROM postings WHERE party = ? AND other = ? AND first_id <= ?", keys)
        self._connection.executemany(
            "DELETE FROM correspondents WHERE user = ? AND author = ?", [(other, user) for other in found.others]
        )

    def _next_list(self, place: _Place) -> _Place:
        """The list of another room that the user was in, from the first stay on; behind the last one all over again.

        At the end of the second time party is 0.
        """
        below = min(place.party, 0)
        row = self._connection.execute(_STAY, (place.user, below)).fetchone()
        if row is None and not place.is_blanked:
            for statement in _BLANK_OTHERS:
                self._connection.execute(statement, (place.user,))
            return place._replace(party=place.user, after_id=0, is_blanked=1)
        party, after_id = row or (0, 0)
        return place._replace(party=party, after_id=after_id)

    def _go_to(self, place: _Place) -> None:
        self._place = place
        self._connection.execute(
            "UPDATE removals SET party = ?, after_id = ?, blanked = ? WHERE user = ?",
            (place.party, place.after_id, place.is_blanked, place.user),
        )

    def _remove_others(self, place: _Place) -> int:
        for statement in _DELETIONS:
            removed = self._connection.execute(statement, (place.user,)).rowcount
            if removed:
                return removed * PAGE_BYTES
        self._connection.execute("DELETE FROM removals WHERE user = ?", (place.user,))
        self._connection.execute("UPDATE meta SET value = 1 WHERE name = 'log_purge'")
        self._hidden.users.discard(place.user)
        self._place, self.log_waits = None, True
        return PAGE_BYTES
