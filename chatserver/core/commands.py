"""What can be asked of the chat: one class a command, in the imperative.

`user` is always the id of the user who acts; names of others are as they were typed.
`now_ms` is wall-clock time in milliseconds since 1970. Commands are built once and never
changed; they are not frozen, which would cost 0.6 µs each on the path of a message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chatserver.core.tags import Tags


@dataclass(slots=True)
class SignUp:
    """Make an account; the password was hashed before.

    `code` is the invitation code that came with it. None: an administrator makes it, whatever the policy is.
    """

    name: str
    password_hash: str
    now_ms: int
    code: str | None = ""


@dataclass(slots=True)
class LogIn:
    """Open a session for a user whose password was found right."""

    user: int
    token_hash: bytes
    now_ms: int


@dataclass(slots=True)
class Resume:
    """Open a session with the token of an earlier login."""

    username: str
    token_hash: bytes
    now_ms: int


@dataclass(slots=True)
class LogOut:
    """End this session and revoke its token."""

    user: int
    token_hash: bytes


@dataclass(slots=True)
class CloseSession:
    """A session's connection is gone; its token stays good, and counts as used until now."""

    user: int
    token_hash: bytes
    now_ms: int


@dataclass(slots=True)
class KeepTokens:
    """The hourly look at tokens: those of open sessions are in use."""

    in_use: frozenset[bytes]
    now_ms: int


@dataclass(slots=True)
class SetPassword:
    """Replace the password; `token_hash` is the one token that stays good."""

    user: int
    password_hash: str
    token_hash: bytes


@dataclass(slots=True)
class Rehash:
    """Replace the hash of an unchanged password, whose cost setting has changed."""

    user: int
    password_hash: str


@dataclass(slots=True)
class DeleteAccount:
    """Remove a user, and all that the user wrote."""

    user: int
    now_ms: int


@dataclass(slots=True)
class SetStatus:
    """Say how the user is; what is left out of the two is empty."""

    user: int
    status: str
    text: str


@dataclass(slots=True)
class AddFriend:
    """Ask for a friendship, or accept where the other has asked already."""

    user: int
    friend: str
    now_ms: int


@dataclass(slots=True)
class AcceptFriend:
    """Say yes to a request."""

    user: int
    friend: str
    now_ms: int


@dataclass(slots=True)
class RejectFriend:
    """Say no to a request."""

    user: int
    friend: str


@dataclass(slots=True)
class DeleteFriend:
    """End a friendship, or take back a request."""

    user: int
    friend: str


@dataclass(slots=True)
class SendMessage:
    """Write to somebody; a tag that is not empty makes the send idempotent for a day.

    A bot names a room by its id: it may be in several of one name.
    """

    user: int
    to: str | int
    text: str
    tag: str
    now_ms: int


@dataclass(slots=True)
class SendAgain:
    """Write to somebody with a tag that was looked up, or answer as the message did that was sent with it.

    `sent` is that message's id and time; `read` are all tags of the user, where they had to be read for it.
    """

    user: int
    to: str | int
    text: str
    tag: str
    now_ms: int
    sent: tuple[int, int] | None
    read: Tags | None


@dataclass(slots=True)
class SendBurst:
    """Write several messages: all of them, or none; a refusal does not tell which is why.

    `to` has each party with how many messages in a row are for it. Every message has a tag, or none has.
    """

    user: int
    to: Sequence[tuple[str, int]]
    texts: Sequence[str]
    now_ms: int
    tags: list[str] | None = None


@dataclass(slots=True)
class AnswerForBot:
    """Say something in a bot's name to a user or in a room (by its id). `message` is what it answers, 0 for none."""

    user: int  # the bot
    to: str | int
    text: str
    message: int
    asker: int
    now_ms: int


class Answered(NamedTuple):
    """What a bot has answered to a message."""

    id: int
    sender: int
    recipient: int


class Found(NamedTuple):
    """What the store knows of the message that a user wants to change."""

    time_ms: int
    sender: int
    recipient: int
    emojis: Mapping[str, bool]  # those of this user, and whether they stand
    reactions: int  # of all users, those taken back included
    others: frozenset[str] = frozenset()  # emojis that other users have put to it
    answers: tuple[Answered, ...] = ()  # of bots to it


@dataclass(slots=True)
class EditMessage:
    """Give one's own message another text. `found` is None where there is no such message."""

    user: int
    id: int
    text: str
    now_ms: int
    found: Found | None


@dataclass(slots=True)
class DeleteMessage:
    """Take one's own message back."""

    user: int
    id: int
    now_ms: int
    found: Found | None


@dataclass(slots=True)
class React:
    """Put an emoji to a message, or take it away again."""

    user: int
    id: int
    emoji: str
    now_ms: int
    found: Found | None


@dataclass(slots=True)
class StartBot:
    """Let a bot run; its account is made the first time. `help` says what it does."""

    name: str
    help: str
    now_ms: int


@dataclass(slots=True)
class StopBot:
    """Let a bot run no more; its account and its memory stay."""

    bot: int


class BotTimer(NamedTuple):
    """When a bot wants to be woken; `due_ms` is None to take it back, `room` empty for the user alone."""

    name: str
    due_ms: int | None
    room: str


@dataclass(slots=True)
class KeepForBot:
    """What a bot remembers of a user and of all, as JSON (None: as it was), and its timers for that user."""

    bot: int
    user: int
    state: str | None
    shared: str | None
    timers: tuple[BotTimer, ...]


@dataclass(slots=True)
class Block:
    """Keep somebody's requests, messages, invitations and status away."""

    user: int
    name: str
    now_ms: int


@dataclass(slots=True)
class Unblock:
    """End a block."""

    user: int
    name: str


@dataclass(slots=True)
class CreateRoom:
    """Make a room; `kind` is public or private."""

    user: int
    room: str
    kind: str
    now_ms: int


@dataclass(slots=True)
class JoinRoom:
    """Become a member."""

    user: int
    room: str
    now_ms: int


@dataclass(slots=True)
class LeaveRoom:
    """Be a member no more."""

    user: int
    room: str
    now_ms: int


@dataclass(slots=True)
class Invite:
    """Ask somebody into a room."""

    user: int
    room: str
    name: str
    now_ms: int


@dataclass(slots=True)
class Kick:
    """Take somebody out of one's own room."""

    user: int
    room: str
    name: str
    now_ms: int


@dataclass(slots=True)
class SetTopic:
    """Say what a room is about; empty clears it."""

    user: int
    room: str
    topic: str
    now_ms: int = 0


class NewUser(NamedTuple):
    """An entry of a list of accounts."""

    line: int
    name: str
    password_hash: str


class NewRoom(NamedTuple):
    """An entry of a list of rooms."""

    line: int
    name: str
    kind: str
    owner: str
    topic: str
    members: Sequence[str]
    history_days: int | None


@dataclass(slots=True)
class MakeUsers:
    """Make all accounts of a list, each with a password for once, or none."""

    users: Sequence[NewUser]
    now_ms: int


@dataclass(slots=True)
class MakeRooms:
    """Make all rooms of a list, or none."""

    rooms: Sequence[NewRoom]
    now_ms: int


@dataclass(slots=True)
class SetRetention:
    """Say how many days messages of a room are kept; 0: for good, None: as those of all others."""

    room: str
    days: int | None


@dataclass(slots=True)
class MarkRead:
    """Say how far a conversation is read. The store was asked for its end, and for who wrote what the mark passes."""

    user: int
    party: int
    upto: int
    end: int
    authors: tuple[int, ...]


@dataclass(slots=True)
class HandOver:
    """Make another member the owner of a room. `user` is 0 where an administrator does it."""

    user: int
    room: str
    name: str


@dataclass(slots=True)
class NameModerator:
    """Let a member help the owner of a room, or no more."""

    user: int
    room: str
    name: str
    is_moderator: bool


@dataclass(slots=True)
class CloseRoom:
    """End a room, whoever is in it."""

    room: str
    now_ms: int


@dataclass(slots=True)
class Report:
    """Tell the administrators of a message. `found` is None where the user can read no such message."""

    user: int
    id: int
    why: str
    now_ms: int
    found: Found | None
    text: str


@dataclass(slots=True)
class CloseReport:
    """A report has been dealt with."""

    report: int
    now_ms: int


@dataclass(slots=True)
class Sanction:
    """Keep a user from something until a time; `kind` is one of `moderation.KINDS`."""

    name: str
    kind: str
    until_ms: int
    reason: str
    now_ms: int


@dataclass(slots=True)
class Pardon:
    """End a sanction."""

    name: str
    kind: str


@dataclass(slots=True)
class EndSessions:
    """Close a user's sessions, all or only those of these tokens, which are worthless from now on."""

    user: int
    token_hashes: tuple[bytes, ...]
    text: str
    only_theirs: bool = False


@dataclass(slots=True)
class ResetPassword:
    """Give a user a password that has to be changed before the next login."""

    user: int
    password_hash: str


@dataclass(slots=True)
class Ban:
    """Keep an address or a network out; `network` is in the form of `networks.network_of`."""

    network: str
    until_ms: int
    reason: str
    now_ms: int


@dataclass(slots=True)
class Unban:
    """Let an address or a network in again."""

    network: str


@dataclass(slots=True)
class MakeInvite:
    """Make an invitation code that is good for some sign-ups, until a time."""

    code: str
    uses: int
    until_ms: int


@dataclass(slots=True)
class RevokeInvite:
    """Make an invitation code worthless."""

    code: str


@dataclass(slots=True)
class Announce:
    """Tell everybody something, now and at each login until a time."""

    text: str
    until_ms: int
    now_ms: int


@dataclass(slots=True)
class EndNotice:
    """Tell it at logins no more."""

    notice: int


@dataclass(slots=True)
class Sweep:
    """The hourly look at what has ended: sanctions, bans, codes and notices."""

    now_ms: int


@dataclass(slots=True)
class NoteDeed:
    """Keep who has administered what."""

    actor: str
    deed: str
    now_ms: int


@dataclass(slots=True)
class ShowTyping:
    """Tell the other side that a message is being written."""

    user: int
    to: str
    now_ms: int


Command = (
    SignUp
    | LogIn
    | Resume
    | LogOut
    | CloseSession
    | KeepTokens
    | SetPassword
    | Rehash
    | DeleteAccount
    | SetStatus
    | AddFriend
    | AcceptFriend
    | RejectFriend
    | DeleteFriend
    | SendMessage
    | SendAgain
    | SendBurst
    | AnswerForBot
    | StartBot
    | StopBot
    | KeepForBot
    | Block
    | Unblock
    | CreateRoom
    | JoinRoom
    | LeaveRoom
    | Invite
    | Kick
    | SetTopic
    | SetRetention
    | MakeUsers
    | MakeRooms
    | MarkRead
    | ShowTyping
    | EditMessage
    | DeleteMessage
    | React
    | HandOver
    | NameModerator
    | CloseRoom
    | Report
    | CloseReport
    | Sanction
    | Pardon
    | EndSessions
    | ResetPassword
    | Ban
    | Unban
    | MakeInvite
    | RevokeInvite
    | Announce
    | EndNotice
    | Sweep
    | NoteDeed
)
