"""What Tab makes of a half-typed word: commands at the start of a line, names everywhere else."""

from collections.abc import Iterable
from dataclasses import dataclass

from chatserver.protocol.names import name_key


@dataclass(frozen=True, slots=True)
class Completion:
    """Put `text` in place of what stands from character `start` to the cursor; `choices` are all that fit."""

    start: int
    text: str
    choices: tuple[str, ...]


def complete(before_cursor: str, commands: Iterable[str], names: Iterable[str]) -> Completion | None:
    """Complete the word that ends at the cursor; None if nothing begins like it.

    One choice is completed with a space behind it, several as far as they agree.
    """
    start = before_cursor.rfind(" ") + 1
    word = before_cursor[start:]
    is_command = start == 0 and word.startswith("/")
    key = name_key(word)
    fitting = sorted(
        {known for known in (commands if is_command else names) if name_key(known).startswith(key)}, key=name_key
    )
    if not fitting or not word:
        return None
    if len(fitting) == 1:
        return Completion(start, f"{fitting[0]} ", tuple(fitting))
    return Completion(start, _agreed(fitting) or word, tuple(fitting))


def _agreed(choices: list[str]) -> str:
    """The longest beginning of the first choice that all of them have, whatever its letter case."""
    shared = choices[0]
    while not all(name_key(choice).startswith(name_key(shared)) for choice in choices):
        shared = shared[:-1]
    return shared
