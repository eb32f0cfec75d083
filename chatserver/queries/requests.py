"""What can be asked without changing anything, what has to be looked up before something is changed, and answers."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Answer:
    """Rows for the asker alone, ready to be rendered; no rows is `OK` with the fields."""

    fields: tuple[str, ...]
    rows: list[tuple[str, ...]] | None = None
    marks: Sequence[bytes] = ()  # frames of events that are sent before the rows, to the asker alone
    after: int | None = None  # of a SYNC: with each row that is handed over, messages from here to it are delivered
    passed: int = 0  # and with the whole answer those up to here


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
    """HISTORY: the last `limit` messages before an id, or, where `after` is one, the first of those behind that."""

    other: str
    limit: int
    before: int
    after: int | None = None


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
    """MARKREAD: what a conversation holds has to be looked up first."""

    other: str
    upto: int


@dataclass(slots=True)
class AskEdit:
    """EDITMESSAGE: the message has to be looked up first."""

    message: int
    text: str


@dataclass(slots=True)
class AskDelete:
    """DELETEMESSAGE: the same."""

    message: int


@dataclass(slots=True)
class AskReact:
    """REACT: the same."""

    message: int
    emoji: str


@dataclass(slots=True)
class AskReport:
    """REPORT: the same, and the text is kept with it."""

    message: int
    why: str


@dataclass(slots=True)
class ShowUnread:
    """SHOWUNREAD."""


@dataclass(slots=True)
class ShowConversations:
    """SHOWCONVERSATIONS."""


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


Query = ShowFriends | ShowRequests | ShowBots | ShowBlocks | ShowRooms | ShowMembers
"""State alone can answer these."""
LongQuery = ShowHistory | ShowSync | ShowUnread | ShowConversations | Search | Explain | Export
"""These are answered from the disk."""
LookUp = AskMarkRead | AskEdit | AskDelete | AskReact | AskReport
"""These become commands once it is known what they are about."""
