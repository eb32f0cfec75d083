"""Presence: in each group of friends one changes the status, as fast as it is acknowledged, and all others hear it."""

from itertools import combinations

from bench.closed_loop import run_streams
from bench.context import Bench
from bench.numbered import Form, padding
from bench.percentiles import Latencies
from bench.streams import FanOut

STATUS_TEXT_BYTES = 24


def run(bench: Bench) -> dict[str, float]:
    """Make the groups, then let their first members change. All figures are per event delivered."""
    parameters = bench.parameters
    size = parameters.friends + 1
    people = bench.people.arrive(parameters.groups * size)
    groups = [people[at : at + size] for at in range(0, len(people), size)]
    bench.people.befriend((one.name, other.name) for group in groups for one, other in combinations(group, 2))
    bench.people.settle([person.name for person in people])
    latencies = Latencies()
    streams = [
        FanOut(
            first.connection,
            [friend.connection for friend in friends],
            status_form(first.name),
            parameters.window,
            latencies,
            verb=b"SETSTATUS",
        )
        for first, *friends in groups
    ]
    return run_streams(bench, streams, latencies, "presence")


def status_form(name: str) -> Form:
    """A status whose text is numbered, so that what friends hear can be checked like messages."""
    change = f"|{name}|away|".encode()
    return Form(b"SETSTATUS" + change, padding(STATUS_TEXT_BYTES), b"EVENT|STATUS|", change)
