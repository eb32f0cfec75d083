"""State from the tables, when the server starts and after a write that failed."""

import json
import sqlite3
from collections import defaultdict

from chatserver.core.state import REPORTS_KEPT, Limits, Room, State, Token, User
from chatserver.core.tags import StoredTags
from chatserver.store.hidden import NOT_HIDDEN
from chatserver.store.identity import last_id

_NOT_REMOVED = NOT_HIDDEN.format("user")
_LAST_REPORTS = """
    SELECT user, time_ms FROM reports WHERE id IN (
        SELECT own.id FROM (SELECT DISTINCT user FROM reports) AS each, reports AS own
        WHERE own.user = each.user AND own.id > ifnull(
            (SELECT id FROM reports WHERE user = each.user ORDER BY id DESC LIMIT 1 OFFSET ?), 0
        )
    ) ORDER BY id
"""


def load_state(connection: sqlite3.Connection, limits: Limits) -> State:
    """Build State. What users' tags stand for is read when they send with one (`queries/look_ups`)."""
    state = State(limits)
    _load_users(connection, state)
    _load_friends(connection, state)
    _load_tokens(connection, state)
    _load_bots(connection, state)
    _load_blocks(connection, state)
    _load_rooms(connection, state)
    _load_read_marks(connection, state)
    _load_moderation(connection, state)
    state.last_message_id = last_id(connection)
    tags = StoredTags()
    for user in state.users.values():
        user.received_id, user.tags = state.last_message_id, tags
    for room in state.rooms.values():
        room.received_id = state.last_message_id
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
    blocks, blocked_by = defaultdict(set), defaultdict(set)
    for user, blocked in connection.execute("SELECT user, blocked FROM blocks"):
        blocks[user].add(blocked)
        blocked_by[blocked].add(user)
    for user, others in blocks.items():
        state.users[user].blocks = frozenset(others)
    for user, others in blocked_by.items():
        state.users[user].blocked_by = frozenset(others)


def _load_rooms(connection: sqlite3.Connection, state: State) -> None:
    rooms, rooms_of_user = state.rooms, defaultdict(set)
    for room_id, name, key, kind, owner, topic, topic_by in connection.execute(
        "SELECT id, name, key, kind, owner, topic, topic_by FROM rooms WHERE ended_ms IS NULL ORDER BY id DESC"
    ):
        room = Room(room_id, name, key, kind, owner, topic, topic_by if topic else 0)
        state.add_room(room)
        if room.topic_by in state.users:
            state.users[room.topic_by].topics |= {room.id}
    for room_id, name, owner in connection.execute(
        "SELECT id, name, owner FROM rooms WHERE ended_ms IS NOT NULL ORDER BY ended_ms, id DESC"
    ):
        state.ended_rooms[room_id], state.ended_by[room_id] = name, owner
    state.last_room_id = connection.execute(
        "SELECT min(0, ifnull((SELECT min(id) FROM rooms), 0),"
        " ifnull((SELECT value FROM meta WHERE name = 'last_room_id'), 0))"
    ).fetchone()[0]
    current = f"SELECT room, user, after_id FROM memberships WHERE until_id IS NULL{_NOT_REMOVED} ORDER BY number"
    for at, user, after_id in connection.execute(current):
        rooms[at].members[user] = after_id
        rooms_of_user[user].add(at)
    for user, mine in rooms_of_user.items():
        state.users[user].rooms = frozenset(mine)
    for at, days in connection.execute("SELECT room, days FROM room_retention"):
        if at in rooms:  # it holds for one that has ended too
            rooms[at].history_days = days
    for at, user, inviter in connection.execute("SELECT room, user, inviter FROM invitations ORDER BY time_ms"):
        rooms[at].invited[user] = inviter
        state.users[user].invited |= {at}


def _load_moderation(connection: sqlite3.Connection, state: State) -> None:
    for user, kind, until_ms, reason in connection.execute("SELECT user, kind, until_ms, reason FROM sanctions"):
        found = state.users[user]
        found.sanctions = {**(found.sanctions or {}), kind: (until_ms, reason)}
    for network, until_ms, reason in connection.execute("SELECT network, until_ms, reason FROM bans"):
        state.keep_out(network, until_ms, reason)
    for code, uses, until_ms in connection.execute("SELECT code, uses, until_ms FROM invites"):
        state.invites[code] = (uses, until_ms)
    for number, text, until_ms in connection.execute("SELECT id, text, until_ms FROM notices"):
        state.notices[number] = (text, until_ms)
    for room, user in connection.execute("SELECT room, user FROM moderators"):
        state.rooms[room].moderators |= {user}
    state.last_report_id = connection.execute("SELECT ifnull(max(id), 0) FROM reports").fetchone()[0]
    for user, time_ms in connection.execute(_LAST_REPORTS, (REPORTS_KEPT,)):
        if user in state.users:
            state.reported[user] = (*state.reported.get(user, ()), time_ms)


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
