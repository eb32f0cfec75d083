"""Pairs: every user of one half writes to one of the other half, `window` messages in flight each."""

from bench.closed_loop import run_streams
from bench.context import Bench
from bench.percentiles import Latencies
from bench.streams import Pair


def run(bench: Bench) -> dict[str, float]:
    """Load the server with all pairs at once."""
    latencies = Latencies()
    return run_streams(bench, make_pairs(bench, latencies), latencies, "pairs")


def make_pairs(bench: Bench, latencies: Latencies, window: int | None = None) -> list[Pair]:
    """Sign in and befriend both halves."""
    parameters = bench.parameters
    people = bench.crowd.arrive(2 * parameters.pairs)
    couples = list(zip(people[::2], people[1::2], strict=True))
    bench.crowd.befriend((one.name, other.name) for one, other in couples)
    bench.crowd.settle([person.name for person in people])
    return [
        Pair(
            one.connection,
            other.connection,
            bench.crowd.form(one.name, other.name, parameters.size),
            parameters.window if window is None else window,
            latencies,
        )
        for one, other in couples
    ]
