"""What the model of the chat holds, in dicts and lists, and what can be seen in it.

It looks at everything again each time and keeps no index. A user name is its own key.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from chatserver.protocol.times import format_time

Heard = list[tuple[str, str]]
"""User and frame, for all of the user's sessions but the one that acts."""


@dataclass
class Effect:
    """What a command gives: the frames of its answer, and what all other sessions of users hear."""

    answer: list[str]
    heard: Heard = field(default_factory=list)
    is_ordered: bool = True  # what one session hears of it comes in this order


@dataclass(eq=False)
class Room:
    name: str
    kind: str
    owner: str
    members: list[str] = field(default_factory=list)  # longest-standing first
    invited: dict[str, str] = field(default_factory=dict)  # user → who asked
    ended: bool = False


@dataclass
class Stay:
    """Somebody in a room, from behind one id up to another; None while it goes on."""

    room: Room
    user: str
    after: int
    until: int | None = None


@dataclass(eq=False)
class Message:
    id: int
    time_ms: int
    sender: str
    to: str | Room
    text: str  # empty once deleted

    @property
    def to_name(self) -> str:
        return self.to.name if isinstance(self.to, Room) else self.to

    @property
    def row(self) -> str:
        return f"{self.id}|{format_time(self.time_ms)}|{self.sender}|{self.to_name}|{self.text}"


@dataclass
class Change:
    id: int
    time_ms: int
    kind: str  # EDITED, DELETED or REACTION
    message: Message
    user: str
    emoji: str = ""
    sign: str = ""

    @property
    def key(self) -> tuple[int, str, str]:
        """The newest change of each key counts."""
        return self.message.id, self.user, self.emoji

    @property
    def frame(self) -> str:
        message = self.message
        parties = f"{message.sender}|{message.to_name}"
        if self.kind == "EDITED":
            return f"EVENT|EDITED|{message.id}|{format_time(self.time_ms)}|{parties}|{message.text}"
        if self.kind == "DELETED":
            return f"EVENT|DELETED|{message.id}|{parties}"
        to = message.sender if self.user == message.to else message.to_name
        return f"EVENT|REACTION|{message.id}|{self.user}|{to}|{self.emoji}|{self.sign}"


class Chat:
    """All of it."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.now_ms = now_ms
        self.users: list[str] = []
        self.gone: set[str] = set()
        self.status: dict[str, tuple[str, str]] = {}
        self.sessions: dict[str, int] = {}
        self.friends: set[frozenset[str]] = set()
        self.requests: dict[tuple[str, str], bool] = {}  # asker, asked → whether a block hides it
        self.blocks: set[tuple[str, str]] = set()
        self.rooms: list[Room] = []
        self.stays: list[Stay] = []
        self.messages: list[Message] = []
        self.changes: list[Change] = []
        self.waiting: list[tuple[str, Message]] = []  # for whom, what: nobody was there to hear it
        self.read: dict[tuple[str, str | Room], int] = {}  # who, of whom or where → up to which id
        self.tags: dict[tuple[str, str], tuple[int, int]] = {}
        self.last_id = 0

    def seen(self, name: str) -> str:
        """Status and text as a friend sees them."""
        status, text = self.status[name]
        return f"{status}|{text}" if self.sessions[name] and status != "invisible" else "offline|"

    def are_friends(self, one: str, other: str) -> bool:
        return frozenset((one, other)) in self.friends

    def are_apart(self, one: str, other: str) -> bool:
        return (one, other) in self.blocks or (other, one) in self.blocks

    def room(self, name: str) -> Room | None:
        return next((room for room in self.rooms if room.name == name and not room.ended), None)

    def parties(self, message: Message) -> list[str]:
        """Who can see a message now."""
        if isinstance(message.to, Room):
            return list(message.to.members)
        return [message.sender, message.to]

    def was_heard(self, user: str, message: Message, at: int) -> bool:
        """Tell whether what got an id was for this user at that time: of rooms, only during a stay."""
        if not isinstance(message.to, Room):
            return user in (message.sender, message.to)
        return any(
            stay.after < at and (stay.until is None or at <= stay.until)
            for stay in self.stays
            if stay.room is message.to and stay.user == user
        )

    def newest_changes(self) -> list[Change]:
        newest: dict[tuple[int, str, str], Change] = {}
        for change in self.changes:
            newest[change.key] = change
        deleted = {change.message.id for change in newest.values() if change.kind == "DELETED"}
        found = [change for change in newest.values() if change.kind == "DELETED" or change.message.id not in deleted]
        return sorted(found, key=lambda change: change.id)

    def no_other(self, user: str, other: str) -> str:
        return "NO_SUCH_USER" if other not in self.users else "SELF" if user == other else ""

    def own_room(self, user: str, name: str) -> Room | str:
        """The room, or the code of the refusal."""
        room = self.room(name)
        if room is not None and user in room.members:
            return room
        return "NO_SUCH_ROOM" if room is None or room.kind == "private" else "NOT_MEMBER"


def refused(verb: str, code: str) -> Effect:
    return Effect([f"ERR|{verb}|{code}|"])


def listed(verb: str, rows: list[str]) -> Effect:
    return Effect([*(f"ITEM|{verb}|{row}" for row in rows), f"OK|{verb}|{len(rows)}"])
