"""After a login: which `SYNC` to ask next, and which messages are new.

A login that goes on from an earlier one asks for everything after the last id it knows. A first
login looks for the end of what is old (`LastIdSearch`), and asks from there.
"""

from chatclient.events import Message
from chatclient.seen import LastIdSearch, SeenIds

PAGE = 500
Question = tuple[str, str]
"""The fields of a `SYNC`: after which id, and how many messages at most."""


class CatchUp:
    """What one user has seen, over all connections of a login."""

    __slots__ = ("_last_missed", "_search", "_seen")

    def __init__(self, floor: int | None = None) -> None:
        """`floor`: the last id known from an earlier run, if there was one."""
        self._seen = SeenIds(floor)
        self._search: LastIdSearch | None = None
        self._last_missed: int | None = None

    @property
    def last_id(self) -> int | None:
        """The id up to which everything has been seen; None if that is not known yet."""
        return self._seen.floor

    def is_new(self, message: Message) -> bool:
        """Take note of a message that came as an event; tell whether it had not come before."""
        if message.origin == "missed":
            self._last_missed = max(message.id, self._last_missed or 0)
        return self._seen.is_new(message.id)

    def note_own(self, message_id: int) -> None:
        """Take note of a message that this client sent."""
        self._seen.is_new(message_id)

    def interrupted(self) -> None:
        """The connection, or the user on it, is gone."""
        self._search = None
        self._seen.gap_open()

    def begin(self) -> Question:
        """The first question after a login."""
        self._last_missed = None
        if self._seen.floor is not None:
            return str(self._seen.floor), str(PAGE)
        self._search = LastIdSearch()
        return "0", "1"

    def take(self, found: list[Message], more: bool) -> tuple[list[Message], Question | None]:
        """Take an answer; return the messages of it that are new, and the next question, None at the end."""
        if self._search is not None:
            return [], self._take_search(self._search, found, more)
        fresh = [message for message in found if self._seen.is_new(message.id)]
        before = self._seen.floor
        if found:
            self._seen.raise_floor(found[-1].id)
        if more and self._seen.floor != before:
            return fresh, (str(self._seen.floor), str(PAGE))
        self.end()
        return fresh, None

    def end(self) -> None:
        """There is nothing more to ask."""
        self._search = None
        self._seen.gap_closed()

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
        return str(floor), str(PAGE)
