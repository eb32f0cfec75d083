"""The open loop: messages leave when a plan says so, however the server is doing, and latency counts from the plan.

A closed loop slows down with the server and hides its worst moments ("coordinated
omission"); here a stall is charged to every message that should have left meanwhile.
"""

from collections.abc import Callable, Sequence
from time import perf_counter

from bench.context import Bench
from bench.loop import Connection
from bench.numbered import Acknowledgements, Form, Receipt
from bench.percentiles import Latencies


class PacedPair:
    """One sender, one receiver; message `n` of the pair is message `n * stride + at` of the plan."""

    receivers = 1

    def __init__(self, sender: Connection, receiver: Connection, form: Form) -> None:
        self.sender, self.receiver = sender, receiver
        self.acknowledgements = Acknowledgements()
        self.receipt = Receipt(form)
        self.sent = 0
        self._form = form
        sender.on_lines = self.acknowledgements.take

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


class Plan:
    """`rate` messages a second, over all pairs in turn, from a start time on."""

    def __init__(self, pairs: Sequence[PacedPair], rate: float, latencies: Latencies) -> None:
        self._pairs = pairs
        self._rate = rate
        self._latencies = latencies
        self.lags = Latencies()  # how much later than planned a message left: the generator's own fault
        self.sent = 0
        self._start = 0.0
        for at, pair in enumerate(pairs):
            pair.receiver.on_lines = self._reader(at, pair)

    def run(self, bench: Bench, seconds: float, label: str) -> None:
        """Keep to the plan for so long; a second call goes on where the first ended."""
        begun = perf_counter()
        if not self._start:
            self._start = begun
        end = begun + seconds
        while (now := perf_counter()) < end:
            self._send_due(now)
            bench.progress.step(label, 1 - (end - now) / seconds)
            due = self._start + self.sent / self._rate
            bench.loop.turn(max(0.0, min(due, end) - perf_counter()))

    def _send_due(self, now: float) -> None:
        due = int((now - self._start) * self._rate) + 1
        if due <= self.sent:
            return
        first = self.sent
        stride = len(self._pairs)
        for at in range(first, min(due, first + stride)):
            self._pairs[at % stride].send((due - at - 1) // stride + 1)
        self.lags.add((now - self._start - first / self._rate, due - first))
        self.sent = due

    def _reader(self, at: int, pair: PacedPair) -> Callable[[bytes], None]:
        stride, rate, add, receipt = len(self._pairs), self._rate, self._latencies.add, pair.receipt

        def take(block: bytes) -> None:
            now = perf_counter()
            first = receipt.expected
            receipt.take(block)
            since_start = now - self._start
            for number in range(first, receipt.expected):
                add((since_start - (number * stride + at) / rate, 1))

        return take
