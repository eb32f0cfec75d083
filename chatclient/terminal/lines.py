"""What the terminal shows: lines of styled pieces, and how they become rows of a given width.

A style is a name; only `Palette` knows what the terminal does for it, which is nothing where
colour is not wanted (NO_COLOR, a dumb terminal).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from chatclient.terminal.textwidth import cut, width, wrap
from chatserver.protocol.frames import clean
from chatserver.protocol.names import name_key

_SGR = {"dim": "2", "bold": "1", "alert": "1;31", "good": "32", "warn": "33", "bar": "7", "mention": "1;33"}
# Of the 256 colours, those that read well on a black and on a white ground alike.
_NAME_COLOURS = (32, 35, 64, 72, 97, 98, 130, 132, 136, 161, 166, 168, 173, 30, 61, 28)
INDENT_COLUMNS_MAX = 32
ROWS_KEPT = 4096  # lines whose rows are remembered
LINE_BREAK = "\u2424"
"""Stands for a line break within a text (PROTOCOL.md, "Messages")."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text in one style: a name of the table above, or `name:` and the name whose colour it has."""

    text: str
    style: str = "plain"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to show: `head` (time, name) stands left, `body` is wrapped beside it."""

    head: tuple[Piece, ...]
    body: str
    style: str = "plain"
    bell: bool = False


def line(body: str, style: str = "plain", head: tuple[Piece, ...] = (), *, bell: bool = False) -> Line:
    """A line whose texts are safe to print, wherever they come from."""
    safe = tuple(Piece(printable(piece.text), piece.style) for piece in head)
    return Line(safe, printable(body), style, bell)


def printable(text: str) -> str:
    """A text without control characters, and without tabs, whose width no one knows."""
    return clean(text.replace("\t", "  "))


def name_piece(name: str) -> Piece:
    """A name in its colour, which is the same every day."""
    return Piece(name, f"name:{name}")


class Palette:
    """Styles to escape sequences."""

    def __init__(self, *, colour: bool) -> None:
        self.colour = colour
        self.rows = lru_cache(ROWS_KEPT)(self._rows)  # what is on the screen is asked for at every key

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Palette":
        """Colour unless NO_COLOR is set (https://no-color.org) or the terminal is dumb."""
        return cls(colour=not environment.get("NO_COLOR") and environment.get("TERM", "dumb") not in ("dumb", ""))

    def paint(self, text: str, style: str) -> str:
        """The text in its style."""
        code = self._code(style) if self.colour else ""
        return f"\x1b[{code}m{text}\x1b[0m" if code and text else text

    def _rows(self, shown: Line, columns: int) -> list[str]:
        """A line as painted rows of at most so many columns; what is too long hangs under the beginning of its body."""
        used = sum(width(piece.text) for piece in shown.head)
        head = "".join(self.paint(piece.text, piece.style) for piece in shown.head)
        indent = min(used, INDENT_COLUMNS_MAX, columns // 2)
        if used > columns - 2:  # a terminal too narrow for the head: it wraps like any text
            plain = "".join(piece.text for piece in shown.head) + shown.body
            return [self.paint(row, shown.style) for row in wrap(plain, columns, columns)]
        parts = shown.body.split(LINE_BREAK)
        first, *others = wrap(parts[0], columns - used, columns - indent, columns)
        others += [row for part in parts[1:] for row in wrap(part, columns - indent, columns - indent, columns)]
        return [head + self.paint(first, shown.style), *(self._hanging(row, indent, columns, shown) for row in others)]

    def _hanging(self, row: str, indent: int, columns: int, shown: Line) -> str:
        """A further row of a line; an address that needs the room stands without indent."""
        return " " * (indent if width(row) <= columns - indent else 0) + self.paint(row, shown.style)

    def _code(self, style: str) -> str:
        kind, mark, name = style.partition(":")
        if mark:
            return f"1;38;5;{_NAME_COLOURS[crc32(name_key(name).encode()) % len(_NAME_COLOURS)]}"
        return _SGR.get(kind, "")


def paint_cut(palette: Palette, pieces: tuple[Piece, ...], columns: int) -> str:
    """Pieces side by side in one row, cut at its end."""
    painted, room = "", columns
    for piece in pieces:
        kept = cut(piece.text, room)
        room -= width(kept)
        painted += palette.paint(kept, piece.style)
    return painted
