"""Fan-out: one user writes in a room, every other member hears it. All figures are per delivery."""

from bench.closed_loop import run_streams
from bench.context import Bench
from bench.percentiles import Latencies
from bench.streams import FanOut


def run(bench: Bench) -> dict[str, float]:
    """Gather the room, then load it."""
    parameters = bench.parameters
    sender, *members = bench.crowd.arrive(parameters.members + 1)
    room = f"#bench{parameters.seed}"
    bench.crowd.gather(room, sender.name, [member.name for member in members])
    latencies = Latencies()
    form = bench.crowd.form(sender.name, room, parameters.size)
    stream = FanOut(sender.connection, [member.connection for member in members], form, parameters.window, latencies)
    return run_streams(bench, [stream], latencies, f"fan-out to {parameters.members}")
