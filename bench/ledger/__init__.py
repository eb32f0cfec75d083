"""`bench ledger`: where the microseconds of one message go, stage by stage.

The one part of the bench that looks inside the server: it takes the server's own
functions for a turn of messages, one stage for all messages at a time, in this
process and on one core, and takes processor time: the wait for a disk is not in it.
The sum is set against the whole server's processor time for the same load; what is
left over is the loop, the wiring between the stages and what the kernel does when
it wakes somebody.
"""

import gc
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.ledger.turns import LATER, STAGES, Turns
from bench.process import cores, on_core
from bench.progress import Progress
from bench.runner import run_scenario
from bench.servers import ServerOptions

TURNS = 15
WARM_TURNS = 3
SLICES = 5
"""Slices of what is done later that are timed; each takes as many more turns as it needs."""

ORDER = (*STAGES, *LATER)
"""The stages in the order a message goes through them."""


@dataclass
class Ledger:
    """What each stage takes, in CPU µs a message, and what the whole server takes for the same load.

    Of a turn's stages it is the best of several turns, of what is done later the mean.
    """

    window: int
    store: str
    stages: dict[str, float]
    whole: float | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def rest(self) -> float | None:
        """What the stages do not explain."""
        return None if self.whole is None else self.whole - sum(self.stages.values())


def keep_ledger(pairs: int, window: int, options: ServerOptions, progress: Progress, whole: bool = True) -> Ledger:
    """Measure the stages, and unless `whole` is false the whole server under the same load."""
    mine = cores()
    with tempfile.TemporaryDirectory(prefix="bench-ledger-") as folder, on_core(mine[-1] if len(mine) > 1 else None):
        path = options.store if options.store == ":memory:" else str(Path(folder) / "chat.db")
        with Turns(pairs, window, path, options.sync or "full") as turns:
            ledger = Ledger(window, options.store, _measure(turns, progress, pairs * window))
    if whole:
        chosen: dict[str, object] = {"pairs": pairs, "window": window, "seconds": 2.0, "syscalls": False}
        result = run_scenario("pairs", chosen, options, Progress(quiet=True))
        ledger.whole = result.metrics.get("server_cpu_us_per_message")
        ledger.notes = result.notes
    return ledger


def _measure(turns: Turns, progress: Progress, messages: int) -> dict[str, float]:
    """All stages, in µs a message; `messages` are in a turn."""
    runs: list[dict[str, float]] = []
    for at in range(WARM_TURNS + TURNS):
        progress.step("ledger", at / (WARM_TURNS + TURNS))
        with _no_garbage():
            runs.append(turns.run())
    progress.step("ledger: what is done later")
    with _no_garbage():
        later = turns.later(SLICES)
    best = {stage: min(run[stage] for run in runs[WARM_TURNS:]) / messages for stage in STAGES}
    return {stage: 1e6 * seconds for stage, seconds in {**best, **later}.items()}


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Without the collector, which would run in one stage for the garbage of another."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def table(ledgers: Sequence[Ledger]) -> str:
    """A Markdown table, a stage a row, a ledger a column."""
    headings = [f"window {ledger.window}, {_store(ledger)}" for ledger in ledgers]
    lines = [f"| in-process, CPU µs a message | {' | '.join(headings)} |", f"| --- |{' ---: |' * len(ledgers)}"]
    rows: dict[str, Callable[[Ledger], float | None]] = {
        **{stage: partial(_cost, stage) for stage in ORDER},
        "**the stages**": lambda ledger: sum(ledger.stages.values()),
        "**the whole server**": lambda ledger: ledger.whole,
        "**not in a stage**": lambda ledger: ledger.rest,
    }
    for name, value in rows.items():
        figures = map(value, ledgers)
        lines.append(f"| {name} | {' | '.join('-' if each is None else f'{each:.2f}' for each in figures)} |")
    notes = dict.fromkeys(note for ledger in ledgers for note in ledger.notes)
    return "\n".join(lines) + "".join(f"\n\n- {note}" for note in notes)


def as_json(ledgers: Sequence[Ledger]) -> str:
    """All figures."""
    return json.dumps({"kind": "ledger", "ledgers": [vars(ledger) for ledger in ledgers]}, indent=1)


def _cost(stage: str, ledger: Ledger) -> float:
    return ledger.stages[stage]


def _store(ledger: Ledger) -> str:
    return "in memory" if ledger.store == ":memory:" else "on disk"
