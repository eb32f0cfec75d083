"""Usage lines as patterns: `play [highest]` is both what help shows and what is recognised.

A plain word stands for itself, in any letter case; `<name>` takes words; `[name]` the
same, and may be left out. A field that the handler declares as `int` takes a number.
"""

import re
from collections.abc import Callable, Mapping

from bots.kit.effects import BotError

_FIELD = re.compile(r"<([a-z_]+)>")
_OPTIONAL = re.compile(r"\[([a-z_]+)\]")
_NUMBER = "[0-9]{1,15}"


def compile_usage(usage: str, kinds: Mapping[str, Callable[[str], object]]) -> re.Pattern[str]:
    """Turn a usage line into a pattern over text with single blanks. Raises BotError if it is none."""
    tokens = usage.split()
    if not tokens:
        raise BotError('a usage line has at least one word, as in @bot.on("play [highest]")')
    pattern = ""
    for at, token in enumerate(tokens):
        blank = " " if at else ""
        last = at == len(tokens) - 1
        optional = _OPTIONAL.fullmatch(token)
        if optional:
            pattern += f"(?:{blank}{_field(optional[1], kinds, last)})?"
        else:
            pattern += blank + _word(token, usage, kinds, last)
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise BotError(f"the usage line {usage!r} cannot be read: {error}") from None


def first_word(usage: str) -> str | None:
    """The plain word that a usage line begins with, for looking it up; None if it begins with a field."""
    word = usage.split()[0]
    return word.casefold() if word.isalnum() else None


def _word(token: str, usage: str, kinds: Mapping[str, Callable[[str], object]], last: bool) -> str:
    pieces = _FIELD.split(token)
    literals, names = pieces[::2], pieces[1::2]
    if any(set(piece) & set("<>[]") for piece in literals):
        raise BotError(f"{token!r} in {usage!r}: a field is <name> or a whole [name], in small letters and _")
    out = re.escape(literals[0])
    for literal, name in zip(literals[1:], names, strict=True):
        out += _field(name, kinds, last and not literal) + re.escape(literal)
    return out


def _field(name: str, kinds: Mapping[str, Callable[[str], object]], last: bool) -> str:
    if kinds.get(name) is int:
        return f"(?P<{name}>{_NUMBER})"
    return f"(?P<{name}>.+)" if last else f"(?P<{name}>.+?)"
