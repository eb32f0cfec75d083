"""What has happened: one tuple type an event, in the past tense.

Tuples are made and taken apart quickly; on the path of a message, that is done by place. Users are ids, times are
milliseconds since 1970.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from chatserver.core.tags import Tags


class UserSignedUp(NamedTuple):
    """An account was made."""

    user: int
    name: str
    key: str
    password_hash: str
    time_ms: int
    delivered_id: int  # messages up to here are older than the account


class PasswordSet(NamedTuple):
    """A user has a new password hash."""

    password_hash: str
    user: int


class TokenIssued(NamedTuple):
    """A login got a token, of which only the hash is kept."""

    token_hash: bytes
    user: int
    time_ms: int


class TokenUsed(NamedTuple):
    """A token's life was made longer."""

    time_ms: int
    token_hash: bytes


class TokenRevoked(NamedTuple):
    """A token is worthless from now on."""

    token_hash: bytes


class StatusSet(NamedTuple):
    """A user said how they are."""

    status: str
    text: str
    user: int


class FriendRequested(NamedTuple):
    """Somebody asked for a friendship."""

    asker: int
    asked: int
    time_ms: int


class RequestRemoved(NamedTuple):
    """A request was accepted, rejected or taken back."""

    asker: int
    asked: int


class FriendAdded(NamedTuple):
    """Two users are friends."""

    user: int
    friend: int
    time_ms: int


class FriendRemoved(NamedTuple):
    """Two users are friends no more."""

    user: int
    friend: int


class AccountDeleted(NamedTuple):
    """A user, and what the user wrote, is gone; the name is kept from being given out again."""

    time_ms: int
    last_message_id: int
    user: int


class MessageSent(NamedTuple):
    """A message was written. `tag` is None unless the sender chose one."""

    id: int
    time_ms: int
    sender: int
    recipient: int
    text: str
    tag: str | None


message_sent: Callable[[tuple[int, int, int, int, str, str | None]], MessageSent] = partial(tuple.__new__, MessageSent)
"""Make one from its fields in 0.1 µs in place of 0.3: it is on the path of a message."""


class BotAnswered(NamedTuple):
    """A message of a bot answers another one (0: none), and may repeat what this user wrote."""

    answer: int
    message: int
    asker: int


class BurstSent(NamedTuple):
    """One user wrote several messages to one party in one go; their ids are `first_id` and those behind it.

    All have tags, or none has.
    """

    first_id: int
    time_ms: int
    sender: int
    recipient: int
    texts: Sequence[str]
    tags: list[str] | None = None


class TagsRead(NamedTuple):
    """What is stored of a user's tags was read."""

    user: int
    tags: Tags


class Delivered(NamedTuple):
    """All messages to a user up to an id are delivered, but for those in the gaps (first and last id of each)."""

    upto: int
    gaps: tuple[tuple[int, int], ...]
    user: int


class MessageEdited(NamedTuple):
    """A message has another text. `id` is that of the change, from the sequence of messages."""

    id: int
    message: int
    sender: int
    recipient: int
    time_ms: int
    text: str


class EditWithheld(NamedTuple):
    """A message has another text for its author alone: its recipient blocks the author, and reads the old one."""

    id: int
    message: int
    sender: int
    recipient: int
    time_ms: int
    text: str


class MessageDeleted(NamedTuple):
    """A message was taken back: what is left of it is an id without a text or reactions."""

    id: int
    message: int
    sender: int
    recipient: int
    time_ms: int


class ReactionChanged(NamedTuple):
    """A user put an emoji to a message (`stands`), or took it away."""

    id: int
    message: int
    sender: int
    recipient: int
    time_ms: int
    user: int
    emoji: str
    stands: bool


class BotRemembered(NamedTuple):
    """What a bot remembers of a user (0: of all) is this, as JSON."""

    bot: int
    user: int
    state: str


class BotTimerSet(NamedTuple):
    """A bot wants to be woken for a user; an earlier timer of this name is moved."""

    bot: int
    user: int
    name: str
    due_ms: int
    room: str


class BotTimerRemoved(NamedTuple):
    """A timer was taken back, or has been dealt with."""

    bot: int
    user: int
    name: str


class UserBlocked(NamedTuple):
    """A user wants nothing from another."""

    user: int
    blocked: int
    time_ms: int


class UserUnblocked(NamedTuple):
    """A block is over."""

    user: int
    blocked: int


class RequestHidden(NamedTuple):
    """Somebody who is blocked asked for a friendship: the asker alone sees it."""

    asker: int
    asked: int
    time_ms: int


class RoomCreated(NamedTuple):
    """A room was made. Ids of rooms are below zero, so that a message's recipient tells which it is."""

    room: int
    name: str
    key: str
    kind: str
    owner: int
    time_ms: int


class RoomJoined(NamedTuple):
    """A user is a member: messages after `after_id` are for them too."""

    room: int
    user: int
    after_id: int
    time_ms: int


class RoomLeft(NamedTuple):
    """A user is a member no more: messages after `until_id` are not for them.

    Now and then the stays of the user that are over are looked through, and the last `kept` of them stay (0: all).
    """

    until_id: int
    room: int
    user: int
    is_silent: bool = False  # nothing was said or done in the room meanwhile
    kept: int = 0


class OwnerSet(NamedTuple):
    """A room has another owner."""

    owner: int
    room: int


class TopicSet(NamedTuple):
    """A room is about something else."""

    topic: str
    room: int
    user: int


class RetentionSet(NamedTuple):
    """How many days messages of a room are kept; 0: for good, None: as those of all others."""

    days: int | None
    room: int


class Invited(NamedTuple):
    """A user was asked into a room."""

    room: int
    user: int
    by: int
    time_ms: int


class InvitationRemoved(NamedTuple):
    """An invitation was used up, or the room is gone."""

    room: int
    user: int


class RoomEnded(NamedTuple):
    """The last person left: the name is free, the messages are found no more."""

    time_ms: int
    room: int
    forgotten: int = 0  # another that has ended, whose name is shown no more: there are too many


class RoomForgotten(NamedTuple):
    """The name of a room that has ended is shown no more: who left it last has deleted the account."""

    room: int


class ReadMarked(NamedTuple):
    """A user has read a conversation up to an id; the authors of what was read hear of it."""

    user: int
    party: int
    upto: int
    authors: tuple[int, ...]


class Typed(NamedTuple):
    """A user writes in a conversation now. Not stored."""

    user: int
    party: int
    time_ms: int


class ModeratorSet(NamedTuple):
    """A member helps the owner of a room, or does so no more."""

    room: int
    user: int
    is_moderator: bool


class RoleChanged(NamedTuple):
    """What somebody is in a room has changed: owner, moderator or member. Not stored: other events say it too."""

    room: int
    user: int
    role: str


class MessageReported(NamedTuple):
    """A user has told the administrators of a message, whose text is kept with it."""

    report: int
    time_ms: int
    user: int
    message: int
    author: int
    party: int
    text: str
    why: str


class ReportClosed(NamedTuple):
    """A report has been dealt with."""

    report: int
    time_ms: int


class SanctionSet(NamedTuple):
    """A user may not do something until a time."""

    user: int
    kind: str
    until_ms: int
    reason: str


class SanctionEnded(NamedTuple):
    """A user may do it again."""

    user: int
    kind: str


class UserRemoved(NamedTuple):
    """Sessions of a user are to close, all or those of some tokens, and are told why. Not stored."""

    user: int
    reason: str
    text: str
    only: tuple[bytes, ...] | None = None


class AddressBanned(NamedTuple):
    """Nobody of a network may connect until a time."""

    network: str
    until_ms: int
    reason: str
    time_ms: int


class BanEnded(NamedTuple):
    """A network may connect again."""

    network: str


class InviteSet(NamedTuple):
    """An invitation code is good for so many sign-ups, until a time."""

    code: str
    uses: int
    until_ms: int


class InviteEnded(NamedTuple):
    """An invitation code is worthless."""

    code: str


class Announced(NamedTuple):
    """Everybody is told something, until a time also at logins."""

    notice: int
    text: str
    until_ms: int


class NoticeEnded(NamedTuple):
    """It is told no more."""

    notice: int


class DeedNoted(NamedTuple):
    """Somebody has administered the server."""

    time_ms: int
    actor: str
    deed: str


class BotStarted(NamedTuple):
    """A bot runs from now on. Not stored."""

    user: int
    help: str


class BotStopped(NamedTuple):
    """A bot does not run any more. Not stored."""

    user: int


class SessionOpened(NamedTuple):
    """A user has one session more. Not stored."""

    user: int


class SessionClosed(NamedTuple):
    """A user has one session fewer. Not stored."""

    user: int


class OtherSessionsEnded(NamedTuple):
    """All of a user's sessions but the one that acts are to close. Not stored."""

    user: int


class PresenceChanged(NamedTuple):
    """What friends see of a user has changed. Not stored."""

    user: int
    status: str
    text: str


Event = (
    UserSignedUp
    | PasswordSet
    | TokenIssued
    | TokenUsed
    | TokenRevoked
    | StatusSet
    | FriendRequested
    | RequestRemoved
    | FriendAdded
    | FriendRemoved
    | AccountDeleted
    | MessageSent
    | BurstSent
    | TagsRead
    | BotAnswered
    | Delivered
    | BotRemembered
    | BotTimerSet
    | BotTimerRemoved
    | UserBlocked
    | UserUnblocked
    | RequestHidden
    | RoomCreated
    | RoomJoined
    | RoomLeft
    | OwnerSet
    | TopicSet
    | RetentionSet
    | Invited
    | InvitationRemoved
    | RoomEnded
    | RoomForgotten
    | ReadMarked
    | Typed
    | BotStarted
    | BotStopped
    | SessionOpened
    | SessionClosed
    | OtherSessionsEnded
    | PresenceChanged
    | MessageEdited
    | EditWithheld
    | MessageDeleted
    | ReactionChanged
    | ModeratorSet
    | RoleChanged
    | MessageReported
    | ReportClosed
    | SanctionSet
    | SanctionEnded
    | UserRemoved
    | AddressBanned
    | BanEnded
    | InviteSet
    | InviteEnded
    | Announced
    | NoticeEnded
    | DeedNoted
)

PASSING: frozenset[type] = frozenset(
    (
        *(
            BotStarted,
            BotStopped,
            SessionOpened,
            SessionClosed,
            OtherSessionsEnded,
            PresenceChanged,
            Typed,
            RoleChanged,
        ),
        *(UserRemoved, TagsRead),
    )
)
"""The types that are not stored."""
