"""`python3 -m bots new`: a first bot that works, and a test of it, to change into one's own."""

import re
from pathlib import Path

from bots.kit.bot import Bot
from bots.kit.effects import BotError

_BOT = '''"""{name}: say in one line what it does."""

from bots import Bot, Event, State

bot = Bot("{name}", "greets you and counts how often")


@bot.on("hello", help="be greeted", examples={{"hello": "Hello me! You greeted me once."}})
def hello(event: Event, state: State) -> tuple[str, State]:
    count = state.get("count", 0) + 1
    times = "once" if count == 1 else f"{{count}} times"
    return f"Hello {{event.sender}}! You greeted me {{times}}.", {{**state, "count": count}}
'''

_TEST = '''"""{name} as its users meet it."""

from {module} import bot

from bots.testing import check_examples, play


def test_examples() -> None:
    assert check_examples(bot) == 1


def test_it_counts_for_each_user() -> None:
    play(
        bot,
        """
        alice> hello
        bot> Hello alice! You greeted me once.
        alice> hello
        bot> Hello alice! You greeted me 2 times.
        bob> hello
        bot> Hello bob! You greeted me once.
        """,
    )
'''


def write_start(name: str, folder: Path) -> tuple[Path, Path]:
    """Write the two files for a bot of this name. Raises BotError; nothing that exists is written over."""
    Bot(name, "is tried for its name")
    module = _module(name)
    paths = folder / f"{module}.py", folder / f"test_{module}.py"
    for path in paths:
        if path.exists():
            raise BotError(f"{path.name} is there already: choose another name, or move it away")
    for path, text in zip(paths, (_BOT, _TEST), strict=True):
        try:
            path.write_text(text.format(name=name, module=module), encoding="utf-8")
        except OSError as error:
            raise BotError(f"{path.name} cannot be written: {error.strerror}") from None
    return paths


def _module(name: str) -> str:
    """PollBot becomes poll_bot: what Python can import."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    module = re.sub(r"\W", "_", words).lower()
    return module if module.isidentifier() else f"bot_{module}"
