"""HelpBot: greets whoever writes to it first, explains the commands, lists the bots."""

from bots import Bot, Event, State
from chatserver.protocol.verbs import VERBS, nearest

bot = Bot("HelpBot", "explains the commands and lists the bots", greets=True)

WELCOME = (
    "Welcome, {}! I am HelpBot. Say commands for what you can type here, or bots to see whom else you can talk to."
)


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
        return _greeted(event, state, f"{row.name}: {row.help}. Type: {row.usage}")
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
    return _greeted(event, state, "" if not state else bot.help_text())


def _greeted(event: Event, state: State, answer: str) -> tuple[list[str], State]:
    """The answer, after a greeting for one who has never been greeted."""
    greeting = [] if state.get("greeted") else [WELCOME.format(event.sender)]
    return [*greeting, *([answer] if answer else [])], {"greeted": True}
