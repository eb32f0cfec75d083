"""`python3 -m bots try|check|new|run`: what a bot author does without a server, or beside one."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bots.kit.bot import Bot
from bots.kit.effects import BotError
from bots.kit.loading import BotFileError, built_in_bots, load_file
from bots.kit.starting import write_start
from bots.kit.trying import try_bot
from bots.testing import check_examples


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the commands; the exit status: 0 if it went well, 1 if not, 2 for a wrong command line."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (BotFileError, BotError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
        return 0


def find_bot(name: str) -> Bot:
    """The bot of a file, or a built-in one by its name. Raises BotFileError."""
    for bot in built_in_bots():
        if bot.name.casefold() == name.casefold():
            return bot
    return load_file(Path(name))


def settings(pairs: Sequence[str]) -> dict[str, str]:
    """Read `name=value` pairs. Raises BotError."""
    for pair in pairs:
        if "=" not in pair:
            raise BotError(f"--set takes name=value, not {pair!r}")
    return dict(pair.split("=", 1) for pair in pairs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m bots", description="Write, try and run bots: see BOTS.md.")
    commands = parser.add_subparsers(required=True, metavar="try|check|new|run")
    trying = commands.add_parser("try", help="talk to a bot in this terminal, without a server")
    trying.add_argument("bot", help="a bot file, or the name of a built-in bot")
    trying.add_argument("--user", default="me", help="who you are (default: me)")
    trying.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="configuration for the bot")
    trying.set_defaults(command=_try)
    checking = commands.add_parser("check", help="load a bot file and play its examples")
    checking.add_argument("bot", help="a bot file, or the name of a built-in bot")
    checking.set_defaults(command=_check)
    starting = commands.add_parser("new", help="write a starting file, and a test of it, into this folder")
    starting.add_argument("name", help="the bot's name, as in PollBot")
    starting.set_defaults(command=_new)
    return parser


def _try(options: argparse.Namespace) -> int:
    bot = find_bot(options.bot)
    try_bot(bot, options.user, settings(options.set), sys.stdin.fileno(), sys.stdout, prompts=os.isatty(0))
    return 0


def _check(options: argparse.Namespace) -> int:
    bot = find_bot(options.bot)
    try:
        count = check_examples(bot)
    except AssertionError as error:
        print(f"{bot.name}: {error}", file=sys.stderr)
        return 1
    print(f"{bot.name}: {count} example{'' if count == 1 else 's'} played, all as written")
    return 0


def _new(options: argparse.Namespace) -> int:
    bot_path, test_path = write_start(options.name, Path.cwd())
    print(f"{bot_path.name} and {test_path.name} are written. Next: python3 -m bots try {bot_path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
