"""What a question that may take long is: a generator, and what it may ask for while it works.

It yields None after each page it has looked at, so that others have their turn; a batch, to go on once that is
stored; work for a thread, to go on with the work's result; or a kind of room, before it gathers much, to go on once few
others do. State and the store may change between two steps.
"""

import sqlite3
from collections.abc import Callable, Collection, Generator
from typing import Any, NamedTuple, Protocol

from chatserver.core.commands import DeleteMessage, EditMessage, MarkRead, React, Report, SendAgain
from chatserver.core.facts import Fact
from chatserver.core.id_ranges import Delivery
from chatserver.core.outcome import Refused
from chatserver.core.state import State, User
from chatserver.queries.requests import Answer
from chatserver.store.history import History


class Elsewhere:
    """Work that may hold up whoever does it; it touches nothing of the loop's."""

    __slots__ = ("work",)

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work


class Room(NamedTuple):
    """Memory for what a job gathers until it is done: so many may gather it at a time, however many are asked."""

    what: str
    places: int


TEXTS = Room("texts", 8)
"""Some 4 MB, of HISTORY, SYNC or EXPORT: each of them is done soon."""
FINDS = Room("finds", 16)
"""Up to a MB, of what may take long."""

Looked = EditMessage | DeleteMessage | React | MarkRead | Report | SendAgain
"""Commands for which something had to be looked up."""


class Shown(NamedTuple):
    """What State alone has answered."""

    answer: Answer | Refused
    facts: Collection[Fact]  # that it shows: it may leave once these are stored
    presence: bool = False  # whether it tells how friends are


Outcome = Answer | Refused | Looked | Shown
"""What a job comes to."""
Job = Generator[Any, Any, Outcome]  # it yields a batch, an Elsewhere, a Room or None, and is sent a result


class Gathering(Protocol):
    """The batch that is open."""

    letters: int
    """Of texts that are changed in it."""


class Chat(Protocol):
    """What questions may look at."""

    @property
    def batch(self) -> Gathering:
        """What gathers until the store takes it; a job may wait for that."""

    @property
    def state(self) -> State:
        """The chat as it is now, what is not stored yet included."""

    @property
    def history(self) -> History:
        """What is stored."""

    @property
    def long_reading(self) -> sqlite3.Connection | None:
        """A connection to what is stored that only `Elsewhere` uses; None where nothing takes long."""

    @property
    def stored_message_id(self) -> int:
        """The last message, or change of one, that is stored."""

    def undurable(self, facts: Collection[Fact], message: int = 0) -> Any:
        """The last batch that is not stored and changes one of these facts, or made a message; None if none does."""

    def delivery(self, user: User, message_id: int) -> Delivery | None:
        """When a message to a user was handed to a session; None if it waits."""

    def stamp(self) -> int:
        """The wall clock of this turn, in milliseconds."""


def until_stored(chat: Chat, facts: Collection[Fact], message: int = 0) -> Generator[Any, Any, None]:
    """Wait for what is not stored of these facts now; not for what is added meanwhile, which may never end."""
    batch = chat.undurable(facts, message)
    if batch is not None:
        yield batch
