"""`python3 -m chatserver admin COMMAND`: asks the server beside whose store it runs, or does it on the file.

Exit status 0: done. 1: refused, or not to be done now. 2: a word that makes no sense.
"""

import argparse
import json
import os
import socket
import stat
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from chatserver import __version__
from chatserver.admin.asked import Asked, UsageError, parse
from chatserver.admin.door import as_json, short_path, socket_path
from chatserver.admin.table import TABLE, help_on
from chatserver.core.outcome import Refused
from chatserver.settings import Settings

DONE, REFUSED, USAGE = 0, 1, 2
MAKES_NO_SENSE = ("BAD_COMMAND", "NOT_CONFIRMED")  # the codes of a refusal after which other words have to be typed
WATCH_S = 2.0
ANSWER_S = 24 * 3600.0  # a backup of a large store takes a while
BELONGS_TO_OTHERS = 0o077
Reply = Mapping[str, Any]  # what the door answers; Any: JSON
SettingsOf = Callable[[str | None, str | None], Settings]
"""The settings that hold, given --store and --config."""
OnFile = Callable[[Settings, Sequence[str]], Reply]
"""Does a command on the store of the settings, which no server uses."""


class Failure(Exception):
    """The sentence to print, and the exit status."""

    def __init__(self, sentence: str, status: int = REFUSED) -> None:
        super().__init__(sentence)
        self.status = status

    @property
    def code(self) -> str:
        """What a program reads of it."""
        return MAKES_NO_SENSE[0] if self.status == USAGE else "NOT_ALLOWED"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Failure(f"{message}; {self.prog.removeprefix('chatserver ')} --help says more", USAGE)


def base_parser(name: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    """What `admin` and `top` have in common: which server is meant."""
    made = _Parser(
        prog=f"chatserver {name}",
        usage=f"python3 -m chatserver {name} [--store FILE] [--config FILE]" + " COMMAND …" * (name == "admin"),
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("--store", metavar="FILE", help="default ./chat.db, or what the settings say")
    made.add_argument("--config", metavar="FILE", help="a TOML file of settings")
    made.add_argument("--version", action="version", version=f"pipechat {__version__}")
    return made


def parser() -> argparse.ArgumentParser:
    """What stands before the command."""
    commands = "\n".join(f"  {row.usage}\n      {row.help}" for row in TABLE.values())
    made = base_parser(
        "admin",
        "Administers the server on a store. Where none runs, it does on the file what needs no server.",
        f"commands:\n{commands}\n\nexit status: 0 done, 1 refused or not to be done now, 2 a word that makes no sense",
    )
    made.add_argument("--json", action="store_true", help="answer in JSON, for programs")
    made.add_argument("--yes", action="store_true", help="do also what cannot be undone, without asking")
    made.add_argument("--watch", action="store_true", help=f"ask again each {WATCH_S:g} s, until Ctrl-C")
    made.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    return made


def main(arguments: Sequence[str], settings_of: SettingsOf, on_file: OnFile) -> int:
    """Do one command."""
    in_json = "--json" in arguments[: _end_of_options(arguments)]
    try:
        return _do(arguments, settings_of, on_file)
    except UsageError as error:
        return _show(as_json(Refused("BAD_COMMAND", str(error))), in_json)
    except Failure as failure:
        return _show(as_json(Refused(failure.code, str(failure))), in_json)
    except KeyboardInterrupt:
        return DONE


def _do(arguments: Sequence[str], settings_of: SettingsOf, on_file: OnFile) -> int:
    options = parser().parse_args(arguments)
    if sys.stdout is None:  # closed: a new password would be lost
        raise Failure("there is nowhere to answer to: leave standard output open")
    words, watch = _own_options(options)
    asked = parse(TABLE, words)
    _confirm(asked, options)
    if asked.command.name == "help":  # it needs neither a server nor a store
        return _show(as_json(help_on(asked.argument(0))), options.json)
    settings = settings_of(options.store, options.config)
    words = _with_whole_paths(asked, words)
    while True:
        reply = ask(settings, [*words, *(["--yes"] if options.yes and asked.command.final else [])], on_file)
        status = _show(reply, options.json)
        if not watch or status != DONE:
            return status
        time.sleep(WATCH_S)


def _end_of_options(words: Sequence[str]) -> int:
    return words.index("--") if "--" in words else len(words)


def _own_options(options: argparse.Namespace) -> tuple[list[str], bool]:
    """Our own options may stand behind the command too."""
    words: list[str] = list(options.words)
    end = _end_of_options(words)
    for name in ("json", "yes", "watch"):
        if f"--{name}" in words[:end]:
            at = words.index(f"--{name}")
            del words[at]
            end -= 1
            setattr(options, name, True)
    return words, options.watch


def _with_whole_paths(asked: Asked, words: list[str]) -> list[str]:
    """The server is in another folder: files are named from the root on."""
    files, made = asked.files, []
    for word in words:
        begin, equals, value = word.partition("=")
        if word and word in files:
            word = os.path.abspath(word)
        elif begin.startswith("--") and equals and value in files:
            word = f"{begin}={os.path.abspath(value)}"
        made.append(word)
    return made


def _confirm(asked: Asked, options: argparse.Namespace) -> None:
    if not asked.command.final or options.yes:
        return
    what = " ".join(asked.words)
    if not sys.stdin.isatty():
        raise Failure(f"'{asked.in_short(what)}' cannot be undone: say it again with --yes", USAGE)
    print(f"'{what}' cannot be undone. Type yes to do it: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != "yes":
        raise Failure("nothing was done: yes was not typed")
    options.yes = True


def ask(settings: Settings, words: Sequence[str], on_file: OnFile) -> Reply:
    """The answer of the server on a store; without one, what it is on the file. Raises Failure."""
    path = socket_path(settings.store)
    try:
        _look_at(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connected:
            connected.settimeout(ANSWER_S)
            with short_path(path) as short:
                connected.connect(short)
            connected.sendall(json.dumps({"words": list(words)}, ensure_ascii=False).encode() + b"\n")
            with connected.makefile("rb") as answer:
                line = answer.readline()
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        return on_file(settings, words)
    except OSError as error:
        raise Failure(f"{path} does not answer ({error.strerror or error}): see whether the server runs") from error
    if not line.endswith(b"\n"):
        raise Failure("the server ended before it answered: start it, and see what was done")
    reply: Reply = json.loads(line)
    return reply


def _look_at(path: str) -> None:
    """A socket that others could have put there, or could use, is not used."""
    found = os.lstat(path)
    if not stat.S_ISSOCK(found.st_mode):
        raise Failure(f"{path} is no socket: look at who put it there, and take it away")
    if found.st_uid not in (0, os.geteuid()):
        raise Failure(f"{path} belongs to another user: run this as the user of the server")
    if found.st_mode & BELONGS_TO_OTHERS:
        raise Failure(
            f"{path} can be used by others (mode {stat.S_IMODE(found.st_mode):o}): chmod 600 it, and look why"
        )


def _show(reply: Reply, in_json: bool) -> int:
    if in_json and sys.stdout is not None:
        print(json.dumps(reply), flush=True)
    elif reply["ok"]:
        _print(reply)
    else:
        print(f"chatserver admin: {reply['text']}", file=sys.stderr)
    if reply["ok"]:
        return DONE
    return USAGE if reply["code"] in MAKES_NO_SENSE else REFUSED


def _print(reply: Reply) -> None:
    columns, rows = reply["columns"], [[shown(value) for value in row.values()] for row in reply["rows"]]
    if rows:
        widths = [max(len(name), *(len(row[at]) for row in rows)) for at, name in enumerate(columns)]
        for row in (columns, *rows):
            print("  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip())
    print(reply["text"], flush=True)


def shown(value: object) -> str:
    """A value on a terminal: nothing in it steers one."""
    if value is None:
        return "-"
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    return "".join(char if char.isprintable() else "�" for char in text)
