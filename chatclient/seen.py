"""Which messages this client has seen: how duplicates are dropped, and where a catch-up begins.

Ids rise across the whole server, and reach one connection in their order. So while a
connection is whole, one number says it all; after a loss, what comes above that number is
remembered by itself until a `SYNC` has closed the gap.
"""


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
