"""Paced: an open loop at a fixed rate over many pairs; latency from the planned time."""

from bench.closed_loop import delivered, drain, rates, totals
from bench.context import Bench, Span
from bench.paced import PacedPair, Plan, follow, late
from bench.percentiles import Latencies
from bench.scenarios.pairs import couples, message_form

SUSTAINED = 0.98
RAMP_STEPS = 10


def run(bench: Bench) -> dict[str, float]:
    """Keep to the plan through warm-up and measurement."""
    parameters = bench.parameters
    pairs = [
        PacedPair(one.connection, other.connection, message_form(bench, one.name, other.name))
        for one, other in couples(bench)
    ]
    latencies = Latencies()
    plan = Plan(pairs, parameters.rate, latencies)
    follow(bench, [plan], parameters.warmup, "warming up")
    latencies.clear()
    plan.lags.clear()
    if parameters.ramp:
        return _ramp(bench, pairs, plan, latencies)
    before = delivered(pairs)
    seconds = parameters.number / parameters.rate if parameters.number else parameters.seconds
    label = f"paced at {parameters.rate:,.0f} a second"
    span = bench.measure(lambda: follow(bench, [plan], seconds, label))
    done = delivered(pairs) - before
    drain(bench, pairs)  # a stall at the end is charged too
    counts = totals(bench, pairs)
    latencies.add_lost(int(counts["lost"]))
    bench.histogram.merge(latencies)
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
    return counts | metrics


def _ramp(bench: Bench, pairs: list[PacedPair], plan: Plan, latencies: Latencies) -> dict[str, float]:
    """Steps of one length, each at its own rate; what is on its way at the end of one is waited for."""
    first, last = bench.parameters.rate, bench.parameters.ramp
    begun = delivered(pairs)
    spans: list[Span] = []
    sustained, keeps_up = 0.0, True
    for step in range(RAMP_STEPS):
        plan.rate = first + (last - first) * step / (RAMP_STEPS - 1)
        latencies.clear()
        before = delivered(pairs)
        label = f"paced at {plan.rate:,.0f} a second"
        spans.append(bench.measure(lambda: follow(bench, [plan], bench.parameters.seconds / RAMP_STEPS, label)))  # noqa: B023 — it is called at once
        rate = (delivered(pairs) - before) / spans[-1].seconds
        drain(bench, pairs)
        bench.notes.append(f"{label}: {rate:,.0f} delivered, {latencies.in_short()}")
        bench.histogram.merge(latencies)
        keeps_up = keeps_up and rate >= SUSTAINED * plan.rate
        sustained = plan.rate if keeps_up else sustained
    counts = totals(bench, pairs)
    bench.histogram.add_lost(int(counts["lost"]))
    whole = Span(
        sum(span.seconds for span in spans),
        None if spans[0].server_cpu_s is None else sum(span.server_cpu_s or 0.0 for span in spans),
        sum(span.generator_cpu_s for span in spans),
    )
    bench.notes += late(plan, whole)
    lag_ms = 1000 * plan.lags.percentiles([99.0])[0]
    metrics = {"planned_per_s": (first + last) / 2, "send_lag_p99_ms": lag_ms, "sustained_per_s": sustained}
    return counts | rates(whole, delivered(pairs) - begun) | bench.histogram.metrics() | metrics
