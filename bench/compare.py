"""`bench compare`: the same loads on many servers, in turns (A B A B …), so that a noisy minute hits all alike.

A contender is one of the baselines or IRC servers, or our own server with its store
in memory or on disk; `@DIR` behind ours takes it from another checkout, which makes
"before and after" one run, and `/web` has its clients come over WebSocket.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from bench import BenchError
from bench.process import cores
from bench.progress import Progress
from bench.result import environment, plain, shown
from bench.runner import run_scenario
from bench.servers import BASELINES, ServerOptions, lacking
from bench.web import FRONTS

LOADS: dict[str, tuple[str, dict[str, object]]] = {
    "pairs-w1": ("pairs", {"window": 1}),
    "pairs-w64": ("pairs", {"window": 64}),
    "pairs-w64-tags": ("pairs", {"window": 64, "tags": True}),
    "fanout": ("fanout", {"members": 500, "window": 64}),
}

OURS: dict[str, dict[str, str]] = {
    "chatserver-memory": {"store": ":memory:"},
    "chatserver-normal": {"store": "file", "sync": "normal"},
    "chatserver-full": {"store": "file", "sync": "full"},
    "chatserver-cluster": {"store": "file", "cluster": "one"},
    "chatserver-quorum": {"store": "file", "cluster": "quorum"},
}

CONTENDERS = (
    *("chatserver-memory", "chatserver-full", "bare", "uvloop-batched", "protocol-batched", "uvloop", "protocol"),
    *("streams", "threads", "ngircd", "inspircd"),
)

FRONT_CONTENDERS = (
    *("chatserver-memory/pipe", "chatserver-memory/web", "chatserver-memory/web-single"),
    *("chatserver-memory/tls", "chatserver-full/pipe", "chatserver-full/tls", "chatserver-full/web"),
)
"""What `compare --front web` has beside one another."""

CLUSTER_CONTENDERS = ("chatserver-full", "chatserver-cluster", "chatserver-quorum")
"""What `compare --cluster` has."""

COST = "server_cpu_us_per_message"
KEPT = (COST, "delivered_per_s", "p50_ms", "p99_ms", "lost", "doubled", "out_of_order", "generator_cpu_percent")


@dataclass
class Comparison:
    """All figures: by load, contender and metric, one value a round."""

    reference: str
    rounds: int
    seconds: float
    figures: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # what is left out
    remarks: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # by load and contender
    has_failed: bool = False
    environment: dict[str, object] = field(default_factory=dict)

    def as_json(self) -> str:
        """For `bench plot`, and to be kept beside the story."""
        return json.dumps(plain({"kind": "compare", **vars(self)}), indent=1, sort_keys=True)

    def as_tables(self) -> str:
        """A Markdown table a load: medians, the spread of the cost, and the ratio to the reference."""
        return "\n\n".join(
            _table(load, rows, self.remarks.get(load, {}), self.reference) for load, rows in self.figures.items()
        )


def options_of(contender: str, base: ServerOptions) -> ServerOptions:
    """How a contender is started. Raises BenchError for a name nobody knows."""
    named, at, folder = contender.partition("@")
    name, slash, front = named.partition("/")
    if at and not (Path(folder) / "chatserver").is_dir():
        raise BenchError(f"{folder} is no checkout of the server: give the folder that holds chatserver/")
    if name in OURS:
        store, sync, cluster = (OURS[name].get(what, "") for what in ("store", "sync", "cluster"))
        root = Path(folder) if at else base.root
        if front in FRONTS or not slash:
            front = front or base.front
            base = replace(base, store=store, sync=sync, cluster=cluster)
            return replace(base, against="chatserver", root=root, front=front)
    if name not in (*BASELINES, "ngircd", "inspircd") or at or slash:
        raise BenchError(
            f"There is no contender {contender}: choose from {', '.join([*OURS, *BASELINES])}, ngircd, inspircd"
        )
    return replace(base, against=name, front="pipe", cluster="")


def compare(
    contenders: Sequence[str],
    loads: Sequence[str],
    rounds: int,
    chosen: Mapping[str, object],
    base: ServerOptions,
    progress: Progress,
) -> Comparison:
    """Run every load on every contender, round by round. What is not installed here is left out, and named."""
    for load in loads:
        if load not in LOADS:
            raise BenchError(f"There is no load {load}: choose from {', '.join(LOADS)}")
    starts = {contender: options_of(contender, base) for contender in contenders}
    here = [contender for contender, options in starts.items() if not lacking(options)]
    if not here:
        raise BenchError(". ".join(map(lacking, starts.values())))
    seconds = float(str(chosen.get("seconds", 0)))
    comparison = Comparison(here[0], rounds, seconds, environment=environment(server_and_generator()))
    comparison.notes += filter(None, map(lacking, starts.values()))
    runs = [
        (load, contender)
        for _ in range(rounds)
        for load in loads
        for contender in here
        if starts[contender].against == "chatserver" or "tags" not in LOADS[load][1]  # the others know no tags
    ]
    for at, (load, contender) in enumerate(runs):
        progress.step(f"{load} on {contender}", at / len(runs))
        _run(comparison, load, contender, chosen, starts[contender])
    progress.clear()
    return comparison


def _run(comparison: Comparison, load: str, contender: str, chosen: Mapping[str, object], start: ServerOptions) -> None:
    scenario, parameters = LOADS[load]
    result = run_scenario(scenario, {**parameters, **chosen, "syscalls": False}, start, Progress(quiet=True))
    row = comparison.figures.setdefault(load, {}).setdefault(contender, {})
    for name in KEPT:
        if name in result.metrics:
            row.setdefault(name, []).append(result.metrics[name])
    remarks = comparison.remarks.setdefault(load, {}).setdefault(contender, [])
    remarks += (remark for remark in result.remarks if remark not in remarks)
    comparison.has_failed |= bool(result.faults)


def server_and_generator() -> dict[str, int | None]:
    """The cores they run on; None where they are left on any."""
    mine = cores()
    return {"server": mine[-1] if len(mine) > 1 else None, "generator": mine[0] if len(mine) > 1 else None}


def _table(
    load: str,
    rows: Mapping[str, Mapping[str, Sequence[float]]],
    remarks: Mapping[str, Sequence[str]],
    reference: str,
) -> str:
    base = rows.get(reference, {}).get(COST)
    lines = [
        f"**{load}**",
        "",
        f"| server | CPU µs a message | spread | to {reference} | delivered a second | p50 ms | p99 ms | lost"
        " | remarks |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for contender, row in rows.items():
        cost = row.get(COST)
        cells = [contender, _median(row, COST), f"{shown(min(cost))}–{shown(max(cost))}" if cost else "-"]
        cells.append(f"{median(cost) / median(base):.2f}" if cost and base else "-")
        cells += [_median(row, name) for name in ("delivered_per_s", "p50_ms", "p99_ms")]
        cells += [shown(sum(row.get("lost", [0]))), "; ".join(remarks.get(contender, ()))]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _median(row: Mapping[str, Sequence[float]], name: str) -> str:
    return shown(median(row[name])) if row.get(name) else "-"
