"""Slow: some receivers stop reading while floods are sent to them, beside healthy pairs who should not notice.

Afterwards the slow ones come back, and everything acknowledged must reach them.
"""

from bench.closed_loop import delivered, note_refusals, rates, run_streams
from bench.context import Bench
from bench.floods import Flood, Texts, make_floods
from bench.percentiles import Latencies
from bench.scenarios.backlog import come_back
from bench.scenarios.pairs import couples, make_pairs

SLOW_TEXT_BYTES = 1000
"""Large enough that the sockets' own buffers, some megabytes, fill up soon."""

READ_ON_S = 2.0
"""How long the slow ones read what is left, which ends in their being closed if they were dropped."""


def run(bench: Bench) -> dict[str, float]:
    """Healthy pairs alone, then beside the floods; then the reckoning."""
    parameters = bench.parameters
    latencies = Latencies()
    pairs = make_pairs(bench, couples(bench), parameters.window, latencies)
    alone = run_streams(bench, pairs, latencies, "healthy pairs alone")
    floods, names = _floods(bench)
    for pair in pairs:
        pair.start()
    for flood in floods:
        flood.start()
    latencies.clear()
    before = delivered(pairs)
    span = bench.measure(lambda: bench.run_for(parameters.seconds, "beside slow readers"))
    beside = rates(span, delivered(pairs) - before) | latencies.metrics()
    for pair in pairs:
        pair.stop()
    bench.loop.run_until(lambda: all(flood.settled for flood in floods), parameters.drain)
    bench.loop.run_until(lambda: all(pair.settled(True) for pair in pairs), parameters.drain)
    note_refusals(bench, floods)
    metrics = _reckon(bench, floods, names)
    metrics["lost"] += sum(pair.sent - pair.acknowledgements.refused - pair.delivered for pair in pairs)
    if metrics["lost"]:
        bench.faults.append(f"{metrics['lost']:,.0f} messages were lost")
    metrics |= {f"alone_{name}": alone[name] for name in ("p50_ms", "p99_ms", "delivered_per_s")}
    return metrics | beside


def _floods(bench: Bench) -> tuple[list[Flood], list[str]]:
    """Sign in those who write and those who do not read."""
    parameters = bench.parameters
    people = bench.people.arrive(2 * parameters.slow, "slow")
    found = list(zip(people[::2], people[1::2], strict=True))
    bench.people.befriend((one.name, other.name) for one, other in found)
    texts = Texts(parameters.seed, SLOW_TEXT_BYTES)
    for _, other in found:
        other.connection.pause()
        other.connection.may_end = True  # it is what happens to those who do not read
    routes = [(one, other.name) for one, other in found]
    floods = make_floods(routes, texts, parameters.messages, parameters.window)
    return floods, [other.name for _, other in found]


def _reckon(bench: Bench, floods: list[Flood], names: list[str]) -> dict[str, float]:
    """Let the slow ones read on: who was dropped? Then log them in anew and count what they have in the end."""
    connections = [bench.people.dialogues[name].connection for name in names]
    for connection in connections:
        connection.pause(False)
    bench.loop.run_until(lambda: all(connection.closed for connection in connections), READ_ON_S)
    dropped = sum(connection.closed for connection in connections)
    for connection in connections:
        connection.close()
    replays = come_back(bench, names, from_start=True)
    accepted = sum(flood.acknowledgements.accepted for flood in floods)
    return {
        "sent": sum(flood.sent for flood in floods),
        "acknowledged": accepted,
        "refused": sum(flood.acknowledgements.refused for flood in floods),
        "slow_readers": len(names),
        "slow_readers_dropped": dropped,
        "lost": max(0, accepted - sum(len(replay.ids) for replay in replays)),
    }
