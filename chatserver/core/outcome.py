"""What decide returns: events with the answer's fields, or a refusal. Both are plain values."""

from collections.abc import Sequence
from typing import NamedTuple, final

from chatserver.core.events import Event
from chatserver.core.state import Room, State, User


@final
class Refused(NamedTuple):
    """A command that does nothing; `text` is a sentence that says what to do."""

    code: str
    text: str


Accepted = tuple[Sequence[Event], Sequence[str]]
"""The events, and the fields of the `OK` after the verb."""

Outcome = Accepted | Refused


def no_such_user(name: str) -> Refused:
    """Wherever a user is named who does not exist."""
    return Refused("NO_SUCH_USER", f"There is no user {quoted(name)}: check the spelling")


def find_room(state: State, user: int, name: str) -> Room | Refused:
    """The room that a command names; to those outside, a private one is not there."""
    room = state.find_room(name, user)
    if room is None or (room.kind == "private" and user not in room.members):
        return Refused("NO_SUCH_ROOM", f"There is no room {quoted(name)}: SHOWROOMS lists those you can see")
    return room


def find_own_room(state: State, user: int, name: str) -> Room | Refused:
    """The same, where only a member may do it."""
    room = find_room(state, user, name)
    if isinstance(room, Room) and user not in room.members:
        return Refused("NOT_MEMBER", f"You are not in {room.name}: JOIN it first")
    return room


def find_other(state: State, user: int, name: str, doing: str) -> User | Refused:
    """The other user that a command names; SELF if it is the one who acts."""
    other = state.find(name)
    if other is None:
        return no_such_user(name)
    if other.id == user:
        return Refused("SELF", f"You cannot {doing} yourself: name somebody else")
    return other


def quoted(name: str) -> str:
    """A name as it was typed, short enough for a sentence (names have 32 characters at most)."""
    return f"'{name[:40]}…'" if len(name) > 40 else f"'{name}'"
