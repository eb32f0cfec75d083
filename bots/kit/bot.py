"""A bot: its name, its line of help, and which function answers what.

It knows how to find the handler for a text, and what help to show. Running the handler
is `running`'s job.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from bots.kit.effects import BotError
from bots.kit.patterns import compile_usage, first_word
from chatserver.protocol.frames import is_clean
from chatserver.protocol.names import checked_name, name_key

Function = TypeVar("Function", bound=Callable[..., object])
GIVEN = ("event", "state", "shared", "known", "friends")
"""What a handler may take by name, besides the fields of its usage line."""


@dataclass(frozen=True, slots=True)
class Handler:
    """One function of a bot, and how to call it. `kinds` converts the fields that are no text.

    `keeps` are the states that it takes, in the order in which it returns them.
    """

    function: Callable[..., object]
    takes: frozenset[str]
    keeps: tuple[str, ...]
    kinds: Mapping[str, Callable[[str], object]]
    usages: tuple[str, ...] = ()
    help: str = ""
    examples: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """One pattern, and the handler behind it. `word` is the first word that it must begin with, if any."""

    pattern: re.Pattern[str]
    word: str | None
    handler: Handler


class Bot:
    """A bot. Handlers are tried in the order in which they are written; the first that fits answers.

    `in_rooms` is "addressed" (it hears `@Name …` in the rooms it is in) or "all". One that `greets` hears `hello`
    from everybody who signs up, on a server that wants it (`greet_new_users`).
    """

    def __init__(self, name: str, help: str, *, in_rooms: str = "addressed", greets: bool = False) -> None:
        if checked_name(name) != name:
            raise BotError(f"{name!r} is no name for a bot: 1-32 letters, digits, _, - or . (as in WeatherBot)")
        if not help.strip() or not is_clean(help) or "|" in help or len(help) > 200:
            raise BotError(f"{name} needs one line of help of 1-200 characters without |, as in 'tells the weather'")
        if in_rooms not in ("addressed", "all"):
            raise BotError(f'in_rooms is "addressed" or "all", not {in_rooms!r}')
        self.name = name
        self.key = name_key(name)  # the same for names that are one to the server
        self.help = help
        self.in_rooms = in_rooms
        self.path: Path | None = None  # the file that it was loaded from, if it is not built in
        self.greets = greets
        self.handlers: list[Handler] = []
        self.fallback: Handler | None = None
        self.on_timer: Handler | None = None
        self._routes: list[Route] = []
        self._by_word: dict[str | None, list[Route]] = {None: []}

    def on(
        self, *usages: str, help: str = "", examples: Mapping[str, str] | None = None
    ) -> Callable[[Function], Function]:
        """Answer texts that look like one of these usage lines (`play [highest]`).

        `examples` maps what one may say to what comes back (`...` stands for anything): help
        shows them, and tests play them.
        """

        def add(function: Function) -> Function:
            handler = _handler(function, usages, help, examples or {})
            for usage in usages:
                self._add(handler, compile_usage(usage, handler.kinds), first_word(usage))
            self.handlers.append(handler)
            return function

        return add

    def matching(
        self, pattern: str, usage: str, help: str = "", examples: Mapping[str, str] | None = None
    ) -> Callable[[Function], Function]:
        """Answer texts that this regular expression matches as a whole, in any letter case; `usage` is for help.

        Its named groups are the fields that the function takes.
        """

        def add(function: Function) -> Function:
            try:
                compiled = re.compile(pattern, re.IGNORECASE)
            except re.error as error:
                raise BotError(f"the pattern {pattern!r} cannot be read: {error}") from None
            handler = _handler(function, (usage,), help, examples or {}, frozenset(compiled.groupindex))
            self._add(handler, compiled, None)
            self.handlers.append(handler)
            return function

        return add

    def otherwise(self, function: Function) -> Function:
        """Answer whatever nothing else fits. Without it, the bot says its help."""
        self.fallback = _handler(function, (), "", {})
        return function

    def timer(self, function: Function) -> Function:
        """Called when a timer set with `After` is due; `event.timer` is its name."""
        self.on_timer = _handler(function, (), "", {})
        return function

    def find(self, text: str) -> tuple[Handler, Mapping[str, str | None]] | None:
        """The handler for a text and the fields it was given; None if nothing fits."""
        words = text.split()
        routes = self._by_word.get(words[0].casefold() if words else None)
        if routes is None:
            routes = self._by_word[None]
        joined = " ".join(words)
        for route in routes:
            match = route.pattern.fullmatch(joined)
            if match:
                return route.handler, match.groupdict()
        return None

    @property
    def explains_itself(self) -> bool:
        """Whether the author wrote a handler for `help`."""
        return "help" in self._by_word

    def help_text(self) -> str:
        """One line that says what the bot does and what one can say to it."""
        shown = [
            usage + (f" ({handler.help})" if handler.help else "")
            for handler in self.handlers
            for usage in handler.usages[:1]
        ]
        tries = [said for handler in self.handlers for said in list(handler.examples)[:1]][:6]
        lines = [f"{self.name} {self.help}."]
        if shown:
            lines.append(f"You can say: {' · '.join(shown)}.")
        if tries:
            lines.append(f"For example: {' · '.join(tries)}")
        return " ".join(lines)

    def _add(self, handler: Handler, pattern: re.Pattern[str], word: str | None) -> None:
        self._routes.append(Route(pattern, word, handler))
        words = {route.word for route in self._routes} | {None}
        # Only the routes that can fit are tried: most bots tell their commands apart by the first word.
        self._by_word = {key: [route for route in self._routes if route.word in (None, key)] for key in words}


def _handler(
    function: Callable[..., object],
    usages: tuple[str, ...],
    help: str,
    examples: Mapping[str, str],
    groups: frozenset[str] | None = None,
) -> Handler:
    """Look at a function once, so that a call need not. Raises BotError where it does not fit its usage."""
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise BotError(f"{function.__name__}() is async: a handler is a plain function, which yields Fetch to wait")
    parameters = inspect.signature(function).parameters
    takes = frozenset(parameters)
    for fields in [groups] if groups is not None else [_fields(usage) for usage in usages] or [frozenset()]:
        missing = [
            name
            for name, parameter in parameters.items()
            if name not in GIVEN and name not in fields and parameter.default is parameter.empty
        ]
        if missing:
            raise BotError(
                f"{function.__name__}() takes {missing[0]!r}, which is none of {', '.join(GIVEN)}, nor a field of "
                f"{' or '.join(map(repr, usages)) or 'this kind of handler'}"
            )
    kinds = {name: int for name, parameter in parameters.items() if parameter.annotation in (int, "int")}
    keeps = tuple(name for name in ("state", "shared") if name in takes)
    return Handler(function, takes, keeps, kinds, usages, help, examples)


def _fields(usage: str) -> frozenset[str]:
    """The fields that are always there: one in brackets needs a default."""
    return frozenset(re.findall(r"<([a-z_]+)>", usage))
