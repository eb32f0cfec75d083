"""The scenarios, by name: what each loads, and which parameters it takes, with its own defaults."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.context import Bench
from bench.scenarios import pairs

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
        "pairs",
        "1:1 messages in a closed loop, `window` in flight for each pair",
        pairs.run,
        {"pairs": 100, "window": 64, "size": 64, **_TIMES},
        ("pipe", "irc"),
    ),
)

SCENARIOS: dict[str, Scenario] = {row.name: row for row in _ROWS}
