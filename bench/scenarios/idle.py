"""Idle: what many logged-in connections cost that say nothing, in memory, at rest, and for the few that talk."""

from bench.closed_loop import run_streams
from bench.context import Bench
from bench.percentiles import Latencies
from bench.rest import rest
from bench.scenarios.pairs import couples, make_pairs
from bench.streams import Pair


def run(bench: Bench) -> dict[str, float]:
    """Let pairs talk alone; fill the house; look at the server at rest; let the same pairs talk again."""
    parameters = bench.parameters
    latencies = Latencies()
    pairs = make_pairs(bench, couples(bench), parameters.window, latencies)
    alone = run_streams(bench, pairs, latencies, "pairs alone")
    metrics = _fill(bench)
    metrics |= _rest(bench)
    among = _again(bench, pairs, latencies)
    metrics |= {f"alone_{name}": alone[name] for name in _COMPARED if name in alone}
    cost = "server_cpu_us_per_message"
    if cost in alone and cost in among:
        metrics["among_to_alone_ratio"] = among[cost] / alone[cost]
    return among | metrics


_COMPARED = ("delivered_per_s", "server_cpu_us_per_message", "p50_ms", "p99_ms")


def _fill(bench: Bench) -> dict[str, float]:
    """Open the idle connections. Accounts are made before, so that what grows is the connections."""
    count = bench.parameters.connections
    names = bench.people.names(count, "idle")
    bare = bench.rss()
    bench.people.sign_up(names)
    before = bench.rss()
    bench.people.log_in(names)
    bench.people.settle(names)
    after = bench.rss()
    if bare is None or before is None or after is None:
        return {}
    return {
        "rss_bytes": after,
        "rss_bytes_per_account": (before - bare) / count,
        "rss_bytes_per_connection": (after - before) / count,
    }


def _rest(bench: Bench) -> dict[str, float]:
    """Nobody says anything."""
    rest(bench)
    span = bench.measure(lambda: bench.run_for(bench.parameters.seconds, "at rest"))
    return {} if span.server_cpu_s is None else {"idle_cpu_percent": 100 * span.server_cpu_s / span.seconds}


def _again(bench: Bench, pairs: list[Pair], latencies: Latencies) -> dict[str, float]:
    latencies.clear()
    return run_streams(bench, pairs, latencies, "pairs among them")
