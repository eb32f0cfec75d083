"""Answers that State alone can give: rows of fields, sorted by name key."""

from collections.abc import Iterable

from chatserver.core.state import Room, State, User, apart, seen_as

Rows = list[tuple[str, ...]]


def friends(state: State, user: User) -> Rows:
    """SHOWFRIENDS: name, status, text."""
    return [(friend.name, *seen_as(friend)) for friend in _by_key(state, user.friends)]


def requests(state: State, user: User) -> Rows:
    """SHOWREQUESTS: those that came in, then those that went out."""
    return requests_in(state, user) + [("out", asked.name) for asked in _by_key(state, user.asked)]


def requests_in(state: State, user: User) -> Rows:
    """Those that came in alone."""
    return [("in", asker.name) for asker in _by_key(state, user.askers)]


def blocks(state: State, user: User) -> Rows:
    """SHOWBLOCKS: name."""
    return [(blocked.name,) for blocked in _by_key(state, user.blocks)]


def rooms(state: State, user: User) -> Rows:
    """SHOWROOMS: name, kind, members, joined or -, topic; the public ones and one's own."""
    seen = (room for room in state.rooms.values() if room.kind == "public" or user.id in room.members)
    return [
        (room.name, room.kind, str(len(room.members)), "joined" if user.id in room.members else "-", room.topic)
        for room in sorted(seen, key=lambda room: room.key)
    ]


def members(state: State, user: User, room: Room) -> Rows:
    """SHOWMEMBERS: name, status as a friend would see it, owner or member."""
    return [
        (
            member.name,
            "offline" if apart(user, member) else seen_as(member)[0],
            "owner" if member.id == room.owner else "member",
        )
        for member in _by_key(state, room.members)
    ]


def invitations(state: State, user: User) -> Rows:
    """The rooms a user is asked into, and who asked."""
    rooms = sorted((state.rooms[room] for room in user.invited), key=lambda room: room.key)
    return [(room.name, state.name_of(room.invited[user.id])) for room in rooms]


def _by_key(state: State, users: Iterable[int]) -> list[User]:
    return sorted((state.users[user] for user in users), key=lambda user: user.key)
