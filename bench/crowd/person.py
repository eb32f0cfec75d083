"""One person's client: it sends, hears, and misses nothing over a reconnect, in the way that PROTOCOL.md describes.

Sends carry tags and are repeated where the answer was not read; after `RESUME` comes `SYNC` from the last id on.
A latency runs from the time that was planned, so that a held-up server is charged for all that waited meanwhile.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple

from bench.loop import Connection
from bench.percentiles import Latencies

SYNC_PAGE = 500
MESSAGE = "message"  # from the plan until it arrives, for each whom it reaches at once; all others until the answer
UNTIMED = ""


class Asked(NamedTuple):
    """A command whose answer has not come."""

    action: str  # what its latency counts as; UNTIMED for what is repeated, as the wait was the person's own
    planned: float
    line: bytes = b""  # of a send, to repeat it
    party: str = ""  # of a send: to whom


@dataclass
class Score:
    """What all of them found together."""

    latencies: dict[str, Latencies] = field(default_factory=dict)
    planned: list[float] = field(default_factory=list)  # when each message should have left, by its number
    delivered: int = 0
    doubled: int = 0
    events: int = 0  # all that came without being asked for
    refusals: Counter[str] = field(default_factory=Counter)

    def timed(self, action: str, seconds: float) -> None:
        """One action took so long."""
        self.latencies.setdefault(action, Latencies()).add((seconds, 1))


class Person:
    """One user at one connection, here or away."""

    def __init__(self, name: str, score: Score, stem: str, last_id: int) -> None:
        self.name = name
        self.friends: list[str] = []
        self.rooms: list[str] = []
        self.room_weights: list[float] = []  # how often each is written in
        self.pending: deque[Asked] = deque()
        self.accepted: Counter[str] = Counter()  # messages, by whom they were to
        self.last_own = 0  # id of the last message written
        self.last_heard = 0  # and of the last one heard
        self.unread: dict[str, int] = {}  # by conversation, up to which id; until it is marked as read
        self.questions: deque[float] = deque()  # to bots, not answered yet
        self.on_message: Callable[[Person, str, float], None] = lambda person, party, now: None
        self._own = name.encode()
        self._score = score
        self._stem = stem
        self._sent = 0
        self._last_id = last_id
        self._heard: set[int] = set()
        self._repeats: list[Asked] = []
        self._connection: Connection | None = None

    @property
    def is_here(self) -> bool:
        """Whether there is a connection."""
        return self._connection is not None

    @property
    def is_settled(self) -> bool:
        """Whether every answer has come."""
        return not (self.pending or self._repeats) or self._connection is None or self._connection.closed

    def sit_down(self, connection: Connection) -> None:
        """Take over a connection that is logged in, or about to be."""
        self._connection = connection
        connection.on_lines = self._take

    def ask(self, action: str, command: str, planned: float) -> None:
        """Send a command."""
        self._send(Asked(action, planned), f"{command}\n".encode())

    def say(self, to: str, number: int, text: bytes, planned: float, action: str = "send") -> None:
        """Send a message, whose text begins with its number."""
        self._sent += 1
        line = b"SENDMESSAGE#%s.%d|%s|%s|%d%s" % (
            *(self._stem.encode(), self._sent, self._own, to.encode()),
            *(number, text),
        )
        self._send(Asked(action, planned, line, to), line)

    def go_away(self) -> None:
        """The connection is lost; what was sent and not answered is kept, to be sent again."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._repeats += [asked for asked in self.pending if asked.line]
        self.pending.clear()
        self.questions.clear()

    def come_back(self, connection: Connection, login: str, planned: float) -> None:
        """Log in again, catch up, and send again what was not answered."""
        self.sit_down(connection)
        self.ask("reconnect", login, planned)
        self._catch_up("sync", planned)
        self.ask("conversations", f"SHOWCONVERSATIONS|{self.name}", planned)
        repeats, self._repeats = self._repeats, []
        for asked in repeats:
            self._send(asked._replace(action=UNTIMED), asked.line)

    def _catch_up(self, action: str, planned: float) -> None:
        self.ask(action, f"SYNC|{self.name}|{self._last_id}|{SYNC_PAGE}", planned)

    def _send(self, asked: Asked, line: bytes) -> None:
        if self._connection is not None:
            self.pending.append(asked)
            self._connection.send(line)

    def _take(self, block: bytes) -> None:
        now = perf_counter()
        for line in block.split(b"\n")[:-1]:
            kind, _, rest = line.partition(b"|")
            reader = _READERS.get(kind)
            if reader is not None:
                reader(self, rest, now)

    def _event(self, rest: bytes, now: float) -> None:
        self._score.events += 1
        kind, _, fields = rest.partition(b"|")
        if kind == b"MESSAGE":
            self._message(fields, now, is_live=True)
        elif kind == b"MISSED":
            self._message(fields, now, is_live=False)

    def _item(self, rest: bytes, now: float) -> None:
        if rest.startswith(b"SYNC|"):
            self._message(rest[5:], now, is_live=False)

    def _message(self, fields: bytes, now: float, *, is_live: bool) -> None:
        """Count it once; what was replayed is not timed."""
        digits, _, sender, to, text = fields.split(b"|", 4)
        number = int(digits)
        self._last_id = max(self._last_id, number)
        if sender == self._own:
            return
        if number in self._heard:
            self._score.doubled += is_live
            return
        self._heard.add(number)
        ours, _, _ = text.partition(b" ")
        if not ours.isdigit() or int(ours) >= len(self._score.planned):
            self._bot_answered(now)
            return
        self._score.delivered += 1
        if is_live:
            self._score.timed(MESSAGE, now - self._score.planned[int(ours)])
        self.last_heard = number
        party = (to if to.startswith(b"#") else sender).decode()
        is_new = party not in self.unread
        self.unread[party] = number
        if is_new:
            self.on_message(self, party, now)

    def _bot_answered(self, now: float) -> None:
        if self.questions:
            self._score.timed("bot", now - self.questions.popleft())

    def _ok(self, rest: bytes, now: float) -> None:
        asked = self.pending.popleft()
        if asked.action != UNTIMED:
            self._score.timed(asked.action, now - asked.planned)
        if asked.line:
            self.accepted[asked.party] += 1
            self.last_own = int(rest.split(b"|", 2)[1])
            self._last_id = max(self._last_id, self.last_own)
        elif rest.startswith(b"SYNC|") and rest.endswith(b"|1"):
            self._catch_up(UNTIMED, now)

    def _refused(self, rest: bytes, now: float) -> None:
        self._score.refusals[rest.decode(errors="replace")] += 1
        if self.pending:
            self.pending.popleft()


_READERS: dict[bytes, Callable[[Person, bytes, float], None]] = {
    b"EVENT": Person._event,
    b"ITEM": Person._item,
    b"OK": Person._ok,
    b"ERR": Person._refused,
}
