"""Answers that State alone can give: rows of fields, sorted by name key."""

from collections.abc import Iterable

from chatserver.core.listings import Blocks, Friends, Members, Requests, Rooms, Rows, rows_of
from chatserver.core.state import Room, State, User


def friends(state: State, user: User) -> Rows:
    """SHOWFRIENDS."""
    return rows_of(Friends(state, user))


def requests(state: State, user: User) -> Rows:
    """SHOWREQUESTS."""
    return rows_of(Requests(state, user))


def requests_in(state: State, user: User) -> Rows:
    """Those that came in alone."""
    return [("in", asker.name) for asker in _by_key(state, user.askers)]


def blocks(state: State, user: User) -> Rows:
    """SHOWBLOCKS."""
    return rows_of(Blocks(state, user))


def rooms(state: State, user: User) -> Rows:
    """SHOWROOMS."""
    return rows_of(Rooms(state, user))


def members(state: State, user: User, room: Room) -> Rows:
    """SHOWMEMBERS."""
    return rows_of(Members(state, user, room))


def invitations(state: State, user: User) -> Rows:
    """The rooms a user is asked into, and who asked."""
    rooms = sorted((state.rooms[room] for room in user.invited), key=lambda room: room.key)
    return [(room.name, state.name_of(room.invited[user.id])) for room in rooms]


def _by_key(state: State, users: Iterable[int]) -> list[User]:
    return sorted((state.users[user] for user in users), key=lambda user: user.key)
