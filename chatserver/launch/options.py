"""Words, the TOML file and the environment become settings; `--help`; a sentence for what makes no sense."""

import argparse
from collections.abc import Mapping, Sequence
from typing import NoReturn

from chatserver import __version__
from chatserver.protocol.verbs import nearest
from chatserver.settings import SettingError, Settings, build, describe
from chatserver.store.opening import MEMORY

USAGE, FAILED = 2, 1

_BESIDE = """

beside the server, each with a --help of its own:
  admin COMMAND    administer the server on a store, or the store where none runs
  top              its figures, live in a terminal
  check            see whether a store's file is whole
  cluster status   who writes and who follows, of several machines; leave takes a store out
  restore COPY     put a backup in the place of a store
  import FILE      make a new store of what admin export has written
  client           talk to a server
  man, completion  a page for man(1), a script for bash; both on standard output\n"""


class Failure(Exception):
    """The sentence to print, and the exit status."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class Parser(argparse.ArgumentParser):
    """Ends with one sentence, and never with a page of usage."""

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            near = nearest(unknown.strip().partition(" ")[0].partition("=")[0], list(self._option_string_actions))
            message = f"there is no option {unknown}" + (f": did you mean {near}?" if near else "")
        raise Failure(f"{message}; --help says more", USAGE)


def settings_from(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """The settings that hold. Raises Failure."""
    parsed = parser().parse_args(arguments)
    given: dict[str, object] = {}
    for pair in parsed.set:
        name, equals, value = pair.partition("=")
        if not equals:
            raise Failure(f"--set takes name=value, not '{pair}'", USAGE)
        given[name] = value
    named = ("port", "host", "store", "sync", "cluster", "bots", "bots_reload", "log_level", "log_format")
    given |= {name: getattr(parsed, name) for name in named if getattr(parsed, name) is not None}
    try:
        file = _read_file(parsed.config)
        return build(file=file, file_name=str(parsed.config), environment=environment, given=given)
    except SettingError as error:
        raise Failure(str(error), USAGE) from error


def parser() -> argparse.ArgumentParser:
    """What a server takes on its command line."""
    made = Parser(
        prog="chatserver",
        usage="python3 -m chatserver [PORT] [options], or admin|check|cluster|top|client|restore|import …",
        description="A chat server with bots. It keeps everything in one file, and an OK means on disk.",
        epilog="settings, for --set, the TOML file and the environment (CHATSERVER_NAME), with default and unit:\n"
        + describe()
        + _BESIDE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    where = made.add_argument_group("where it listens")
    where.add_argument("port", nargs="?", metavar="PORT", help="0 to 65535, default 5000; 0 takes a free one")
    where.add_argument("--host", metavar="ADDRESS", help="where to listen, default 127.0.0.1; :: for everywhere")
    kept = made.add_argument_group("what it keeps")
    kept.add_argument("--store", metavar="FILE", help=f"default ./chat.db; {MEMORY} keeps nothing")
    kept.add_argument("--sync", metavar="full|normal", help="full (default) survives a power cut, normal a crash")
    kept.add_argument(
        "--cluster", metavar="CONNINFO", help="the PostgreSQL that several machines share (docs/cluster.md)"
    )
    set_by = made.add_argument_group("settings")
    set_by.add_argument("--config", metavar="FILE", help="a TOML file of settings")
    set_by.add_argument(
        "--set", metavar="name=value", action="append", default=[], help="a setting from the list below"
    )
    set_by.add_argument("--bots", metavar="DIR", help="a folder of bot files to run beside the built-in bots (BOTS.md)")
    set_by.add_argument(
        "--bots-reload", action="store_const", const="on", help="load a bot file again whenever it changes"
    )
    logs = made.add_argument_group("what it says")
    logs.add_argument("--log-level", metavar="L", help="debug, info (default), warning or error")
    logs.add_argument("--log-format", metavar="F", help="text (default), or json: an object a line")
    logs.add_argument("--version", action="version", version=f"pipechat {__version__}")
    return made


def _read_file(path: str | None) -> Mapping[str, object]:
    if path is None:
        return {}
    import tomllib  # only who has a file pays for it: 5 ms of the start

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise Failure(f"{path} cannot be read ({error.strerror}): check --config", USAGE) from error
    except (ValueError, RecursionError) as error:  # a number or a nesting without an end, too
        raise Failure(f"{path} is no TOML ({error}): write one name = value a line", USAGE) from error
