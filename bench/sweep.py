"""`bench sweep`: one scenario over several values of one parameter, for curves."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from bench import BenchError
from bench.progress import Progress
from bench.result import Result, plain, shown
from bench.runner import run_scenario
from bench.scenarios import SCENARIOS
from bench.servers import ServerOptions

COLUMNS = ("delivered_per_s", "p50_ms", "p99_ms", "p999_ms", "max_ms", "server_cpu_us_per_message", "lost")


@dataclass
class Sweep:
    """The results, in the order of the values."""

    scenario: str
    over: str
    values: list[float]
    results: list[Result] = field(default_factory=list)

    def as_json(self) -> str:
        """For `bench plot`, and to be kept beside the story."""
        content = {"kind": "sweep", **vars(self), "results": [vars(result) for result in self.results]}
        return json.dumps(plain(content), indent=1, sort_keys=True)

    def as_table(self) -> str:
        """A Markdown table, a value a row."""
        columns = [name for name in COLUMNS if all(name in result.metrics for result in self.results)]
        lines = [f"| {self.over} | {' | '.join(columns)} | remarks |", f"| ---: |{' ---: |' * len(columns)} --- |"]
        for value, result in zip(self.values, self.results, strict=True):
            cells = [shown(value), *(shown(result.metrics[name]) for name in columns), "; ".join(result.remarks)]
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)


def parse_over(scenario: str, text: str) -> tuple[str, list[float]]:
    """Read `name=value,value,…` of a parameter the scenario takes."""
    name, _, values = text.partition("=")
    taken = [key for key, default in SCENARIOS[scenario].defaults.items() if type(default) in (int, float)]
    if name not in taken:
        raise BenchError(f"--over takes name=value,value,… with one of {', '.join(taken)}, not {text}")
    try:
        found = [float(value) for value in values.split(",")]
        if not all(map(isfinite, found)):
            raise ValueError
        return name, found
    except ValueError:
        raise BenchError(f"--over takes numbers joined by commas, not {values}") from None


def sweep(
    scenario: str,
    over: str,
    values: Sequence[float],
    chosen: Mapping[str, object],
    options: ServerOptions,
    progress: Progress,
    pin: bool = True,
) -> Sweep:
    """Run the scenario once for each value, on a server of its own each time."""
    whole = isinstance(SCENARIOS[scenario].defaults[over], int)
    found = Sweep(scenario, over, list(values))
    for at, value in enumerate(values):
        progress.step(f"{scenario} with {over} {shown(value)}", at / len(values))
        parameters = {**chosen, over: int(value) if whole else value}
        found.results.append(run_scenario(scenario, parameters, options, Progress(quiet=True), pin))
    progress.clear()
    return found
