"""HelpBot: greets whoever writes to it first, explains the commands, lists the bots."""

import re

from bots import Bot, Event, State
from chatserver.protocol.verbs import VERBS, Verb, in_our_words, nearest

bot = Bot("HelpBot", "explains the commands and lists the bots", greets=True)

WELCOME = (
    "Welcome, {}! I am HelpBot. Say commands for what you can type here, or bots to see whom else you can talk to."
)

_LITTLE_WORDS = frozenset(
    ["and", "are", "can", "could", "does", "for", "from", "have", "how", "the", "what", "you", "your"]
)
SHOWN_MAX = 3
POINTS_MIN = 3  # a verb of this name, or one that a word stands in and that says the word


@bot.on(
    "commands",
    help="what you can type",
    examples={"commands": "...\nYou can type: SIGNUP, REDEEM, LOGIN, ... Say for example explain addfriend."},
)
def commands(event: Event, state: State) -> tuple[list[str], State]:
    return _greeted(event, state, f"You can type: {', '.join(VERBS)}. Say for example explain addfriend.")


@bot.on(
    "explain <verb>",
    help="one of them",
    examples={
        "explain addfriend": "...\nADDFRIEND: ask somebody to be your friend. Type: ADDFRIEND|username|friendname"
    },
)
def explain(event: Event, state: State, verb: str) -> tuple[list[str], State]:
    row = VERBS.get(verb.upper())
    if row:
        return _greeted(event, state, _explained(row))
    near = nearest(verb.upper(), list(VERBS))
    hint = f"Do you mean {near}?" if near else "Say commands for all of them."
    return _greeted(event, state, f"There is no command of this name. {hint}")


@bot.on(
    "bots",
    help="who else answers here",
    examples={"bots": "...\nYou can write to HelpBot (explains the commands and lists the bots)..."},
)
def bots(event: Event, state: State) -> tuple[list[str], State]:
    listed = " · ".join(f"{name} ({help})" for name, help in event.bots.items())
    return _greeted(event, state, f"You can write to {listed}. Say help to any of them.")


@bot.on("help")
def help(event: Event, state: State) -> tuple[list[str], State]:
    return _greeted(event, state, bot.help_text())


@bot.otherwise
def otherwise(event: Event, state: State) -> tuple[list[str], State]:
    return _greeted(event, state, _meant(event.text) or ("" if not state else bot.help_text()))


def _explained(row: Verb) -> str:
    return f"{row.name}: {row.help}. Type: {row.usage}"


def _meant(text: str) -> str:
    """The verbs that a sentence such as `how do I leave a room?` may be after; empty where it names none."""
    words = set(re.findall("[a-z]{3,}", text[:200].lower())) - _LITTLE_WORDS
    ours = {in_our_words(word.removesuffix("s").upper()).lower() for word in words}
    points = {row.name: sum(_points(word, row) for word in ours) for row in VERBS.values()}
    most = max(points.values())
    found = [VERBS[name] for name, count in points.items() if count == most >= POINTS_MIN]
    return " · ".join(map(_explained, found)) if len(found) <= SHOWN_MAX else ""


def _points(word: str, row: Verb) -> int:
    """How much a word of a sentence speaks for a verb."""
    name = row.name.lower()
    if word == name:
        return 4
    return 2 * (word in name) + (f" {word}" in f" {row.help}")


def _greeted(event: Event, state: State, answer: str) -> tuple[list[str], State]:
    """The answer, after a greeting for one who has never been greeted."""
    greeting = [] if state.get("greeted") else [WELCOME.format(event.sender)]
    return [*greeting, *([answer] if answer else [])], {"greeted": True}
