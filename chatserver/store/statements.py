"""The SQL of each event type but messages, which have a file of their own (`message_rows`)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from chatserver.core.events import (
    AccountDeleted,
    BotRemembered,
    BotTimerRemoved,
    BotTimerSet,
    Delivered,
    FriendAdded,
    FriendRemoved,
    FriendRequested,
    InvitationRemoved,
    Invited,
    MessageDeleted,
    MessageEdited,
    OwnerSet,
    PasswordSet,
    ReactionChanged,
    ReadMarked,
    RequestHidden,
    RequestRemoved,
    RoomCreated,
    RoomEnded,
    RoomJoined,
    RoomLeft,
    StatusSet,
    TokenIssued,
    TokenRevoked,
    TokenUsed,
    TopicSet,
    UserBlocked,
    UserSignedUp,
    UserUnblocked,
)

Parameters = Mapping[str, Any]
Row = tuple[tuple[str, ...], Callable[[Any], Parameters]]
"""Statements, and what makes an event their parameters. They go by name: an event's fields may stand in any order."""


def _fields(event: Any) -> Parameters:
    """The event's own fields. `Any`: each is another named tuple."""
    fields: Parameters = event._asdict()
    return fields


def _delivered(event: Delivered) -> Parameters:
    return {"upto": event.upto, "gaps": json.dumps(event.gaps), "user": event.user}


def _reaction(event: ReactionChanged) -> Parameters:
    return {**event._asdict(), "kind": "reacted" if event.stands else "unreacted"}


def _row(*statements: str, parameters: Callable[[Any], Parameters] = _fields) -> Row:
    return statements, parameters


_FRIENDS = "min(:user, :friend), max(:user, :friend)"
_CHANGED = (
    "INSERT OR REPLACE INTO changes (id, message, kind, user, time_ms, sender, recipient)"
    " VALUES (:id, :message, '{}', :sender, :time_ms, :sender, :recipient)"
)
"""One row a message: a deletion takes the place of an edit, which has the same key."""

STATEMENTS: dict[type, Row] = {
    UserSignedUp: _row(
        "INSERT INTO users (id, name, key, password_hash, created_ms, delivered_id)"
        " VALUES (:user, :name, :key, :password_hash, :time_ms, :delivered_id)"
    ),
    PasswordSet: _row("UPDATE users SET password_hash = :password_hash WHERE id = :user"),
    TokenIssued: _row(
        "INSERT INTO tokens (token_hash, user, used_ms, created_ms) VALUES (:token_hash, :user, :time_ms, :time_ms)"
    ),
    TokenUsed: _row("UPDATE tokens SET used_ms = :time_ms WHERE token_hash = :token_hash"),
    TokenRevoked: _row("DELETE FROM tokens WHERE token_hash = :token_hash"),
    StatusSet: _row("UPDATE users SET status = :status, status_text = :text WHERE id = :user"),
    FriendRequested: _row("INSERT INTO friend_requests (asker, asked, time_ms) VALUES (:asker, :asked, :time_ms)"),
    RequestHidden: _row(
        "INSERT INTO friend_requests (asker, asked, time_ms, hidden) VALUES (:asker, :asked, :time_ms, 1)"
    ),
    RequestRemoved: _row("DELETE FROM friend_requests WHERE asker = :asker AND asked = :asked"),
    FriendAdded: _row(f"INSERT INTO friendships (user, friend, since_ms) VALUES ({_FRIENDS}, :time_ms)"),
    FriendRemoved: _row(f"DELETE FROM friendships WHERE (user, friend) = ({_FRIENDS})"),
    UserBlocked: _row("INSERT INTO blocks (user, blocked, since_ms) VALUES (:user, :blocked, :time_ms)"),
    UserUnblocked: _row("DELETE FROM blocks WHERE user = :user AND blocked = :blocked"),
    RoomCreated: _row(
        "INSERT INTO rooms (id, name, key, kind, owner, created_ms)"
        " VALUES (:room, :name, :key, :kind, :owner, :time_ms)"
    ),
    RoomJoined: _row(
        "INSERT INTO memberships (room, user, after_id, joined_ms) VALUES (:room, :user, :after_id, :time_ms)"
    ),
    RoomLeft: _row(
        "UPDATE memberships SET until_id = :until_id WHERE room = :room AND user = :user AND until_id IS NULL",
        "DELETE FROM read_marks WHERE party = :room AND user = :user",
    ),
    OwnerSet: _row("UPDATE rooms SET owner = :owner WHERE id = :room"),
    TopicSet: _row("UPDATE rooms SET topic = :topic WHERE id = :room"),
    Invited: _row("INSERT INTO invitations (room, user, inviter, time_ms) VALUES (:room, :user, :by, :time_ms)"),
    InvitationRemoved: _row("DELETE FROM invitations WHERE room = :room AND user = :user"),
    # Nobody can ask for the topic any more.
    RoomEnded: _row("UPDATE rooms SET ended_ms = :time_ms, topic = '' WHERE id = :room"),
    ReadMarked: _row("INSERT OR REPLACE INTO read_marks (user, party, upto) VALUES (:user, :party, :upto)"),
    BotRemembered: _row("INSERT OR REPLACE INTO bot_memory (bot, user, state) VALUES (:bot, :user, :state)"),
    BotTimerSet: _row(
        "INSERT OR REPLACE INTO bot_timers (bot, user, name, due_ms, room) VALUES (:bot, :user, :name, :due_ms, :room)"
    ),
    BotTimerRemoved: _row("DELETE FROM bot_timers WHERE bot = :bot AND user = :user AND name = :name"),
    Delivered: _row("UPDATE users SET delivered_id = :upto, gaps = :gaps WHERE id = :user", parameters=_delivered),
    # What may be long is removed bit by bit, by `removal`.
    AccountDeleted: _row(
        "UPDATE meta SET value = max(value, :last_message_id) WHERE name = 'last_message_id'",
        "DELETE FROM tokens WHERE user = :user",
        "UPDATE users SET deleted_ms = :time_ms, password_hash = NULL, status = 'online', status_text = '', gaps = '[]'"
        " WHERE id = :user",
        "INSERT INTO removals (user, last_id, party, after_id) VALUES (:user, :last_message_id, :user, 0)",
    ),
    MessageEdited: _row("UPDATE messages SET text = :text WHERE id = :message", _CHANGED.format("edited")),
    # The row stays, so that ids, order and the sender's tag do; an empty text is what no message can say.
    MessageDeleted: _row(
        "UPDATE messages SET text = '' WHERE id = :message",
        "DELETE FROM changes WHERE message = :message",
        _CHANGED.format("deleted"),
    ),
    ReactionChanged: _row(
        "INSERT OR REPLACE INTO changes (id, message, sender, recipient, time_ms, user, emoji, kind)"
        " VALUES (:id, :message, :sender, :recipient, :time_ms, :user, :emoji, :kind)",
        parameters=_reaction,
    ),
}
