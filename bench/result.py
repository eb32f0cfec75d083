"""What a run found: metrics by name, the sentences that belong to them, and what they were measured on."""

import json
import os
import platform
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any


@dataclass
class Result:
    """One run. A metric that could not be measured is absent, never zero."""

    scenario: str
    server: str
    parameters: dict[str, object] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    environment: dict[str, object] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)  # why it is no measurement: the run has failed

    @property
    def remarks(self) -> list[str]:
        """What belongs to its figures wherever they are shown."""
        return [*(f"FAILED: {fault}" for fault in self.faults), *self.notes]

    def as_json(self) -> str:
        """The whole of it, on one line; what is infinite is null, since JSON has no word for it."""
        return json.dumps(plain(asdict(self)), sort_keys=True)

    def as_line(self) -> str:
        """The one line of `-q`."""
        wanted = [name for name in ONE_LINE if name in self.metrics]
        figures = " ".join(f"{name}={shown(self.metrics[name])}" for name in wanted)
        return f"{self.scenario} {self.server}: {figures}" + "".join(f" ({remark})" for remark in self.remarks)

    def as_table(self) -> str:
        """The table a person reads."""
        width = max(map(len, self.metrics), default=0)
        lines = [f"{self.scenario} against {self.server}"]
        lines += [f"  {name:<{width}}  {shown(value):>12}" for name, value in self.metrics.items()]
        lines += [f"  FAILED: {fault}" for fault in self.faults]
        lines += [f"  ! {note}" for note in self.notes]
        lines.append("  used: " + ", ".join(f"{name} {value}" for name, value in self.parameters.items()))
        lines.append("  on: " + ", ".join(f"{name} {value}" for name, value in self.environment.items()))
        return "\n".join(lines)


ONE_LINE = (
    "delivered_per_s",
    "logins_per_s",
    "queries_per_s",
    "p50_ms",
    "p99_ms",
    "max_ms",
    "longest_turn_ms",
    "messages_alone_p99_ms",
    "messages_beside_p99_ms",
    "server_cpu_us_per_message",
    "server_cpu_us_per_action",
    "server_cpu_percent",
    "rss_bytes_per_user",
    "rss_bytes_per_connection",
    "idle_cpu_percent",
    "sigterm_gap_p50_ms",
    "sigterm_gap_max_ms",
    "sigkill_gap_p50_ms",
    "sigkill_gap_max_ms",
    "lost",
    "doubled",
    "out_of_order",
    "refused",
)


def shown(value: float) -> str:
    """A figure with as many digits as it deserves."""
    if not isfinite(value):
        return "never"
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.3f}"


def plain(value: Any) -> Any:
    """Values that every JSON parser reads."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def environment(pinned: Mapping[str, int | None]) -> dict[str, object]:
    """What the figures were measured on."""
    return {
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.release()}",
        "cpu": _cpu_model(),
        "cores": os.cpu_count() or 0,
        **{f"{who}_core": "any" if core is None else core for who, core in pinned.items()},
    }


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
