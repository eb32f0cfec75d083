"""A client of the simulated server, as it sees itself: what it has said, what it was answered, who it is."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.sockets import Wire


@dataclass(eq=False)
class Lot:
    """What one batch of the server brings about, and how all was before it."""

    batch: Any
    before: bytes
    logins: frozenset[bytes]  # tokens in memory alone that `before` has, or has lost again
    events: list[Any] = field(default_factory=list)
    fate: str = ""  # then "stored" or "undone"


@dataclass(eq=False)
class Said:
    """One line, and what must come of it."""

    line: str
    lot: Lot | None = None  # in which it was decided
    expected: str = ""  # how the answer begins, once it is decided
    events: tuple[Any, ...] = ()
    was_unavailable: bool = False
    failures: int = -1  # how many batches had failed when the server read it; -1: it has not
    read_s: float = 0.0

    @property
    def verb(self) -> str:
        return self.echo.partition("#")[0]

    @property
    def echo(self) -> str:
        head = self.line.partition("|")[0]
        verb, sharp, tag = head.partition("#")
        return verb.upper() + sharp + tag


@dataclass(eq=False)
class Heard:
    """What a client is told of one thing that others did."""

    lot: Lot | None
    frames: list[str]
    is_ordered: bool


class Caller:
    """One connection."""

    is_page = False  # it speaks WebSocket

    def __init__(self, wire: Wire, name: str, now_s: float) -> None:
        self.wire = wire
        self.name = name  # as whom it speaks
        self.user = ""  # who it is, as it was told
        self.token = ""
        self.is_greeted = False
        self.bye = ""
        self.said: deque[Said] = deque()  # and not answered yet
        self.unread: deque[Said] = deque()  # the server has not come to it
        self.reading: Said | None = None  # the server is at it
        self.hears: deque[Heard] = deque()
        self.known: dict[str, str] = {}  # friend → how this client has been told that the friend is
        self.was_slow = False
        self.late_turns = 0  # of the loop, behind its deadline
        self.is_dripping = False  # it has begun a line that it will not end
        self.has_ended = False
        self.is_cut = False
        self.stranger_s = now_s  # since when it is nobody
        self.found_ban: tuple[int, int] = (0, 0)  # that held when it knocked
        self.must_go: Lot | None = None  # with what is decided there, an administrator has it leave
        self.rows = 0  # of the answer that is coming in
        self.heard_last: list[str] = []  # for who wants to look
        self._rest = b""

    @property
    def is_alive(self) -> bool:
        """Whether it can still say something."""
        return not (self.has_ended or self.is_cut or self.wire.closed or self.wire.said_end or self.bye)

    def say(self, line: str) -> None:
        """Send a line."""
        said = Said(line)
        self.said.append(said)
        self.unread.append(said)
        self._send(line.encode() + b"\n")

    def _send(self, data: bytes) -> None:
        self.wire.incoming += data

    def _taken(self) -> bytes:
        data, self.wire.outgoing = self.wire.outgoing, b""
        return data

    def frames(self) -> list[str]:
        """The frames that have come in whole since the last look."""
        data = self._rest + self._taken()
        *whole, self._rest = data.split(b"\n")
        self.heard_last += [frame.decode() for frame in whole]
        return [frame.decode() for frame in whole]

    @property
    def has_part(self) -> bool:
        """Whether it has been sent the begin of a frame."""
        return bool(self._rest)
