"""What happened, as a handler sees it: what was said, by whom, where, when, and all that varies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from chatserver.protocol.names import name_key

WORDS_OF_A_NAME_MAX = 4

State = dict[str, Any]
"""What a bot remembers: a JSON object. `Any`, because the author alone knows its shape."""


@dataclass(slots=True)
class Event:
    """One thing said to the bot, or one timer that is due.

    `text` has no blanks around it, and no `@BotName` before it. `room` is the room it was
    said in, None between the two alone. `timer` is the name of the timer that is due.
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

    @property
    def now(self) -> datetime:
        """When it happened, in UTC."""
        return datetime.fromtimestamp(self.time_ms / 1000, UTC)


def addressed(bot_name: str, text: str) -> str | None:
    """What is left of a room's message that is for this bot (`@NumbersGame play` is `play`); None if it is not.

    The name may be typed with spaces, and with a comma or colon behind it.
    """
    text = text.lstrip()
    if text[:1] != "@":
        return None
    key, typed = name_key(bot_name), ""
    words = text[1:].split()
    for at, word in enumerate(words[:WORDS_OF_A_NAME_MAX], 1):
        typed += word.rstrip(",:")
        if name_key(typed) == key:
            return " ".join(words[at:])
    return None
