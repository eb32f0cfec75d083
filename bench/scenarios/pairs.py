"""Pairs: every user of one half writes to one of the other half, `window` messages in flight each."""

from dataclasses import replace
from time import time_ns

from bench.closed_loop import run_streams
from bench.context import Bench
from bench.irc import IrcPerson
from bench.numbered import Form
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
    return [
        Pair(one.connection, other.connection, message_form(bench, one.name, other.name), window, latencies)
        for one, other in found
    ]


def message_form(bench: Bench, sender: str, to: str) -> Form:
    """How a message looks on the wire, with a tag where the parameters want it: its stem is new for every run."""
    form = bench.crowd.form(sender, to, bench.parameters.size)
    return replace(form, stem=f"{time_ns():x}".encode()) if bench.parameters.tags else form
