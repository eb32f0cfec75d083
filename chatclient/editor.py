"""The line being typed: text, cursor, history and what was cut. Keys in, a finished line out.

Draws nothing: `window` says what of it fits in a row, and where the cursor stands there.
"""

from collections.abc import Callable

from chatclient.keys import Key
from chatclient.textwidth import cluster_width, clusters
from chatserver.protocol.frames import clean

HISTORY_LINES_MAX = 500
LINE_CHARS_MAX = 8000
"""More than a frame can carry: the refusal names the true limit, this one keeps a paste from filling memory."""


class LineEditor:
    """One line, edited by clusters: a character and the marks on it move and go together."""

    def __init__(self) -> None:
        self.masked = False  # a password is typed: shown as dots, kept in no history
        self._line: list[str] = []
        self._at = 0
        self._history: list[str] = []
        self._recalled = 0  # which line of the history is shown; past its end: the one being typed
        self._draft = ""
        self._cut = ""

    @property
    def text(self) -> str:
        """What has been typed."""
        return "".join(self._line)

    @property
    def before_cursor(self) -> str:
        """What stands left of the cursor."""
        return "".join(self._line[: self._at])

    def press(self, key: Key) -> str | None:
        """Take a key; return the line if it is finished now."""
        if key.name == "text":
            self.insert(key.text)
        elif key.name == "enter":
            return self._finish()
        else:
            edit = _EDITS.get(key.name)
            if edit:
                edit(self)
        return None

    def insert(self, text: str) -> None:
        """Put text at the cursor. A pasted line break becomes a space: a message is one line."""
        room = LINE_CHARS_MAX - len(self.text)
        before = self.before_cursor + clean(text.replace("\r\n", " ").replace("\t", " "))[: max(room, 0)]
        after = "".join(self._line[self._at :])
        self._line = clusters(before + after)
        self._at = len(clusters(before))

    def replace_before_cursor(self, start: int, text: str) -> None:
        """Put text in place of what stands between character `start` and the cursor."""
        before = self.before_cursor[:start] + text
        self._line = clusters(before) + self._line[self._at :]
        self._at = len(clusters(before))

    def set(self, text: str) -> None:
        """Put a text in place of the line, the cursor at its end."""
        self._line = clusters(text)
        self._at = len(self._line)

    def clear(self) -> None:
        """Empty the line."""
        self.set("")
        self._recalled = len(self._history)

    def window(self, columns: int) -> tuple[str, int]:
        """What of the line fits in so many columns, and the column of the cursor in it."""
        shown = ["•"] * len(self._line) if self.masked else self._line
        widths = [cluster_width(cluster) for cluster in shown]
        start, used = self._at, 0
        while start and used + widths[start - 1] < columns:
            start -= 1
            used += widths[start]
        end, total = self._at, used
        while end < len(shown) and total + widths[end] < columns:
            total += widths[end]
            end += 1
        return "".join(shown[start:end]), used

    def _finish(self) -> str:
        line = self.text
        if line and not self.masked and (not self._history or self._history[-1] != line):
            self._history = [*self._history, line][-HISTORY_LINES_MAX:]
        self.clear()
        return line

    def _left(self) -> None:
        self._at = max(0, self._at - 1)

    def _right(self) -> None:
        self._at = min(len(self._line), self._at + 1)

    def _home(self) -> None:
        self._at = 0

    def _end(self) -> None:
        self._at = len(self._line)

    def _word_left(self) -> None:
        while self._at and self._line[self._at - 1] == " ":
            self._at -= 1
        while self._at and self._line[self._at - 1] != " ":
            self._at -= 1

    def _word_right(self) -> None:
        while self._at < len(self._line) and self._line[self._at] == " ":
            self._at += 1
        while self._at < len(self._line) and self._line[self._at] != " ":
            self._at += 1

    def _backspace(self) -> None:
        if self._at:
            self._at -= 1
            del self._line[self._at]

    def _delete(self) -> None:
        del self._line[self._at : self._at + 1]

    def _kill_to_start(self) -> None:
        self._kill(0, self._at)

    def _kill_to_end(self) -> None:
        self._kill(self._at, len(self._line))

    def _kill_word(self) -> None:
        end = self._at
        self._word_left()
        self._kill(self._at, end)

    def _kill(self, start: int, end: int) -> None:
        if not self.masked:
            self._cut = "".join(self._line[start:end])
        del self._line[start:end]
        self._at = start

    def _yank(self) -> None:
        self.insert(self._cut)

    def _transpose(self) -> None:
        at = min(self._at, len(self._line) - 1)
        if at > 0:
            self._line[at - 1], self._line[at] = self._line[at], self._line[at - 1]
            self._at = at + 1

    def _up(self) -> None:
        self._recall(self._recalled - 1)

    def _down(self) -> None:
        self._recall(self._recalled + 1)

    def _recall(self, index: int) -> None:
        if self.masked or not 0 <= index <= len(self._history):
            return
        if self._recalled == len(self._history):
            self._draft = self.text
        self._recalled = index
        self.set(self._draft if index == len(self._history) else self._history[index])


_EDITS: dict[str, Callable[[LineEditor], None]] = {
    "left": LineEditor._left,
    "right": LineEditor._right,
    "home": LineEditor._home,
    "end": LineEditor._end,
    "word-left": LineEditor._word_left,
    "word-right": LineEditor._word_right,
    "backspace": LineEditor._backspace,
    "delete": LineEditor._delete,
    "kill-to-start": LineEditor._kill_to_start,
    "kill-to-end": LineEditor._kill_to_end,
    "kill-word": LineEditor._kill_word,
    "yank": LineEditor._yank,
    "transpose": LineEditor._transpose,
    "up": LineEditor._up,
    "down": LineEditor._down,
    "interrupt": LineEditor.clear,
}
