"""Streams of numbered messages: from one sender to one receiver, or to the members of a room, in a closed loop.

Closed means: so many are in flight, and what is delivered is sent anew. Latency runs
from the call that sent a message to the `recv` that brought it.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from time import perf_counter

from bench.loop import Connection
from bench.numbered import Acknowledgements, Form, Receipt
from bench.percentiles import Latencies

Departures = list[tuple[int, float]]
"""Runs of messages of one stream, as they were sent: the number after the run's last, and when."""


class Arrivals:
    """Turns one receiver's arrivals into latencies, beside the list of departures that all receivers share."""

    __slots__ = ("_cursor", "_departures", "_latencies", "_timed")

    def __init__(self, departures: Departures, latencies: Latencies) -> None:
        self._departures = departures
        self._latencies = latencies
        self._cursor = 0
        self._timed = 0

    def arrived(self, receipt: Receipt, when: float) -> None:
        """All that this receipt has counted since has arrived by now."""
        timed, end = self._timed, receipt.expected
        while timed < end and self._cursor < len(self._departures):  # what nobody sent is a fault, and has no time
            run_end, sent = self._departures[self._cursor]
            upto = min(run_end, end)
            missing = sum(timed <= number < upto for number in receipt.missing)
            if upto - timed > missing:
                self._latencies.add((when - sent, upto - timed - missing))
            timed = upto
            if run_end <= end:
                self._cursor += 1
        self._timed = timed
        while receipt.late:
            run = bisect_right(self._departures, receipt.late.pop(), key=lambda departed: departed[0])
            self._latencies.add((when - self._departures[run][1], 1))


class OneToOne:
    """One sender, one receiver, and how far their numbered messages have come."""

    receivers = 1

    def __init__(self, sender: Connection, receiver: Connection, form: Form) -> None:
        self.sender, self.receiver = sender, receiver
        self.acknowledgements = Acknowledgements(stem=form.stem)
        self.receipt = Receipt(form)
        self.sent = 0
        self._form = form

    @property
    def delivered(self) -> int:
        """Messages that arrived, each counted once."""
        return self.receipt.delivered

    def settled(self, acknowledges: bool) -> bool:
        """Whether nothing is in flight."""
        heard = self.acknowledgements
        if acknowledges and heard.accepted + heard.refused < self.sent:
            return self.sender.closed
        return self.receipt.delivered + heard.refused >= self.sent or self.receiver.closed

    def send(self, count: int) -> None:
        """Send so many messages now."""
        self.sender.send(self._form.render(self.sent, count))
        self.sent += count


class Pair(OneToOne):
    """A stream with `window` messages in flight."""

    def __init__(self, sender: Connection, receiver: Connection, form: Form, window: int, latencies: Latencies) -> None:
        super().__init__(sender, receiver, form)
        self._window = window
        self._departures: Departures = []
        self._arrivals = Arrivals(self._departures, latencies)
        self._running = False
        sender.on_lines = self._heard
        receiver.on_lines = self._delivered

    def start(self) -> None:
        """Fill the window."""
        self._running = True
        self._send(self._window - (self.sent - self.acknowledgements.refused - self.receipt.delivered), perf_counter())

    def stop(self) -> None:
        """Send nothing more; what is in flight may still arrive."""
        self._running = False

    def _send(self, count: int, now: float) -> None:
        if count > 0:
            self.send(count)
            self._departures.append((self.sent, now))

    def _delivered(self, block: bytes) -> None:
        now = perf_counter()
        fresh = self.receipt.take(block)
        self._arrivals.arrived(self.receipt, now)
        if self._running:
            self._send(fresh, now)

    def _heard(self, block: bytes) -> None:
        heard = self.acknowledgements
        refused = heard.refused
        heard.take(block)
        if heard.refused > refused and self._running:
            self._send(heard.refused - refused, perf_counter())


Checked = tuple[bytes, int, int]
"""A run of lines found exact, the number expected before it, and how many messages are in it."""

NOTHING: Checked = (b"", -1, 0)


class FanOut:
    """One sender in a room, every member a receiver. In flight is what the average member has not got.

    All members get the same bytes, mostly cut at the same places, so that one check serves many of them.
    """

    def __init__(
        self,
        sender: Connection,
        members: Sequence[Connection],
        form: Form,
        window: int,
        latencies: Latencies,
        verb: bytes = b"SENDMESSAGE",
    ) -> None:
        self.sender = sender
        self.acknowledgements = Acknowledgements(verb)
        self.receipts = [Receipt(form) for _ in members]
        self.receivers = len(members)
        self.sent = 0
        self.delivered = 0
        self._members = members
        self._form = form
        self._window = window
        self._running = False
        self._departures: Departures = []
        self._arrivals = [Arrivals(self._departures, latencies) for _ in members]
        self._same = NOTHING
        sender.on_lines = self.acknowledgements.take
        for at, member in enumerate(members):
            member.on_lines = self._reader(at)

    def start(self) -> None:
        """Fill the window."""
        self._running = True
        self._refill(perf_counter())

    def stop(self) -> None:
        """Send nothing more."""
        self._running = False

    def settled(self, acknowledges: bool) -> bool:
        """Whether nothing is in flight."""
        heard = self.acknowledgements
        if acknowledges and heard.accepted + heard.refused < self.sent:
            return self.sender.closed
        return self.delivered >= (self.sent - heard.refused) * self.receivers

    def _reader(self, at: int) -> Callable[[bytes], None]:
        receipt, arrivals = self.receipts[at], self._arrivals[at]

        def take(block: bytes) -> None:
            now = perf_counter()
            same, expected, fresh = self._same
            if block == same and receipt.expected == expected and not receipt.missing:
                receipt.expected += fresh
                receipt.delivered += fresh
            else:
                expected = receipt.expected
                fresh = receipt.take(block)
                self._same = (block, expected, fresh) if receipt.exact else NOTHING
            arrivals.arrived(receipt, now)
            self.delivered += fresh
            if self._running:
                self._refill(now)

        return take

    def _refill(self, now: float) -> None:
        room = self._window - (self.sent - self.acknowledgements.refused - self.delivered // self.receivers)
        if room > 0 and room >= self._window // 2:  # in halves, as a busy room would send: not one by one
            self.sender.send(self._form.render(self.sent, room))
            self.sent += room
            self._departures.append((self.sent, now))
