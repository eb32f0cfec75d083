"""State: what decisions need to know, in memory. Texts of messages stay in the store.

Only `evolve` changes it, and the store builds it when the server starts. Presence (how
many sessions a user has) lives here too, but is never stored.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from chatserver.core.networks import NetworkKey, network_key
from chatserver.core.tags import TAGS_MAX, StoredTags, Tags
from chatserver.protocol.look_alikes import skeletons
from chatserver.protocol.names import name_key

NO_PASSWORD = ""
"""The password hash of a bot's account: no password fits it."""
FORGOTTEN_ROOM = "#?"
"""What messages show in place of a room's name that is not kept any more; no room can have this name."""
NOBODY: frozenset[int] = frozenset()
TAG_LIFE_MS = 24 * 60 * 60 * 1000
"""How long a resent tag answers with the first message (PROTOCOL.md, "Client to server")."""

TYPING_TOLD_MS = 2000
"""That somebody types in a conversation is told once in this time; what is asked in between changes nothing."""
REPORTS_KEPT = 10
"""How many reports of a user are looked at for the limit of an hour."""
TYPING_TOLD_MAX = 10_000
"""How many are remembered to have been told; if more type at a time, some are told twice."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings that decisions look at."""

    message_chars_max: int = 4000
    message_bytes_max: int = 7600
    password_chars_min: int = 8
    password_chars_max: int = 256
    password_chars_typed_max: int = 4 * 256  # one character in NFC is four at most in any other form of it
    friends_max: int = 5000
    blocks_max: int = 5000
    invitations_max: int = 500
    rooms_max: int = 10_000
    rooms_per_user_max: int = 500
    members_per_room_max: int = 10_000
    tokens_per_user_max: int = 100
    token_life_ms: int = 30 * 24 * 60 * 60 * 1000
    reactions_per_message_max: int = 20
    reactions_of_all_max: int = 500
    look_alikes_refused: bool = True
    gaps_per_user_max: int = 100
    tags_per_user_max: int = TAGS_MAX
    stays_per_user_max: int = 500
    ended_rooms_max: int = 10_000
    signup: str = "open"
    direct_messages: str = "friends"
    kept_keys: frozenset[str] = frozenset()  # of names that nobody can sign up, since they are for administrators


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
    blocked_by: AbstractSet[int] = NOBODY
    rooms: AbstractSet[int] = NOBODY
    stays_over: int = 0  # stays in rooms that have ended since the start; not stored
    invited: AbstractSet[int] = NOBODY  # rooms
    topics: AbstractSet[int] = NOBODY  # rooms whose topic is by this user
    read: dict[int, int] | None = None  # user or room → id up to which that conversation is read
    tags: Tags | StoredTags | None = None  # what each stands for; the messages have them too, so they are not compared
    tokens: tuple[bytes, ...] = ()  # hashes, in the order of issue
    sanctions: Mapping[str, tuple[int, str]] | None = None  # kind → until when, and why; replaced, not changed
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
    topic_by: int = 0  # who set it
    members: dict[int, int] = field(default_factory=dict)  # user → id before the first message; longest-standing first
    invited: dict[int, int] = field(default_factory=dict)  # user → who asked
    moderators: AbstractSet[int] = NOBODY  # members who help the owner
    history_days: int | None = None  # how long messages are kept, 0: for good; None: as the setting says
    received_id: int = (
        0  # no message in this room, or change of one, has a higher id; not stored: too high after a start
    )


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
    look_alikes: dict[str, int] = field(default_factory=dict)
    """What users' names look like, where that is not their key → how many users; not stored."""
    tokens: dict[bytes, Token] = field(default_factory=dict)
    rooms: dict[int, Room] = field(default_factory=dict)
    rooms_by_key: dict[str, tuple[Room, ...]] = field(default_factory=dict)  # several, where one is private
    ended_rooms: dict[int, str] = field(default_factory=dict)
    """Names that old messages still show, of those that ended last; the one that ended first comes first."""
    ended_by: dict[int, int] = field(default_factory=dict)  # of these: who was the last one in there
    bots: dict[int, str] = field(default_factory=dict)  # those that run now, and what they do; not stored
    bot_memory: dict[int, dict[int, str]] = field(default_factory=dict)  # user (0: all) → bot → JSON
    bot_timers: dict[int, dict[tuple[int, str], tuple[int, str]]] = field(default_factory=dict)
    """user → bot, name → when it is due, and the room or an empty text."""
    typing: dict[tuple[int, int], int] = field(default_factory=dict)
    """user, user or room → when it was last told that the one types there, oldest first; not stored."""
    bans: dict[str, tuple[int, str]] = field(default_factory=dict)  # network → until when, and why
    banned_networks: dict[NetworkKey, str] = field(default_factory=dict)  # how they are found; not stored
    invites: dict[str, tuple[int, int]] = field(default_factory=dict)  # code → sign-ups left, and until when
    notices: dict[int, tuple[str, int]] = field(default_factory=dict)  # number → text, and until when
    reported: dict[int, tuple[int, ...]] = field(default_factory=dict)  # user → when the last ones were made
    last_user_id: int = 0
    last_report_id: int = 0
    last_room_id: int = 0  # the lowest
    last_message_id: int = 0

    def find(self, name: str) -> User | None:
        """The user of that name, however it was typed; a bot also where there are spaces in it."""
        found = self.by_name.get(name) or self.by_key.get(name_key(name))
        if found is None and " " in name:
            bot = self.by_key.get(name_key(name.replace(" ", "")))
            return bot if bot and bot.id in self.bots else None
        return found

    def find_room(self, name: str, user: int) -> Room | None:
        """The room that this user means by a name, however it was typed.

        A name tells nobody of a private room, so that others may give it to a room of theirs: a user means the room
        of that name that the user is in, else the one that the user is asked into, else the public one.
        """
        return self.seen_room(name_key(name), user)

    def seen_room(self, key: str, user: int) -> Room | None:
        """The same for a key."""
        rooms = self.rooms_by_key.get(key, ())
        if len(rooms) == 1:  # the usual case
            room = rooms[0]
            return room if room.kind == "public" or user in room.members or user in room.invited else None
        for seen in (
            (room for room in rooms if user in room.members),
            (room for room in rooms if user in room.invited),
            (room for room in rooms if room.kind == "public"),
        ):
            if found := next(seen, None):
                return found
        return None

    def name_of(self, party: int) -> str:
        """The name to show for the id of a user or room, also where it is gone."""
        if party > 0:
            user = self.users.get(party)
            return user.name if user else self.deleted[party]
        room = self.rooms.get(party)
        return room.name if room else self.ended_rooms.get(party, FORGOTTEN_ROOM)

    def add(self, user: User) -> None:
        """Put a user where it is found."""
        self.users[user.id] = self.by_key[user.key] = self.by_name[user.name] = user
        self.last_user_id = max(self.last_user_id, user.id)
        for skeleton in skeletons(user.name) - {user.key}:
            self.look_alikes[skeleton] = self.look_alikes.get(skeleton, 0) + 1

    def looks_like_another(self, name: str) -> bool:
        """Tell whether a name may be taken for that of a user or bot, or of a deleted one."""
        return any(
            skeleton in self.look_alikes or skeleton in self.by_key or skeleton in self.reserved
            for skeleton in skeletons(name)
        )

    def add_room(self, room: Room) -> None:
        """Put a room where it is found, behind older ones of its name."""
        self.rooms[room.id] = room
        self.rooms_by_key[room.key] = (*self.rooms_by_key.get(room.key, ()), room)

    def end_room(self, room: Room) -> None:
        """Take a room out; its name is free."""
        del self.rooms[room.id]
        left = tuple(other for other in self.rooms_by_key.pop(room.key) if other is not room)
        if left:
            self.rooms_by_key[room.key] = left
        self.ended_rooms[room.id], self.ended_by[room.id] = room.name, room.owner

    def forget_room(self, room: int) -> None:
        """Show the name of one that has ended no more."""
        self.ended_rooms.pop(room, None)
        self.ended_by.pop(room, None)

    def keep_out(self, network: str, until_ms: int, reason: str) -> None:
        """Put a ban where it is found."""
        self.bans[network] = until_ms, reason
        self.banned_networks[network_key(network)] = network

    def let_in(self, network: str) -> None:
        """Take a ban out."""
        if self.bans.pop(network, None) is not None:
            del self.banned_networks[network_key(network)]

    def remove(self, user: User) -> None:
        """Take a user out; the name stays reserved."""
        del self.users[user.id], self.by_key[user.key], self.by_name[user.name]
        for skeleton in skeletons(user.name) - {user.key}:
            self.look_alikes[skeleton] -= 1
            if not self.look_alikes[skeleton]:
                del self.look_alikes[skeleton]
        self.deleted[user.id] = user.name
        self.reported.pop(user.id, None)
        self.reserved.add(user.key)


def seen_as(user: User) -> tuple[str, str]:
    """Status and text that a friend sees."""
    if user.sessions and user.status != "invisible":
        return user.status, user.status_text
    return "offline", ""


def apart(user: User, other: User) -> bool:
    """Tell whether one of two users blocks the other."""
    return other.id in user.blocks or user.id in other.blocks


def snapshot(state: State) -> dict[str, object]:
    """All of State that a restart must bring back, as plain values that can be compared."""
    users = {
        user.id: (
            *(user.name, user.key, user.password_hash, user.status, user.status_text),
            *(sorted(user.friends), sorted(user.asked), sorted(user.askers)),
            *(user.delivered_id, user.gaps, sorted(user.tokens)),
            *(sorted(user.blocks), sorted(user.blocked_by), sorted(user.rooms), sorted(user.invited)),
            user.read or {},
            dict(user.sanctions or {}),
        )
        for user in state.users.values()
    }
    tokens = {token_hash: (token.user, token.used_ms) for token_hash, token in state.tokens.items()}
    rooms = {
        room.id: (
            *(room.name, room.key, room.kind, room.owner, room.topic, list(room.members.items()), room.invited),
            *(sorted(room.moderators), room.history_days),
        )
        for room in state.rooms.values()
    }
    return {
        "users": users,
        "rooms": rooms,
        "ended_rooms": dict(state.ended_rooms),
        "ended_by": dict(state.ended_by),
        "topics_by": {room.id: room.topic_by for room in state.rooms.values() if room.topic},
        "last_room_id": state.last_room_id,
        "names": {key: user.id for key, user in state.by_key.items()},
        "deleted": dict(state.deleted),
        "reserved": sorted(state.reserved),
        "tokens": tokens,
        "bot_memory": {user: dict(memory) for user, memory in state.bot_memory.items()},
        "bot_timers": {user: dict(timers) for user, timers in state.bot_timers.items() if timers},
        "bans": dict(state.bans),
        "banned_networks": dict(state.banned_networks),
        "invites": dict(state.invites),
        "notices": dict(state.notices),
        "reported": dict(state.reported),
        "last_report_id": state.last_report_id,
        "last_user_id": state.last_user_id,
        "last_message_id": state.last_message_id,
    }
