"""`bench all`: every figure of bench/RESULTS.md, by one command, and its tables put in their places there.

The steps are a table. A step that fails says why and the rest goes on: half a story
is worth keeping after ten minutes.
"""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from bench import BenchError, ledger
from bench.compare import CONTENDERS, FRONT_CONTENDERS, LOADS, compare, server_and_generator
from bench.growth import QUICK, growth
from bench.plot import plot
from bench.progress import Progress
from bench.result import Result, environment, plain, shown
from bench.runner import run_scenario
from bench.servers import ServerOptions
from bench.sweep import Sweep, sweep

MEMORY = ServerOptions()
FULL = ServerOptions(store="file", sync="full")
GROWTH_MESSAGES = (10_000, 100_000, 1_000_000)
GROWTH_USERS = (100, 1_000, 10_000)


@dataclass(frozen=True)
class Workshop:
    """What the steps share."""

    quick: bool
    folder: Path
    store: str  # a file kept from step to step, for those that need a large store
    progress: Progress

    def seconds(self, full: float) -> float:
        """So many seconds, or a tenth of them in a quick run."""
        return max(0.2, full / 10) if self.quick else full

    def number(self, full: int) -> int:
        """So many of something, or a twentieth in a quick run."""
        return max(1, full // 20) if self.quick else full

    def one(self, name: str, options: ServerOptions, **chosen: object) -> Result:
        """One run of a scenario, with its own progress."""
        return run_scenario(name, chosen, options, Progress(quiet=True))

    def keep(self, name: str, text: str) -> Path:
        """Keep a step's figures as JSON."""
        file = self.folder / f"{name}.json"
        file.write_text(text + "\n", encoding="utf-8")
        return file


Step = Callable[[Workshop], str]


def _machine(shop: Workshop) -> str:
    """What all of it was measured on."""
    rows = {"date": date.today().isoformat(), **environment(server_and_generator())}
    rows["run"] = "quick: no figures to quote" if shop.quick else "full"
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows.items())])


CROWDS = (1_000, 2_500, 5_000, 10_000)
TOLD_BY_ACTION = 5_000
OF_CROWD = ("server_cpu_percent", "message_p50_ms", "message_p99_ms", "longest_turn_ms", "rss_bytes_per_user", "lost")
BY_ACTION = ("count", "p50_ms", "p99_ms")


def _crowd(shop: Workshop) -> str:
    """The figure that counts: people as they are. The first table is by their number, the second by action."""
    counts = [shop.number(count) for count in CROWDS]
    chosen: dict[str, object] = {"seconds": shop.seconds(40.0), "warmup": shop.seconds(10.0)}
    found = sweep("crowd", "users", counts, chosen, FULL, shop.progress)
    plot([shop.keep("crowd", found.as_json())], shop.folder)
    told = counts.index(shop.number(TOLD_BY_ACTION))
    by_action = f"Of {counts[told]:,}, by action:\n\n{_by_action(found.results[told])}"
    return f"{_by_number(found, OF_CROWD)}{_notes(found.results)}\n\n{by_action}"


def _by_action(result: Result) -> str:
    lines = ["| action | how many | p50 ms | p99 ms |", "| --- | ---: | ---: | ---: |"]
    for name in result.metrics:
        action = name.removesuffix("_count")
        if action != name and f"{action}_p50_ms" in result.metrics:
            figures = (shown(result.metrics[f"{action}_{each}"]) for each in BY_ACTION)
            lines.append(f"| {action.replace('_', ' ')} | {' | '.join(figures)} |")
    return "\n".join(lines)


def _comparison(shop: Workshop) -> str:
    return _compared(shop, "comparison", CONTENDERS)


def _doors(shop: Workshop) -> str:
    """What TLS and WebSocket cost beside the pipe."""
    return _compared(shop, "doors", FRONT_CONTENDERS)


def _compared(shop: Workshop, name: str, contenders: Sequence[str]) -> str:
    chosen = {"seconds": shop.seconds(1.0), "warmup": shop.seconds(0.3)}
    found = compare(contenders, list(LOADS), 1 if shop.quick else 3, chosen, MEMORY, shop.progress)
    plot([shop.keep(name, found.as_json())], shop.folder)
    notes = "".join(f"\n- {note}" for note in found.notes)
    return found.as_tables() + (f"\n{notes}" if notes else "")


def _single(shop: Workshop) -> str:
    """The detail of the four runs that matter most: system calls, memory, both processors."""
    wanted = [("pairs", options, {"window": window}) for options in (MEMORY, FULL) for window in (1, 64)]
    seconds = shop.seconds(2.0)
    results = [shop.one(name, options, seconds=seconds, **chosen) for name, options, chosen in wanted]
    return _columns(shop, "pairs", results, [_heading(result, "window") for result in results])


def _latency(shop: Workshop) -> str:
    rates = [1000, 5000, 10000, 20000, 40000]
    chosen: dict[str, object] = {"seconds": shop.seconds(2.5), "syscalls": False}
    found = sweep("paced", "rate", rates[:: 2 if shop.quick else 1], chosen, FULL, shop.progress)
    plot([shop.keep("latency", found.as_json())], shop.folder)
    return found.as_table()


def _connections(shop: Workshop) -> str:
    counts = [shop.number(count) for count in (1000, 4000, 10000)]
    chosen: dict[str, object] = {"seconds": shop.seconds(2.0), "syscalls": False}
    found = sweep("idle", "connections", counts, chosen, MEMORY, shop.progress)
    plot([shop.keep("connections", found.as_json())], shop.folder)
    return _by_number(found, ("rss_bytes_per_connection", "idle_cpu_percent", "among_to_alone_ratio"))


def _by_number(found: Sweep, names: Sequence[str]) -> str:
    """A row for each number of what was swept over."""
    rows = [f"| {found.over} | {' | '.join(names)} |", "| ---: |" + " ---: |" * len(names)]
    for count, result in zip(found.values, found.results, strict=True):
        cells = [shown(result.metrics[name]) if name in result.metrics else "-" for name in names]
        rows.append(f"| {count:,.0f} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _people(shop: Workshop) -> str:
    """The rest of the scenarios, each with a small table of its own."""
    seconds = shop.seconds(2.0)
    runs: Sequence[tuple[str, ServerOptions, dict[str, object]]] = (
        ("connect", MEMORY, {"seconds": seconds}),
        ("fanout", FULL, {"seconds": seconds}),
        ("presence", MEMORY, {"seconds": seconds}),
        ("slow", FULL, {"seconds": seconds, "syscalls": False}),
        ("backlog", FULL, {"messages": shop.number(200_000)}),
        ("bots", MEMORY, {"seconds": seconds}),
    )
    return "\n\n".join(_told(shop, name, options, chosen) for name, options, chosen in runs)


def _large(shop: Workshop) -> str:
    options = replace(FULL, store=shop.store, sync="normal")
    messages = shop.number(1_000_000)
    return "\n\n".join(
        _told(shop, name, options, {"messages": messages, "queries": shop.number(queries)})
        for name, queries in (("history", 2000), ("search", 500))
    )


def _growth(shop: Workshop) -> str:
    messages, users = ((1_000, 4_000), (100, 400)) if shop.quick else (GROWTH_MESSAGES, GROWTH_USERS)
    found = growth(messages, users, QUICK if shop.quick else {}, FULL, shop.progress)
    plot([shop.keep("growth", found.as_json())], shop.folder)
    return found.as_tables() + "\n" + "".join(f"\n- {note}" for note in found.notes)


def _ledger(shop: Workshop) -> str:
    whole = not shop.quick
    found = [
        ledger.keep_ledger(100, window, start, shop.progress, whole) for start in (MEMORY, FULL) for window in (1, 64)
    ]
    shop.keep("ledger", ledger.as_json(found))
    return ledger.table(found)


STEPS: dict[str, Step] = {
    "machine": _machine,
    "crowd": _crowd,
    "comparison": _comparison,
    "doors": _doors,
    "pairs": _single,
    "latency": _latency,
    "connections": _connections,
    "scenarios": _people,
    "store": _large,
    "growth": _growth,
    "ledger": _ledger,
}


def tell(quick: bool, folder: Path, story: Path | None, progress: Progress) -> None:
    """Run all steps; print each table as it comes, and put it in its place in the story."""
    with tempfile.TemporaryDirectory(prefix="bench-large-") as stores:
        shop = Workshop(quick, folder, str(Path(stores) / "chat.db"), progress)
        for name, step in STEPS.items():
            try:
                table = step(shop)
            except BenchError as error:
                table = f"Not measured: {error}"
            progress.clear()
            print(f"## {name}\n\n{table}\n", flush=True)
            if story is not None:
                story.write_text(placed(story.read_text(encoding="utf-8"), name, table), encoding="utf-8")


def placed(text: str, name: str, table: str) -> str:
    """The text with what stands between the marks of a name replaced. Raises BenchError if it has no such marks."""
    begin, end = f"<!-- begin:{name} -->", f"<!-- end:{name} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise BenchError(f"The file has no {begin} … {end}: the table has no place to go")
    return f"{before}{begin}\n{table}\n{end}{after}"


def _told(shop: Workshop, name: str, options: ServerOptions, chosen: dict[str, object]) -> str:
    """One scenario's table, or why there is none."""
    shop.progress.step(name)
    try:
        result = shop.one(name, options, **chosen)
    except BenchError as error:
        return f"**{name}**: not measured. {error}"
    return _columns(shop, name, [result], [f"{name}, {result.server}"])


def _columns(shop: Workshop, name: str, results: Sequence[Result], headings: Sequence[str]) -> str:
    """Metrics as rows, runs as columns."""
    shop.keep(name, json.dumps(plain([vars(result) for result in results]), indent=1, sort_keys=True))
    metrics = dict.fromkeys(metric for result in results for metric in result.metrics)
    lines = [f"| | {' | '.join(headings)} |", f"| --- |{' ---: |' * len(results)}"]
    for metric in metrics:
        cells = [shown(result.metrics[metric]) if metric in result.metrics else "-" for result in results]
        lines.append(f"| {metric} | {' | '.join(cells)} |")
    return "\n".join(lines) + _notes(results)


def _heading(result: Result, parameter: str) -> str:
    return f"{parameter} {result.parameters[parameter]}, {result.server}"


def _notes(results: Sequence[Result]) -> str:
    remarks = dict.fromkeys(remark for result in results for remark in result.remarks)
    return "".join(f"\n\n- {remark}" for remark in remarks)
