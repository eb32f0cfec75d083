"""`bench plot`: what `compare`, `sweep` and `growth` found, drawn as SVG.

A comparison becomes bars (processor time a message, a panel a load), once with all contenders and once with three; a
sweep over a rate becomes latency curves, a crowd how long its people wait and how busy the server is, any other sweep
the cost of a message against what was varied; growth becomes lines of what each question costs against how much there
is. Lower is better in all of them, and each says so.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, TypedDict

from bench import BenchError
from bench.compare import COST
from bench.svg import COLOURS, GREY, INK, Axes, Drawing, ticks, width_of

Rows = Mapping[str, Mapping[str, Sequence[float]]]

BAR, GAP, PANEL_TOP = 18, 6, 46
WIDTH, VALUES = 820, 70
LESS = "lower is better"
LOADS = {
    "pairs-w1": "one message at a time",
    "pairs-w64": "64 messages on their way for each sender",
    "pairs-w64-tags": "the same, with tags that make them safe to repeat",
    "fanout": "a room of 500, for each member who hears it",
}
NAMES = {
    "chatserver-full": "pipechat, all on disk before its OK",
    "chatserver-memory": "pipechat, in memory",
    "chatserver-normal": "pipechat, on disk within a moment",
    "bare": "a bare selectors router, stores nothing",
    "protocol": "asyncio, protocols",
    "protocol-batched": "asyncio, protocols, batching",
    "streams": "asyncio, streams",
    "threads": "a thread for each connection",
    "uvloop": "uvloop",
    "uvloop-batched": "uvloop, batching",
    "ngircd": "ngircd (C), stores nothing",
    "inspircd": "InspIRCd (C++), stores nothing",
}
THREE = ("chatserver-full", "bare", "ngircd")
"""Of a comparison, those that the short drawing has: ours, what Python can do at best, and a server in C."""
DOORS = {"pipe": "over the pipe", "tls": "over TLS", "web": "over WebSocket", "web-single": "over WebSocket, singly"}
PERCENTILES = {"p50_ms": "half of them", "p99_ms": "99 of 100", "p999_ms": "999 of 1,000"}


class SweptResult(TypedDict):
    """The part of a result that is drawn."""

    metrics: dict[str, float | None]


class Content(TypedDict, total=False):
    """The part of a file that is drawn."""

    kind: str
    figures: dict[str, Any]  # of a comparison by load, of growth by axis
    scenario: str
    over: str
    values: list[float]
    results: list[SweptResult]
    sizes: dict[str, list[int]]


def plot(files: Sequence[Path], folder: Path) -> list[Path]:
    """Draw each file into the folder, under its own name; return what was written."""
    written = []
    for file in files:
        content = _read(file)
        drawings = {file.stem: draw(content)}
        if content["kind"] == "compare" and (three := three_of(content["figures"])):
            drawings[f"{file.stem}-three"] = draw_comparison(three)
        for name, drawing in drawings.items():
            target = folder / f"{name}.svg"
            target.write_text(drawing, encoding="utf-8")
            written.append(target)
    return written


def draw(content: Content) -> str:
    """The SVG for what a file holds."""
    if content["kind"] == "compare":
        return draw_comparison(content["figures"])
    if content["kind"] == "growth":
        return draw_growth(content)
    if content["scenario"] == "crowd":
        return draw_crowd(content)
    if content["over"] == "rate":
        return draw_latency(content)
    return draw_cost(content)


def three_of(figures: Mapping[str, Rows]) -> dict[str, Rows]:
    """The same with three contenders alone, and without loads that not all of them can do."""
    rows = {load: {name: row[name] for name in THREE if name in row} for load, row in figures.items()}
    most = max(map(len, rows.values()), default=0)
    return {load: row for load, row in rows.items() if len(row) == most == len(THREE)}


def draw_comparison(figures: Mapping[str, Rows]) -> str:
    """A panel of bars a load, the cheapest first; a thin line is the spread over the rounds."""
    rows = sum(len(row) for row in figures.values())
    height = 30 + len(figures) * (PANEL_TOP + 14) + rows * (BAR + GAP)
    drawing = Drawing(WIDTH, height, "Processor time of the server for each delivered message")
    drawing.text(14, 22, f"Processor time of the server for each delivered message, microseconds ({LESS})", size=15)
    figures = {load: figures[load] for load in sorted(figures, key=[*LOADS, *figures].index)}
    names = {contender: name_of(contender) for row in figures.values() for contender in row}
    left = 20 + max(map(width_of, names.values()), default=0)
    top = 22
    for load, contenders in figures.items():
        top = _panel(drawing, top, left, LOADS.get(load, load), {names[name]: row for name, row in contenders.items()})
    return drawing.render()


def name_of(contender: str) -> str:
    """What to call a contender, and by which door its clients come."""
    server, _, door = contender.partition("/")
    server, at, tree = server.partition("@")
    return NAMES.get(server, server) + (f" ({Path(tree).name})" if at else "") + (f", {DOORS[door]}" if door else "")


def _panel(drawing: Drawing, top: int, left: float, load: str, contenders: Rows) -> int:
    costs = {name: row[COST] for name, row in contenders.items() if row.get(COST)}
    scale = (WIDTH - left - VALUES) / ticks(max((max(cost) for cost in costs.values()), default=1.0))[-1]
    drawing.text(14, top + 24, load, size=13)
    y = top + PANEL_TOP - 10
    for name, cost in sorted(costs.items(), key=lambda item: median(item[1])):
        ours = name.startswith("pipechat")
        drawing.text(left - 8, y + 13, name, "end")
        drawing.rectangle(left, y, median(cost) * scale, BAR, COLOURS[0] if ours else GREY)
        drawing.line([(left + min(cost) * scale, y + BAR / 2), (left + max(cost) * scale, y + BAR / 2)], INK)
        drawing.text(left + max(cost) * scale + 6, y + 13, f"{median(cost):.2f}")
        y += BAR + GAP
    return y + 24


def draw_latency(content: Content) -> str:
    """Latency percentiles against the load, logarithmic."""
    title = f"How long a message takes, from the planned time on ({LESS})"
    return _curves(content, PERCENTILES, title, "messages a second", "milliseconds, logarithmic", logarithmic=True)


def draw_cost(content: Content) -> str:
    """The cost of a message against what was varied."""
    title = f"What a message costs: bench {content['scenario']} over {content['over']} ({LESS})"
    y_label = "microseconds of the server's processor for each delivered message"
    return _curves(content, {COST: ""}, title, content["over"], y_label, logarithmic=False)


def draw_crowd(content: Content) -> str:
    """People as they are: how long their messages take, and what that leaves of a core, against their number."""
    panels = (
        (
            "How long a message takes until it arrives",
            {"message_p50_ms": "half of them", "message_p99_ms": "99 of 100"},
        ),
        ("How busy the server is", {"server_cpu_percent": "of one core"}),
    )
    units = ("milliseconds, logarithmic", "per cent of one core")
    panel = 300
    drawing = Drawing(WIDTH, panel * len(panels), "A crowd of people as they are")
    for at, ((title, names), unit) in enumerate(zip(panels, units, strict=True)):
        lines = {words: _points(content, name) for name, words in names.items()}
        values = [y for points in lines.values() for _, y in points]
        axes = Axes(drawing, content["values"], values, list(lines), logarithmic=at == 0, top=at * panel, height=panel)
        axes.draw(
            f"{title} ({LESS})",
            "people who are there, each with a message every 30 s and all else that people do",
            unit,
        )
        _draw_lines(axes, lines)
    return drawing.render()


def draw_growth(content: Content) -> str:
    """A panel an axis, both logarithmic: a line that is level does not grow."""
    panel = 400
    drawing = Drawing(WIDTH, panel * len(content["sizes"]), "What grows")
    for at, (axis, sizes) in enumerate(content["sizes"].items()):
        lines = {
            name: [(size, value) for size, value in zip(sizes, values, strict=True) if value]
            for name, values in content["figures"][axis].items()
        }
        values = [value for line in lines.values() for _, value in line]
        axes = Axes(
            drawing, sizes, values, list(lines), logarithmic=True, logarithmic_x=True, top=at * panel, height=panel
        )
        title = f"What costs more with more {axis}, and what does not ({LESS})"
        axes.draw(title, axis, "microseconds of the server's processor, where no unit stands; both axes logarithmic")
        _draw_lines(axes, lines)
    return drawing.render()


def _curves(
    content: Content, names: Mapping[str, str], title: str, x_label: str, y_label: str, *, logarithmic: bool
) -> str:
    curves = {words: _points(content, name) for name, words in names.items()}
    values = [y for points in curves.values() for _, y in points]
    if not values:
        raise BenchError(f"There is nothing to draw: the file has none of {', '.join(names)}")
    drawing = Drawing(WIDTH, 380, title)
    axes = Axes(drawing, content["values"], values, list(curves), logarithmic=logarithmic)
    axes.draw(title, x_label, y_label)
    _draw_lines(axes, curves)
    return drawing.render()


def _draw_lines(axes: Axes, lines: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    for colour, (name, points) in zip(COLOURS, lines.items(), strict=False):
        if points:
            axes.curve(points, colour, name)
    axes.name_curves()


def _points(content: Content, name: str) -> list[tuple[float, float]]:
    pairs = zip(content["values"], content["results"], strict=True)
    found = ((value, result["metrics"].get(name)) for value, result in pairs)
    return [(value, figure) for value, figure in found if figure is not None]  # null: some messages never came


def _read(file: Path) -> Content:
    try:
        content: Content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BenchError(f"{file} cannot be read: {error}") from None
    if not isinstance(content, dict) or content.get("kind") not in ("compare", "sweep", "growth"):
        raise BenchError(f"{file} holds nothing to draw: give a file that compare, sweep or growth wrote with --json")
    return content
