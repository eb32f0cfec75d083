"""What a slow reader has been sent but not yet handed: which messages are in it, and how much of it are events.

Made when a send is not taken whole, dropped when all of it is. Healthy clients never have one.
"""

import re
from collections import deque
from collections.abc import Iterable

_MESSAGE = re.compile(rb"^EVENT\|(?:MESSAGE|MISSED)\|(\d+)\|.*\n", re.MULTILINE)


class Aside(bytes):
    """Events that stand before the rows of a reply, and were asked for with it."""

    __slots__ = ()


class Outbox:
    """Positions are bytes since the outbox was made."""

    __slots__ = ("_marks", "_queued", "replies")

    def __init__(self) -> None:
        self._queued = 0
        self._marks: deque[tuple[int, int]] = deque()  # position behind a frame, id of its message
        self.replies = 0  # bytes that the client asked for itself

    def add(self, frames: Iterable[bytes], data: bytes, last_id: int) -> None:
        """Note what was queued, frame by frame and joined; with all of it, messages up to `last_id` are handed."""
        for found in _MESSAGE.finditer(data):
            self._marks.append((self._queued + found.end(), int(found[1])))
        self.replies += sum(len(frame) for frame in frames if isinstance(frame, Aside) or frame[:6] != b"EVENT|")
        self._queued += len(data)
        self._marks.append((self._queued, last_id))

    def handed_id(self, unsent: int) -> int:
        """The highest id handed to the socket while so many bytes still wait; 0 if none is known."""
        handed, found = self._queued - unsent, 0
        while self._marks and self._marks[0][0] <= handed:
            found = self._marks.popleft()[1]
        return found
