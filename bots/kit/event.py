"""What happened, as a handler sees it: what was said, by whom, where, when, and all that varies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from chatserver.protocol.names import name_key

WORDS_OF_A_NAME_MAX = 4

State = dict[str, Any]
"""What a bot remembers: a JSON object. `Any`, because the author alone knows its shape."""
Friends = Mapping[str, State] | None
"""Names of the sender's friends with what the bot remembers of each; None where nobody tells it."""


@dataclass(slots=True)
class Event:
    """One thing said to the bot, or one timer that is due.

    `text` has no blanks around it, and no `@BotName` before it. `room` is the room it was
    said in, None between the two alone; `place` stands for it in what a bot remembers: another room that gets the
    same name is another place. `owns_room` tells whether it is the sender's.
    `timer` is the name of the timer that is due.
    `bots` maps the name of each bot to its line of help; `config` holds the settings.
    """

    text: str
    sender: str
    time_ms: int = 0
    room: str | None = None
    timer: str | None = None
    random: Random = field(default_factory=Random)
    config: Mapping[str, str] = field(default_factory=dict)
    bots: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    owns_room: bool = False

    def __post_init__(self) -> None:
        self.place = self.place or self.room or "direct"

    @property
    def now(self) -> datetime:
        """When it happened, in UTC."""
        return datetime.fromtimestamp(self.time_ms / 1000, UTC)


def addressed(bot_name: str, text: str) -> str | None:
    """What is left of a message that is for this bot (`@NumbersGame play` is `play`); None if it is not.

    The name may be typed with spaces, and with a comma or colon behind it, which may stand for the `@`.
    """
    text = text.lstrip()
    has_at = text[:1] == "@"
    key = name_key(bot_name)
    for typed, bare, rest in _openings(text[has_at:].split()):
        if name_key(typed) == key:
            return " ".join(rest) if has_at or not bare else None
    return None


def mentions(text: str) -> list[str]:
    """The names that a message may call at its beginning: `@Numbers Game` may mean Numbers or NumbersGame."""
    return [typed for typed, _, _ in _openings(text[1:].split())] if text[:1] == "@" else []


def _openings(words: list[str]) -> Iterator[tuple[str, bool, list[str]]]:
    """The first word, the first two, and so on, as one name; whether nothing stood behind it; what is left."""
    typed = ""
    for at, word in enumerate(words[:WORDS_OF_A_NAME_MAX], 1):
        bare = word.rstrip(",:")
        typed += bare
        yield typed, bare == word, words[at:]
