"""Lines of a server to typed values: one line in, one event out.

Knows the shape of every frame and nothing else: no state, no tags kept, no sockets. What it
does not know becomes `OtherEvent` or `Garbage`, so that a newer server never breaks an older client.
"""

import re
from dataclasses import fields

from chatclient.core import events as ev

PROTOCOL_VERSION = "1"
_KINDS: dict[str, type[ev.Happening]] = {
    "MESSAGE": ev.Message,
    "MISSED": ev.Message,
    "EDITED": ev.Edited,
    "DELETED": ev.Deleted,
    "REACTION": ev.Reaction,
    "FRIENDREQUEST": ev.FriendRequest,
    "FRIENDADDED": ev.FriendAdded,
    "FRIENDREMOVED": ev.FriendRemoved,
    "STATUS": ev.StatusChanged,
    "READ": ev.Read,
    "TYPING": ev.Typing,
    "INVITED": ev.Invited,
    "JOINED": ev.Joined,
    "LEFT": ev.Left,
    "TOPIC": ev.Topic,
    "NOTICE": ev.Notice,
}
_FIELDS = {kind: [field.name for field in fields(made) if field.name != "origin"] for kind, made in _KINDS.items()}
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
    "EXPLAIN": 3,
}
_OK_FIELDS = {"PING": 1, "SETSTATUS": 2, "SETTOPIC": 2}


def parse_frame(line: str) -> ev.Frame:
    """Understand one line of a server. Never fails: what is no frame becomes `Garbage`."""
    kind, _, rest = line.partition("|")
    parse = _PARSERS.get(kind)
    frame = parse(rest) if parse else None
    return frame if frame is not None else ev.Garbage(f"The server sent a line that is no frame: {shown(line)}")


def shown(line: str, chars_max: int = 60) -> str:
    """A line in quotes, cut short, for a sentence about it."""
    return f"“{line}”" if len(line) <= chars_max else f"“{line[:chars_max]}…”"


def message_from_row(row: tuple[str, ...], origin: str) -> ev.Message | None:
    """A row of HISTORY, SYNC or SEARCH as a message; None if it is malformed."""
    if len(row) != 5 or not _is_number(row[0]):
        return None
    return ev.Message(int(row[0]), *row[1:], origin=origin)


_STORE = re.compile(r"[0-9a-f]{1,16}\.[0-9a-f]{1,16}")


def _hello(rest: str) -> ev.Frame | None:
    name, _, rest = rest.partition("|")
    version, _, text = rest.partition("|")
    if name != "chatserver":
        return None
    if version != PROTOCOL_VERSION:
        return ev.Stranger(
            f"The server speaks version {shown(version)} of the protocol, this client {PROTOCOL_VERSION}"
        )
    said, _, store = text.rpartition("|")
    return ev.Hello(said, store) if _STORE.fullmatch(store) else ev.Hello(text)


def _bye(rest: str) -> ev.Frame:
    reason, _, text = rest.partition("|")
    return ev.Bye(reason, text)


def _ok(rest: str) -> ev.Frame:
    verb, tag, rest_of_fields = _echo(rest)
    return ev.Ok(verb, tag, _cut(rest_of_fields, _OK_FIELDS.get(verb)))


def _item(rest: str) -> ev.Frame:
    verb, tag, row = _echo(rest)
    return ev.Item(verb, tag, _cut(row, _ROW_FIELDS.get(verb)))


def _err(rest: str) -> ev.Frame:
    verb, tag, rest_of_fields = _echo(rest)
    code, _, text = (rest_of_fields or "").partition("|")
    return ev.Refused(verb, tag, code, text)


def _echo(rest: str) -> tuple[str, str, str | None]:
    head, mark, fields_text = rest.partition("|")
    verb, _, tag = head.partition("#")
    return verb, tag, fields_text if mark else None


def _cut(text: str | None, most: int | None) -> tuple[str, ...]:
    if text is None:
        return ()
    return tuple(text.split("|") if most is None else text.split("|", most - 1))


def _event(rest: str) -> ev.Frame | None:
    kind, _, text = rest.partition("|")
    made = _KINDS.get(kind)
    if made is None:
        return ev.OtherEvent(kind, tuple(text.split("|")))
    names = _FIELDS[kind]
    values: list[str | int] = [*text.split("|", len(names) - 1)]
    if len(values) != len(names):
        return None
    if "id" in names:
        at = names.index("id")
        if not _is_number(str(values[at])):
            return None
        values[at] = int(values[at])
    if kind in _ORIGINS:
        values.append(_ORIGINS[kind])
    return made(*values)  # type: ignore[arg-type]  # the fields are those of the class itself


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


_PARSERS = {"HELLO": _hello, "BYE": _bye, "OK": _ok, "ERR": _err, "ITEM": _item, "EVENT": _event}
