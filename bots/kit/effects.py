"""What a bot wants from the world, as data: the one who runs the bot performs it.

A handler never sleeps, opens a file or a socket, or looks at a clock. It returns or
yields these, and stays a function that a test can call.
"""

import json
from dataclasses import dataclass
from typing import Any

TIMER_SECONDS_MAX = 366 * 24 * 3600
"""The furthest that `After` reaches, in seconds: a year. What is further off is more likely a slip."""
TIMER_NAME_CHARS_MAX = 64


class BotError(Exception):
    """A bot is written wrongly; the message says what is wrong and what is expected, and nothing that a user said."""


class Sorry(Exception):
    """Raised by a handler that cannot do what it was asked: the sentence is said, the state stays as it was.

    It is an answer, not a fault.
    """


@dataclass(frozen=True, slots=True)
class Say:
    """One message to where the event came from. A line break in it becomes a space; one too long is split."""

    text: str


class Whisper(str):
    """One message to whom the event came from alone, also where that was in a room."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Fetch:
    """`reply = yield Fetch(url)`: GET a page. Ends after `timeout_s` seconds, and at `bytes_max` bytes.

    An answer that succeeded is given again for `keep_s` seconds without asking. The one who
    runs the bot may have lower limits.
    """

    url: str
    timeout_s: float = 5.0
    bytes_max: int = 200_000
    keep_s: float = 0.0

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise BotError("Fetch takes a URL that begins with http:// or https://")


@dataclass(frozen=True, slots=True)
class Post(Fetch):
    """`reply = yield Post(url, body=…)`: send something, and get the answer. Redirects are not followed.

    It begins `delay_s` seconds later, as a second try should. Where `is_open` is false, only addresses that everybody
    can reach are posted to: none of this machine, nor of the network that it stands in.
    """

    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    is_open: bool = False
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a Fetch. `problem` is empty if it went well, else what went wrong, as in "it did not answer".

    If `is_final`, nothing was asked, and another try would come to the same: the address is refused.
    """

    url: str
    status: int = 200
    body: bytes = b""
    problem: str = ""
    is_final: bool = False

    @property
    def ok(self) -> bool:
        """Whether there is an answer, and it reports success."""
        return not self.problem

    def json(self) -> Any:  # what a page holds is its author's affair
        """The body read as JSON. Raises Sorry with the problem, or if the body is no JSON."""
        if self.problem:
            raise Sorry(self.problem)
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Sorry("its answer is broken (no JSON)") from None


def late(fetch: Fetch) -> Reply:
    """What is said for a page that did not come in time."""
    return Reply(fetch.url, 0, problem=f"it did not answer within {fetch.timeout_s:g} seconds")


@dataclass(frozen=True, slots=True)
class After:
    """Call the bot's `@bot.timer` handler for this user in so many seconds. It survives a restart.

    A user has one timer of a name: setting it again moves it.
    """

    seconds: float
    name: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.seconds <= TIMER_SECONDS_MAX:
            raise BotError(f"After takes 0 to {TIMER_SECONDS_MAX} seconds (a year), not {self.seconds}")
        if len(self.name) > TIMER_NAME_CHARS_MAX or not self.name.isprintable():
            raise BotError(f"the name of a timer has at most {TIMER_NAME_CHARS_MAX} characters, all of them printable")


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take back the timer of this name; nothing happens if there is none."""

    name: str = ""
