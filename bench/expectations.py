"""`--assert p99_ms=5,lost=0`: what a run must keep to, for scripts and CI."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bench import BenchError
from bench.result import shown

_ONE = re.compile(r"([a-z][a-z0-9_]*)\s*(<=|>=|=)\s*(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Expectation:
    """A bound on one metric."""

    metric: str
    at_most: bool
    bound: float

    def check(self, known: Sequence[str]) -> None:
        """Raise BenchError where no run of the scenario measures it: that is better said before the run."""
        if not any(fnmatchcase(self.metric, name) for name in known):
            raise BenchError(
                f"--assert names {self.metric}, which this scenario does not measure; it has: {', '.join(known)}"
            )

    def broken_by(self, metrics: Mapping[str, float]) -> str:
        """The sentence that says how it is broken; empty if it is kept. What could not be measured is not kept."""
        if self.metric not in metrics:
            return f"{self.metric} was not measured in this run: name the target's --pid, or leave it out of --assert"
        value = metrics[self.metric]
        if value <= self.bound if self.at_most else value >= self.bound:
            return ""
        side = "at most" if self.at_most else "at least"
        return f"{self.metric} is {shown(value)}, expected {side} {shown(self.bound)}"


def parse_expectations(text: str) -> list[Expectation]:
    """Read `name=bound,…`: at most the bound, but at least for a rate (`…_per_s`); `<=` and `>=` say it outright."""
    expectations = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _ONE.fullmatch(part)
        if found is None:
            raise BenchError(f"--assert takes name=number, joined by commas, for example p99_ms=5,lost=0, not {part}")
        name, relation, bound = found.groups()
        at_most = relation == "<=" or (relation == "=" and not name.endswith("_per_s"))
        expectations.append(Expectation(name, at_most, float(bound)))
    return expectations
