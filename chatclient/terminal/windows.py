"""Conversations as windows: what was said in each, in its order, and which of it is on the screen.

A window holds messages and notes (lines that are nobody's words). It knows ids and rows, but no command, no
connection and no terminal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from chatclient.core.events import Message
from chatclient.terminal.lines import LINE_BREAK, Line, Palette, Piece, line, name_piece
from chatserver.protocol.times import parse_time

ENTRIES_MAX = 2000
"""Entries of one window; what is older comes from the server again when somebody scrolls there."""
QUOTE_CHARS = 40
BEGINNING = line("— here the conversation begins —", "dim")
NEW = line("— new —", "alert")


@dataclass(slots=True, eq=False)
class Said:
    """A message, and what became of it."""

    message: Message
    mentions: bool = False
    edited: bool = False
    deleted: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)  # by emoji: who

    @property
    def words(self) -> str:
        """The message's own words: how a person finds it again."""
        return quoted(self.message.text)

    def lines(self, *, numbered: bool) -> Iterator[Line]:
        """How it reads: time, name and words; reactions below."""
        stamp, _ = local_time(self.message.time)
        number = (Piece(f"({self.message.id}) ", "dim"),) if numbered else ()
        head = (Piece(f"{stamp} ", "dim"), *number)
        text = self.message.text
        if self.deleted or not text:
            yield line("took this message back", "dim", (*head, name_piece(self.message.sender), Piece(" ")))
            return
        style = "mention" if self.mentions else "plain"
        edited = " (edited)" if self.edited else ""
        if text.startswith("/me "):
            yield line(text[4:] + edited, style, (*head, Piece("* "), name_piece(self.message.sender), Piece(" ")))
        else:
            yield line(text + edited, style, (*head, name_piece(self.message.sender), Piece(": ")))
        if self.reactions:
            who = "  ".join(f"{emoji} {', '.join(names)}" for emoji, names in self.reactions.items())
            yield line(who, "dim", (Piece(" " * 6),))


Entry = Said | Line


class Look(NamedTuple):
    """How rows are made: for which colours and room, with numbers or without."""

    palette: Palette
    columns: int
    height: int
    numbered: bool


class Bottom(NamedTuple):
    """The last row on the screen of a window that is scrolled up."""

    entry: Entry
    row: int  # of the entry's rows


@dataclass(slots=True, eq=False)
class Window:
    """One conversation; the one with the place "" is for what belongs to none."""

    place: str
    entries: list[Entry] = field(default_factory=list)
    unread: int = 0
    mentions: int = 0
    draft: str = ""
    topic: str = ""
    is_muted: bool = False
    is_asked: bool = False  # its last messages have been asked for
    asks_older: bool = False  # what is older has been asked for
    is_whole: bool = False  # it reaches back to the very first message
    read_id: int = 0  # up to where it is marked as read
    new_after: int | None = None  # behind which message the sign for new ones stands
    readers: set[str] = field(default_factory=set)  # who has read all of it
    _bottom: Bottom | None = None
    _by_id: dict[int, Said] = field(default_factory=dict)
    _older_marks: dict[int, Said] = field(default_factory=dict)  # of messages that are not here (yet)

    def __iter__(self) -> Iterator[Said]:
        """The messages, oldest first."""
        return (entry for entry in self.entries if isinstance(entry, Said))

    def __contains__(self, message_id: int) -> bool:
        return message_id in self._by_id

    @property
    def first_id(self) -> int:
        """The id of the oldest message here; 0 if there is none."""
        return next((said.message.id for said in self), 0)

    @property
    def last_id(self) -> int:
        """The highest id here; 0 if there is none."""
        return max(self._by_id, default=0)

    def heard_id(self, is_me: Callable[[str], bool]) -> int:
        """The id of the last message of somebody else; 0 if there is none."""
        others = (each for each in reversed(self.entries) if isinstance(each, Said) and not is_me(each.message.sender))
        return next((said.message.id for said in others), 0)

    @property
    def is_scrolled(self) -> bool:
        """Whether its end is not on the screen."""
        return self._bottom is not None

    def said(self, message_id: int) -> Said:
        """A message of this conversation, to change it; one that is not here is remembered until it comes."""
        if message_id in self._by_id:
            return self._by_id[message_id]
        if len(self._older_marks) >= ENTRIES_MAX:
            self._older_marks.clear()
        return self._older_marks.setdefault(message_id, Said(Message(message_id, "", "", "", "")))

    def add(self, message: Message, *, mentions: bool = False) -> None:
        """Put a message at the end."""
        if message.id not in self._by_id:
            self.entries.append(self._made(message, mentions=mentions))
            self._forget_oldest()

    def note(self, shown: Line) -> None:
        """Put a line at the end."""
        self.entries.append(shown)
        self._forget_oldest()

    def add_older(self, messages: list[Message], *, is_all: bool) -> None:
        """Put what came from the server in front; `is_all`: there is nothing before it."""
        fresh = [message for message in messages if message.id not in self._by_id]
        first = self.first_id
        older = [self._made(message) for message in fresh if not first or message.id < first]
        self.entries = [*older, *self.entries]
        for message in fresh:
            if first and message.id > first:  # a gap is closed: it goes where its id belongs
                self.entries.insert(self._place_of(message.id), self._made(message))
        self.is_whole = self.is_whole or is_all

    def lines_of(self, at: int, *, numbered: bool) -> list[Line]:
        """The lines of an entry, with what parts it from the one before: a new day, where what is new begins."""
        entry = self.entries[at]
        if isinstance(entry, Line):
            return [entry]
        before = next((said.message for each in reversed(self.entries[:at]) if (said := _said(each))), None)
        shown: list[Line] = [BEGINNING] if before is None and self.is_whole else []
        _, day = local_time(entry.message.time)
        if before is None or local_time(before.time)[1] != day:
            shown.append(line(f"— {day} —", "dim"))
        former_id = before.id if before else 0
        if self.new_after is not None and former_id <= self.new_after < entry.message.id:
            shown.append(NEW)
        return [*shown, *entry.lines(numbered=numbered)]

    # What is on the screen

    def page(self, look: Look) -> list[str]:
        """The rows on the screen, as many as it has at most."""
        at, rows = len(self.entries) - 1, list[str]()
        if self._bottom is not None and self._bottom.entry in self.entries:
            at = self.entries.index(self._bottom.entry)
            rows = self._rows_of(at, look)[: self._bottom.row + 1]
            at -= 1
        while at >= 0 and len(rows) < look.height:
            rows = self._rows_of(at, look) + rows
            at -= 1
        return rows[-look.height :]

    def scroll(self, by: int, look: Look) -> bool:
        """Move what is on the screen by so many rows, up if below zero; tell whether the top was reached."""
        rows = self._flat(look)
        last = len(rows) - 1 if self._bottom is None else self._row_index(rows, self._bottom)
        self._go_to(rows, max(last + by, look.height - 1))
        return last + by < look.height

    def show_from(self, entry: Entry, look: Look) -> None:
        """Have an entry at the top of the screen, if what follows it does not fit otherwise."""
        rows = self._flat(look)
        first = next((at for at, (each, _) in enumerate(rows) if each is entry), len(rows))
        self._go_to(rows, first + look.height - 1)

    def forget(self) -> None:
        """Empty it on the screen; what was said comes from the server again when somebody scrolls up."""
        self.entries.clear()
        self._by_id.clear()
        self.is_whole = False
        self.to_end()

    def to_end(self) -> None:
        """Have the end on the screen."""
        self._bottom = None

    def _go_to(self, rows: list[tuple[Entry, int]], last: int) -> None:
        self._bottom = Bottom(*rows[last]) if 0 <= last < len(rows) - 1 else None

    def _row_index(self, rows: list[tuple[Entry, int]], bottom: Bottom) -> int:
        of_entry = [at for at, (entry, _) in enumerate(rows) if entry is bottom.entry]
        return of_entry[min(bottom.row, len(of_entry) - 1)] if of_entry else len(rows) - 1

    def _flat(self, look: Look) -> list[tuple[Entry, int]]:
        return [(entry, row) for at, entry in enumerate(self.entries) for row in range(len(self._rows_of(at, look)))]

    def _rows_of(self, at: int, look: Look) -> list[str]:
        lines = self.lines_of(at, numbered=look.numbered)
        return [row for shown in lines for row in look.palette.rows(shown, look.columns)]

    # Within

    def _made(self, message: Message, *, mentions: bool = False) -> Said:
        said = self._older_marks.pop(message.id, None) or Said(message)
        said.message, said.mentions = message, mentions
        self._by_id[message.id] = said
        return said

    def _place_of(self, message_id: int) -> int:
        """Where among the entries a message of that id belongs: behind the last one with a lower id."""
        return 1 + max(
            (at for at, each in enumerate(self.entries) if isinstance(each, Said) and each.message.id < message_id),
            default=-1,
        )

    def _forget_oldest(self) -> None:
        while len(self.entries) > ENTRIES_MAX:
            gone = self.entries.pop(0)
            if isinstance(gone, Said):
                self._by_id.pop(gone.message.id, None)
                self.is_whole = False


def _said(entry: Entry) -> Said | None:
    return entry if isinstance(entry, Said) else None


def quoted(text: str) -> str:
    """A text in quotes, in one line and cut short."""
    text = text.replace(LINE_BREAK, " ")
    return f"“{text}”" if len(text) <= QUOTE_CHARS else f"“{text[:QUOTE_CHARS].rstrip()}…”"


def local_time(time_text: str) -> tuple[str, str]:
    """A time of the wire as the local hour and minute, and the local day."""
    try:
        local = datetime.fromtimestamp(parse_time(time_text) / 1000)
    except (ValueError, OverflowError, OSError):
        return "--:--", "an unknown day"
    return local.strftime("%H:%M"), f"{local:%A} {local.day} {local:%B %Y}"
