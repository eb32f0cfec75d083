"""What a server says, as typed values: one for each frame from server to client (PROTOCOL.md)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hello:
    """The server's first word. `store` names what it keeps and since when; empty where the server does not say."""

    text: str
    store: str = ""

    @property
    def identity(self) -> str:
        """Which store it is, whatever it was restored from."""
        return self.store.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Stranger:
    """What answered is no chat server that this client can talk to; `text` says why, in a sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Bye:
    """The server closes the connection after this."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Garbage:
    """The server sent what is no frame; nothing else happened."""

    why: str


@dataclass(frozen=True, slots=True)
class Ok:
    """A command took effect. `rows` are the `ITEM`s that came before it."""

    verb: str
    tag: str
    fields: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A command did not take effect; `text` says what to do."""

    verb: str
    tag: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """One row of an answer that is still coming."""

    verb: str
    tag: str
    row: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """Something was said. `time` is UTC as the wire shows it; `origin` is `live`, `missed` or `sync`."""

    id: int
    time: str
    sender: str
    to: str
    text: str
    origin: str = "live"


@dataclass(frozen=True, slots=True)
class Edited:
    """A message has a new text since `time`."""

    id: int
    time: str
    sender: str
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """A message was taken back."""

    id: int
    sender: str
    to: str


@dataclass(frozen=True, slots=True)
class Reaction:
    """Somebody put an emoji under a message (`change` is `+`) or took it away (`-`)."""

    id: int
    sender: str
    to: str
    emoji: str
    change: str


@dataclass(frozen=True, slots=True)
class FriendRequest:
    """Somebody asks to be a friend."""

    name: str


@dataclass(frozen=True, slots=True)
class FriendAdded:
    """A friendship began."""

    name: str
    status: str
    text: str


@dataclass(frozen=True, slots=True)
class FriendRemoved:
    """A friendship ended."""

    name: str


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """A friend came, went, or says something else about it."""

    name: str
    status: str
    text: str


@dataclass(frozen=True, slots=True)
class Read:
    """`reader` has read the conversation `place` up to and with message `id`."""

    reader: str
    place: str
    id: int


@dataclass(frozen=True, slots=True)
class Typing:
    """Somebody is typing."""

    sender: str
    to: str


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody asks this user into a room."""

    room: str
    by: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody is in a room now."""

    room: str
    name: str


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody is in a room no more."""

    room: str
    name: str


@dataclass(frozen=True, slots=True)
class Topic:
    """A room has a new topic."""

    room: str
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A word from the operator to everybody."""

    text: str


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """An event of a kind that this client does not know."""

    kind: str
    fields: tuple[str, ...]


Happening = (
    Message
    | Edited
    | Deleted
    | Reaction
    | FriendRequest
    | FriendAdded
    | FriendRemoved
    | StatusChanged
    | Read
    | Typing
    | Invited
    | Joined
    | Left
    | Topic
    | Notice
    | OtherEvent
)
Frame = Hello | Stranger | Bye | Garbage | Ok | Refused | Item | Happening
