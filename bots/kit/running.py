"""One step of a bot: from an event and the stored state to what is to be done, or to what it waits for.

Pure but for the handler's own faults: it does no I/O and keeps nothing. State comes and
goes as JSON text, so a handler that fails half-way has changed nothing, and what a test
sees is what a restart would bring.
"""

import json
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from types import GeneratorType
from typing import cast

from bots.kit.bot import Bot, Handler
from bots.kit.effects import After, BotError, Cancel, Fetch, Reply, Say, Sorry, Whisper
from bots.kit.event import Event, State, addressed
from bots.kit.texts import messages

Effect = str | Say | Fetch | After | Cancel
Effects = str | Say | After | Cancel | None | list[str | Say | After | Cancel]
"""What a handler answers, alone or first of a tuple."""
Talk = Generator[Effect, Reply | None, object]
"""What a handler that yields returns. `yield Fetch(url)` gives a Reply, a yield of anything else None."""
AskFriends = Callable[[], Mapping[str, str] | None]
"""Gives names of the sender's friends with what the bot remembers of each, as JSON; None where nobody tells it."""

HELP_WORDS = ("help", "?")
EFFECTS_MAX = 20
"""Messages and timers in one step: a handler that yields for ever ends here."""
FETCHES_MAX = 8
STATE_CHARS_MAX = 16_000
SHARED_CHARS_MAX = 256_000

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_decode = json.JSONDecoder().raw_decode  # what _encode wrote has no blanks around it


@dataclass(slots=True)
class Step:
    """What a step came to. `state` and `shared` are new JSON, None where nothing changes.

    If `fetch` is set the handler waits: perform what is here, then `resume`; state and
    timers come with the last step.
    """

    says: list[str] = field(default_factory=list)
    timers: list[After | Cancel] = field(default_factory=list)
    state: str | None = None
    shared: str | None = None
    fetch: Fetch | None = None
    _waiting: "_Waiting | None" = None
    _next: "Step | Exception | None" = None  # what going on came to


@dataclass(slots=True)
class _Waiting:
    handler: Handler
    talk: Talk
    timers: list[After | Cancel]
    fetches: int = 0


def begin(bot: Bot, event: Event, state: str = "{}", shared: str = "{}", friends: AskFriends = lambda: None) -> Step:
    """Give an event to a bot. Raises whatever the handler raises, and BotError for what it may not return.

    Who the sender's friends are is asked for handlers alone that take them.
    """
    given: Mapping[str, str | None] = {}
    if event.timer is not None:
        handler = bot.on_timer
    else:
        meant = addressed(bot.name, event.text)  # said to it alone, but as in a room
        if meant is not None:
            event.text = meant
        if event.text.casefold() in HELP_WORDS and not bot.explains_itself:
            return _help(bot)
        found = bot.find(event.text)
        handler, given = found or (bot.fallback, given)
    if handler is None:
        return Step() if event.timer is not None else _help(bot)
    try:
        return _conclude(handler, handler.function(**_arguments(handler, event, given, state, shared, friends)))
    except Sorry as sorry:
        return _only(sorry)


def resume(step: Step, reply: Reply) -> Step:
    """Go on with a handler that waits, now that its page is there.

    A handler cannot go on twice from one place: where its answer could not be stored, the same comes of it again.
    """
    if step._waiting is None:
        raise ValueError("this step waits for nothing")
    if step._next is None:
        step._next = _resumed(step._waiting, reply)
    if isinstance(step._next, Exception):
        raise step._next
    return step._next


def _resumed(waiting: "_Waiting", reply: Reply) -> Step | Exception:
    try:
        return _run(waiting, reply)
    except Sorry as sorry:
        return _only(sorry)
    except Exception as error:  # it is raised where it is asked for
        return error


def _help(bot: Bot) -> Step:
    return Step(messages(bot.help_text()))


def _only(sorry: Sorry) -> Step:
    """The apology alone: what the handler said and set before it is dropped, as its state is."""
    return Step(messages(str(sorry) or "Sorry, I cannot do that."))


def _arguments(
    handler: Handler, event: Event, given: Mapping[str, str | None], state: str, shared: str, friends: AskFriends
) -> dict[str, object]:
    """What the function takes, by name; a field left out is left to its default."""
    takes = handler.takes
    arguments: dict[str, object] = {}
    if "event" in takes:
        arguments["event"] = event
    if "state" in takes:
        arguments["state"] = _decode(state)[0]
    if "shared" in takes:
        arguments["shared"] = _decode(shared)[0]
    if "known" in takes:
        arguments["known"] = _decode(shared)[0]
    if "friends" in takes:
        theirs = friends()
        arguments["friends"] = None if theirs is None else {name: _decode(text)[0] for name, text in theirs.items()}
    for name, value in given.items():
        if value is not None and name in takes:
            arguments[name] = handler.kinds[name](value) if name in handler.kinds else value
    return arguments


def _conclude(handler: Handler, result: object) -> Step:
    if type(result) is GeneratorType:  # isinstance of the abstract class costs 0.3 µs more
        return _run(_Waiting(handler, result, []), None)
    return _finish(handler, result, Step())


def _run(waiting: _Waiting, reply: Reply | None) -> Step:
    """Run a generator to its end or its next Fetch."""
    step = Step(timers=waiting.timers)
    try:
        while True:
            effect = waiting.talk.send(cast(Reply, reply))
            reply = None
            if isinstance(effect, Fetch):
                return _wait(waiting, step, effect)
            _add(step, effect)
    except StopIteration as end:
        return _finish(waiting.handler, end.value, step)


def _wait(waiting: _Waiting, step: Step, fetch: Fetch) -> Step:
    if "shared" in waiting.handler.takes:
        # Others change it while this one waits: what it then returned would undo theirs.
        raise BotError("a handler that takes `shared` cannot Fetch: take `known`, which is the same to look at alone")
    waiting.fetches += 1
    if waiting.fetches > FETCHES_MAX:
        raise BotError(f"a handler fetches at most {FETCHES_MAX} pages for one message")
    return Step(says=step.says, fetch=fetch, _waiting=waiting)


def _finish(handler: Handler, result: object, step: Step) -> Step:
    """Read what a handler returned: an answer, or a tuple of the answer and the states it took (None: as it was)."""
    if isinstance(result, tuple):
        if len(result) != 1 + len(handler.keeps):
            raise _wrong_tuple(handler, len(result))
        for name, new in zip(handler.keeps, result[1:], strict=True):
            if new is not None:
                _keep(step, name, new)
        result = result[0]
    if isinstance(result, list):
        for effect in cast(Iterable[object], result):
            _add(step, effect)
    elif result is not None:
        _add(step, result)
    return step


def _add(step: Step, effect: object) -> None:
    if isinstance(effect, Say):
        effect = effect.text
    if isinstance(effect, Whisper):
        step.says += map(Whisper, messages(effect))
    elif isinstance(effect, str):
        step.says += messages(effect)
    elif isinstance(effect, After | Cancel):
        step.timers.append(effect)
    else:
        raise BotError(f"a handler answers a text, Say, After, Cancel, or a list of these, not {type(effect).__name__}")
    if len(step.says) + len(step.timers) > EFFECTS_MAX:
        raise BotError(f"a handler says and sets at most {EFFECTS_MAX} things for one message")


def _keep(step: Step, name: str, value: object) -> None:
    if name == "state":
        step.state = _json(name, value, STATE_CHARS_MAX)
    else:
        step.shared = _json(name, value, SHARED_CHARS_MAX)


def _wrong_tuple(handler: Handler, length: int) -> BotError:
    whole = ", ".join(("answer", *handler.keeps))
    either = f", or ({whole})" if handler.keeps else ", for it takes neither state nor shared"
    return BotError(f"{handler.function.__name__}() returned {length} values: it returns its answer alone{either}")


def _json(name: str, value: object, chars_max: int) -> str:
    if not isinstance(value, dict):
        raise BotError(f"the new {name} is a dict that JSON can hold, not {type(value).__name__}")
    try:
        text = _encode(cast(State, value))
    except (TypeError, ValueError, RecursionError) as error:
        raise BotError(f"JSON cannot hold the new {name}: {error}") from None
    if not text.isascii() and not _is_utf8(text):  # half a surrogate pair, as broken JSON from elsewhere can hold
        text = json.dumps(value)
    if len(text) > chars_max:
        raise BotError(f"the new {name} has {len(text)} characters as JSON, of at most {chars_max}")
    return text


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
