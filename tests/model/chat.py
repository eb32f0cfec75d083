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
    own_text: str = ""  # of an edit that the recipient's block keeps away: for the sender alone

    @property
    def to_name(self) -> str:
        return self.to.name if isinstance(self.to, Room) else self.to

    def text_for(self, user: str) -> str:
        return (self.own_text if user == self.sender else "") or self.text

    def row(self, user: str) -> str:
        return f"{self.id}|{format_time(self.time_ms)}|{self.sender}|{self.to_name}|{self.text_for(user)}"


@dataclass
class Change:
    id: int
    time_ms: int
    kind: str  # EDITED, DELETED or REACTION
    message: Message
    user: str
    emoji: str = ""
    sign: str = ""
    is_withheld: bool = False

    @property
    def key(self) -> tuple[int, str, str, bool]:
        """The newest change of each key counts."""
        return self.message.id, self.user, self.emoji, self.is_withheld

    @property
    def frame(self) -> str:
        message = self.message
        parties = f"{message.sender}|{message.to_name}"
        if self.kind == "EDITED":
            text = message.own_text if self.is_withheld else message.text
            return f"EVENT|EDITED|{message.id}|{format_time(self.time_ms)}|{parties}|{text}"
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

    def may_write(self, user: str, to: str) -> bool:
        return self.are_friends(user, to)

    def are_apart(self, one: str, other: str) -> bool:
        return (one, other) in self.blocks or (other, one) in self.blocks

    def room(self, user: str, name: str) -> Room | None:
        """What a user means by a name: a room of one's own, one that the user is asked into, a public one."""
        rooms = [room for room in self.rooms if room.name == name and not room.ended]
        own = [room for room in rooms if user in room.members] + [room for room in rooms if user in room.invited]
        return next(iter(own + [room for room in rooms if room.kind == "public"]), None)

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

    def is_for_later(self, user: str, message: Message) -> bool:
        """Tell whether a message in a room has got another text since the user left."""
        if not isinstance(message.to, Room):
            return False
        stays = [stay for stay in self.stays if stay.room is message.to and stay.user == user]
        edits = [change.id for change in self.newest_changes() if change.message is message and change.kind == "EDITED"]
        left = max(self.last_id if stay.until is None else stay.until for stay in stays)
        return any(edit > left for edit in edits)

    def marks_for(self, user: str) -> list[Change]:
        """The changes that no block keeps away; the user's own that are kept from others come last."""
        changes = [
            change
            for change in self.newest_changes()
            if not (
                change.kind == "REACTION" and change.message.to_name[0] != "#" and (user, change.user) in self.blocks
            )
            and (change.user == user or not change.is_withheld)
        ]
        return sorted(changes, key=lambda change: change.is_withheld)

    def newest_changes(self) -> list[Change]:
        newest: dict[tuple[int, str, str, bool], Change] = {}
        for change in self.changes:
            newest[change.key] = change
        deleted = {change.message.id for change in newest.values() if change.kind == "DELETED"}
        found = [change for change in newest.values() if change.kind == "DELETED" or change.message.id not in deleted]
        found = [change for change in found if change.message.own_text or not change.is_withheld]
        return sorted(found, key=lambda change: change.id)

    def no_other(self, user: str, other: str) -> str:
        return "NO_SUCH_USER" if other not in self.users else "SELF" if user == other else ""

    def own_room(self, user: str, name: str) -> Room | str:
        """The room, or the code of the refusal."""
        room = self.room(user, name)
        if room is not None and user in room.members:
            return room
        return "NO_SUCH_ROOM" if room is None or room.kind == "private" else "NOT_MEMBER"


def refused(verb: str, code: str) -> Effect:
    return Effect([f"ERR|{verb}|{code}|"])


def listed(verb: str, rows: list[str]) -> Effect:
    return Effect([*(f"ITEM|{verb}|{row}" for row in rows), f"OK|{verb}|{len(rows)}"])
