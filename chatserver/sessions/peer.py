"""One client of the server: its connection and session, the lines not yet run, the frames not yet released."""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from chatserver.core.id_ranges import IdRange
from chatserver.net.connection import Connection
from chatserver.protocol.frames import LineReader
from chatserver.sessions.session import Session
from chatserver.settings import Settings
from chatserver.turn.outbox import Outbox

NO_LINES: deque[str] = deque()
"""What idle clients have to say, all the same one and never changed: an empty deque of its own takes 0.6 KB."""


class Host(Protocol):
    """What a peer tells the server."""

    def run_line(self, peer: "Peer", line: str) -> None:
        """Run one line, as far as limits allow: the usual case, where no other waits."""

    def run_lines(self, peer: "Peer") -> None:
        """Run what lines there are, as far as limits allow."""

    def peer_drained(self, peer: "Peer") -> None:
        """All that waited has been handed over."""

    def peer_lost(self, peer: "Peer") -> None:
        """The connection is gone."""


class Peer:
    """The owner of a connection."""

    __slots__ = (
        "_host",
        "_reader",
        "address",
        "allowance",
        "allowance_s",
        "at_end",
        "connection",
        "heard_until",
        "hole",
        "lines",
        "outbox",
        "session",
        "since_ms",
        "staged",
        "staged_bytes",
        "synced",
        "user",
    )

    connection: Connection

    def __init__(self, host: Host, address: str) -> None:
        self._host = host
        self._reader = LineReader()
        self.address = address
        self.session = Session()
        self.lines = NO_LINES
        self.at_end = False  # the client sends no more
        self.staged: list[bytes] = []  # frames that go out when the turn's events are on disk
        self.staged_bytes = 0  # of long answers alone; the rest is bounded by the commands of a turn
        self.outbox: Outbox | None = None
        self.since_ms = 0  # when its user logged in
        self.user = 0  # whose messages it hears or, after LOGOUT and in closing, heard last
        self.heard_until: int | None = None  # it heard no message after this id
        self.hole: IdRange | None = None  # ids of a long backlog that were not replayed
        self.synced: list[IdRange] = []  # what SYNCs have passed since the last settling: behind one id, up to another
        self.allowance = 0.0  # commands it may still send
        self.allowance_s = 0.0  # when that was reckoned

    def received(self, data: bytes) -> None:
        """Bytes came in."""
        lines = self._reader.feed(data)
        if len(lines) == 1 and not self.lines:
            self._host.run_line(self, lines[0])
            return
        if self.lines:
            self.lines.extend(lines)
        else:
            self.lines = deque(lines)
        self._host.run_lines(self)

    def commands_left(self, settings: Settings, clock: Callable[[], float]) -> int:
        """How many commands it may have run now: what a turn and its rate allow. `clock` counts seconds."""
        rate, most = settings.commands_per_s, settings.commands_per_turn
        if not rate:
            return most
        now_s = clock()
        self.allowance = min(float(rate), self.allowance + (now_s - self.allowance_s) * rate)
        self.allowance_s = now_s
        return min(most, int(self.allowance))

    def ended(self) -> None:
        """The client has closed its side; what it sent is still answered."""
        self.at_end = True
        self._host.run_lines(self)

    def drained(self) -> None:
        """The client has caught up."""
        self._host.peer_drained(self)

    def lost(self) -> None:
        """The connection is gone."""
        self.session.close()
        self.lines = NO_LINES
        self._host.peer_lost(self)
