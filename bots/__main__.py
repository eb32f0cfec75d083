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
from chatserver import __version__


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
    parser.add_argument("--version", action="version", version=f"pipechat {__version__}")
    commands = parser.add_subparsers(required=True, metavar="try|check|new|run")
    trying = commands.add_parser("try", help="talk to a bot in this terminal, without a server")
    trying.add_argument("bot", help="a bot file, or the name of a built-in bot")
    trying.add_argument("--user", default="me", help="who you are (default: me)")
    trying.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="configuration for the bot")
    trying.add_argument("--watch", action="store_true", help="load the file again whenever it changes")
    trying.set_defaults(command=_try)
    checking = commands.add_parser("check", help="load a bot file and play its examples")
    checking.add_argument("bot", help="a bot file, or the name of a built-in bot")
    checking.set_defaults(command=_check)
    starting = commands.add_parser("new", help="write a starting file, and a test of it, into this folder")
    starting.add_argument("name", help="the bot's name, as in PollBot")
    starting.set_defaults(command=_new)
    running = commands.add_parser("run", help="run a bot outside the server, as an ordinary user of it")
    running.add_argument("bot", help="a bot file, or the name of a built-in bot")
    running.add_argument("--host", default="127.0.0.1", help="where the server is (default: 127.0.0.1)")
    running.add_argument("--port", type=int, default=5000, help="its port (default: 5000)")
    running.add_argument("--user", required=True, metavar="NAME", help="who the bot is there")
    running.add_argument("--password-file", metavar="FILE", help="its first line is the password; - is standard input")
    running.add_argument("--signup", action="store_true", help="make the account first, if it is not there")
    running.add_argument("--state", metavar="FILE", help="where it remembers (default: BOTFILE.NAME.db)")
    running.add_argument("--tls-ca", metavar="FILE", help="connect by TLS, and trust this certificate (PEM) alone")
    running.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="configuration for the bot")
    running.set_defaults(command=_run)
    return parser


def _try(options: argparse.Namespace) -> int:
    bot = find_bot(options.bot)
    if options.watch and bot.path is None:
        raise BotError(f"--watch needs a bot file, and {bot.name} is built in")
    watched = bot.path if options.watch else None
    try_bot(bot, options.user, settings(options.set), sys.stdin.fileno(), sys.stdout, os.isatty(0), watched)
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


def _run(options: argparse.Namespace) -> int:
    from bots.kit.online import Place, run_bot  # what talks to a server, which the other commands do without

    bot = find_bot(options.bot)
    state = Path(options.state or f"{Path(options.bot).with_suffix('')}.{options.user}.db")
    place = Place(options.host, options.port, options.user, options.tls_ca)
    return run_bot(bot, place, options.password_file, options.signup, state, settings(options.set))


if __name__ == "__main__":
    sys.exit(main())
