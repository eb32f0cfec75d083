"""The manual page, and what a shell completes, made from the tables of settings and commands."""

import sys
from argparse import Action
from collections.abc import Callable, Iterable, Mapping, Sequence

from chatserver import __version__
from chatserver.admin.table import TABLE as COMMANDS
from chatserver.launch.options import USAGE, parser
from chatserver.settings import TABLE as SETTINGS
from chatserver.settings import TOPICS

BESIDE_NAMES = ("admin", "check", "client", "cluster", "completion", "import", "man", "restore", "top")

_STATUSES = (("0", "after SIGTERM or SIGINT"), ("1", "could not start or go on"), ("2", "a word makes no sense"))


def print_manual(words: Sequence[str]) -> int:
    """`man`: a page for man(1)."""
    return _print("man", manual, words)


def print_completion(words: Sequence[str]) -> int:
    """`completion`: a script for bash."""
    return _print("completion", completion, words)


def _print(name: str, make: Callable[[], str], words: Sequence[str]) -> int:
    if words:
        print(f"chatserver {name}: it takes no words, not '{words[0]}'", file=sys.stderr)
        return USAGE
    print(make(), end="")
    return 0


def manual() -> str:
    """The page in troff's man macros."""
    parts = [
        f'.TH CHATSERVER 1 "" "pipechat {__version__}"',
        ".SH NAME\nchatserver \\- a chat server with bots, which keeps everything in one file",
        ".SH SYNOPSIS\n.B python3 \\-m chatserver\n[PORT] [options]\n.br\n.B python3 \\-m chatserver admin\nCOMMAND",
        ".SH OPTIONS\n" + _entries((_flags(action), action.help or "") for action in parser()._actions),
        ".SH SETTINGS\nFor \\-\\-set, the TOML file, and the environment as CHATSERVER_NAME.\n" + _settings(),
        ".SH ADMINISTRATION\n" + _entries((row.usage, row.help) for row in COMMANDS.values()),
        ".SH EXIT STATUS\n" + _entries(_STATUSES),
    ]
    return "\n".join(parts) + "\n"


def _flags(action: Action) -> str:
    return " ".join(filter(None, (", ".join(action.option_strings), str(action.metavar or ""))))


def _settings() -> str:
    parts = []
    for name, row in SETTINGS.items():
        if name in TOPICS:
            parts.append(f".SS {_plain(TOPICS[name])}")
        default = "" if row.default is None or row.default == () else row.default
        parts.append(_entries(((f"{name}={default}", row.metadata["reason"]),)))
    return "\n".join(parts)


def _entries(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f".TP\n.B {_plain(name)}\n{_plain(text)}" for name, text in rows)


def _plain(text: str) -> str:
    """Text in which nothing is a command of troff's."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("%%", "%")
    return f"\\&{text}" if text[:1] in ".'" else text


def completion() -> str:
    """The script; `eval "$(python3 -m chatserver completion)"` has bash use it."""
    cases = [('*" admin "*"settings set "*|*" admin "*"settings show "*', list(SETTINGS))]
    cases += [(f'*" admin "*"{name} "*', words) for name, words in _groups().items()]
    cases += [
        (
            '*" admin "*',
            [*sorted({name.partition(" ")[0] for name in COMMANDS}), "--store", "--config", "--json", "--yes"],
        ),
        ('*" check "*|*" restore "*|*" import "*|*" top "*', ["--store", "--config"]),
        ("*", [*BESIDE_NAMES, *(flag for action in parser()._actions for flag in action.option_strings)]),
    ]
    return _SCRIPT.format(
        settings=" ".join(f"{name}=" for name in SETTINGS),
        cases="\n".join(f'    {pattern}) words="{" ".join(words)}" ;;' for pattern, words in cases),
    )


def _groups() -> Mapping[str, list[str]]:
    """First word of a command → what may follow it: a second word, or options."""
    found: dict[str, list[str]] = {}
    for name, row in COMMANDS.items():
        first, _, second = name.partition(" ")
        found.setdefault(first, []).extend(filter(None, (second, *(f"--{option}" for option in row.options))))
    return {first: sorted(set(words)) for first, words in found.items() if words}


_SCRIPT = """# bash completion for chatserver: eval "$(python3 -m chatserver completion)"
_chatserver() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} words
  local said=" ${{COMP_WORDS[*]:1:COMP_CWORD-1}} "
  case $previous in
    --store|--config|--bots|restore|import|backup|export) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --set) compopt -o nospace 2>/dev/null; COMPREPLY=($(compgen -W "{settings}" -- "$word")); return ;;
  esac
  case $said in
{cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -F _chatserver chatserver chatserver.pyz
"""
