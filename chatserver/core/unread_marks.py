"""Decisions about how far conversations are read."""

from chatserver.core.commands import MarkRead
from chatserver.core.events import ReadMarked
from chatserver.core.outcome import Outcome, Refused, find_own_room, no_such_user
from chatserver.core.state import State


def find_party(state: State, user: int, name: str) -> int | Refused:
    """The id of the user or room that a conversation is with; a room must be one's own, a user any there is."""
    if name.startswith("#"):
        room = find_own_room(state, user, name)
        return room if isinstance(room, Refused) else room.id
    other = state.find(name)
    return no_such_user(name) if other is None else other.id


def read_upto(state: State, user: int, party: int) -> int:
    """The id up to which a user has read a conversation; in a room, what came before the membership is not unread."""
    mark = (state.users[user].read or {}).get(party, 0)
    return mark if party > 0 else max(mark, state.rooms[party].members[user])


def mark_read(state: State, command: MarkRead) -> Outcome:
    """Move a mark, which never goes back nor past the end of the conversation."""
    name = state.name_of(command.party)
    if command.party > 0 and command.party not in state.users:  # deleted while the store was asked
        return no_such_user(name)
    if command.party < 0 and command.party not in state.users[command.user].rooms:  # left meanwhile
        return Refused("NOT_MEMBER", "You are not in this room any more: JOIN it first")
    before = (state.users[command.user].read or {}).get(command.party, 0)
    after = max(before, min(command.upto, command.end))
    if after == before:
        return (), (name, str(before))
    authors = tuple(author for author in command.authors if author != command.user)
    return (ReadMarked(command.user, command.party, after, authors),), (name, str(after))
