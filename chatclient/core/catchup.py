"""After a login: which `SYNC` to ask next, and which messages are new.

A login that goes on from an earlier one asks for everything after the last id it knows. A first
login looks for the end of what is old (`LastIdSearch`), and asks from there.

Ids rise across the whole server, and reach one connection in their order. So while a connection is whole, one number
says what has been seen; after a loss, what comes above that number is ahead of what the connection has lost. It is kept
back until a `SYNC` has closed the gap, so that messages are handed out in their order; if the connection is lost
before, the next `SYNC` brings it again.
"""

import math

from chatclient.core.events import Deleted, Edited, Message, Reaction

PAGE = 500
EARLY_MAX = 5000
Told = Message | Edited | Deleted | Reaction
"""A message, or a change of one."""
Question = tuple[str, str]
"""The fields of a `SYNC`: after which id, and how many messages at most."""


class SeenIds:
    """`floor` is the id up to which everything is known; None before it is known where to begin."""

    __slots__ = ("_above", "floor", "whole")

    def __init__(self, floor: int | None = None) -> None:
        self.floor = floor
        self.whole = False
        self._above: set[int] = set()

    def is_new(self, message_id: int) -> bool:
        """Take note of an id; tell whether it was not known before."""
        if message_id in self._above or (self.floor is not None and message_id <= self.floor):
            return False
        if self.whole:
            self.floor = message_id
        else:
            self._above.add(message_id)
        return True

    def gap_open(self) -> None:
        """The connection is lost: from now on ids may come that leave some out."""
        self.whole = False

    def raise_floor(self, message_id: int) -> None:
        """A page of SYNC ended here: everything up to this id is known."""
        self.floor = max(message_id, self.floor or 0)
        self._above = {seen for seen in self._above if seen > self.floor}

    def gap_closed(self) -> None:
        """The catch-up is done: everything up to the highest id seen is known."""
        self.raise_floor(max(self._above, default=self.floor or 0))
        self.whole = True


class LastIdSearch:
    """Finds the id of a user's last message in about 2·log2(id) questions `SYNC|user|after|1`.

    A first login on a machine must know where "from now on" begins, or what is lost before the
    first message would never be missed. Paging through the whole history would find it too,
    at 500 messages a page.
    """

    __slots__ = ("_high", "_low", "after", "found")

    def __init__(self) -> None:
        self._low = 0
        self._high: int | None = None
        self.after = 0
        """What to ask next: is there anything after this id?"""
        self.found: int | None = None
        """The answer, once there is one; 0 for a user without messages."""

    def answer(self, first_id: int | None, more: bool) -> None:
        """Take the answer to the last question: the first id after it, if any, and whether more follow."""
        if first_id is None or first_id <= self.after:  # the latter from a server that is out of its mind
            self._nothing_after()
        elif self._high is not None and first_id > self._high:
            self.found = self._high  # said since the search began, so it came as an event
        elif more:
            self._low = first_id
        else:
            self.found = first_id
        self.after = 2 * self._low if self._high is None else (self._low + self._high) // 2

    def _nothing_after(self) -> None:
        self._high = self.after
        if self.after == self._low:
            self.found = self._low


class CatchUp:
    """What one user has seen, over all connections of a login."""

    __slots__ = ("_early", "_early_max", "_last_missed", "_left_out", "_search", "_seen")

    def __init__(self, floor: int | None = None, *, early_max: int = EARLY_MAX) -> None:
        """`floor`: the last id known from an earlier run, if there was one; `early_max`: messages kept back."""
        self._seen = SeenIds(floor)
        self._search: LastIdSearch | None = None
        self._last_missed: int | None = None
        self._early: dict[int, list[Told]] | None = None  # by id what has come as events, while a gap is being closed
        self._early_max = early_max
        self._left_out = False  # more has come than is kept back: another question finds it

    @property
    def last_id(self) -> int | None:
        """The id up to which everything has been seen; None if that is not known yet."""
        return self._seen.floor

    def heard(self, event: Told) -> list[Told]:
        """Take what came as an event; return it, unless it is a message that had come before, or is kept back."""
        if self._early is not None and (isinstance(event, Message) or event.id in self._early):
            self._keep_back(self._early, event)
            return []
        if isinstance(event, Message) and event.origin == "missed":
            self._last_missed = max(event.id, self._last_missed or 0)
        return [event] if self._is_news(event) else []

    def note_own(self, message_id: int) -> None:
        """Take note of a message that this client sent."""
        self._seen.is_new(message_id)

    def interrupted(self) -> None:
        """The connection, or the user on it, is gone."""
        self._search = self._early = None
        self._seen.gap_open()

    def begin(self) -> Question:
        """The first question after a login."""
        self._last_missed = None
        if self._seen.floor is not None:
            self._early = {}
            return self._question(self._seen.floor)
        self._search = LastIdSearch()
        return "0", "1"

    def take(self, found: list[Message], more: bool) -> tuple[list[Told], Question | None]:
        """Take an answer; return what is new up to its end, and the next question, None where there is none."""
        if self._search is not None:
            return [], self._take_search(self._search, found, more)
        fresh = self._in_order(found, up_to=found[-1].id if found else 0)
        before = self._seen.floor
        if found:
            self._seen.raise_floor(found[-1].id)
        if self._left_out or (more and self._seen.floor != before):
            return fresh, self._question(self._seen.floor or 0)
        return [*fresh, *self.end()], None

    def end(self) -> list[Told]:
        """There is nothing more to ask: return what was kept back."""
        fresh = self._in_order([])
        self._search = self._early = None
        self._seen.gap_closed()
        return fresh

    def _question(self, floor: int) -> Question:
        self._left_out = False
        return str(floor), str(PAGE)

    def _keep_back(self, early: dict[int, list[Told]], event: Told) -> None:
        if event.id in early or len(early) < self._early_max:
            early.setdefault(event.id, []).append(event)
        else:
            self._left_out = True

    def _in_order(self, found: list[Message], up_to: float = math.inf) -> list[Told]:
        """What is new of a page, and of what was kept back and belongs before its end: what came as an event first."""
        early = self._early or {}
        events = [event for message_id in list(early) if message_id <= up_to for event in early.pop(message_id)]
        return [event for event in sorted([*events, *found], key=lambda event: event.id) if self._is_news(event)]

    def _is_news(self, event: Told) -> bool:
        return not isinstance(event, Message) or self._seen.is_new(event.id)

    def _take_search(self, search: LastIdSearch, found: list[Message], more: bool) -> Question:
        """Go on with the search, or from its end.

        Where there was a backlog, its end is the place to go on from, and nothing beyond it may be
        asked for first: SYNC marks as delivered what it passes.
        """
        floor = self._last_missed
        if floor is None:
            search.answer(found[0].id if found else None, more)
            if search.found is None:
                return str(search.after), "1"
            floor = search.found
        self._search = None
        self._seen.raise_floor(floor)
        return self._question(floor)
