"""The open loop: messages leave when a plan says so, however the server is doing, and latency counts from the plan.

A closed loop slows down with the server and hides its worst moments ("coordinated
omission"); here a stall is charged to every message that should have left meanwhile.
"""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Protocol

from bench.context import SATURATED_PERCENT, Bench, Span
from bench.loop import Connection
from bench.numbered import Form
from bench.percentiles import Latencies
from bench.streams import OneToOne

LAG_MS_MAX = 2.0


class PacedPair(OneToOne):
    """A stream whose message `n` is message `n * stride + at` of the plan."""

    def __init__(self, sender: Connection, receiver: Connection, form: Form) -> None:
        super().__init__(sender, receiver, form)
        sender.on_lines = self.acknowledgements.take


class Pace(Protocol):
    """What is sent by the clock, in stretches."""

    lags: Latencies  # how much later than planned it left: the generator's own fault

    def begin(self, now: float) -> None:
        """A stretch begins, and what is sent first in it is due now."""

    @property
    def due(self) -> float:
        """When the next one should leave."""

    def send_due(self, now: float) -> None:
        """Send what should have left by now."""


def follow(bench: Bench, paces: Sequence[Pace], seconds: float, label: str) -> None:
    """Keep to all plans at once for so long. A pause since the last stretch is not made up for."""
    begun = perf_counter()
    end = begun + seconds
    for pace in paces:
        pace.begin(begun)
    while (now := perf_counter()) < end and not bench.loop.ended:
        for pace in paces:
            pace.send_due(now)
        bench.progress.step(label, 1 - (end - now) / seconds)
        due = min(pace.due for pace in paces)
        bench.loop.turn(max(0.0, min(due, end) - perf_counter()))


def late(pace: Pace, span: Span) -> list[str]:
    """The note that the generator did not keep to the plan, and why; none if it did."""
    lag_ms = 1000 * pace.lags.percentiles([99.0])[0]
    if lag_ms <= LAG_MS_MAX:
        return []
    saturated = span.metrics(0)["generator_cpu_percent"] >= SATURATED_PERCENT
    why = "generator saturated" if saturated else "generator held up, something else ran on its core"
    return [f"{why}: 1 % of the messages left {lag_ms:.1f} ms or more after their time"]


class Plan:
    """`rate` messages a second, over all pairs in turn. A stretch times its own messages alone."""

    def __init__(self, pairs: Sequence[PacedPair], rate: float, latencies: Latencies) -> None:
        self._pairs = pairs
        self.rate = rate  # may be changed between two stretches
        self._latencies = latencies
        self.lags = Latencies()
        self.sent = 0
        self._first = 0  # message of this stretch
        self._start = 0.0  # when the first of all would have been due, had there been no pause
        for at, pair in enumerate(pairs):
            pair.receiver.on_lines = self._reader(at, pair)

    def begin(self, now: float) -> None:
        """The next message is due now."""
        self._start, self._first = now - self.sent / self.rate, self.sent

    @property
    def due(self) -> float:
        """When the next message should leave."""
        return self._start + self.sent / self.rate

    def send_due(self, now: float) -> None:
        """Send what should have left by now, each pair's messages at once."""
        upto = int((now - self._start) * self.rate) + 1
        first = self.sent
        if upto <= first:
            return
        self.lags.add((now - self.due, upto - first))
        stride = len(self._pairs)
        for at in range(first, min(upto, first + stride)):
            self._pairs[at % stride].send((upto - at - 1) // stride + 1)
        self.sent = upto

    def _reader(self, at: int, pair: PacedPair) -> Callable[[bytes], None]:
        stride, add, receipt = len(self._pairs), self._latencies.add, pair.receipt

        def take(block: bytes) -> None:
            now = perf_counter()
            first = receipt.expected
            receipt.take(block)
            own = (self._first - at + stride - 1) // stride  # the pair's first message of this stretch
            since_start, rate = now - self._start, self.rate
            numbers = [number for number in range(first, receipt.expected) if number not in receipt.missing]
            while receipt.late:
                numbers.append(receipt.late.pop())
            for number in numbers:
                if number >= own:
                    add((since_start - (number * stride + at) / rate, 1))

        return take
