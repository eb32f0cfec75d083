"""A progress bar on a terminal, and nothing where there is none."""

import sys
from time import perf_counter
from typing import TextIO

REDRAW_S = 0.1
BAR_CHARS = 24
LABEL_CHARS = 56


class Progress:
    """One line on stderr, drawn over itself. With `quiet`, or without a terminal, it stays silent."""

    def __init__(self, quiet: bool = False, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._shown = not quiet and stream.isatty()
        self._drawn_at = 0.0

    @property
    def is_shown(self) -> bool:
        """Whether anybody sees it."""
        return self._shown

    def step(self, label: str, share: float | None = None) -> None:
        """Say what is going on, and which share of it (0 to 1) is done."""
        now = perf_counter()
        if not self._shown or (now - self._drawn_at < REDRAW_S and share != 1.0):
            return
        self._drawn_at = now
        bar = ""
        if share is not None:
            full = round(BAR_CHARS * min(1.0, share))
            bar = f" [{'#' * full}{'.' * (BAR_CHARS - full)}] {share:4.0%}"
        self._stream.write(f"\r\x1b[K{label[:LABEL_CHARS]}{bar}")
        self._stream.flush()

    def clear(self) -> None:
        """Take the bar away before something is printed."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
