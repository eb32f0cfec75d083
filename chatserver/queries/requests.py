"""What a line can ask for, beside the commands of the core: queries, what needs a password, ready answers."""

from dataclasses import dataclass

from chatserver.core.commands import Command
from chatserver.core.outcome import Refused


@dataclass(slots=True)
class Answer:
    """Rows for the asker alone, ready to be rendered; no rows is `OK` with the fields."""

    fields: tuple[str, ...]
    rows: list[tuple[str, ...]] | None = None
    passed: tuple[int, int] | None = None  # once handed over, messages behind one id and up to another are delivered
    marks: bytes = b""  # events that are sent before the rows, to the asker alone


@dataclass(slots=True)
class AskSignUp:
    """A password to hash for a new account."""

    name: str
    password: str


@dataclass(slots=True)
class AskLogIn:
    """A password to check."""

    name: str
    password: str


@dataclass(slots=True)
class AskResume:
    """A token to look up."""

    name: str
    token: str


@dataclass(slots=True)
class AskSetPassword:
    """A password to check, and one to hash."""

    old: str
    new: str


@dataclass(slots=True)
class AskDeleteAccount:
    """A password to check."""

    password: str


@dataclass(slots=True)
class AskQuit:
    """The client is going."""


@dataclass(slots=True)
class ShowFriends:
    """SHOWFRIENDS."""


@dataclass(slots=True)
class ShowRequests:
    """SHOWREQUESTS."""


@dataclass(slots=True)
class ShowBots:
    """SHOWBOTS."""


@dataclass(slots=True)
class ShowHistory:
    """HISTORY: the last `limit` messages before an id."""

    other: str
    limit: int
    before: int


@dataclass(slots=True)
class ShowSync:
    """SYNC: the first `limit` messages after an id."""

    after: int
    limit: int


@dataclass(slots=True)
class ShowBlocks:
    """SHOWBLOCKS."""


@dataclass(slots=True)
class ShowRooms:
    """SHOWROOMS."""


@dataclass(slots=True)
class ShowMembers:
    """SHOWMEMBERS."""

    room: str


@dataclass(slots=True)
class AskMarkRead:
    """MARKREAD: what a conversation holds has to be asked first."""

    other: str
    upto: int


@dataclass(slots=True)
class ShowUnread:
    """SHOWUNREAD."""


@dataclass(slots=True)
class Search:
    """SEARCH."""

    words: str


@dataclass(slots=True)
class Explain:
    """EXPLAIN: one message."""

    message: int


@dataclass(slots=True)
class Export:
    """EXPORT: all about the user; of a second page on, the messages after an id alone."""

    after: int


Ask = AskSignUp | AskLogIn | AskResume | AskSetPassword | AskDeleteAccount | AskQuit
Query = ShowFriends | ShowRequests | ShowBots | ShowBlocks | ShowRooms | ShowMembers
LongQuery = ShowHistory | ShowSync | AskMarkRead | ShowUnread | Search | Explain | Export
"""These may take longer than a turn has."""
Request = Command | Ask | Query | LongQuery | Answer | Refused
