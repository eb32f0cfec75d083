"""What was asked of the administration: words become a command with its arguments and options, or a sentence.

It knows no command; the table of them is given to it.
"""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chatserver.core.sanctions import FOREVER_MS
from chatserver.protocol.verbs import nearest

_DURATION = re.compile(r"([0-9]{1,6})(s|m|h|d|w)")
_UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
WORDS_MAX = 100
CHARS_MAX = 10_000  # in all words: what the machine owner's door takes, whatever characters they are

WORD_CHARS_SHOWN = 400  # of one word, in a sentence that says what is wrong with it: a path may be long


class UsageError(Exception):
    """What was asked makes no sense; the text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the table. The last argument takes the rest of the words where `rest` says so."""

    name: str
    help: str
    do: Callable[..., Any]
    arguments: tuple[str, ...] = ()
    required: int = 0
    options: Mapping[str, str] = field(default_factory=dict)  # name → what it takes; empty: nothing
    rest: bool = False
    final: bool = False  # it cannot be undone: `yes` has to be said
    on_machine: bool = False  # for the machine's owner alone
    live: bool = False  # it makes sense while the server runs alone
    changes: bool = False  # it is kept in the audit
    guard: Callable[..., Any] | None = None  # what it refuses to all but the machine's owner: a sentence, or None

    @property
    def usage(self) -> str:
        """How to type it; what may be left out stands in brackets."""
        shown = [each if at < self.required else f"[{each}]" for at, each in enumerate(self.arguments)]
        named = [f"[--{name} {takes}]" if takes else f"[--{name}]" for name, takes in self.options.items()]
        return " ".join((self.name, *shown, *named, *(("--yes",) if self.final else ())))


@dataclass(slots=True)
class Asked:
    """A command with what was said to it."""

    command: Command
    words: Sequence[str]
    arguments: list[str]
    options: dict[str, str]
    yes: bool

    def argument(self, at: int, default: str = "") -> str:
        """One of the arguments, or what stands for it where it was left out."""
        return self.arguments[at] if at < len(self.arguments) else default

    @property
    def files(self) -> list[str]:
        """The paths among what was said."""
        named = [word for word, name in zip(self.arguments, self.command.arguments, strict=False) if name == "file"]
        return named + [value for name, value in self.options.items() if "FILE" in self.command.options[name]]

    def in_short(self, sentence: str) -> str:
        """A sentence that does not say again what nobody would read to its end."""
        for word in (*self.arguments, *self.options.values()):
            if len(word) > WORD_CHARS_SHOWN:
                sentence = sentence.replace(word, f"{word[:40]}…")
        return sentence

    def until_ms(self, now_ms: int, default_ms: int = FOREVER_MS) -> int:
        """The end that `--for` or `--until` names. Raises UsageError."""
        if "for" in self.options and "until" in self.options:
            raise UsageError("say --for or --until, not both")
        if "for" in self.options:
            return min(now_ms + duration_ms(self.options["for"]), FOREVER_MS)
        if "until" not in self.options:
            return default_ms
        named_ms = instant_ms(self.options["until"])
        if named_ms <= now_ms:
            raise UsageError("that time is over already: name one that is still to come")
        return named_ms

    def number(self, name: str, default: int, most: int) -> int:
        """A number that an option names. Raises UsageError."""
        return whole(self.options[name], f"--{name}", most) if name in self.options else default


def split(text: str) -> list[str]:
    """Cut a line into words, as a shell does. Raises UsageError."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageError(f"the line cannot be cut into words ({error}): close the quotes") from error


def parse(table: Mapping[str, Command], words: Sequence[str]) -> Asked:
    """Find the command that the words begin with, and sort what follows. Raises UsageError."""
    if not words:
        raise UsageError("say what to do: help lists the commands")
    if len(words) > WORDS_MAX or sum(map(len, words)) > CHARS_MAX:
        raise UsageError(f"a command has at most {WORDS_MAX} words, and {CHARS_MAX} characters: say it shorter")
    if not all(word.isprintable() for word in words):
        raise UsageError("a command has words without control characters: take them out")
    command, rest = _find(table, words)
    arguments, options, yes = _sort(command, rest)
    if command.rest and len(arguments) > len(command.arguments):
        at = len(command.arguments) - 1
        arguments[at:] = [" ".join(arguments[at:])]
    if not command.required <= len(arguments) <= len(command.arguments):
        raise UsageError(f"{command.name} is used so: {command.usage}")
    if "" in arguments[command.required :]:  # a script's variable that is not set would mean all in the place of one
        raise UsageError(f"a word of {command.name} is empty: leave it out, or fill it in: {command.usage}")
    return Asked(command, words, arguments, options, yes)


def _find(table: Mapping[str, Command], words: Sequence[str]) -> tuple[Command, Sequence[str]]:
    for size in (2, 1):
        found = table.get(" ".join(words[:size]))
        if found is not None:
            return found, words[size:]
    group = [name for name in table if name.startswith(words[0] + " ")]
    if group:
        raise UsageError(f"{words[0]} is followed by {', '.join(name.partition(' ')[2] for name in group)}")
    near = nearest(" ".join(words[:2]), list(table)) or nearest(words[0], list(table))
    raise UsageError(
        f"there is no command '{words[0][:40]}': " + (f"did you mean {near}?" if near else "help lists all")
    )


def _sort(command: Command, words: Sequence[str]) -> tuple[list[str], dict[str, str], bool]:
    arguments: list[str] = []
    options: dict[str, str] = {}
    yes, left = False, iter(words)
    for word in left:
        if word == "--":
            arguments += left
        elif word == "--yes":
            yes = True
        elif not word.startswith("--"):
            arguments.append(word)
        else:
            name, equals, value = word[2:].partition("=")
            takes = command.options.get(name)
            if takes is None:
                raise UsageError(f"{command.name} has no option --{name[:40]}: it is used so: {command.usage}")
            if takes and not equals:
                value = next(left, "")
            if bool(takes) != bool(value):
                raise UsageError(f"--{name} takes {takes or 'nothing'}: {command.usage}")
            options[name] = value
    return arguments, options, yes


def duration_ms(text: str) -> int:
    """A time like 90s, 30m, 2h, 7d or 4w. Raises UsageError."""
    found = _DURATION.fullmatch(text)
    if not found or not int(found[1]):
        raise UsageError(f"a time is a number with s, m, h, d or w, like 30m or 7d, not '{text[:40]}'")
    return int(found[1]) * _UNIT_MS[found[2]]


def instant_ms(text: str) -> int:
    """A date, or a date with a time, in UTC unless it says otherwise. Raises UsageError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"a moment is written like 2027-01-31 or 2027-01-31T18:00, not '{text[:40]}'") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(int(moment.timestamp() * 1000), FOREVER_MS)


def whole(text: str, what: str, most: int) -> int:
    """A whole number from 1 on. Raises UsageError."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
    if not 1 <= number <= most:
        raise UsageError(f"{what} is a whole number from 1 to {most}, not '{text[:40]}'")
    return number
