"""State: what decisions need to know, in memory. Texts of messages stay in the store.

Only `evolve` changes it, and the store builds it when the server starts. Presence (how
many sessions a user has) lives here too, but is never stored.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from chatserver.protocol.names import name_key

NO_PASSWORD = ""
"""The password hash of a bot's account: no password fits it."""
NOBODY: frozenset[int] = frozenset()
TAG_LIFE_MS = 24 * 60 * 60 * 1000
"""How long a resent tag answers with the first message (PROTOCOL.md, "Client to server")."""

TYPING_TOLD_MS = 2000
"""That somebody types in a conversation is told once in this time; what is asked in between changes nothing."""
TYPING_TOLD_MAX = 10_000
"""How many are remembered to have been told; if more type at a time, some are told twice."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings that decisions look at."""

    message_chars_max: int = 4000
    message_bytes_max: int = 7600
    password_chars_min: int = 8
    password_chars_max: int = 256
    friends_max: int = 5000
    rooms_per_user_max: int = 500
    members_per_room_max: int = 10_000
    tokens_per_user_max: int = 100
    token_life_ms: int = 30 * 24 * 60 * 60 * 1000
    reactions_per_message_max: int = 20
    reactions_of_all_max: int = 500


@dataclass(slots=True, eq=False)
class User:
    """One account. `gaps` are the undelivered ids below `delivered_id` (first and last of each run)."""

    id: int
    name: str
    key: str
    password_hash: str
    status: str = "online"
    status_text: str = ""
    friends: set[int] = field(default_factory=set)
    asked: AbstractSet[int] = NOBODY  # whom this user asked; replaced, not changed: most users have none
    askers: AbstractSet[int] = NOBODY  # who asked this user
    delivered_id: int = 0
    received_id: int = 0  # no message to this user has a higher id; not stored, so too high after a start
    gaps: tuple[tuple[int, int], ...] = ()
    blocks: AbstractSet[int] = NOBODY
    rooms: AbstractSet[int] = NOBODY
    invited: AbstractSet[int] = NOBODY  # rooms
    read: dict[int, int] | None = None  # user or room → id up to which that conversation is read
    tags: dict[str, tuple[int, int]] | None = None  # tag → id and time of the send, oldest first
    tokens: tuple[bytes, ...] = ()  # hashes, in the order of issue
    sessions: int = 0  # presence; not stored


@dataclass(slots=True, eq=False)
class Room:
    """One room. Its id is below zero."""

    id: int
    name: str
    key: str
    kind: str
    owner: int
    topic: str = ""
    members: dict[int, int] = field(default_factory=dict)  # user → id before the first message; longest-standing first
    invited: dict[int, int] = field(default_factory=dict)  # user → who asked
    received_id: int = 0  # no message in this room has a higher id; not stored, so too high after a start


@dataclass(slots=True)
class Token:
    """A login that RESUME can bring back."""

    user: int
    used_ms: int


@dataclass(slots=True, eq=False)
class State:
    """The whole chat, but for the texts."""

    limits: Limits = field(default_factory=Limits)
    users: dict[int, User] = field(default_factory=dict)
    by_key: dict[str, User] = field(default_factory=dict)
    by_name: dict[str, User] = field(default_factory=dict)  # as signed up: the usual spelling needs no folding
    deleted: dict[int, str] = field(default_factory=dict)  # names that old messages still show
    reserved: set[str] = field(default_factory=set)  # keys that are not given out again
    tokens: dict[bytes, Token] = field(default_factory=dict)
    rooms: dict[int, Room] = field(default_factory=dict)
    rooms_by_key: dict[str, Room] = field(default_factory=dict)
    ended_rooms: dict[int, str] = field(default_factory=dict)  # names that old messages still show
    bots: dict[int, str] = field(default_factory=dict)  # those that run now, and what they do; not stored
    bot_memory: dict[int, dict[int, str]] = field(default_factory=dict)  # user (0: all) → bot → JSON
    bot_timers: dict[int, dict[tuple[int, str], tuple[int, str]]] = field(default_factory=dict)
    """user → bot, name → when it is due, and the room or an empty text."""
    typing: dict[tuple[int, int], int] = field(default_factory=dict)
    """user, user or room → when it was last told that the one types there, oldest first; not stored."""
    last_user_id: int = 0
    last_room_id: int = 0  # the lowest
    last_message_id: int = 0

    def find(self, name: str) -> User | None:
        """The user of that name, however it was typed; a bot also where there are spaces in it."""
        found = self.by_name.get(name) or self.by_key.get(name_key(name))
        if found is None and " " in name:
            bot = self.by_key.get(name_key(name.replace(" ", "")))
            return bot if bot and bot.id in self.bots else None
        return found

    def find_room(self, name: str) -> Room | None:
        """The room of that name, however it was typed."""
        return self.rooms_by_key.get(name_key(name))

    def name_of(self, party: int) -> str:
        """The name to show for the id of a user or room, also where it is gone."""
        if party > 0:
            user = self.users.get(party)
            return user.name if user else self.deleted[party]
        room = self.rooms.get(party)
        return room.name if room else self.ended_rooms[party]

    def add(self, user: User) -> None:
        """Put a user where it is found."""
        self.users[user.id] = self.by_key[user.key] = self.by_name[user.name] = user
        self.last_user_id = max(self.last_user_id, user.id)

    def remove(self, user: User) -> None:
        """Take a user out; the name stays reserved."""
        del self.users[user.id], self.by_key[user.key], self.by_name[user.name]
        self.deleted[user.id] = user.name
        self.reserved.add(user.key)


def seen_as(user: User) -> tuple[str, str]:
    """Status and text that a friend sees."""
    if user.sessions and user.status != "invisible":
        return user.status, user.status_text
    return "offline", ""


def apart(user: User, other: User) -> bool:
    """Tell whether one of two users blocks the other."""
    return other.id in user.blocks or user.id in other.blocks


def snapshot(state: State, now_ms: int) -> dict[str, object]:
    """All of State that a restart must bring back, as plain values that can be compared."""
    oldest_ms = now_ms - TAG_LIFE_MS
    users = {
        user.id: (
            *(user.name, user.key, user.password_hash, user.status, user.status_text),
            *(sorted(user.friends), sorted(user.asked), sorted(user.askers)),
            *(user.delivered_id, user.gaps, sorted(user.tokens)),
            *(sorted(user.blocks), sorted(user.rooms), sorted(user.invited)),
            user.read or {},
            {tag: sent for tag, sent in (user.tags or {}).items() if sent[1] > oldest_ms},
        )
        for user in state.users.values()
    }
    tokens = {token_hash: (token.user, token.used_ms) for token_hash, token in state.tokens.items()}
    rooms = {
        room.id: (room.name, room.key, room.kind, room.owner, room.topic, list(room.members.items()), room.invited)
        for room in state.rooms.values()
    }
    return {
        "users": users,
        "rooms": rooms,
        "ended_rooms": dict(state.ended_rooms),
        "last_room_id": state.last_room_id,
        "names": {key: user.id for key, user in state.by_key.items()},
        "deleted": dict(state.deleted),
        "reserved": sorted(state.reserved),
        "tokens": tokens,
        "bot_memory": {user: dict(memory) for user, memory in state.bot_memory.items()},
        "bot_timers": {user: dict(timers) for user, timers in state.bot_timers.items() if timers},
        "last_user_id": state.last_user_id,
        "last_message_id": state.last_message_id,
    }
