"""Running streams: warm up, measure, count system calls, drain; and the metrics that come of it."""

from collections.abc import Sequence
from typing import Protocol

from bench.context import Bench, Span
from bench.numbered import Acknowledgements, Receipt
from bench.paced import PacedPair
from bench.percentiles import Latencies
from bench.streams import FanOut, Pair

Stream = Pair | FanOut | PacedPair


class Counted(Protocol):
    """What can be added up at the end of a run."""

    acknowledgements: Acknowledgements
    sent: int
    receivers: int

    @property
    def delivered(self) -> int:
        """Messages that arrived, each receiver's counted."""


def run_streams(bench: Bench, streams: Sequence[Pair | FanOut], latencies: Latencies, label: str) -> dict[str, float]:
    """Load the server with all streams at once; return the metrics of the measured stretch and of the whole run."""
    for stream in streams:
        stream.start()
    bench.run_for(bench.parameters.warmup, "warming up", latencies)
    latencies.clear()
    before = delivered(streams)
    span = bench.measure(lambda: bench.run_measured(label, latencies, lambda: delivered(streams)))
    done = delivered(streams) - before
    measured, _ = latencies.since(0)
    bench.notes += span.saturation()
    calls = bench.system_calls(lambda: delivered(streams))
    for stream in streams:
        stream.stop()
    drain(bench, streams)
    counts = totals(bench, streams)
    measured.add_lost(int(counts["lost"]))
    bench.histogram.merge(measured)
    return counts | rates(span, done) | measured.metrics() | calls


def drain(bench: Bench, streams: Sequence[Stream]) -> None:
    """Wait for what is in flight, at most as long as the parameters say."""
    pending = list(streams)

    def done() -> bool:
        while pending and pending[-1].settled(bench.crowd.acknowledges):
            pending.pop()
        return not pending

    bench.loop.run_until(done, bench.parameters.drain)


def delivered(streams: Sequence[Counted]) -> int:
    """Messages delivered so far, each receiver's counted."""
    return sum(stream.delivered for stream in streams)


def rates(span: Span, messages: int) -> dict[str, float]:
    """What a measured stretch says about speed and cost."""
    return {"delivered_per_s": messages / span.seconds} | span.metrics(messages)


def totals(bench: Bench, streams: Sequence[Stream]) -> dict[str, float]:
    """What became of every message of the whole run, the warm-up included."""
    receipts = [receipt for stream in streams for receipt in receipts_of(stream)]
    counts: dict[str, float] = {"sent": sum(stream.sent for stream in streams)}
    expected = sum((stream.sent - stream.acknowledgements.refused) * stream.receivers for stream in streams)
    if bench.crowd.acknowledges:
        counts["acknowledged"] = sum(stream.acknowledgements.accepted for stream in streams)
        counts["refused"] = sum(stream.acknowledgements.refused for stream in streams)
        note_refusals(bench, streams)
    counts["delivered"] = delivered(streams)
    counts["lost"] = max(0, expected - delivered(streams))
    counts["doubled"] = sum(receipt.doubled for receipt in receipts)
    counts["out_of_order"] = sum(receipt.out_of_order for receipt in receipts)
    counts["foreign"] = max(0, delivered(streams) - expected)
    counts["unanswered"] = counts["sent"] - counts.get("acknowledged", counts["sent"]) - counts.get("refused", 0)
    bench.faults += [sentence.format(f"{counts[name]:,.0f}") for name, sentence in _FAULTS.items() if counts.get(name)]
    del counts["foreign"], counts["unanswered"]
    return counts


_FAULTS = {
    "refused": "{} messages were refused: raise the server's limits, or load it less",
    "lost": "{} messages were lost: they count as infinitely slow",
    "doubled": "{} messages came twice",
    "out_of_order": "{} messages came out of their order",
    "foreign": "{} messages came that this run did not send: give another --seed if somebody else loads the server",
    "unanswered": "{} messages were not answered",
}
"""What makes a run no measurement, beside a connection that closes."""


def receipts_of(stream: Stream) -> list[Receipt]:
    """The receipts of all receivers of a stream."""
    return stream.receipts if isinstance(stream, FanOut) else [stream.receipt]


def note_refusals(bench: Bench, streams: Sequence[Counted]) -> None:
    """Say what the server said no with, the most frequent sentence first."""
    sentences: dict[str, int] = {}
    for stream in streams:
        for sentence, count in stream.acknowledgements.sentences.items():
            sentences[sentence] = sentences.get(sentence, 0) + count
    for sentence, count in sorted(sentences.items(), key=lambda item: -item[1])[:3]:
        bench.notes.append(f"the server said {count} times: {sentence}")
