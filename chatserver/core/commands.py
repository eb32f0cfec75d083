"""What can be asked of the chat: one class a command, in the imperative.

`user` is always the id of the user who acts; names of others are as they were typed.
`now_ms` is wall-clock time in milliseconds since 1970. Commands are built once and never
changed; they are not frozen, which would cost 0.6 µs each on the path of a message.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(slots=True)
class SignUp:
    """Make an account; the password was hashed before."""

    name: str
    password_hash: str
    now_ms: int


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
    """Say how the user is; `text` may be empty."""

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
    """Write to somebody; a tag that is not empty makes the send idempotent for a day."""

    user: int
    to: str
    text: str
    tag: str
    now_ms: int


@dataclass(slots=True)
class SendBurst:
    """Write several messages without tags to one party: all of them, or none; a refusal does not tell which is why."""

    user: int
    to: str
    texts: list[str]
    now_ms: int


class Found(NamedTuple):
    """What the store knows of the message that a user wants to change."""

    time_ms: int
    sender: int
    recipient: int
    emojis: Mapping[str, bool]  # those of this user, and whether they stand
    reactions: int  # of all users, those taken back included


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


@dataclass(slots=True)
class MarkRead:
    """Say how far a conversation is read. The store was asked for its end, and for who wrote what the mark passes."""

    user: int
    party: int
    upto: int
    end: int
    authors: tuple[int, ...]


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
    | SendBurst
    | StartBot
    | KeepForBot
    | Block
    | Unblock
    | CreateRoom
    | JoinRoom
    | LeaveRoom
    | Invite
    | Kick
    | SetTopic
    | MarkRead
    | ShowTyping
    | EditMessage
    | DeleteMessage
    | React
)
