"""What the open conversation shows and tells: its last messages, older ones, what is unread, what has been read."""

import time
from dataclasses import replace
from typing import Protocol

from chatclient.core import events as ev
from chatclient.core.client import ClientCore, Phase
from chatclient.terminal.actions import HISTORY_ROWS
from chatclient.terminal.editor import LineEditor
from chatclient.terminal.hands import Hands, Shows, UsageError
from chatclient.terminal.lines import line
from chatclient.terminal.views import view
from chatserver.protocol.names import name_key

READING_EVERY_S = 2.0
"""How often at most what was seen is told: in a lively room everybody would answer each message with a command."""
OLDER_ROWS = 100
"""Messages asked for at a time when somebody scrolls up."""


class Seat(Hands, Protocol):
    """What this needs of the session."""

    editor: LineEditor

    @property
    def has_secret(self) -> bool:
        """Whether a secret is being typed."""

    def remember(self) -> None:
        """Keep how things stand."""


class Conversations:
    """The windows, filled from the server."""

    def __init__(self, seat: Seat, core: ClientCore, screen: Shows) -> None:
        """`screen` says how much is seen."""
        self.has_focus = True
        self.knows_names = False
        self.reads = False  # something that was seen is still to be told
        self._seat = seat
        self._desk = seat.desk
        self._core = core
        self._screen = screen
        self._told_reading_at = float("-inf")
        self._has_list = True  # as far as is known

    def open(self, place: str) -> None:
        """Put a conversation on the screen, with its last messages and the draft that was left there."""
        desk = self._desk
        if place and not self._core.name:
            raise UsageError("Log in first: /login NAME, or /signup NAME for a new account")
        self.mark_read(at_once=True)
        former = desk.place
        is_fresh = desk.spelled(place) not in desk.windows
        desk.window.draft = self._seat.editor.text if not self._seat.has_secret else ""
        desk.open(place)
        if desk.place != former and not self._seat.has_secret:
            self._seat.editor.set(desk.window.draft)
            desk.window.draft = ""
        if desk.place and not desk.window.is_asked:
            self._load(desk.place, former, is_fresh=is_fresh)
        self._seat.remember()

    def older(self) -> None:
        """Get what was said before the oldest message of the open window."""
        place, window = self._desk.place, self._desk.window
        if not place:
            raise UsageError("Open a conversation first: /to NAME or #ROOM")
        if window.is_whole or window.asks_older:
            if window.is_whole and self._screen.is_stream:
                self._seat.say(line("This is the beginning of the conversation", "dim"))
            return
        first, window.asks_older = window.first_id, True

        def give_up(_: object) -> None:
            window.asks_older = False

        def take(answer: ev.Ok) -> None:
            window.asks_older = False
            self._desk.loaded(place, answer.rows, is_all=len(answer.rows) < OLDER_ROWS)
            if self._screen.is_stream:
                self._seat.say(*view(self._desk, answer))

        before = [str(first)] if first else []
        self._seat.ask("HISTORY", place, str(OLDER_ROWS), *before, then=take, otherwise=give_up, shown="refusals")

    def mark_read(self, *, at_once: bool = False) -> None:
        """What is on the screen of somebody who looks at it has been read."""
        window, self.reads = self._desk.window, False
        if window.is_scrolled or not window.place or not self.has_focus or not self._seat.settings.reading:
            return
        heard_id, now = window.heard_id(self._desk.is_me), time.monotonic()
        self.reads = self._core.phase is Phase.READY and heard_id > window.read_id
        if self.reads and (at_once or now - self._told_reading_at >= READING_EVERY_S):
            self._told_reading_at, self.reads, window.read_id = now, False, heard_id
            self._seat.ask("MARKREAD", window.place, str(heard_id), shown="nothing")

    def _load(self, place: str, former: str, *, is_fresh: bool) -> None:
        """Ask for the last messages of a conversation; one that is none is closed again."""
        window = self._desk.at(place)
        window.is_asked = True
        limit = max(self._screen.look().height, HISTORY_ROWS)

        def take(answer: ev.Ok) -> None:
            fresh = tuple(row for row in answer.rows if row[0].isdecimal() and int(row[0]) not in window)
            self._desk.loaded(place, answer.rows, is_all=len(answer.rows) < limit)
            if self._screen.is_stream and fresh:
                self._screen.show(view(self._desk, replace(answer, rows=fresh)))
            is_stranger = (
                not place.startswith("#") and place not in self._desk.statuses and place not in self._desk.bots
            )
            if is_stranger and self.knows_names:
                self._seat.say(line(f"You and {place} are not friends yet: /add {place}", "dim"))

        def refuse(_: object) -> None:
            window.is_asked = False
            if is_fresh and self._desk.place == place:
                self.open(former)
            if is_fresh:
                self._desk.close(place)
                self._desk.names.pop(name_key(place), None)

        self._seat.ask("HISTORY", place, str(limit), then=take, otherwise=refuse, shown="refusals")

    def look_around(self) -> None:
        """Learn the names to complete, how the friends are, and what is unread."""
        for verb in ("SHOWFRIENDS",) if self.knows_names else ("SHOWFRIENDS", "SHOWBOTS", "SHOWROOMS"):
            self._seat.ask(verb, shown="nothing")
        self.knows_names = True
        verb = "SHOWCONVERSATIONS" if self._has_list else "SHOWUNREAD"
        self._seat.ask(verb, shown="nothing", then=lambda _: self._load_open(), otherwise=self._count_unread)

    def _count_unread(self, _: object) -> None:
        """An older server cannot list conversations."""
        if self._has_list:
            self._has_list = False
            self._seat.ask("SHOWUNREAD", shown="nothing", then=lambda _: self._load_open())

    def _load_open(self) -> None:
        """Now that it is known what is unread, get what was said in the open conversation."""
        if self._desk.place and not self._desk.window.is_asked:
            self._load(self._desk.place, "", is_fresh=False)
