"""`python3 -m bots try`: a bot talked to in the terminal, with the real clock, chance and network.

Beside what is said to the bot, lines may name another person (`ann> hello`, `ann@#tea> hello`), go into a room
(`room #tea`) and out of it (`room -`), let time pass (`wait> 60`), and make friends (`friends> me ann`).
"""

import os
import re
import select
import time
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import TextIO

from bots.kit.bot import Bot
from bots.kit.conversation import Conversation
from bots.kit.event import addressed
from bots.kit.faults import where_it_broke
from bots.kit.fetching import fetch_page
from bots.kit.loading import BotFileError, built_in_bots, load_file

_READ_BYTES = 65_536
_WAIT_S_MAX = 10 * 366 * 86_400
WATCH_S = 0.5
_ROOM = re.compile(r"room (-|#\S{1,32})")
_WAIT = re.compile(r"wait> ?([0-9]{1,9}(?:\.[0-9]{1,3})?)")
_FRIENDS = re.compile(r"friends> ?([\w. -]{1,200})")
_PERSON = re.compile(r"([\w.-]{1,32})(?:@(#\S{1,32}))?> (.+)")


def try_bot(
    bot: Bot,
    user: str,
    config: Mapping[str, str],
    source: int,
    out: TextIO,
    prompts: bool = True,
    watched: Path | None = None,
) -> None:
    """Read what is said from the file descriptor `source`, a line each, until its end; write what the bot says.

    The file that is `watched` is loaded again whenever it changes.
    """
    others = {each.name: each.help for each in built_in_bots()}
    talk = Conversation(bot, fetch_page, 0, Random(), config, {**others, bot.name: bot.help})
    print(f"{bot.name} {bot.help}. Write to it; help shows what it knows, Ctrl-D ends.", file=out)
    sitting = _Sitting(talk, user, out, watched)
    lines = _Lines(source)
    while True:
        if prompts:
            print(f"{sitting.prompt}> ", end="", file=out, flush=True)
        line = lines.next(sitting.patience_s())
        while not line and line is not None and not sitting.has_news():
            line = lines.next(sitting.patience_s())
        if prompts and not line:
            print(file=out)
        if line is None:
            break
        sitting.turn(line.strip())


class _Sitting:
    """Who talks with the bot, where, and when."""

    def __init__(self, talk: Conversation, user: str, out: TextIO, watched: Path | None) -> None:
        self._talk = talk
        self._user = user
        self._out = out
        self._watched = watched
        self._stamp = _stamp_of(watched)
        self._room: str | None = None
        self._passed_ms = 0  # by `wait>`

    @property
    def prompt(self) -> str:
        """Who speaks where."""
        return f"{self._user}@{self._room}" if self._room else self._user

    def patience_s(self) -> float | None:
        """How long a line may be waited for until there is something to look at."""
        until_s = [max(0.0, (min(self._talk.timers).due_ms - self._now_ms()) / 1000)] if self._talk.timers else []
        return min([*until_s, *([WATCH_S] if self._watched else [])], default=None)

    def has_news(self) -> bool:
        """Whether a timer is due, or the file has changed."""
        is_due = bool(self._talk.timers) and min(self._talk.timers).due_ms <= self._now_ms()
        return is_due or _stamp_of(self._watched) != self._stamp

    def turn(self, line: str) -> None:
        """One line, empty if there was none, and the timers that are due; faults with their place."""
        self._load_again()
        self._talk.time_ms = self._now_ms()
        try:
            for text in [*self._said(line), *self._due()]:
                self._print(f"bot> {text}")
        except Exception as error:  # the edge of a bot: its author wants the place, and to go on
            self._print(f"fault> {where_it_broke(error)}")

    def _said(self, line: str) -> list[str]:
        if room := _ROOM.fullmatch(line):
            self._room = None if room[1] == "-" else room[1]
            return []
        if wait := _WAIT.fullmatch(line):
            return self._wait(float(wait[1]))
        if friends := _FRIENDS.fullmatch(line):
            self._talk.befriend(friends[1].split())
            return []
        if person := _PERSON.fullmatch(line):
            return self._talk.say(person[3], person[1], person[2])
        if not line:
            return []
        bot = self._talk.bot
        meant = line if self._room is None or bot.in_rooms == "all" else addressed(bot.name, line)
        if meant is None:
            self._print(f"(in a room it hears what begins with @{bot.name})")
            return []
        return self._talk.say(meant, self._user, self._room)

    def _wait(self, seconds: float) -> list[str]:
        self._passed_ms += round(min(seconds, _WAIT_S_MAX) * 1000)
        said = self._talk.pass_time(seconds)
        return [text if user == self._user else f"(to {user}) {text}" for user, text in said]

    def _due(self) -> list[str]:
        due = [timer for timer in sorted(self._talk.timers) if timer.due_ms <= self._talk.time_ms]
        return [text for timer in due for text in self._talk.fire(timer)]

    def _load_again(self) -> None:
        stamp = _stamp_of(self._watched)
        if self._watched is None or stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._talk.bot = load_file(self._watched)
        except BotFileError as error:
            self._print(f"fault> {error}; it goes on as it was")
        else:
            self._print(f"({self._watched.name} is loaded again, and what it remembers is kept)")

    def _print(self, text: str) -> None:
        print(text, file=self._out, flush=True)

    def _now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._passed_ms


def _stamp_of(path: Path | None) -> tuple[int, int] | None:
    try:
        status = path.stat() if path else None
    except OSError:  # it is being replaced
        return None
    return (status.st_mtime_ns, status.st_size) if status else None


class _Lines:
    """Lines of a file descriptor, waited for no longer than the next timer allows."""

    def __init__(self, source: int) -> None:
        self._source = source
        self._rest = b""
        self._ended = False

    def next(self, timeout_s: float | None) -> str | None:
        """The next line; empty if the time ran out first; None at the end."""
        while b"\n" not in self._rest and not self._ended:
            if not select.select([self._source], [], [], timeout_s)[0]:
                return ""
            data = os.read(self._source, _READ_BYTES)
            self._rest += data
            self._ended = not data
        if not self._rest:
            return None
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode(errors="replace") or " "
