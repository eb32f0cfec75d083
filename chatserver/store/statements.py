"""The SQL of each event type but messages, which have a file of their own (`message_rows`)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from chatserver.core.events import (
    AccountDeleted,
    AddressBanned,
    Announced,
    BanEnded,
    BotAnswered,
    BotRemembered,
    BotTimerRemoved,
    BotTimerSet,
    DeedNoted,
    Delivered,
    EditWithheld,
    FriendAdded,
    FriendRemoved,
    FriendRequested,
    InvitationRemoved,
    Invited,
    InviteEnded,
    InviteSet,
    MessageDeleted,
    MessageEdited,
    MessageReported,
    ModeratorSet,
    NoticeEnded,
    OwnerSet,
    PasswordSet,
    ReactionChanged,
    ReadMarked,
    ReportClosed,
    RequestHidden,
    RequestRemoved,
    RetentionSet,
    RoomCreated,
    RoomEnded,
    RoomForgotten,
    RoomJoined,
    RoomLeft,
    SanctionEnded,
    SanctionSet,
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
_GONE_TEXT = "UPDATE meta SET value = 1 WHERE name = 'log_purge' AND value = 0"
"""The log may still hold what is not in the tables any more."""
LEAVE_TEXT = frozenset((MessageEdited, MessageDeleted))
"""The events behind which a text is to be in no file any more; a deleted account's are removed bit by bit."""
_OLD = (
    "number <= (SELECT number FROM memberships WHERE user = :user AND until_id {} after_id"
    " ORDER BY number DESC LIMIT 1 OFFSET :kept)"
)
"""Of a user's stays that are over, silent ones or others: all but the last `kept`."""

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
    # A silent stay ends where it begins, so that nobody looks into it. Of too many the oldest go. Those in which
    # something was said go to the user's negative id, where nobody but `removal` finds them.
    RoomLeft: _row(
        "UPDATE memberships SET until_id = iif(:is_silent, after_id, :until_id)"
        " WHERE room = :room AND user = :user AND until_id IS NULL",
        f"DELETE FROM memberships WHERE :kept AND user = :user AND until_id = after_id AND {_OLD.format('=')}",
        "UPDATE memberships SET user = -user"
        f" WHERE :kept AND user = :user AND until_id > after_id AND {_OLD.format('>')}",
        "DELETE FROM read_marks WHERE party = :room AND user = :user",
        "UPDATE bot_timers SET room = '' WHERE user = :user AND room = (SELECT name FROM rooms WHERE id = :room)",
        "DELETE FROM moderators WHERE room = :room AND user = :user",
    ),
    OwnerSet: _row(
        "UPDATE rooms SET owner = :owner WHERE id = :room",
        "DELETE FROM moderators WHERE room = :room AND user = :owner",
    ),
    TopicSet: _row("UPDATE rooms SET topic = :topic, topic_by = :user WHERE id = :room"),
    # How far the room's messages have gone already (`retention`) stays true whatever is said later.
    RetentionSet: _row(
        "INSERT INTO room_retention (room, days) VALUES (:room, :days) ON CONFLICT (room) DO UPDATE SET days = :days"
    ),
    Invited: _row("INSERT INTO invitations (room, user, inviter, time_ms) VALUES (:room, :user, :by, :time_ms)"),
    InvitationRemoved: _row("DELETE FROM invitations WHERE room = :room AND user = :user"),
    # Nobody can ask for the topic any more. Ids of rooms do not come again, also where the rows are gone.
    RoomEnded: _row(
        "UPDATE rooms SET ended_ms = :time_ms, topic = '' WHERE id = :room",
        "INSERT INTO meta SELECT 'last_room_id', :forgotten WHERE :forgotten"
        " ON CONFLICT (name) DO UPDATE SET value = min(value, excluded.value)",
        "DELETE FROM rooms WHERE id = :forgotten AND ended_ms IS NOT NULL",
    ),
    RoomForgotten: _row(
        "INSERT INTO meta VALUES ('last_room_id', :room)"
        " ON CONFLICT (name) DO UPDATE SET value = min(value, excluded.value)",
        "DELETE FROM rooms WHERE id = :room",
    ),
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
        "DELETE FROM sanctions WHERE user = :user",
        "UPDATE reports SET text = '' WHERE author = :user",
        "UPDATE reports SET why = '' WHERE user = :user",
        "INSERT INTO removals (user, last_id, party, after_id) VALUES (:user, :last_message_id, :user, 0)",
    ),
    BotAnswered: _row("INSERT INTO answers (answer, message, asker) VALUES (:answer, :message, :asker)"),
    MessageEdited: _row(
        "UPDATE messages SET text = :text WHERE id = :message",
        _CHANGED.format("edited"),
        "DELETE FROM withheld_edits WHERE message = :message",
        _GONE_TEXT,
    ),
    EditWithheld: _row(
        "INSERT OR REPLACE INTO withheld_edits (id, message, author, recipient, time_ms, text)"
        " VALUES (:id, :message, :sender, :recipient, :time_ms, :text)"
    ),
    # The row stays, so that ids, order and the sender's tag do; an empty text is what no message can say.
    MessageDeleted: _row(
        "UPDATE messages SET text = '' WHERE id = :message",
        "DELETE FROM changes WHERE message = :message",
        "DELETE FROM withheld_edits WHERE message = :message",
        "DELETE FROM answers WHERE answer = :message",
        _CHANGED.format("deleted"),
        _GONE_TEXT,
    ),
    ReactionChanged: _row(
        "INSERT OR REPLACE INTO changes (id, message, sender, recipient, time_ms, user, emoji, kind)"
        " VALUES (:id, :message, :sender, :recipient, :time_ms, :user, :emoji, :kind)",
        parameters=_reaction,
    ),
    ModeratorSet: _row(
        "DELETE FROM moderators WHERE room = :room AND user = :user",
        "INSERT INTO moderators (room, user) SELECT :room, :user WHERE :is_moderator",
    ),
    MessageReported: _row(
        "INSERT INTO reports (id, time_ms, user, message, author, party, text, why)"
        " VALUES (:report, :time_ms, :user, :message, :author, :party, :text, :why)"
    ),
    ReportClosed: _row("UPDATE reports SET closed_ms = :time_ms WHERE id = :report AND closed_ms IS NULL"),
    SanctionSet: _row(
        "INSERT OR REPLACE INTO sanctions (user, kind, until_ms, reason) VALUES (:user, :kind, :until_ms, :reason)"
    ),
    SanctionEnded: _row("DELETE FROM sanctions WHERE user = :user AND kind = :kind"),
    AddressBanned: _row(
        "INSERT OR REPLACE INTO bans (network, until_ms, reason, time_ms)"
        " VALUES (:network, :until_ms, :reason, :time_ms)"
    ),
    BanEnded: _row("DELETE FROM bans WHERE network = :network"),
    InviteSet: _row("INSERT OR REPLACE INTO invites (code, uses, until_ms) VALUES (:code, :uses, :until_ms)"),
    InviteEnded: _row("DELETE FROM invites WHERE code = :code"),
    Announced: _row("INSERT INTO notices (id, text, until_ms) VALUES (:notice, :text, :until_ms)"),
    NoticeEnded: _row("DELETE FROM notices WHERE id = :notice"),
    DeedNoted: _row("INSERT INTO audit (time_ms, actor, deed) VALUES (:time_ms, :actor, :deed)"),
}
