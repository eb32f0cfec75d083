"""The scenarios, by name: what each loads, and which parameters it takes, with its own defaults."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.context import Bench
from bench.scenarios import (
    accounts,
    backlog,
    bots,
    connect,
    crowd,
    failover,
    fanout,
    idle,
    paced,
    pairs,
    presence,
    slow,
    store,
)

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
    needs_cluster: bool = False
    measures: tuple[str, ...] = ()  # metrics, as patterns, beside those of all

    @property
    def metrics(self) -> tuple[str, ...]:
        """All that a run of it may measure; some need a process on this machine."""
        return (*self.measures, *_OF_ALL)


_OF_ALL = ("closed", "start_s", "generator_cpu_percent", "server_cpu_percent")
_COUNTS = ("sent", "acknowledged", "refused", "delivered", "lost", "doubled", "out_of_order")
_PERCENTILES = ("p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms")
_PER_MESSAGE = ("delivered_per_s", "server_cpu_us_per_message")
_STREAM = (*_COUNTS, *_PERCENTILES, *_PER_MESSAGE, "syscalls_*per_message")
_QUERIES = ("queries", "rows", "queries_per_s", "server_cpu_us_per_query", "rss_bytes", *_PERCENTILES, "*_p99_ms")
_ALONE = ("alone_delivered_per_s", "alone_server_cpu_us_per_message", "alone_p50_ms", "alone_p99_ms")
_CROWD = (
    *("users", "friendships", "rooms", "largest_room", "rss_bytes", "rss_bytes_per_user", "delivered_per_s"),
    *("events_per_s", "actions_per_s", "server_cpu_us_per_action", "longest_turn_ms", "send_lag_p99_ms"),
)

_TIMES: dict[str, object] = {"seconds": 3.0, "warmup": 0.5, "drain": 10.0, "seed": 1, "syscalls": True}

_UNTIMED: dict[str, object] = {"drain": 10.0, "seed": 1}
_STRETCHES: dict[str, object] = {"seconds": 3.0, "warmup": 0.5, **_UNTIMED}

_ROWS = (
    Scenario(
        "crowd",
        "as people are: users with friends and rooms, who write, read, type, search, come and go; latency by action",
        crowd.run,
        {"users": 1000, "every": 30.0, "size": 64, **_STRETCHES, "seconds": 30.0, "warmup": 5.0},
        measures=(*_COUNTS, *_PERCENTILES, "*_count", "*_p50_ms", "*_p99_ms", *_CROWD),
    ),
    Scenario(
        "connect",
        "a storm of clients: connect, RESUME, close; `window` of them at a time, and PINGs of one beside them",
        connect.run,
        {"users": 100, "window": 64, "number": 0, **_TIMES},
        measures=(*_COUNTS[:3], "lost", *_PERCENTILES, "logins_per_s", "server_cpu_us_per_login", "others_*"),
    ),
    Scenario(
        "idle",
        "many idle connections: memory, processor time at rest, and pairs talking among them",
        idle.run,
        {"connections": 1000, "pairs": 100, "window": 1, "size": 64, **_TIMES},
        measures=(*_STREAM, *_ALONE, "rss_bytes*", "idle_cpu_percent", "among_to_alone_ratio"),
    ),
    Scenario(
        "pairs",
        "1:1 messages in a closed loop, `window` in flight for each pair",
        pairs.run,
        {"pairs": 100, "window": 64, "size": 64, "tags": False, "number": 0, **_TIMES},
        ("pipe", "irc"),
        measures=_STREAM,
    ),
    Scenario(
        "paced",
        "1:1 messages in an open loop at `rate` a second, latency from the planned time",
        paced.run,
        {"pairs": 100, "rate": 20000.0, "size": 64, "tags": False, "number": 0, "ramp": 0.0, **_TIMES},
        ("pipe", "irc"),
        measures=(*_STREAM, "planned_per_s", "send_lag_p99_ms", "sustained_per_s"),
    ),
    Scenario(
        "fanout",
        "one user writes in a room of `members`; all figures are per delivery",
        fanout.run,
        {"members": 500, "window": 64, "size": 64, "number": 0, **_TIMES},
        ("pipe", "irc"),
        measures=_STREAM,
    ),
    Scenario(
        "presence",
        "status changes, each heard by all `friends` of a group; all figures are per event",
        presence.run,
        {"groups": 20, "friends": 20, "window": 4, "number": 0, **_TIMES},
        settings=("presence_ms=0",),  # every change is told: by itself the server sums up those of a second
        measures=_STREAM,
    ),
    Scenario(
        "slow",
        "healthy pairs beside `slow` receivers who do not read; nothing may be lost",
        slow.run,
        {"pairs": 50, "window": 8, "size": 64, "slow": 10, "messages": 100000, **_TIMES},
        measures=(*_STREAM, "slow_readers*", *_ALONE),
    ),
    Scenario(
        "backlog",
        "messages stored for the absent, and replayed when they come back",
        backlog.run,
        {"pairs": 100, "messages": 100000, "window": 64, "size": 64, **_UNTIMED},
        measures=(*_COUNTS, *_PER_MESSAGE, "missed_events", "synced_rows", "stored_per_s", "store_*"),
    ),
    Scenario(
        "history",
        "pages of HISTORY out of a store of `messages`",
        store.history,
        {"pairs": 100, "messages": 100000, "queries": 2000, "window": 64, "size": 64, **_UNTIMED},
        measures=_QUERIES,
    ),
    Scenario(
        "search",
        "SEARCH in a store of `messages`",
        store.search,
        {"pairs": 100, "messages": 100000, "queries": 1000, "window": 64, "size": 64, **_UNTIMED},
        measures=_QUERIES,
    ),
    Scenario(
        "sync",
        "pages of SYNC out of a store of `messages`",
        store.sync,
        {"pairs": 100, "messages": 100000, "queries": 2000, "window": 64, "size": 64, **_UNTIMED},
        measures=_QUERIES,
    ),
    Scenario(
        "export",
        "first answers of EXPORT out of a store of `messages`",
        store.export,
        {"pairs": 100, "messages": 100000, "queries": 50, "window": 64, "size": 64, **_UNTIMED},
        measures=_QUERIES,
    ),
    Scenario(
        "accounts",
        "`users` accounts are made: sign-ups a second, and memory of an account",
        accounts.run,
        {"users": 1000, **_UNTIMED},
        measures=(*_COUNTS[:2], "sign_ups_per_s", "rss_bytes*", "server_cpu_us_per_sign_up"),
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
        measures=(*_COUNTS, *_PERCENTILES, *_PER_MESSAGE, "messages_*"),
    ),
    Scenario(
        "failover",
        "pairs write while the node of a cluster that writes is stopped (SIGTERM), then killed: how long each is"
        " without an answer, and what it sends again",
        failover.run,
        {"pairs": 10, "size": 64, "seconds": 2.0, **_UNTIMED, "drain": 60.0},
        needs_cluster=True,
        measures=(*_COUNTS, "sigterm_*", "sigkill_*"),
    ),
)

SCENARIOS: dict[str, Scenario] = {row.name: row for row in _ROWS}
