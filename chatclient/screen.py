"""The terminal: raw mode, and the two rows at the bottom that nothing else may disturb.

What arrives is printed above: the bottom rows are wiped, the text is written, the rows are drawn
again, all in one write, so the typed line is never clobbered and the terminal's own scrollback
keeps everything. After a resize the visible part is drawn anew, because every terminal moves
wrapped rows about in its own way. Knows nothing of the chat.
"""

import os
import termios
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType

from chatclient.editor import LineEditor
from chatclient.lines import Line, Palette, Piece, paint_cut
from chatclient.textwidth import cut, width

LINES_KEPT_MAX = 500
"""Lines remembered for drawing anew: more than any screen has rows."""
_PASTE_ON, _PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"
_FALLBACK = os.terminal_size((80, 24))


class Screen:
    """Owns the terminal between `with` and its end."""

    def __init__(self, palette: Palette, *, dumb: bool, source: int = 0, sink: int = 1) -> None:
        """`dumb`: the terminal knows carriage return and nothing else, so there is one bottom row, not two."""
        self.palette = palette
        self._dumb = dumb
        self._source = source
        self._sink = sink
        self._saved = termios.tcgetattr(source)
        self._lines: deque[Line] = deque(maxlen=LINES_KEPT_MAX)
        self._status: tuple[Piece, ...] = ()
        self._prompt = ""
        self._editor = LineEditor()
        self._drawn = False
        self._has_status_row = False
        self._columns_drawn = 0

    def __enter__(self) -> "Screen":
        self.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.give_back()

    def take(self) -> None:
        """Switch the terminal to single keys."""
        self._saved = termios.tcgetattr(self._source)
        mode = termios.tcgetattr(self._source)
        mode[0] &= ~(termios.IXON | termios.ICRNL | termios.INLCR)
        mode[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
        termios.tcsetattr(self._source, termios.TCSADRAIN, mode)
        if not self._dumb:
            self._write(_PASTE_ON)

    def give_back(self) -> None:
        """Leave the terminal as it was found."""
        self._write(self._wiped() + ("" if self._dumb else _PASTE_OFF))
        with suppress(termios.error):  # the terminal may be gone
            termios.tcsetattr(self._source, termios.TCSADRAIN, self._saved)

    def show(self, lines: Sequence[Line]) -> None:
        """Print lines above the bottom rows."""
        if not lines:
            return
        self._lines.extend(lines)
        columns, _ = self._size()
        rows = [row for shown in lines for row in self.palette.rows(shown, columns - 1)]
        bell = "\a" if any(shown.bell for shown in lines) else ""
        self._write(bell + self._wiped() + "".join(f"{row}\n" for row in rows) + self._bottom())

    def draw(self, status: tuple[Piece, ...], prompt: str, editor: LineEditor) -> None:
        """Draw the bottom rows: how things stand, and the line being typed."""
        self._status, self._prompt, self._editor = status, prompt, editor
        self._write(self._wiped() + self._bottom())

    def draw_anew(self, *, forget: bool = False) -> None:
        """Draw all that is visible again: the terminal has another size, or shall be empty (`forget`)."""
        if forget:
            self._lines.clear()
        columns, rows_max = self._size()
        rows = [row for shown in list(self._lines)[-rows_max:] for row in self.palette.rows(shown, columns - 1)]
        visible = rows[-max(rows_max - 2, 0) :] if rows_max > 2 else []
        start = self._wiped() if self._dumb else "\x1b[H\x1b[2J"
        self._drawn = False
        self._write(start + "".join(f"{row}\n" for row in visible) + self._bottom())

    def _size(self) -> tuple[int, int]:
        try:
            columns, rows = os.get_terminal_size(self._sink)
        except OSError:
            columns, rows = _FALLBACK
        return (columns or _FALLBACK.columns, rows or _FALLBACK.lines)

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
        status = f"{paint_cut(self.palette, self._status, columns)}\n" if self._has_status_row else ""
        prompt = self._fitting_prompt(columns)
        shown, at = self._editor.window(columns - width(prompt))
        back = f"\r\x1b[{width(prompt) + at}C" if width(prompt) + at else "\r"
        return f"{status}{self.palette.paint(prompt, 'bold')}{shown}{back}"

    def _dumb_row(self, columns: int) -> str:
        status = "".join(piece.text for piece in self._status)
        prompt = self._fitting_prompt(columns, f"[{status.strip()}] {self._prompt}")
        shown, at = self._editor.window(columns - width(prompt))
        self._columns_drawn = min(columns, width(prompt) + width(shown))
        return f"{prompt}{shown}\r{prompt}{cut(shown, at)}"

    def _fitting_prompt(self, columns: int, wanted: str = "") -> str:
        """The prompt, unless it would leave too little room to type."""
        for prompt in (wanted, self._prompt):
            if prompt and width(prompt) <= columns // 2:
                return prompt
        return "> "

    def _write(self, text: str) -> None:
        data = text.encode(errors="replace")
        with suppress(OSError):  # the terminal may be gone; reading the keys tells the loop
            while data:
                data = data[os.write(self._sink, data) :]
