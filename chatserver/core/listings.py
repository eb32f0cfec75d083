"""Lists that State alone can give: what stands in them, in which order, and of what their readers hear.

A long one is gathered in parts, while the chat goes on. Nobody can tell, if what the asker hears of is looked at once
more at the end: then all events that came before the answer are in it.
"""

from collections.abc import Collection, Iterable
from typing import Any, Protocol

from chatserver.core.rooms import role_of
from chatserver.core.state import Room, State, User, apart, seen_as

Row = tuple[str, ...]
Rows = list[Row]


class Listing(Protocol):
    """One list, as State is now. What stands in it has numbers."""

    def ids(self) -> Collection[int]:
        """What may stand in it."""

    def key(self, number: int) -> Any:  # Any: of one list they can be compared
        """What it is sorted by, which never changes; None where there is no such thing any more."""

    def early(self, number: int) -> Row | None:
        """The row of what the asker hears nothing of; None for what is not shown, or is certainly heard of."""

    def heard(self) -> Iterable[int]:
        """What the asker hears changes of."""

    def row(self, number: int) -> Row | None:
        """The row; None for what is not shown."""


class Gathered:
    """The rows of a list, that come in parts."""

    def __init__(self) -> None:
        self._keys: dict[int, Any] = {}
        self._rows: dict[int, Row | None] = {}

    def take(self, listing: Listing, numbers: Iterable[int]) -> None:
        """Note some more of it."""
        for number in numbers:
            key = listing.key(number)
            if key is not None:
                self._keys[number], self._rows[number] = key, listing.early(number)

    def sort(self) -> None:
        """Put what is there in order, so that little is left to do at the end."""
        self._keys = dict(sorted(self._keys.items(), key=lambda item: item[1]))

    def finish(self, listing: Listing) -> Rows:
        """The rows as they are now."""
        now = set(listing.ids())
        self.take(listing, now - self._keys.keys())
        for number in listing.heard():
            self._rows[number] = listing.row(number)
        order = [number for number in self._keys if number in now]
        order.sort(key=self._keys.__getitem__)
        return [row for number in order if (row := self._rows[number]) is not None]


def rows_of(listing: Listing) -> Rows:
    """All of a list at once."""
    gathered = Gathered()
    gathered.take(listing, listing.ids())
    return gathered.finish(listing)


class _OfUsers:
    """A list of users."""

    def __init__(self, state: State, user: User) -> None:
        self._state = state
        self._user = user

    def key(self, number: int) -> Any:
        user = self._state.users.get(number)
        return user.key if user else None

    def heard(self) -> Iterable[int]:
        return ()

    def row(self, number: int) -> Row | None:
        return self.early(number)

    def early(self, number: int) -> Row | None:
        return (self._state.users[number].name,)


class Friends(_OfUsers):
    """Name, status, text."""

    def ids(self) -> Collection[int]:
        return self._user.friends

    def early(self, number: int) -> Row | None:
        return None

    def heard(self) -> Iterable[int]:
        return self._user.friends

    def row(self, number: int) -> Row | None:
        friend = self._state.users[number]
        return friend.name, *seen_as(friend)


class Requests(_OfUsers):
    """Those that came in, then those that went out, whose numbers are below zero."""

    def ids(self) -> Collection[int]:
        return [*self._user.askers, *(-asked for asked in self._user.asked)]

    def key(self, number: int) -> Any:
        key = super().key(abs(number))
        return None if key is None else (number < 0, key)

    def early(self, number: int) -> Row | None:
        return "out" if number < 0 else "in", self._state.users[abs(number)].name


class Blocks(_OfUsers):
    """Name."""

    def ids(self) -> Collection[int]:
        return self._user.blocks


class Bots(_OfUsers):
    """Name, what it does."""

    def ids(self) -> Collection[int]:
        return self._state.bots.keys()

    def early(self, number: int) -> Row | None:
        return self._state.users[number].name, self._state.bots[number]


class Members(_OfUsers):
    """Name, status as a friend would see it, owner, moderator or member."""

    def __init__(self, state: State, user: User, room: Room) -> None:
        super().__init__(state, user)
        self._room = room

    def ids(self) -> Collection[int]:
        return self._room.members.keys()

    def heard(self) -> Iterable[int]:
        """Of roles, of friends' presence, and of blocks."""
        room, user = self._room, self._user
        return {
            room.owner,
            user.id,
            *room.moderators,
            *user.friends,
            *user.blocks,
            *user.blocked_by,
        } & room.members.keys()

    def early(self, number: int) -> Row | None:
        member = self._state.users[number]
        return member.name, self._status(member), "member"

    def row(self, number: int) -> Row | None:
        member = self._state.users[number]
        return member.name, self._status(member), role_of(self._room, number)

    def _status(self, member: User) -> str:
        return "offline" if apart(self._user, member) else seen_as(member)[0]


class Rooms:
    """Name, kind, members, joined or -, topic; the public ones and one's own, of each name what it means."""

    def __init__(self, state: State, user: User) -> None:
        self._state = state
        self._user = user

    def ids(self) -> Collection[int]:
        return self._state.rooms.keys()

    def key(self, number: int) -> Any:
        room = self._state.rooms.get(number)
        return room.key if room else None

    def early(self, number: int) -> Row | None:
        room = self._state.rooms[number]
        return (room.name, room.kind, str(len(room.members)), "-", room.topic) if room.kind == "public" else None

    def heard(self) -> Iterable[int]:
        """Of one's own rooms and those that one is asked into, which may stand in the place of others of their name."""
        rooms, user = self._state.rooms, self._user
        return {other.id for own in (*user.rooms, *user.invited) for other in self._state.rooms_by_key[rooms[own].key]}

    def row(self, number: int) -> Row | None:
        room, user = self._state.rooms[number], self._user.id
        is_in = user in room.members
        if not (room.kind == "public" or is_in) or self._state.seen_room(room.key, user) is not room:
            return None
        return room.name, room.kind, str(len(room.members)), "joined" if is_in else "-", room.topic
