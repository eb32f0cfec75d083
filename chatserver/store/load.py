"""State from the tables, when the server starts and after a write that failed."""

import json
import sqlite3
from collections import defaultdict

from chatserver.core.evolve import remember_tag
from chatserver.core.state import TAG_LIFE_MS, Limits, Room, State, Token, User
from chatserver.store.hidden import NOT_HIDDEN

_NOT_REMOVED = NOT_HIDDEN.format("user")


def load_state(connection: sqlite3.Connection, limits: Limits, now_ms: int) -> State:
    """Build State. `now_ms` says which tags are still remembered."""
    state = State(limits)
    _load_users(connection, state)
    _load_friends(connection, state)
    _load_tokens(connection, state)
    _load_bots(connection, state)
    _load_blocks(connection, state)
    _load_rooms(connection, state)
    _load_read_marks(connection, state)
    state.last_message_id = connection.execute(
        "SELECT max(ifnull((SELECT max(id) FROM messages), 0), ifnull((SELECT max(id) FROM changes), 0), value)"
        " FROM meta WHERE name = 'last_message_id'"
    ).fetchone()[0]
    for user in state.users.values():
        user.received_id = state.last_message_id
    for room in state.rooms.values():
        room.received_id = state.last_message_id
    _load_tags(connection, state, now_ms - TAG_LIFE_MS)
    return state


def _load_users(connection: sqlite3.Connection, state: State) -> None:
    columns = "id, name, key, password_hash, status, status_text, delivered_id, gaps, deleted_ms"
    for row in connection.execute(f"SELECT {columns} FROM users"):
        user_id, name, key, password_hash, status, status_text, delivered_id, gaps, deleted_ms = row
        user = User(user_id, name, key, password_hash, status, status_text)
        user.delivered_id = delivered_id
        if gaps != "[]":
            user.gaps = tuple((first, last) for first, last in json.loads(gaps))
        state.add(user)
        if deleted_ms is not None:
            state.remove(user)


def _load_friends(connection: sqlite3.Connection, state: State) -> None:
    users = state.users
    for user, friend in connection.execute("SELECT user, friend FROM friendships"):
        users[user].friends.add(friend)
        users[friend].friends.add(user)
    asked, askers = defaultdict(set), defaultdict(set)
    for asker, other, hidden in connection.execute("SELECT asker, asked, hidden FROM friend_requests"):
        asked[asker].add(other)
        if not hidden:
            askers[other].add(asker)
    for user, others in asked.items():
        users[user].asked = frozenset(others)
    for user, others in askers.items():
        users[user].askers = frozenset(others)


def _load_blocks(connection: sqlite3.Connection, state: State) -> None:
    blocks = defaultdict(set)
    for user, blocked in connection.execute("SELECT user, blocked FROM blocks"):
        blocks[user].add(blocked)
    for user, others in blocks.items():
        state.users[user].blocks = frozenset(others)


def _load_rooms(connection: sqlite3.Connection, state: State) -> None:
    rooms, rooms_of_user = state.rooms, defaultdict(set)
    columns = "id, name, key, kind, owner, topic, ended_ms"
    for room_id, name, key, kind, owner, topic, ended_ms in connection.execute(
        f"SELECT {columns} FROM rooms ORDER BY id DESC"
    ):
        room = Room(room_id, name, key, kind, owner, topic)
        state.last_room_id = room.id
        if ended_ms is None:
            rooms[room.id] = state.rooms_by_key[room.key] = room
        else:
            state.ended_rooms[room.id] = room.name
    current = f"SELECT room, user, after_id FROM memberships WHERE until_id IS NULL{_NOT_REMOVED} ORDER BY number"
    for at, user, after_id in connection.execute(current):
        rooms[at].members[user] = after_id
        rooms_of_user[user].add(at)
    for user, mine in rooms_of_user.items():
        state.users[user].rooms = frozenset(mine)
    for at, user, inviter in connection.execute("SELECT room, user, inviter FROM invitations ORDER BY time_ms"):
        rooms[at].invited[user] = inviter
        state.users[user].invited |= {at}


def _load_read_marks(connection: sqlite3.Connection, state: State) -> None:
    for user_id, party, upto in connection.execute(
        f"SELECT user, party, upto FROM read_marks WHERE true{_NOT_REMOVED}"
    ):
        user = state.users[user_id]
        if user.read is None:
            user.read = {}
        user.read[party] = upto


def _load_tokens(connection: sqlite3.Connection, state: State) -> None:
    for token_hash, user, used_ms in connection.execute("SELECT token_hash, user, used_ms FROM tokens ORDER BY rowid"):
        state.tokens[token_hash] = Token(user, used_ms)
        state.users[user].tokens += (token_hash,)


def _load_bots(connection: sqlite3.Connection, state: State) -> None:
    for user, bot, text in connection.execute(f"SELECT user, bot, state FROM bot_memory WHERE true{_NOT_REMOVED}"):
        state.bot_memory.setdefault(user, {})[bot] = text
    columns = "user, bot, name, due_ms, room"
    for user, bot, name, due_ms, room in connection.execute(
        f"SELECT {columns} FROM bot_timers WHERE true{_NOT_REMOVED}"
    ):
        state.bot_timers.setdefault(user, {})[bot, name] = (due_ms, room)


def _load_tags(connection: sqlite3.Connection, state: State, oldest_ms: int) -> None:
    start = _first_id_after(connection, state.last_message_id, oldest_ms)
    rows = connection.execute(
        "SELECT sender, tag, id, time_ms FROM messages WHERE id >= ? AND tag IS NOT NULL AND time_ms > ? ORDER BY id",
        (start, oldest_ms),
    )
    for sender, tag, message_id, time_ms in rows:
        user = state.users.get(sender)
        if user is not None:
            remember_tag(user, tag, message_id, time_ms)


def _first_id_after(connection: sqlite3.Connection, last_id: int, oldest_ms: int) -> int:
    """Where the messages of the last day begin: ids and times rise together, so halving finds it without an index."""
    low, high = 0, last_id + 1
    while low < high:
        middle = (low + high) // 2
        row = connection.execute("SELECT time_ms FROM messages WHERE id >= ? LIMIT 1", (middle,)).fetchone()
        if row is not None and row[0] <= oldest_ms:
            low = middle + 1
        else:
            high = middle
    return low
