"""Paced: an open loop at a fixed rate over many pairs; latency from the planned time."""

from bench.closed_loop import delivered, drain, rates, totals
from bench.context import SATURATED_PERCENT, Bench
from bench.paced import PacedPair, Plan
from bench.percentiles import Latencies
from bench.scenarios.pairs import couples

LAG_MS_MAX = 2.0
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
    plan.run(bench, parameters.warmup, "warming up")
    latencies.clear()
    plan.lags.clear()
    before = delivered(pairs)
    span = bench.measure(lambda: plan.run(bench, parameters.seconds, f"paced at {parameters.rate:,.0f} a second"))
    done = delivered(pairs) - before
    metrics = rates(span, done) | latencies.metrics()
    metrics |= {"planned_per_s": parameters.rate, "send_lag_p99_ms": 1000 * plan.lags.percentiles([99.0])[0]}
    metrics |= bench.system_calls(lambda: delivered(pairs), lambda seconds: plan.run(bench, seconds, "counting calls"))
    drain(bench, pairs)
    _judge(bench, metrics)
    return totals(bench, pairs) | metrics


def _judge(bench: Bench, metrics: dict[str, float]) -> None:
    """Say whose fault it is if the plan was not kept."""
    if metrics["send_lag_p99_ms"] > LAG_MS_MAX:
        saturated = metrics["generator_cpu_percent"] >= SATURATED_PERCENT
        why = "generator saturated" if saturated else "generator held up, something else ran on its core"
        bench.notes.append(
            f"{why}: 1 % of the messages left {metrics['send_lag_p99_ms']:.1f} ms or more after their time"
        )
    elif metrics["delivered_per_s"] < SUSTAINED * metrics["planned_per_s"]:
        bench.notes.append("not sustained: the server fell behind the plan")
