"""`bench growth`: what costs more as the file fills with messages, and as accounts are made; and what does not.

Each axis has a store of its own, which grows from size to size through the protocol, as fast as the server takes it.
At each size the server is started anew for every question; messages are measured on a copy, for they would fill it too.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import BenchError
from bench.progress import Progress
from bench.result import Result, environment, plain, shown
from bench.runner import run_scenario
from bench.servers import ServerOptions

PAIRS = 20
MESSAGES_BESIDE = 10_000  # in the store whose accounts grow, so that there is something to ask for
COST, PER_QUERY = "server_cpu_us_per_message", "server_cpu_us_per_query"
START, MEMORY = "start, ms", "memory, MB"
MESSAGES_MAX, USERS_MAX = 10**8, 10**6
QUICK = {"queries": 10, "number": 1_000}
TOO_SHORT = "too little was asked and sent for a figure to stand: nothing is said about what grows"
GROWS_FROM = 1.5
"""Between the smallest and the largest size: what is less may be noise, or a cache that no longer holds everything."""


@dataclass(frozen=True)
class Measure:
    """One line of the drawing: a scenario, and which of its metrics."""

    scenario: str
    chosen: Mapping[str, object]
    metric: str


MESSAGES: dict[str, Measure] = {  # the path of a message, on which nothing may grow
    "a message, one at a time": Measure("pairs", {"window": 1, "number": 5_000}, COST),
    "a message of 64": Measure("pairs", {"window": 64, "number": 100_000}, COST),
}
QUESTIONS: dict[str, Measure] = {
    "HISTORY": Measure("history", {"queries": 500}, PER_QUERY),
    "SYNC": Measure("sync", {"queries": 500}, PER_QUERY),
    "SEARCH": Measure("search", {"queries": 100}, PER_QUERY),
    "EXPORT": Measure("export", {"queries": 20}, PER_QUERY),
}
Lines = dict[str, list[float | None]]
"""Values of each measure, one a size; CPU µs but where the name says another unit. None: it could not be measured."""


@dataclass
class Growth:
    """All figures: by axis the sizes, and what each measure was at each of them."""

    sizes: dict[str, list[int]] = field(default_factory=dict)
    figures: dict[str, Lines] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    environment: dict[str, object] = field(default_factory=dict)

    def as_json(self) -> str:
        """For `bench plot`."""
        return json.dumps(plain({"kind": "growth", **vars(self)}), indent=1, sort_keys=True)

    def as_tables(self) -> str:
        """A Markdown table an axis, a measure a row; the last column says by how much it grew."""
        return "\n\n".join(self._table(axis) for axis in self.sizes)

    def _table(self, axis: str) -> str:
        sizes = self.sizes[axis]
        lines = [
            f"| CPU µs, where no unit stands | {' | '.join(f'{size:,} {axis}' for size in sizes)} | grew |",
            f"| --- |{' ---: |' * (len(sizes) + 1)}",
        ]
        for name, values in self.figures[axis].items():
            cells = ["-" if value is None else shown(value) for value in values]
            factor = growth_of(values)
            lines.append(f"| {name} | {' | '.join(cells)} | {'-' if factor is None else f'{factor:.2f} times'} |")
        return "\n".join(lines)

    def verdict(self) -> list[str]:
        """Sentences that say what grows, the path of a message first; of one size alone nothing can be said."""
        said = []
        for axis, lines in self.figures.items():
            if len(self.sizes[axis]) < 2:
                continue
            grown = {name: factor for name, values in lines.items() if (factor := growth_of(values) or 0) > GROWS_FROM}
            bad = [f"{name} ({grown[name]:.1f} times)" for name in MESSAGES if name in grown]
            rest = [f"{name} ({grown[name]:.1f} times)" for name in grown if name not in MESSAGES]
            span = f"from {self.sizes[axis][0]:,} to {self.sizes[axis][-1]:,} {axis}"
            on_path = (
                f"on the path of a message grows {', '.join(bad)}" if bad else "nothing on the path of a message grows"
            )
            said.append(f"{span}: {on_path}; what grows: {', '.join(rest) or 'nothing'}")
        return said


def growth_of(values: Sequence[float | None]) -> float | None:
    """The last by the first; None where there are not two."""
    there = [value for value in values if value]
    return there[-1] / there[0] if len(there) > 1 else None


def growth(
    messages: Sequence[int], users: Sequence[int], chosen: Mapping[str, int], base: ServerOptions, progress: Progress
) -> Growth:
    """Let both axes grow; `chosen` replaces how many are asked or sent, for a quick look."""
    found = Growth(environment=environment({}))
    axes: dict[str, tuple[Sequence[int], Callable[[_Ground, int], None]]] = {
        "messages": (messages, _fill_with_messages),
        "users": (users, _fill_with_users),
    }
    for axis, (sizes, fill) in axes.items():
        if sizes:
            found.sizes[axis] = list(sizes)
            found.figures[axis] = {name: [] for name in (*MESSAGES, *QUESTIONS, START, MEMORY)}
            with TemporaryDirectory(prefix="bench-growth-") as folder:
                ground = _Ground(Path(folder) / "chat.db", base, chosen, progress)
                for size in sizes:
                    ground.label = f"{size:,} {axis}"
                    fill(ground, size)
                    _measure(found, axis, ground)
    progress.clear()
    found.notes += [TOO_SHORT] if chosen else found.verdict()
    return found


@dataclass
class _Ground:
    """A store that grows."""

    store: Path
    options: ServerOptions
    chosen: Mapping[str, int]
    progress: Progress
    messages: int = MESSAGES_BESIDE
    accounts: int = 0
    label: str = ""

    def run(self, scenario: str, chosen: Mapping[str, object], store: Path | None = None) -> Result:
        """Run a scenario on it."""
        options = replace(self.options, store=str(store or self.store), against="chatserver")
        every = {"pairs": PAIRS} if scenario != "accounts" else {}
        replaced = {name: self.chosen[name] for name in chosen if name in self.chosen}
        result = run_scenario(scenario, {**every, **chosen, **replaced}, options, self.progress)
        if result.faults:
            raise BenchError(f"{scenario} with {self.label} is no measurement: {'; '.join(result.faults)}")
        return result


def _fill_with_messages(ground: _Ground, size: int) -> None:
    ground.messages = size
    ground.run("history", {"queries": 1, "messages": size})


def _fill_with_users(ground: _Ground, size: int) -> None:
    """What is there already is not made again: each step has names of its own."""
    more = size - ground.accounts
    ground.accounts = size
    ground.run("accounts", {"users": more, "seed": size + 1})


def _measure(found: Growth, axis: str, ground: _Ground) -> None:
    lines = found.figures[axis]
    starts = []
    for name, measure in QUESTIONS.items():
        result = ground.run(measure.scenario, {**measure.chosen, "messages": ground.messages})
        lines[name].append(result.metrics.get(measure.metric))
        starts.append(result.metrics["start_s"])
        memory = result.metrics.get("rss_bytes")
    lines[START].append(1000 * median(starts))
    lines[MEMORY].append(None if memory is None else memory / 1e6)
    for name, measure in MESSAGES.items():
        with TemporaryDirectory(prefix="bench-copy-", dir=ground.store.parent) as folder:
            for file in ground.store.parent.glob(f"{ground.store.name}*"):
                shutil.copy(file, folder)
            result = ground.run(
                measure.scenario, {**measure.chosen, "syscalls": False}, Path(folder) / ground.store.name
            )
        lines[name].append(result.metrics.get(measure.metric))


def sizes_of(text: str, most: int) -> list[int]:
    """Read sizes joined by commas, rising; none where the text is empty."""
    try:
        sizes = [int(each) for each in text.split(",") if each]
    except ValueError:
        raise BenchError(f"sizes are whole numbers joined by commas, for example 1000,10000, not {text}") from None
    if sizes != sorted(set(sizes)) or not all(2 * PAIRS <= size <= most for size in sizes):
        raise BenchError(f"sizes rise, from {2 * PAIRS} on and to {most:,} at most: choose others than {text}")
    return sizes
