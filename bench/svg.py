"""A small writer of SVG: shapes, text and axes. It knows no figures of the bench."""

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10

FONT = "font-family='system-ui, sans-serif'"
INK, FAINT = "#24292f", "#d0d7de"
COLOURS = ("#0969da", "#bf3989", "#1a7f37", "#9a6700", "#8250df", "#cf222e")


class Drawing:
    """Shapes in the order they were added; sizes in pixels."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.width, self.height = width, height
        self._shapes = [f"<title>{escape(title)}</title>", f"<rect width='{width}' height='{height}' fill='white'/>"]

    def rectangle(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled one."""
        self._shapes.append(
            f"<rect x='{x:.1f}' y='{y:.1f}' width='{max(0.5, width):.1f}' height='{height:.1f}' fill='{colour}'/>"
        )

    def line(self, points: Sequence[tuple[float, float]], colour: str = INK, width: float = 1.0) -> None:
        """A line through the points."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._shapes.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='{width}'/>")

    def dot(self, x: float, y: float, colour: str) -> None:
        """A point of a curve."""
        self._shapes.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' fill='{colour}'/>")

    def text(self, x: float, y: float, words: str, anchor: str = "start", size: int = 12, colour: str = INK) -> None:
        """`anchor` is start, middle or end."""
        self._shapes.append(
            f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' font-size='{size}' fill='{colour}' {FONT}>"
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


class Axes:
    """A plane in a drawing: from values to pixels, `y` linear or logarithmic."""

    LEFT, RIGHT, TOP, BOTTOM = 70, 130, 50, 50

    def __init__(self, drawing: Drawing, x_most: float, y_values: Sequence[float], logarithmic: bool) -> None:
        self._drawing = drawing
        self._x_ticks = ticks(x_most)
        positive = [value for value in y_values if value > 0] or [1.0]
        self._y_ticks = decades(min(positive), max(positive)) if logarithmic else ticks(max(positive))
        self._logarithmic = logarithmic

    def x(self, value: float) -> float:
        """The pixel of a value."""
        span = self._drawing.width - self.LEFT - self.RIGHT
        return self.LEFT + span * value / self._x_ticks[-1]

    def y(self, value: float) -> float:
        """The pixel of a value; on a logarithmic axis what is below the axis lies on it."""
        span = self._drawing.height - self.TOP - self.BOTTOM
        low, high = self._y_ticks[0], self._y_ticks[-1]
        share = log10(max(value, low) / low) / log10(high / low) if self._logarithmic else value / high
        return self._drawing.height - self.BOTTOM - span * share

    def draw(self, title: str, x_label: str, y_label: str) -> None:
        """Grid, numbers and words."""
        drawing = self._drawing
        right, bottom = drawing.width - self.RIGHT, drawing.height - self.BOTTOM
        drawing.text(self.LEFT, 22, title, size=15)
        drawing.text(self.LEFT, 40, y_label, colour="#57606a")
        for value in self._y_ticks:
            drawing.line([(self.LEFT, self.y(value)), (right, self.y(value))], FAINT)
            drawing.text(self.LEFT - 6, self.y(value) + 4, f"{value:g}", "end", 11)
        for value in self._x_ticks:
            drawing.text(self.x(value), bottom + 18, f"{value:,.0f}", "middle", 11)
        drawing.text((self.LEFT + right) / 2, bottom + 38, x_label, "middle", colour="#57606a")

    def curve(self, points: Sequence[tuple[float, float]], colour: str, name: str) -> None:
        """A named curve; the name stands at its end."""
        pixels = [(self.x(x), self.y(y)) for x, y in points]
        self._drawing.line(pixels, colour, 2)
        for x, y in pixels:
            self._drawing.dot(x, y, colour)
        self._drawing.text(pixels[-1][0] + 8, pixels[-1][1] + 4, name, colour=colour)
