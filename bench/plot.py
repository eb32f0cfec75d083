"""`bench plot`: what `compare` and `sweep` found, drawn as SVG.

A comparison becomes bars (processor time a message, a panel a load), a sweep over a
rate becomes latency curves, any other sweep the cost of a message against what was varied.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TypedDict

from bench import BenchError
from bench.compare import COST
from bench.svg import COLOURS, FAINT, INK, Axes, Drawing, ticks

Rows = Mapping[str, Mapping[str, Sequence[float]]]

BAR, GAP, PANEL_TOP = 18, 6, 46
NAMES, WIDTH, VALUES = 150, 820, 110


class SweptResult(TypedDict):
    """The part of a result that is drawn."""

    metrics: dict[str, float]


class Content(TypedDict, total=False):
    """The part of a file that is drawn."""

    kind: str
    figures: dict[str, Rows]
    scenario: str
    over: str
    values: list[float]
    results: list[SweptResult]


def plot(files: Sequence[Path], folder: Path) -> list[Path]:
    """Draw each file into the folder, under its own name; return what was written."""
    written = []
    for file in files:
        target = folder / f"{file.stem}.svg"
        target.write_text(draw(_read(file)), encoding="utf-8")
        written.append(target)
    return written


def draw(content: Content) -> str:
    """The SVG for what a file holds."""
    if content["kind"] == "compare":
        return draw_comparison(content["figures"])
    if content["over"] == "rate":
        return draw_latency(content)
    return draw_cost(content)


def draw_comparison(figures: Mapping[str, Rows]) -> str:
    """A panel of bars a load, the cheapest first; a thin line is the spread over the rounds."""
    rows = sum(len(row) for row in figures.values())
    height = 20 + len(figures) * (PANEL_TOP + 14) + rows * (BAR + GAP)
    drawing = Drawing(WIDTH, height, "Processor time of the server per delivered message")
    top = 10
    for load, contenders in figures.items():
        top = _panel(drawing, top, load, contenders)
    return drawing.render()


def _panel(drawing: Drawing, top: int, load: str, contenders: Rows) -> int:
    costs = {name: row[COST] for name, row in contenders.items() if row.get(COST)}
    scale = (WIDTH - NAMES - VALUES) / ticks(max((max(cost) for cost in costs.values()), default=1.0))[-1]
    drawing.text(10, top + 20, f"{load}: CPU µs of the server per delivered message, median", size=14)
    y = top + PANEL_TOP - 10
    for name, cost in sorted(costs.items(), key=lambda item: median(item[1])):
        ours = name.startswith("chatserver")
        drawing.text(NAMES - 8, y + 13, name, "end")
        drawing.rectangle(NAMES, y, median(cost) * scale, BAR, COLOURS[0] if ours else FAINT)
        drawing.line([(NAMES + min(cost) * scale, y + BAR / 2), (NAMES + max(cost) * scale, y + BAR / 2)], INK)
        drawing.text(NAMES + max(cost) * scale + 6, y + 13, f"{median(cost):.2f}")
        y += BAR + GAP
    return y + 24


def draw_latency(content: Content) -> str:
    """Latency percentiles against the load, logarithmic."""
    names = ("p50_ms", "p99_ms", "p999_ms")
    title = "Latency from the planned time, against load"
    return _curves(content, names, title, "messages a second, open loop", "milliseconds (logarithmic)", True)


def draw_cost(content: Content) -> str:
    """The cost of a message against what was varied."""
    title = f"Cost of a message, bench {content['scenario']} over {content['over']}"
    return _curves(content, (COST,), title, content["over"], "server CPU µs per delivered message", False)


def _curves(content: Content, names: Sequence[str], title: str, x_label: str, y_label: str, logarithmic: bool) -> str:
    curves = {name: _points(content, name) for name in names}
    values = [y for points in curves.values() for _, y in points]
    if not values:
        raise BenchError(f"There is nothing to draw: the file has none of {', '.join(names)}")
    drawing = Drawing(WIDTH, 380, title)
    axes = Axes(drawing, max(content["values"]), values, logarithmic)
    axes.draw(title, x_label, y_label)
    for colour, (name, points) in zip(COLOURS, curves.items(), strict=False):
        if points:
            axes.curve(points, colour, name.removesuffix("_ms") if logarithmic else "")
    return drawing.render()


def _points(content: Content, name: str) -> list[tuple[float, float]]:
    pairs = zip(content["values"], content["results"], strict=True)
    return [(value, result["metrics"][name]) for value, result in pairs if name in result["metrics"]]


def _read(file: Path) -> Content:
    try:
        content: Content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BenchError(f"{file} cannot be read: {error}") from None
    if not isinstance(content, dict) or content.get("kind") not in ("compare", "sweep"):
        raise BenchError(
            f"{file} holds no comparison and no sweep: give a file that compare or sweep wrote with --json"
        )
    return content
