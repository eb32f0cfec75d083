"""Paced: an open loop at a fixed rate over many pairs; latency from the planned time."""

from bench.closed_loop import delivered, drain, rates, totals
from bench.context import Bench
from bench.paced import PacedPair, Plan, follow, late
from bench.percentiles import Latencies
from bench.scenarios.pairs import couples

SUSTAINED = 0.98


def run(bench: Bench) -> dict[str, float]:
    """Keep to the plan through warm-up and measurement."""
    parameters = bench.parameters
    pairs = [
        PacedPair(one.connection, other.connection, bench.crowd.form(one.name, other.name, parameters.size))
        for one, other in couples(bench)
    ]
    latencies = Latencies()
    plan = Plan(pairs, parameters.rate, latencies)
    follow(bench, [plan], parameters.warmup, "warming up")
    latencies.clear()
    plan.lags.clear()
    before = delivered(pairs)
    label = f"paced at {parameters.rate:,.0f} a second"
    span = bench.measure(lambda: follow(bench, [plan], parameters.seconds, label))
    done = delivered(pairs) - before
    metrics = rates(span, done) | latencies.metrics()
    metrics |= {"planned_per_s": parameters.rate, "send_lag_p99_ms": 1000 * plan.lags.percentiles([99.0])[0]}
    faults = late(plan, span)
    if not faults and metrics["delivered_per_s"] < SUSTAINED * parameters.rate:
        faults = ["not sustained: the server fell behind the plan"]
    bench.notes += faults
    metrics |= bench.system_calls(
        lambda: delivered(pairs), lambda seconds: follow(bench, [plan], seconds, "counting calls")
    )
    drain(bench, pairs)
    return totals(bench, pairs) | metrics
