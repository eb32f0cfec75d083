"""What a run found: metrics by name, the sentences that belong to them, and what they were measured on."""

import json
import os
import platform
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Result:
    """One run. A metric that could not be measured is absent, never zero."""

    scenario: str
    server: str
    parameters: dict[str, object] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    environment: dict[str, object] = field(default_factory=dict)

    def as_json(self) -> str:
        """The whole of it, on one line."""
        return json.dumps(asdict(self), sort_keys=True)

    def as_line(self) -> str:
        """The one line of `-q`."""
        wanted = [name for name in ONE_LINE if name in self.metrics]
        figures = " ".join(f"{name}={shown(self.metrics[name])}" for name in wanted)
        return f"{self.scenario} {self.server}: {figures}" + "".join(f" ({note})" for note in self.notes)

    def as_table(self) -> str:
        """The table a person reads."""
        width = max(map(len, self.metrics), default=0)
        lines = [f"{self.scenario} against {self.server}"]
        lines += [f"  {name:<{width}}  {shown(value):>12}" for name, value in self.metrics.items()]
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
    "messages_alone_p99_ms",
    "messages_beside_p99_ms",
    "server_cpu_us_per_message",
    "rss_bytes_per_connection",
    "idle_cpu_percent",
    "lost",
    "doubled",
    "out_of_order",
    "refused",
)


def shown(value: float) -> str:
    """A figure with as many digits as it deserves."""
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.3f}"


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
