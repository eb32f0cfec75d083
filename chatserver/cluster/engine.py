"""What a cluster asks of the engine that keeps its shared log: few questions, each a commit or a reading of its own.

`postgres` puts them to PostgreSQL. Tests have an engine in memory that fails, fences and loses answers. Each question
is a generator (`steps`): it yields what it waits for and returns the answer, or raises EngineError. Then nothing is
known: the engine may have done it or not, and whoever asked finds out by asking something else.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, Protocol

from chatserver.cluster.steps import Steps
from chatserver.store.shared import Place


class EngineError(Exception):
    """No answer, or none that can be relied on; the text says why. `state` is SQL's code of the error, if any."""

    def __init__(self, text: str, state: str = "") -> None:
        super().__init__(text)
        self.state = state


class ClusterError(Exception):
    """This node cannot go on; the text is a sentence that says what to do."""


def following(place: Place, body: bytes) -> Place:
    """The place behind one more entry. The hash stands for all entries so far, so equal places hold the same."""
    return Place(place.position + 1, sha256(place.hash + body).digest())


class Entry(NamedTuple):
    """One turn in the shared log."""

    place: Place
    format: int
    body: bytes


@dataclass(frozen=True)
class Head:
    """The end of the shared log, and who may write to it."""

    cluster: str
    identity: int  # of the store, which all nodes share: clients see it
    began_empty: bool  # the cluster was made of a store without an account, so that a new file can join
    place: Place
    epoch: int  # how often the lease was taken
    holder: str
    address: str
    expired: bool  # by the engine's clock


@dataclass(frozen=True)
class Lease:
    """The right to append. Its key is drawn at random, so that no earlier holder's can be taken for it."""

    key: str
    holder: str
    address: str
    seconds: float


@dataclass(frozen=True)
class Attendance:
    """What a node says of itself once a second."""

    node: str
    run: str  # drawn at the process's start: two processes by one name are noticed
    position: int
    safe: int  # what a power cut does not take from its file
    format: int


class Member(NamedTuple):
    """What a node said of itself last."""

    node: str
    position: int
    safe: int
    format: int
    seen_s: float  # ago


class Engine(Protocol):
    """The questions."""

    def head(self) -> Steps[Head | None]:
        """The end of the log, None where there is none. It may be lost again until a commit of one's own is behind."""

    def take(self, lease: Lease) -> Steps[Place | None]:
        """Take the lease if it has expired, or is one's own; where the log ends. None: somebody else has it."""

    def renew(self, lease: Lease) -> Steps[Place | None]:
        """Keep the lease; where the log ends. None: it is somebody else's.

        It is a commit behind all earlier ones, and waits for one under way: what it shows will stay.
        """

    def release(self, lease: Lease) -> Steps[None]:
        """Let the next one take it at once."""

    def append(self, lease: Lease, after: Place, entry: Entry) -> Steps[bool]:
        """Add an entry behind a place, and keep the lease. False: the lease, or the end of the log, is another."""

    def read(self, after: int, entries_max: int) -> Steps[list[Entry]]:
        """Entries behind a position, some at a time, in their order."""

    def attend(self, attendance: Attendance) -> Steps[bool]:
        """Say how far a node is. False: another process goes by its name.

        It is a commit: what was read before it is on as many disks as the engine is set up for.
        """

    def members(self) -> Steps[list[Member]]:
        """The nodes that have attended, by their names."""

    def forget(self, keep_s: float, upto: int) -> Steps[int]:
        """Remove what all nodes seen in so many seconds hold, up to a position, some at a time; how many went."""
