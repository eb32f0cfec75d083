"""A small writer of SVG: shapes, text and axes, light or dark as the reader's screen. It knows no figures."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10

FONT = "font-family='system-ui, sans-serif'"
INK, GREY, FAINT, PAPER = "ink", "grey", "faint", "paper"
COLOURS = ("blue", "pink", "green", "brown", "violet", "red", "teal", "orange")
LIGHT: Mapping[str, str] = {
    INK: "#24292f",
    GREY: "#57606a",
    FAINT: "#d0d7de",
    PAPER: "#ffffff",
    "blue": "#0969da",
    "pink": "#bf3989",
    "green": "#1a7f37",
    "brown": "#9a6700",
    "violet": "#8250df",
    "red": "#cf222e",
    "teal": "#1b7c83",
    "orange": "#bc4c00",
}
DARK: Mapping[str, str] = {
    INK: "#e6edf3",
    GREY: "#9198a1",
    FAINT: "#3d444d",
    PAPER: "#0d1117",
    "blue": "#4493f8",
    "pink": "#db61a2",
    "green": "#3fb950",
    "brown": "#d29922",
    "violet": "#ab7df8",
    "red": "#f85149",
    "teal": "#39c5cf",
    "orange": "#f0883e",
}
LETTER = 0.6  # of a letter's size is its width, on average
LINE = 1.3  # of it is the height of a line


def width_of(words: str, size: int = 12) -> float:
    """About how many pixels a text takes."""
    return LETTER * size * len(words)


def _rules(colours: Mapping[str, str]) -> str:
    return "".join(f".{name}{{fill:{colour}}}.s-{name}{{stroke:{colour}}}" for name, colour in colours.items())


STYLE = f"<style>{_rules(LIGHT)}@media(prefers-color-scheme:dark){{{_rules(DARK)}}}</style>"


class Drawing:
    """Shapes in the order they were added; sizes in pixels."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.width, self.height = width, height
        self._shapes = [f"<title>{escape(title)}</title>", STYLE]
        self._shapes.append(f"<rect width='{width}' height='{height}' class='{PAPER}'/>")

    def rectangle(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled one."""
        self._shapes.append(
            f"<rect x='{x:.1f}' y='{y:.1f}' width='{max(0.5, width):.1f}' height='{height:.1f}' class='{colour}'/>"
        )

    def line(self, points: Sequence[tuple[float, float]], colour: str = INK, width: float = 1.0) -> None:
        """A line through the points."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._shapes.append(f"<polyline points='{path}' fill='none' class='s-{colour}' stroke-width='{width}'/>")

    def dot(self, x: float, y: float, colour: str) -> None:
        """A point of a curve."""
        self._shapes.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' class='{colour}'/>")

    def text(self, x: float, y: float, words: str, anchor: str = "start", size: int = 12, colour: str = INK) -> None:
        """`anchor` is start, middle or end."""
        self._shapes.append(
            f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' font-size='{size}' class='{colour}' {FONT}>"
            f"{escape(words)}</text>"
        )

    def render(self) -> str:
        """The whole file."""
        size = f"width='{self.width}' height='{self.height}' viewBox='0 0 {self.width} {self.height}'"
        return f"<svg xmlns='http://www.w3.org/2000/svg' {size}>\n" + "\n".join(self._shapes) + "\n</svg>\n"


def ticks(most: float, wanted: int = 5) -> list[float]:
    """Round values from 0 to just past the most."""
    if most <= 0:
        return [0.0, 1.0]
    rough = most / wanted
    power = 10 ** floor(log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [step * number for number in range(ceil(most / step - 1e-9) + 1)]


def decades(least: float, most: float) -> list[float]:
    """1, 2, 5, 10, 20 … around a range of positive values, for a logarithmic axis."""
    powers = range(floor(log10(least)), ceil(log10(most)) + 1)
    steps = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    low = max((at for at, step in enumerate(steps) if step <= least), default=0)
    high = next(at for at, step in enumerate(steps) if step >= most)
    return steps[low : max(high, low + 1) + 1]


class Scale:
    """From values to pixels on one axis, linear from 0 or logarithmic."""

    def __init__(self, values: Sequence[float], begin: float, end: float, *, logarithmic: bool) -> None:
        positive = [value for value in values if value > 0] or [1.0]
        self.ticks = decades(min(positive), max(positive)) if logarithmic else ticks(max(positive))
        self._begin, self._end = begin, end
        self._logarithmic = logarithmic

    def pixel(self, value: float) -> float:
        """Where a value is; on a logarithmic axis what is below the axis lies on it."""
        low, high = self.ticks[0], self.ticks[-1]
        share = log10(max(value, low) / low) / log10(high / low) if self._logarithmic else value / high
        return self._begin + (self._end - self._begin) * share

    def labels(self, room: float) -> list[tuple[float, str]]:
        """Ticks with their words, as many as fit with so many pixels between them; of a decade its beginning first."""
        shown: list[float] = []
        for value in sorted(self.ticks, key=lambda value: (self._logarithmic and f"{value:e}"[0] != "1", value)):
            if all(abs(self.pixel(value) - self.pixel(other)) >= room for other in shown):
                shown.append(value)
        return [(value, f"{value:,.0f}" if value >= 1 or not value else f"{value:g}") for value in sorted(shown)]


class Axes:
    """A plane in a drawing, and the curves in it. Their names stand at their ends, each on a line of its own."""

    LEFT, TOP, BOTTOM = 80, 62, 50

    def __init__(
        self,
        drawing: Drawing,
        x_values: Sequence[float],
        y_values: Sequence[float],
        names: Sequence[str],
        *,
        logarithmic: bool,
        logarithmic_x: bool = False,
        top: float = 0,
        height: float = 0,
    ) -> None:
        """`top` and `height` are its part of the drawing; all of it unless given."""
        self._drawing = drawing
        self._top = top + self.TOP
        self._bottom = top + (height or drawing.height) - self.BOTTOM
        self._right = drawing.width - 24 - max(map(width_of, names), default=0)
        self._x = Scale(x_values, self.LEFT, self._right, logarithmic=logarithmic_x)
        self._y = Scale(y_values, self._bottom, self._top, logarithmic=logarithmic)
        self._names: list[tuple[float, str, str]] = []  # where each would stand, its colour, and itself

    def draw(self, title: str, x_label: str, y_label: str) -> None:
        """Grid, numbers and words."""
        drawing = self._drawing
        drawing.text(14, self._top - 36, title, size=15)
        drawing.text(14, self._top - 16, y_label, colour=GREY)
        for value, words in self._y.labels(16):
            y = self._y.pixel(value)
            drawing.line([(self.LEFT, y), (self._right, y)], FAINT)
            drawing.text(self.LEFT - 6, y + 4, words, "end", 11)
        for value, words in self._x.labels(width_of(f"{self._x.ticks[-1]:,.0f}", 11) + 10):
            drawing.text(self._x.pixel(value), self._bottom + 18, words, "middle", 11)
        drawing.text((self.LEFT + self._right) / 2, self._bottom + 38, x_label, "middle", colour=GREY)

    def curve(self, points: Sequence[tuple[float, float]], colour: str, name: str) -> None:
        """A curve."""
        pixels = [(self._x.pixel(x), self._y.pixel(y)) for x, y in points]
        self._drawing.line(pixels, colour, 2)
        for x, y in pixels:
            self._drawing.dot(x, y, colour)
        self._names.append((pixels[-1][1] + 4, colour, name))

    def name_curves(self) -> None:
        """Write the names of all, once all are drawn."""
        places = spread([y for y, _, _ in self._names], 12 * LINE, self._top, self._bottom)
        for y, (_, colour, name) in zip(places, self._names, strict=True):
            self._drawing.text(self._right + 10, y, name, colour=colour)


def spread(wanted: Sequence[float], room: float, low: float, high: float) -> list[float]:
    """Places near those wanted, with so much room between them, the last one not behind `high` where that can be."""
    order = sorted(range(len(wanted)), key=lambda at: wanted[at])
    places = dict[int, float]()
    after = low
    for at in order:
        places[at] = after = max(wanted[at], after)
        after += room
    before = high
    for at in reversed(order):
        places[at] = min(places[at], before)
        before = places[at] - room
    return [places[at] for at in range(len(wanted))]
