"""Pairs: every user of one half writes to one of the other half, `window` messages in flight each."""

from bench.closed_loop import run_streams
from bench.context import Bench
from bench.irc import IrcPerson
from bench.people import Dialogue
from bench.percentiles import Latencies
from bench.streams import Pair

Couple = tuple[Dialogue | IrcPerson, Dialogue | IrcPerson]


def run(bench: Bench) -> dict[str, float]:
    """Load the server with all pairs at once."""
    latencies = Latencies()
    pairs = make_pairs(bench, couples(bench), bench.parameters.window, latencies)
    return run_streams(bench, pairs, latencies, "pairs")


def couples(bench: Bench, group: str = "u") -> list[Couple]:
    """Sign in and befriend twice as many users as the parameters want pairs."""
    people = bench.crowd.arrive(2 * bench.parameters.pairs, group)
    found: list[Couple] = list(zip(people[::2], people[1::2], strict=True))
    bench.crowd.befriend((one.name, other.name) for one, other in found)
    bench.crowd.settle([person.name for person in people])
    return found


def make_pairs(bench: Bench, found: list[Couple], window: int, latencies: Latencies) -> list[Pair]:
    """Streams over the couples' connections."""
    size, form = bench.parameters.size, bench.crowd.form
    return [
        Pair(one.connection, other.connection, form(one.name, other.name, size), window, latencies)
        for one, other in found
    ]
