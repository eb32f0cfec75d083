"""The scenarios, by name: what each loads, and which parameters it takes, with its own defaults."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.context import Bench
from bench.scenarios import backlog, bots, connect, fanout, idle, paced, pairs, presence, slow, store

Metrics = dict[str, float]


@dataclass(frozen=True)
class Scenario:
    """One row: `run` does it; `defaults` name the parameters it takes, and what they are if not chosen."""

    name: str
    help: str
    run: Callable[[Bench], Metrics]
    defaults: dict[str, object] = field(default_factory=dict)
    dialects: tuple[str, ...] = ("pipe",)
    settings: tuple[str, ...] = ()  # of a server started for it, on top of those every run has


_TIMES: dict[str, object] = {"seconds": 3.0, "warmup": 0.5, "drain": 10.0, "seed": 1, "syscalls": True}

_UNTIMED: dict[str, object] = {"drain": 10.0, "seed": 1}
_STRETCHES: dict[str, object] = {"seconds": 3.0, "warmup": 0.5, **_UNTIMED}

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
    Scenario(
        "fanout",
        "one user writes in a room of `members`; all figures are per delivery",
        fanout.run,
        {"members": 500, "window": 64, "size": 64, **_TIMES},
        ("pipe", "irc"),
    ),
    Scenario(
        "presence",
        "status changes, each heard by all `friends` of a group; all figures are per event",
        presence.run,
        {"groups": 20, "friends": 20, "window": 4, **_TIMES},
        settings=("presence_ms=0",),  # every change is told: by itself the server sums up those of a second
    ),
    Scenario(
        "slow",
        "healthy pairs beside `slow` receivers who do not read; nothing may be lost",
        slow.run,
        {"pairs": 50, "window": 8, "size": 64, "slow": 10, "messages": 100000, **_TIMES},
    ),
    Scenario(
        "backlog",
        "messages stored for the absent, and replayed when they come back",
        backlog.run,
        {"pairs": 100, "messages": 100000, "window": 64, "size": 64, **_UNTIMED},
    ),
    Scenario(
        "history",
        "pages of HISTORY out of a store of `messages`",
        store.history,
        {"pairs": 100, "messages": 100000, "queries": 2000, "window": 64, "size": 64, **_UNTIMED},
    ),
    Scenario(
        "search",
        "SEARCH in a store of `messages`",
        store.search,
        {"pairs": 100, "messages": 100000, "queries": 1000, "window": 64, "size": 64, **_UNTIMED},
    ),
    Scenario(
        "bots",
        "users speak to a bot in an open loop at `rate` a second; then pairs of users without that and beside it",
        bots.run,
        {
            "users": 100,
            "rate": 200.0,
            "bot": "",
            "say": "help",
            "beside": 2000.0,
            "pairs": 20,
            "size": 64,
            **_STRETCHES,
        },
        settings=("bot_messages_per_s=0",),  # a user may ask as often as `rate` wants
    ),
)

SCENARIOS: dict[str, Scenario] = {row.name: row for row in _ROWS}
