"""The terminal: raw mode, and what stands where.

With windows the whole screen is drawn: a title, the open conversation, the status row and the line being typed; of
each drawing only the rows that differ are written. As a stream, what arrives is printed above the two rows at the
bottom, which are wiped and drawn again in the same write, so that the terminal's own scrollback keeps everything.
Knows nothing of the chat.
"""

import os
import termios
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple

from chatclient.terminal.editor import LineEditor
from chatclient.terminal.lines import Line, Palette, Piece, paint_cut
from chatclient.terminal.textwidth import cut, width
from chatclient.terminal.windows import Look

LINES_KEPT_MAX = 500
"""Lines of the stream remembered for drawing anew: more than any screen has rows."""
# Marks around a paste, and a word when the terminal gets the focus or loses it.
_ON, _OFF = "\x1b[?2004h\x1b[?1004h", "\x1b[?1004l\x1b[?2004l"
_WINDOWS_ON, _WINDOWS_OFF = "\x1b[?1049h\x1b[H\x1b[2J", "\x1b[?1049l"
_FALLBACK = os.terminal_size((80, 24))


class View(NamedTuple):
    """What is to be seen."""

    title: tuple[Piece, ...]
    page: Callable[[Look], list[str]]  # the rows of the open window
    status: tuple[Piece, ...]
    prompt: str
    editor: LineEditor


class Screen:
    """Owns the terminal between `with` and its end."""

    def __init__(self, palette: Palette, *, dumb: bool, stream: bool = True, source: int = 0, sink: int = 1) -> None:
        """`dumb`: the terminal knows carriage return and nothing else: a stream, and one bottom row, not two."""
        self.palette = palette
        self.numbered = False
        self._dumb = dumb
        self._stream = stream or dumb
        self._source = source
        self._sink = sink
        self._saved = termios.tcgetattr(source)
        self._lines: deque[Line] = deque(maxlen=LINES_KEPT_MAX)
        self._view = View((), lambda _: [], (), "", LineEditor())
        self._drawn = False  # the bottom rows of the stream
        self._has_status_row = False
        self._columns_drawn = 0
        self._frame: list[str] = []  # the rows that stand on the screen
        self._frame_size = (0, 0)

    def __enter__(self) -> "Screen":
        self.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.give_back()

    @property
    def is_stream(self) -> bool:
        """Whether everything goes by in one stream."""
        return self._stream

    def take(self) -> None:
        """Switch the terminal to single keys. Somebody else may have used it meanwhile."""
        mode = termios.tcgetattr(self._source)
        if mode[3] & termios.ICANON:
            self._saved = termios.tcgetattr(self._source)
        mode[0] &= ~(termios.IXON | termios.ICRNL | termios.INLCR)
        mode[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
        termios.tcsetattr(self._source, termios.TCSADRAIN, mode)
        if not self._dumb:
            self._write(_ON + ("" if self._stream else _WINDOWS_ON))
        self._frame = []

    def give_back(self) -> None:
        """Leave the terminal as it was found."""
        self._write(self._wiped() if self._stream else _WINDOWS_OFF)
        self._write("" if self._dumb else _OFF)
        with suppress(termios.error):  # the terminal may be gone
            termios.tcsetattr(self._source, termios.TCSADRAIN, self._saved)

    def use(self, *, stream: bool) -> None:
        """Change between windows and the stream."""
        if not self._dumb and stream is not self._stream:
            self._write(self._wiped() if self._stream else _WINDOWS_OFF)
            self._stream = stream
            self._write("" if stream else _WINDOWS_ON)
            self._frame = []

    def look(self) -> Look:
        """How rows of a window are made now."""
        columns, rows = self._size()
        return Look(self.palette, columns - 1, max(rows - 2 - (rows > 4), 1), self.numbered)

    def show(self, lines: Sequence[Line]) -> None:
        """Print lines into the stream, above the bottom rows; with windows only their bell is heard."""
        self._lines.extend(lines)
        bell = "\a" if any(shown.bell for shown in lines) else ""
        if not self._stream:
            self._write(bell)
        elif lines:
            columns, _ = self._size()
            rows = [row for shown in lines for row in self.palette.rows(shown, columns - 1)]
            self._write_stream(bell + self._wiped() + "".join(f"{row}\n" for row in rows) + self._bottom())

    def draw(self, view: View) -> None:
        """Draw how things stand, and the line being typed."""
        self._view = view
        if self._stream:
            self._write_stream(self._wiped() + self._bottom())
        else:
            self._write(self._changes())

    def draw_anew(self, *, forget: bool = False) -> None:
        """Draw all that is visible again: the terminal has another size, or shall be empty (`forget`)."""
        if forget:
            self._lines.clear()
        if not self._stream:
            self._frame = []
            self._write(self._changes())
            return
        columns, rows_max = self._size()
        rows = [row for shown in list(self._lines)[-rows_max:] for row in self.palette.rows(shown, columns - 1)]
        visible = rows[-max(rows_max - 2, 0) :] if rows_max > 2 else []
        start = self._wiped() if self._dumb else "\x1b[H\x1b[2J"
        self._drawn = False
        self._write_stream(start + "".join(f"{row}\n" for row in visible) + self._bottom())

    # Windows

    def _changes(self) -> str:
        """What makes the screen show the view: the rows that are others than those that stand there."""
        columns, rows = size = self._size()
        look, view = self.look(), self._view
        page = view.page(look)
        title = [paint_cut(self.palette, view.title, columns - 1)] if rows > 4 else []
        status = [paint_cut(self.palette, view.status, columns - 1)] if rows > 2 else []
        typed, at = self._typed(columns - 1)
        frame = [*title, *[""] * (look.height - len(page)), *page, *status, typed][-rows:]
        begin = "\x1b[?25l" if size == self._frame_size and self._frame else "\x1b[?25l\x1b[H\x1b[2J"
        former = self._frame if size == self._frame_size and self._frame else [""] * len(frame)
        self._frame, self._frame_size = frame, size
        changed = [
            f"\x1b[{number};1H{row}\x1b[K"
            for number, (row, before) in enumerate(zip(frame, former, strict=True), 1)
            if row != before
        ]
        return f"{begin}{''.join(changed)}\x1b[{len(frame)};{at + 1}H\x1b[?25h"

    def _typed(self, columns: int) -> tuple[str, int]:
        """The row of the line being typed, and the column of the cursor in it."""
        prompt = self._fitting_prompt(columns)
        shown, at = self._view.editor.window(columns - width(prompt))
        return f"{self.palette.paint(prompt, 'bold')}{shown}", width(prompt) + at

    # The stream

    def _write_stream(self, text: str) -> None:
        """Without the cursor, which would be seen running about."""
        self._write(text if self._dumb else f"\x1b[?25l{text}\x1b[?25h")

    def _wiped(self) -> str:
        """What removes the bottom rows and leaves the cursor where they began."""
        if not self._drawn:
            return ""
        self._drawn = False
        if self._dumb:
            return f"\r{' ' * self._columns_drawn}\r"
        return "\r\x1b[1A\x1b[J" if self._has_status_row else "\r\x1b[J"

    def _bottom(self) -> str:
        columns, rows = self._size()
        columns -= 1  # a row that fills the last column makes some terminals begin another
        self._drawn = True
        if self._dumb:
            return self._dumb_row(columns)
        self._has_status_row = rows > 2
        status = f"{paint_cut(self.palette, self._view.status, columns)}\n" if self._has_status_row else ""
        typed, at = self._typed(columns)
        return f"{status}{typed}\r\x1b[{at}C" if at else f"{status}{typed}\r"

    def _dumb_row(self, columns: int) -> str:
        status = "".join(piece.text for piece in self._view.status)
        prompt = self._fitting_prompt(columns, f"[{status.strip()}] {self._view.prompt}")
        shown, at = self._view.editor.window(columns - width(prompt))
        self._columns_drawn = min(columns, width(prompt) + width(shown))
        return f"{prompt}{shown}\r{prompt}{cut(shown, at)}"

    def _fitting_prompt(self, columns: int, wanted: str = "") -> str:
        """The prompt, unless it would leave too little room to type."""
        for prompt in (wanted, self._view.prompt):
            if prompt and width(prompt) <= columns // 2:
                return prompt
        return "> "

    def _size(self) -> tuple[int, int]:
        try:
            columns, rows = os.get_terminal_size(self._sink)
        except OSError:
            columns, rows = _FALLBACK
        return (columns or _FALLBACK.columns, rows or _FALLBACK.lines)

    def _write(self, text: str) -> None:
        data = text.encode(errors="replace")
        with suppress(OSError):  # the terminal may be gone; reading the keys tells the loop
            while data:
                data = data[os.write(self._sink, data) :]
