"""What a server says, as typed values: one line in, one event out.

Knows the shape of every frame from server to client (PROTOCOL.md) and nothing else:
no state, no tags kept, no sockets. What it does not know becomes `OtherEvent` or `Garbage`,
so that a newer server never breaks an older client.
"""

from dataclasses import dataclass, fields

PROTOCOL_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Hello:
    """The server's first word."""

    text: str


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

_KINDS: dict[str, type[Happening]] = {
    "MESSAGE": Message,
    "MISSED": Message,
    "EDITED": Edited,
    "DELETED": Deleted,
    "REACTION": Reaction,
    "FRIENDREQUEST": FriendRequest,
    "FRIENDADDED": FriendAdded,
    "FRIENDREMOVED": FriendRemoved,
    "STATUS": StatusChanged,
    "READ": Read,
    "TYPING": Typing,
    "INVITED": Invited,
    "JOINED": Joined,
    "LEFT": Left,
    "TOPIC": Topic,
    "NOTICE": Notice,
}
_ORIGINS = {"MESSAGE": "live", "MISSED": "missed"}

# The last field of an answer may hold `|`: how many fields there are says where to stop cutting.
_ROW_FIELDS = {
    "HELP": 3,
    "SHOWFRIENDS": 3,
    "HISTORY": 5,
    "SYNC": 5,
    "SEARCH": 5,
    "SHOWROOMS": 5,
    "SHOWBOTS": 2,
}
_OK_FIELDS = {"PING": 1, "SETSTATUS": 2, "SETTOPIC": 2}


def parse_frame(line: str) -> Frame:
    """Understand one line of a server. Never fails: what is no frame becomes `Garbage`."""
    kind, _, rest = line.partition("|")
    parse = _PARSERS.get(kind)
    frame = parse(rest) if parse else None
    return frame if frame is not None else Garbage(f"The server sent a line that is no frame: {shown(line)}")


def shown(line: str, chars_max: int = 60) -> str:
    """A line in quotes, cut short, for a sentence about it."""
    return f"“{line}”" if len(line) <= chars_max else f"“{line[:chars_max]}…”"


def message_from_row(row: tuple[str, ...], origin: str) -> Message | None:
    """A row of HISTORY, SYNC or SEARCH as a message; None if it is malformed."""
    if len(row) != 5 or not _is_number(row[0]):
        return None
    return Message(int(row[0]), *row[1:], origin=origin)


def _hello(rest: str) -> Frame | None:
    name, _, rest = rest.partition("|")
    version, _, text = rest.partition("|")
    if name != "chatserver":
        return None
    if version != PROTOCOL_VERSION:
        return Stranger(f"The server speaks version {shown(version)} of the protocol, this client {PROTOCOL_VERSION}")
    return Hello(text)


def _bye(rest: str) -> Frame:
    reason, _, text = rest.partition("|")
    return Bye(reason, text)


def _ok(rest: str) -> Frame:
    verb, tag, rest_of_fields = _echo(rest)
    return Ok(verb, tag, _cut(rest_of_fields, _OK_FIELDS.get(verb)))


def _item(rest: str) -> Frame:
    verb, tag, row = _echo(rest)
    return Item(verb, tag, _cut(row, _ROW_FIELDS.get(verb)))


def _err(rest: str) -> Frame:
    verb, tag, rest_of_fields = _echo(rest)
    code, _, text = (rest_of_fields or "").partition("|")
    return Refused(verb, tag, code, text)


def _echo(rest: str) -> tuple[str, str, str | None]:
    head, mark, fields_text = rest.partition("|")
    verb, _, tag = head.partition("#")
    return verb, tag, fields_text if mark else None


def _cut(text: str | None, most: int | None) -> tuple[str, ...]:
    if text is None:
        return ()
    return tuple(text.split("|") if most is None else text.split("|", most - 1))


def _event(rest: str) -> Frame | None:
    kind, _, text = rest.partition("|")
    made = _KINDS.get(kind)
    if made is None:
        return OtherEvent(kind, tuple(text.split("|")))
    names = [field.name for field in fields(made) if field.name != "origin"]
    values: list[str] = text.split("|", len(names) - 1)
    if len(values) != len(names):
        return None
    arguments: dict[str, str | int] = dict(zip(names, values, strict=True))
    if "id" in arguments:
        if not _is_number(str(arguments["id"])):
            return None
        arguments["id"] = int(arguments["id"])
    if kind in _ORIGINS:
        arguments["origin"] = _ORIGINS[kind]
    return made(**arguments)  # type: ignore[arg-type]  # the names come from the class itself


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


_PARSERS = {"HELLO": _hello, "BYE": _bye, "OK": _ok, "ERR": _err, "ITEM": _item, "EVENT": _event}
