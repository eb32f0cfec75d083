"""One client: who it is, where it stands, its lines that are not yet run, and where frames for it go.

It owns a connection and passes on what that tells. What its lines say is its front's to read, when they are run is
decided by `pacing`, and what they do by `dispatch`.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from chatserver.core.commands import SendBurst
from chatserver.sessions.asks import Request
from chatserver.sessions.phases import OPEN, Change, Phase, after
from chatserver.settings import Settings
from chatserver.turn.receiver import Receiver
from chatserver.turn.records import Record

Join = Callable[[Sequence[Record]], bytes] | None
"""What a front makes of records that are sent together; None where they only need to be put together."""

BYTES_PER_COMMAND = 512  # of what was read, on average: what is longer, or says nothing, counts as so many commands
PART_BYTES = 16_384  # of what was read, cut into lines at a time
PART_LINES = 256  # at most about so many of them
NO_LINES: deque[str] = deque()
"""What idle clients have to say, all the same one and never changed: an empty deque of its own takes 0.6 KB."""


class Reader(Protocol):
    """Cuts what a socket gave into what a client says."""

    def feed(self, data: bytes) -> list[str]:
        """The lines that are now complete."""


class Front(Protocol):
    """How the clients of a door speak. It keeps nothing of a client."""

    name: str  # of its door, for administrators
    farewell: bytes  # for those for whom there is no place
    join: Join

    def greeting(self, store: str) -> bytes:
        """What is said first, with the name of the store."""

    def reader(self) -> Reader:
        """What cuts one client's bytes."""

    def entered(self, client: "Client") -> None:
        """A client is in another phase: look up what it may say there."""

    def read(self, client: "Client", line: str, now_ms: int) -> tuple[str, Request]:
        """Understand one line: what to echo in answers, and what to do."""

    def read_burst(self, client: "Client", lines: Sequence[str], most: int, now_ms: int) -> SendBurst | None:
        """The first of two lines or more, `most` at most, as one command, if they are messages."""


class Host(Protocol):
    """What a client tells the server."""

    def run_line(self, client: "Client", line: str) -> None:
        """Run one line, as far as limits allow: the usual case, where no other waits."""

    def run_lines(self, client: "Client") -> None:
        """Run what lines there are, as far as limits allow."""

    def client_drained(self, client: "Client") -> None:
        """All that waited has been handed over."""

    def client_lost(self, client: "Client") -> None:
        """The connection is gone."""


class Ticket:
    """What a client waits with: for whom, and the command that it waits for the answer to."""

    __slots__ = ("client", "echo")

    def __init__(self, client: "Client", echo: str) -> None:
        self.client = client
        self.echo = echo


class Client:
    """The owner of a connection."""

    __slots__ = (
        "_cut",
        "_held",
        "_host",
        "_reader",
        "address",
        "allowance",
        "allowance_s",
        "at_end",
        "front",
        "lines",
        "name",
        "phase",
        "reads",
        "receiver",
        "rows",
        "seen_ms",
        "sends",
        "since_ms",
        "ticket",
        "token_hash",
        "user",
        "was_warned_of",
    )

    def __init__(self, host: Host, front: Front, address: str) -> None:
        self._host = host
        self._reader = front.reader()
        self.front = front
        self.address = address
        self.receiver = Receiver(front.join)
        self.lines = NO_LINES  # those that are run next; `has_lines` sees to it
        self._held = b""  # what has come, and how much of it was cut into lines
        self._cut = 0
        self.at_end = False  # the client sends no more
        self.allowance = 0.0  # commands it may still send
        self.allowance_s = 0.0  # when that was reckoned
        self.ticket: Ticket | None = None  # while it waits
        self.user = 0
        self.name = ""  # as signed up; every command names it
        self.token_hash = b""
        self.rows: Any = {}  # what it may say now, as its front knows it
        self.sends = ""  # how a message from it begins
        self.since_ms = 0  # when it came
        self.seen_ms = 0  # when it last said something
        self.was_warned_of = False  # the log has a warning that it asked for what is an administrator's
        self._become(Phase.BEFORE_LOGIN)

    # What the connection tells.

    def received(self, data: bytes) -> None:
        """Bytes came in."""
        if len(data) <= BYTES_PER_COMMAND and not self._held:
            lines = self._reader.feed(data)
            if len(lines) == 1 and not self.lines:
                self._host.run_line(self, lines[0])
                return
            if self.lines:
                self.lines.extend(lines)
            else:
                self.lines = deque(lines)
        else:
            self._held = self._held[self._cut :] + data
            self._cut = 0
        self._host.run_lines(self)

    def has_lines(self) -> bool:
        """Tell whether there are lines to run, and have the next ones in `lines`.

        They are cut out of what has come a part at a time: a line of three bytes takes sixty once it is one.
        """
        while not self.lines and self._held:
            end = _part(self._held, self._cut)
            part, self._cut = self._held[self._cut : end], end
            if end == len(self._held):
                self._held, self._cut = b"", 0
            lines = self._reader.feed(part)
            self.allowance -= max(0.0, len(part) / BYTES_PER_COMMAND - len(lines))
            if lines:
                self.lines = deque(lines)
        return bool(self.lines)

    def said_nothing(self, commands: int) -> None:
        """What came in cost as much as so many commands, and was none."""
        self.allowance -= commands
        self._host.run_lines(self)

    def ended(self) -> None:
        """The client has closed its side; what it sent is still answered."""
        self.at_end = True
        self._host.run_lines(self)

    def drained(self) -> None:
        """The client has caught up."""
        self._host.client_drained(self)

    def lost(self) -> None:
        """The connection is gone."""
        self.ticket = None
        self.lines, self._held = NO_LINES, b""
        self._become(after(self.phase, Change.LOSE))
        self._host.client_lost(self)

    # What becomes of it.

    def log_in(self, user: int, name: str, token_hash: bytes) -> None:
        """Become a user's session."""
        self.user, self.name, self.token_hash = user, name, token_hash
        self._become(after(self.phase, Change.LOG_IN))

    def log_out(self) -> None:
        """Become as before login."""
        self.user, self.name, self.token_hash = 0, "", b""
        self._become(after(self.phase, Change.LOG_OUT))

    def close(self) -> None:
        """Run no more lines. What has come, and still comes, is kept, should the reason not come true."""
        self.ticket = None
        self._become(after(self.phase, Change.CLOSE))

    def reopen(self) -> None:
        """Take back a close whose reason did not come true."""
        self._become(after(self.phase, Change.REOPEN))

    def wait(self, ticket: Ticket | None) -> None:
        """Read nothing until the ticket is given back (None)."""
        self.ticket = ticket
        self.reads = ticket is None and self.phase in OPEN

    def _become(self, phase: Phase) -> None:
        self.phase = phase
        self.reads = self.ticket is None and phase in OPEN
        self.front.entered(self)

    def commands_left(self, settings: Settings, clock: Callable[[], float]) -> int:
        """How many commands it may have run now: what a turn and its rate allow. `clock` counts seconds."""
        rate, most = settings.commands_per_s, settings.commands_per_turn
        if not rate:
            return most
        now_s = clock()
        self.allowance = min(float(rate), self.allowance + (now_s - self.allowance_s) * rate)
        self.allowance_s = now_s
        return min(most, int(self.allowance))


def _part(data: bytes, start: int) -> int:
    """Where the next part of what was read ends; that may be within a line."""
    size = PART_BYTES
    while data.count(b"\n", start, start + size) > PART_LINES:
        size //= 2
    return min(start + size, len(data))
