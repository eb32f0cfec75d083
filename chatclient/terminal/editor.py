"""The line being typed: text, cursor, history, search, and what was cut. Keys in, a finished line out.

Draws nothing: `window` says what of it fits in a row, and where the cursor stands there.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from chatclient.terminal.keys import Key
from chatclient.terminal.lines import LINE_BREAK
from chatclient.terminal.textwidth import cluster_width, clusters
from chatserver.protocol.frames import clean
from chatserver.protocol.names import name_key

HISTORY_LINES_MAX = 500
LINE_CHARS_MAX = 8000
"""More than a frame can carry: the refusal names the true limit, this one keeps the line quick to edit."""


class LineEditor:
    """One line, edited by clusters: a character and the marks on it move and go together."""

    def __init__(self) -> None:
        self.masked = False  # a password is typed: shown as dots, kept in no history
        self.history: list[str] = []
        self.search: str | None = None  # what is looked for in the history
        self._line: list[str] = []
        self._at = 0
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
        if self.search is not None and self._goes_on_searching(key):
            return None
        if key.name in ("text", "paste"):
            self.insert(key.text)
        elif key.name == "line-break" and not self.masked:
            self.insert(LINE_BREAK)
        elif key.name == "enter":
            return self._finish()
        elif edit := _EDITS.get(key.name):
            edit(self)
        return None

    def insert(self, text: str) -> None:
        """Put text at the cursor, a line break as the sign for one; of a password its first line alone."""
        text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        text = text.partition("\n")[0] if self.masked else text.replace("\n", LINE_BREAK).replace("\t", " ")
        room = LINE_CHARS_MAX - len(self.text)
        before = self.before_cursor + clean(text)[: max(room, 0)]
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
        self.search = None
        self._recalled = len(self.history)

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

    def remember(self, line: str) -> None:
        """Put a line into the history, at its end."""
        if line and self.history[-1:] != [line]:
            self.history = [*self.history, line][-HISTORY_LINES_MAX:]
        self._recalled = len(self.history)

    def forget(self, line: str) -> None:
        """Take a line out of the history."""
        self.history = [each for each in self.history if each != line]
        self._recalled = len(self.history)

    def _finish(self) -> str:
        line = self.text
        if not self.masked:
            self.remember(line)
        self.clear()
        return line

    def _begin_search(self) -> None:
        if not self.masked:
            self.search, self._draft, self._recalled = "", self.text, len(self.history)

    def _goes_on_searching(self, key: Key) -> bool:
        """Take a key of a search; tell whether it was one. Any other takes what was found, Escape does not."""
        if key.name == "text":
            self.search = (self.search or "") + clean(key.text)
            self._find(self._recalled)
        elif key.name == "search":
            self._find(self._recalled - 1)
        elif key.name == "backspace":
            self.search = (self.search or "")[:-1]
            self._find(len(self.history) - 1)
        else:
            self.search = None
            if key.name in ("escape", "interrupt"):
                self.set(self._draft)
            return key.name in ("escape", "interrupt", "enter")
        return True

    def _find(self, newest: int) -> None:
        """Show the newest line of the history, not newer than that one, which holds what is looked for."""
        for at in range(min(newest, len(self.history) - 1), -1, -1):
            if (self.search or "").casefold() in self.history[at].casefold():
                self._recalled = at
                self.set(self.history[at])
                return

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
        if self.masked or not 0 <= index <= len(self.history):
            return
        if self._recalled == len(self.history):
            self._draft = self.text
        self._recalled = index
        self.set(self._draft if index == len(self.history) else self.history[index])


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
    "search": LineEditor._begin_search,
    "interrupt": LineEditor.clear,
}


class Completion(NamedTuple):
    """Put `text` in place of what stands from character `start` to the cursor; `choices` are all that fit."""

    start: int
    text: str
    choices: tuple[str, ...]


def complete(before_cursor: str, commands: Iterable[str], names: Iterable[str]) -> Completion | None:
    """What Tab makes of the word that ends at the cursor: a command at the start of a line, a name elsewhere.

    One choice is completed with a space behind it, several as far as they agree; None if nothing begins like it.
    """
    start = before_cursor.rfind(" ") + 1
    word = before_cursor[start:]
    is_command = start == 0 and word.startswith("/")
    start += word.startswith("@")
    key = name_key(word.removeprefix("@"))
    fitting = sorted(
        {known for known in (commands if is_command else names) if name_key(known).startswith(key)}, key=name_key
    )
    if not fitting or not key:
        return None
    if len(fitting) == 1:
        return Completion(start, f"{fitting[0]} ", tuple(fitting))
    return Completion(start, _agreed(fitting) or word, tuple(fitting))


def _agreed(choices: list[str]) -> str:
    """The longest beginning of the first choice that all of them have, whatever its letter case."""
    shared = choices[0]
    while not all(name_key(choice).startswith(name_key(shared)) for choice in choices):
        shared = shared[:-1]
    return shared
