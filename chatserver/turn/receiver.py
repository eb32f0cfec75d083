"""Where frames for one client go: what is staged for it, and what its connection could not send at once.

Records are staged in a batch and released, in their order, when the batch is stored (see `release`). What the kernel
does not take waits in the connection; a book then says which frame ends where, so that each counts as handed over
once it has left whole, to the user who was logged in when it was staged.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from chatserver.core.id_ranges import IdRange, IdRanges
from chatserver.net.connection import Stream
from chatserver.turn.records import Credit, Passed, Record, Reply, frames_of

ENTRY_BYTES = 100  # of memory for what the book knows of a frame or record, beside the frame itself


Marks = tuple[int, IdRanges]
"""Of a user: up to which id all is delivered, and the gaps below it."""


class Unconfirmed(NamedTuple):
    """What the kernel was given, and the peer's machine has not confirmed yet."""

    end: int  # behind which byte of the wire
    before: Marks  # as they were before it counted as delivered
    noted_ms: int


class Book:
    """The frames that wait in a connection. Positions are bytes since the book was opened."""

    __slots__ = ("_begin", "_frames", "_queued", "_records", "event_bytes")

    def __init__(self) -> None:
        self._queued = 0
        self._begin = 0  # where the first frame of the book begins
        self._frames: deque[tuple[int, Credit]] = deque()  # position behind each frame, and its credit
        self._records: deque[tuple[int, int]] = deque()  # position behind each record of events, and its bytes
        self.event_bytes = 0  # of events that wait; the rest is answers, which the client asked for itself

    @property
    def own_bytes(self) -> int:
        """What the book itself takes: of small frames more than these do."""
        return ENTRY_BYTES * (len(self._frames) + len(self._records))

    def add(self, records: Iterable[Record]) -> None:
        """Note records that were just put behind what waits."""
        for record in records:
            for size, credit in frames_of(record):
                self._queued += size
                self._frames.append((self._queued, credit))
            if not isinstance(record, Reply):
                self._records.append((self._queued, len(record[0])))
                self.event_bytes += len(record[0])

    def left(self, unsent: int) -> int:
        """How many bytes have left since the book was opened, where so many still wait."""
        return self._queued - unsent

    def handed(self, unsent: int) -> list[Credit]:
        """The credits of the frames that have left whole since the last look, while so many bytes still wait."""
        position, credits = self.left(unsent), []
        while self._frames and self._frames[0][0] <= position:
            self._begin, credit = self._frames.popleft()
            if credit:
                credits.append(credit)
        while self._records and self._records[0][0] <= position:
            self.event_bytes -= self._records.popleft()[1]
        return credits

    def rest_of_frame(self, unsent: int, committed: int) -> int:
        """How many bytes must still be sent so that no frame is cut, where so many cannot be dropped any more."""
        handed = self.left(unsent)
        ends = (self._begin, *(end for end, _ in self._frames))
        return next(end for end in ends if end >= handed + committed) - handed


class Receiver:
    """The sending side of a client."""

    __slots__ = (
        "book",
        "connection",
        "cork",
        "depends",
        "hole",
        "join",
        "over",
        "passed",
        "since_ms",
        "special",
        "staged",
        "staged_bytes",
        "unconfirmed",
        "user",
    )

    connection: Stream

    def __init__(self, join: Callable[[Sequence[Record]], bytes] | None = None) -> None:
        """`join` makes bytes of records; None where they only need to be put together."""
        self.join = join
        self.staged: list[Record] = []  # in the open batch
        self.staged_bytes = 0  # what commands weigh whose answers have not left
        self.depends: Any = None  # the last batch in which something was staged for it
        self.cork: list[Record] | None = None  # what waits behind a backlog that is being read
        self.special = 0  # of what is staged, records whose credit is more than a message's id
        self.book: Book | None = None
        self.over = False  # frames were dropped: nothing but the good-bye may follow
        # Who hears: as of the bytes that were handed over last.
        self.user = 0
        self.since_ms = 0
        self.hole: IdRange | None = None  # ids of a long backlog that were not replayed
        self.unconfirmed: list[Unconfirmed] = []  # oldest first
        self.passed: list[Passed] = []  # id ranges that SYNC answers covered since the marks were last updated
