"""`python3 -m bots try`: a bot talked to in the terminal, with the real clock, chance and network."""

import os
import select
import time
from collections.abc import Mapping
from random import Random
from typing import TextIO

from bots.kit.bot import Bot
from bots.kit.conversation import Conversation
from bots.kit.faults import where_it_broke
from bots.kit.fetching import fetch_page
from bots.kit.loading import built_in_bots

_READ_BYTES = 65_536


def try_bot(bot: Bot, user: str, config: Mapping[str, str], source: int, out: TextIO, prompts: bool = True) -> None:
    """Read what is said from the file descriptor `source`, a line each, until its end; write what the bot says."""
    others = {each.name: each.help for each in built_in_bots()}
    talk = Conversation(bot, fetch_page, 0, Random(), config, {**others, bot.name: bot.help})
    print(f"{bot.name} {bot.help}. Write to it; help shows what it knows, Ctrl-D ends.", file=out)
    lines = _Lines(source)
    while True:
        if prompts:
            print(f"{user}> ", end="", file=out, flush=True)
        line = lines.next(_seconds_to_next(talk))
        talk.time_ms = _now_ms()
        if line is None:
            break
        if prompts and not line:
            print(file=out)
        _show(talk, user, line, out)
    if prompts:
        print(file=out)


def _show(talk: Conversation, user: str, line: str, out: TextIO) -> None:
    """One turn: what was said, if anything was, and the timers that are due; faults with their place."""
    try:
        said = talk.say(line, user) if line.strip() else []
        for timer in sorted(talk.timers):
            if timer.due_ms <= talk.time_ms:
                said += talk.fire(timer)
    except Exception as error:  # the edge of a bot: its author wants the place, and to go on
        print(f"fault> {where_it_broke(error)}", file=out, flush=True)
        return
    for text in said:
        print(f"bot> {text}", file=out, flush=True)


def _seconds_to_next(talk: Conversation) -> float | None:
    if not talk.timers:
        return None
    return max(0.0, (min(talk.timers).due_ms - _now_ms()) / 1000)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


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
        return line.decode(errors="replace")
