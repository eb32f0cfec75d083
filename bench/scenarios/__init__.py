"""The scenarios, by name: what each loads, and which parameters it takes, with its own defaults."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.context import Bench
from bench.scenarios import connect, idle, paced, pairs

Metrics = dict[str, float]


@dataclass(frozen=True)
class Scenario:
    """One row: `run` does it; `defaults` name the parameters it takes, and what they are if not chosen."""

    name: str
    help: str
    run: Callable[[Bench], Metrics]
    defaults: dict[str, object] = field(default_factory=dict)
    dialects: tuple[str, ...] = ("pipe",)


_TIMES: dict[str, object] = {"seconds": 3.0, "warmup": 0.5, "drain": 10.0, "seed": 1, "syscalls": True}

_ROWS = (
    Scenario(
        "connect",
        "a storm of clients: connect, RESUME, close; `window` of them at a time",
        connect.run,
        {"users": 100, "window": 64, **_TIMES},
    ),
    Scenario(
        "idle",
        "many idle connections: memory, processor time at rest, and pairs talking among them",
        idle.run,
        {"connections": 1000, "pairs": 100, "window": 1, "size": 64, **_TIMES},
    ),
    Scenario(
        "pairs",
        "1:1 messages in a closed loop, `window` in flight for each pair",
        pairs.run,
        {"pairs": 100, "window": 64, "size": 64, **_TIMES},
        ("pipe", "irc"),
    ),
    Scenario(
        "paced",
        "1:1 messages in an open loop at `rate` a second, latency from the planned time",
        paced.run,
        {"pairs": 100, "rate": 20000.0, "size": 64, **_TIMES},
        ("pipe", "irc"),
    ),
)

SCENARIOS: dict[str, Scenario] = {row.name: row for row in _ROWS}
