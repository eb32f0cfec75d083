"""The SQL of each event type but messages (`message_rows`); its parameters are the event itself where they can be."""

import json
from collections.abc import Callable, Iterable
from operator import attrgetter
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

Rows = Iterable[tuple[Any, ...]]
Statement = tuple[str, Callable[[Any], tuple[Any, ...]] | None]
"""SQL, and what makes an event its parameters (None: the event's own fields, in their order)."""


def _delivered(event: Delivered) -> tuple[Any, ...]:
    return event.upto, json.dumps(event.gaps), event.user


def _user(event: AccountDeleted) -> tuple[Any, ...]:
    return (event.user,)


def _message_id(event: MessageDeleted) -> tuple[Any, ...]:
    return (event.message,)


def _reaction(event: ReactionChanged) -> tuple[Any, ...]:
    *shared, stands = event
    return (*shared, "reacted" if stands else "unreacted")


_last_message = attrgetter("last_message_id", "last_message_id")
_deletion = attrgetter("time_ms", "user")
_text = attrgetter("text", "message")
_change = attrgetter("id", "message", "sender", "recipient", "time_ms")
_CHANGE_SQL = (
    "INSERT OR REPLACE INTO changes (id, message, kind, user, time_ms, sender, recipient)"
    " VALUES (?1, ?2, '{}', ?3, ?5, ?3, ?4)"
)
"""One row a message: a deletion takes the place of an edit, which has the same key."""

STATEMENTS: dict[type, tuple[Statement, ...]] = {
    UserSignedUp: (
        ("INSERT INTO users (id, name, key, password_hash, created_ms, delivered_id) VALUES (?, ?, ?, ?, ?, ?)", None),
    ),
    PasswordSet: (("UPDATE users SET password_hash = ? WHERE id = ?", None),),
    TokenIssued: (("INSERT INTO tokens (token_hash, user, used_ms, created_ms) VALUES (?1, ?2, ?3, ?3)", None),),
    TokenUsed: (("UPDATE tokens SET used_ms = ? WHERE token_hash = ?", None),),
    TokenRevoked: (("DELETE FROM tokens WHERE token_hash = ?", None),),
    StatusSet: (("UPDATE users SET status = ?, status_text = ? WHERE id = ?", None),),
    FriendRequested: (("INSERT INTO friend_requests (asker, asked, time_ms) VALUES (?, ?, ?)", None),),
    RequestRemoved: (("DELETE FROM friend_requests WHERE asker = ? AND asked = ?", None),),
    FriendAdded: (("INSERT INTO friendships (user, friend, since_ms) VALUES (min(?1, ?2), max(?1, ?2), ?3)", None),),
    FriendRemoved: (("DELETE FROM friendships WHERE user = min(?1, ?2) AND friend = max(?1, ?2)", None),),
    UserBlocked: (("INSERT INTO blocks (user, blocked, since_ms) VALUES (?, ?, ?)", None),),
    UserUnblocked: (("DELETE FROM blocks WHERE user = ? AND blocked = ?", None),),
    RequestHidden: (("INSERT INTO friend_requests (asker, asked, time_ms, hidden) VALUES (?, ?, ?, 1)", None),),
    RoomCreated: (("INSERT INTO rooms (id, name, key, kind, owner, created_ms) VALUES (?, ?, ?, ?, ?, ?)", None),),
    RoomJoined: (("INSERT INTO memberships (room, user, after_id, joined_ms) VALUES (?, ?, ?, ?)", None),),
    RoomLeft: (
        ("UPDATE memberships SET until_id = ? WHERE room = ? AND user = ? AND until_id IS NULL", None),
        ("DELETE FROM read_marks WHERE party = ? AND user = ?", attrgetter("room", "user")),
    ),
    OwnerSet: (("UPDATE rooms SET owner = ? WHERE id = ?", None),),
    TopicSet: (("UPDATE rooms SET topic = ? WHERE id = ?", attrgetter("topic", "room")),),
    Invited: (("INSERT INTO invitations (room, user, inviter, time_ms) VALUES (?, ?, ?, ?)", None),),
    InvitationRemoved: (("DELETE FROM invitations WHERE room = ? AND user = ?", None),),
    RoomEnded: (("UPDATE rooms SET ended_ms = ?, topic = '' WHERE id = ?", None),),  # nobody can ask for it any more
    ReadMarked: (
        ("INSERT OR REPLACE INTO read_marks (user, party, upto) VALUES (?, ?, ?)", attrgetter("user", "party", "upto")),
    ),
    BotRemembered: (("INSERT OR REPLACE INTO bot_memory (bot, user, state) VALUES (?, ?, ?)", None),),
    BotTimerSet: (("INSERT OR REPLACE INTO bot_timers (bot, user, name, due_ms, room) VALUES (?, ?, ?, ?, ?)", None),),
    BotTimerRemoved: (("DELETE FROM bot_timers WHERE bot = ? AND user = ? AND name = ?", None),),
    Delivered: (("UPDATE users SET delivered_id = ?, gaps = ? WHERE id = ?", _delivered),),
    # What may be long is removed bit by bit, by `removal`.
    AccountDeleted: (
        ("UPDATE meta SET value = ? WHERE name = 'last_message_id' AND value < ?", _last_message),
        ("DELETE FROM tokens WHERE user = ?", _user),
        (
            "UPDATE users SET deleted_ms = ?, password_hash = NULL, status = 'online', status_text = '', gaps = '[]'"
            " WHERE id = ?",
            _deletion,
        ),
        (
            "INSERT INTO removals (user, last_id, party, after_id) VALUES (?1, ?2, ?1, 0)",
            attrgetter("user", "last_message_id"),
        ),
    ),
    MessageEdited: (
        ("UPDATE messages SET text = ? WHERE id = ?", _text),
        (_CHANGE_SQL.format("edited"), _change),
    ),
    # The row stays, so that ids, order and the sender's tag do; an empty text is what no message can say.
    MessageDeleted: (
        ("UPDATE messages SET text = '' WHERE id = ?", _message_id),
        ("DELETE FROM changes WHERE message = ?", _message_id),
        (_CHANGE_SQL.format("deleted"), _change),
    ),
    ReactionChanged: (
        (
            "INSERT OR REPLACE INTO changes (id, message, sender, recipient, time_ms, user, emoji, kind)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            _reaction,
        ),
    ),
}
