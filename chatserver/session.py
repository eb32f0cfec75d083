"""The state machine of one client: a table of phase and verb, which turns lines into requests.

It knows the wire and the commands of the core; it knows no socket and no SQL. What it returns is
executed by the server: a command, a query, a password to be hashed or checked, or a ready answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from chatserver.core.accounts import STATUSES
from chatserver.core.commands import (
    AcceptFriend,
    AddFriend,
    Block,
    Command,
    CreateRoom,
    DeleteFriend,
    DeleteMessage,
    EditMessage,
    Invite,
    JoinRoom,
    Kick,
    LeaveRoom,
    LogOut,
    React,
    RejectFriend,
    SendMessage,
    SetStatus,
    SetTopic,
    ShowTyping,
    Unblock,
)
from chatserver.core.outcome import Refused
from chatserver.protocol.frames import BadFrame
from chatserver.protocol.names import name_key
from chatserver.protocol.verbs import (
    PING_CHARS_MAX,
    VERBS,
    Head,
    Verb,
    nearest_verb,
    parse_head,
    parse_number,
    split_arguments,
)

ROOM_KINDS = ("public", "private")
STATUS_CHARS_MAX = 140
EMOJI_CHARS_MAX = 32  # families and flags are joined from many
ROWS_MAX = 500  # of one HISTORY or SYNC
ID_MAX = 10**18 - 1


class Phase(Enum):
    """Where a client stands."""

    BEFORE_LOGIN = "before login"
    LOGGED_IN = "logged in"
    WAITING = "waiting"  # for a worker to hash a password; no line is read until it is done
    CLOSING = "closing"  # nothing more is read


@dataclass(slots=True)
class Answer:
    """Rows for the asker alone, ready to be rendered; no rows is `OK` with the fields."""

    fields: tuple[str, ...]
    rows: list[tuple[str, ...]] | None = None
    passed: tuple[int, int] | None = None  # once handed over, messages behind one id and up to another are delivered
    marks: bytes = b""  # events that are sent before the rows, to the asker alone


@dataclass(slots=True)
class AskSignUp:
    """A password to hash for a new account."""

    name: str
    password: str


@dataclass(slots=True)
class AskLogIn:
    """A password to check."""

    name: str
    password: str


@dataclass(slots=True)
class AskResume:
    """A token to look up."""

    name: str
    token: str


@dataclass(slots=True)
class AskSetPassword:
    """A password to check, and one to hash."""

    old: str
    new: str


@dataclass(slots=True)
class AskDeleteAccount:
    """A password to check."""

    password: str


@dataclass(slots=True)
class AskQuit:
    """The client is going."""


@dataclass(slots=True)
class ShowFriends:
    """SHOWFRIENDS."""


@dataclass(slots=True)
class ShowRequests:
    """SHOWREQUESTS."""


@dataclass(slots=True)
class ShowBots:
    """SHOWBOTS."""


@dataclass(slots=True)
class ShowHistory:
    """HISTORY: the last `limit` messages before an id."""

    other: str
    limit: int
    before: int


@dataclass(slots=True)
class ShowSync:
    """SYNC: the first `limit` messages after an id."""

    after: int
    limit: int


@dataclass(slots=True)
class ShowBlocks:
    """SHOWBLOCKS."""


@dataclass(slots=True)
class ShowRooms:
    """SHOWROOMS."""


@dataclass(slots=True)
class ShowMembers:
    """SHOWMEMBERS."""

    room: str


@dataclass(slots=True)
class AskMarkRead:
    """MARKREAD: what a conversation holds has to be asked first."""

    other: str
    upto: int


@dataclass(slots=True)
class ShowUnread:
    """SHOWUNREAD."""


@dataclass(slots=True)
class Search:
    """SEARCH."""

    words: str


@dataclass(slots=True)
class Explain:
    """EXPLAIN: one message."""

    message: int


@dataclass(slots=True)
class Export:
    """EXPORT: all about the user; of a second page on, the messages after an id alone."""

    after: int


Ask = AskSignUp | AskLogIn | AskResume | AskSetPassword | AskDeleteAccount | AskQuit
Query = ShowFriends | ShowRequests | ShowBots | ShowHistory | ShowSync | ShowBlocks | ShowRooms | ShowMembers
LongQuery = AskMarkRead | ShowUnread | Search | Explain | Export
"""These may take longer than a turn has."""
Request = Command | Ask | Query | LongQuery | Answer | Refused

BAD_ARGUMENTS = Refused("BAD_ARGUMENTS", "")
"""What a builder returns for fields that do not fit; the usage is put in its place."""
BAD_LINE = Head(None, "?", "")
"""In the place of the head of a line that is no frame."""
NOT_LOGGED_IN = Refused("NOT_LOGGED_IN", "Log in first: LOGIN|username|password, or SIGNUP if you are new")


class Session:
    """One client's standing: its phase, and who it is once logged in."""

    __slots__ = ("_after_wait", "_rows", "name", "phase", "reads", "token_hash", "user")

    def __init__(self) -> None:
        self.user = 0
        self.name = ""  # as signed up; every command names it
        self.token_hash = b""
        self._after_wait = Phase.BEFORE_LOGIN
        self._become(Phase.BEFORE_LOGIN)

    def wait(self) -> None:
        """Read nothing until `go_on`: replies keep the order of the commands."""
        self._after_wait = self.phase
        self._become(Phase.WAITING)

    def go_on(self) -> None:
        """Read again, as before the wait."""
        if self.phase is Phase.WAITING:  # it may be closing by now
            self._become(self._after_wait)

    def close(self) -> None:
        """Read nothing more, ever."""
        self._become(Phase.CLOSING)

    def reopen(self) -> None:
        """Take back a close whose reason did not come true."""
        self._become(Phase.LOGGED_IN if self.user else Phase.BEFORE_LOGIN)

    def log_in(self, user: int, name: str, token_hash: bytes) -> None:
        """Become a user's session."""
        self.user, self.name, self.token_hash = user, name, token_hash
        self._become(Phase.LOGGED_IN)

    def log_out(self) -> None:
        """Become as before login."""
        self.user, self.name, self.token_hash = 0, "", b""
        self._become(Phase.BEFORE_LOGIN)

    def _become(self, phase: Phase) -> None:
        self.phase = phase
        self.reads = phase in (Phase.BEFORE_LOGIN, Phase.LOGGED_IN)  # whether lines may be read
        self._rows = _ROWS[phase]  # looked up here, because it is per command else, and an Enum's hash is slow

    def read(self, line: str, now_ms: int) -> tuple[str, Request]:
        """Understand one line: the verb (and tag) to echo, and what to do. Refusals come in the protocol's order."""
        word, bar, rest = line.partition("|")
        row, echo, tag = self._rows.get(word), word, ""
        if row is None:  # a tag, another letter case, or nothing that may be said now
            head = BAD_LINE if isinstance(line, BadFrame) else parse_head(word)
            echo, tag = head.echo, head.tag
            row = self._rows.get(head.verb.name) if head.verb else None
            if row is None:
                return echo, _no_row(head, line, word)
        verb = row.verb
        fields = rest.split("|", row.cuts_max) if bar else []
        if len(fields) != row.fields_max:
            complete = split_arguments(verb, rest if bar else None)  # some were left out, or there are too many
            if complete is None:
                return echo, Refused("BAD_ARGUMENTS", verb.usage)
            fields = complete
        request = row.build(self, fields, tag, now_ms)
        if request is BAD_ARGUMENTS:
            return echo, Refused("BAD_ARGUMENTS", verb.usage)
        if row.is_own and fields[0] != self.name and not self._is_named(verb, fields[0]):
            return echo, Refused("NOT_YOU", f"You are logged in as {self.name}: put that name after the verb")
        return echo, request

    def _is_named(self, verb: Verb, name: str) -> bool:
        """The user may type the own name in another case or Unicode form, or leave it out where it is optional."""
        return name_key(name) == name_key(self.name) or (not name and verb.required == 0)


def _no_row(head: Head, line: str, word: str) -> Refused:
    """Why a line leads to nothing."""
    if head is BAD_LINE:
        return Refused("BAD_FRAME", line)
    if head.bad_tag:
        return Refused("BAD_FRAME", "A tag has 1 to 32 characters of A-Z a-z 0-9 _ . - behind the #")
    return NOT_LOGGED_IN if head.verb else _unknown(word)


def _unknown(word: str) -> Refused:
    near = nearest_verb(word.partition("#")[0])
    return Refused("UNKNOWN_COMMAND", f"There is no such command. Did you mean {near}? HELP lists all commands")


Builder = Callable[[Session, list[str], str, int], Request]


def _sign_up(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return AskSignUp(fields[0], fields[1])


def _log_in(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return AskLogIn(fields[0], fields[1])


def _resume(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return AskResume(fields[0], fields[1])


def _log_out(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return LogOut(session.user, session.token_hash)


def _already_logged_in(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return Refused("ALREADY_LOGGED_IN", f"You are logged in as {session.name}: LOGOUT first")


def _set_password(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return AskSetPassword(fields[1], fields[2])


def _delete_account(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return AskDeleteAccount(fields[1])


def _set_status(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    if fields[1] not in STATUSES or len(fields[2]) > STATUS_CHARS_MAX:
        return BAD_ARGUMENTS
    return SetStatus(session.user, fields[1], fields[2])


def _ping(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return Answer((fields[0],)) if len(fields[0]) <= PING_CHARS_MAX else BAD_ARGUMENTS


def _help(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    wanted = fields[0]
    if not wanted:
        return Answer((), [(verb.name, verb.help, verb.usage) for verb in VERBS.values()])
    verb = VERBS.get(wanted.upper()) if wanted.isascii() else None
    return Answer((), [(verb.name, verb.help, verb.usage)]) if verb else _unknown(wanted)


def _quit(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return AskQuit()


def _add_friend(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return AddFriend(session.user, fields[1], now_ms)


def _accept_friend(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return AcceptFriend(session.user, fields[1], now_ms)


def _reject_friend(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return RejectFriend(session.user, fields[1])


def _delete_friend(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return DeleteFriend(session.user, fields[1])


def _show_friends(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowFriends()


def _show_requests(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowRequests()


def _show_bots(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowBots()


def _send_message(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return SendMessage(session.user, fields[1], fields[2], tag, now_ms)


def _edit_message(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    message_id = parse_number(fields[1], 1, ID_MAX)
    return BAD_ARGUMENTS if message_id is None else EditMessage(session.user, message_id, fields[2], now_ms)


def _delete_message(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    message_id = parse_number(fields[1], 1, ID_MAX)
    return BAD_ARGUMENTS if message_id is None else DeleteMessage(session.user, message_id, now_ms)


def _react(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    message_id, emoji = parse_number(fields[1], 1, ID_MAX), fields[2]
    if message_id is None or not 1 <= len(emoji) <= EMOJI_CHARS_MAX or any(map(str.isspace, emoji)):
        return BAD_ARGUMENTS
    return React(session.user, message_id, emoji, now_ms)


def _history(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    limit = parse_number(fields[2] or "50", 1, ROWS_MAX)
    before = parse_number(fields[3] or str(ID_MAX), 1, ID_MAX)
    return BAD_ARGUMENTS if limit is None or before is None else ShowHistory(fields[1], limit, before)


def _sync(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    after = parse_number(fields[1], 0, ID_MAX)
    limit = parse_number(fields[2] or str(ROWS_MAX), 1, ROWS_MAX)
    return BAD_ARGUMENTS if after is None or limit is None else ShowSync(after, limit)


def _block(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return Block(session.user, fields[1], now_ms)


def _unblock(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return Unblock(session.user, fields[1])


def _show_blocks(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowBlocks()


def _create_room(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    kind = fields[2] or "public"
    return CreateRoom(session.user, fields[1], kind, now_ms) if kind in ROOM_KINDS else BAD_ARGUMENTS


def _join(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return JoinRoom(session.user, fields[1], now_ms)


def _leave(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return LeaveRoom(session.user, fields[1], now_ms)


def _invite(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return Invite(session.user, fields[1], fields[2], now_ms)


def _kick(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return Kick(session.user, fields[1], fields[2], now_ms)


def _set_topic(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return SetTopic(session.user, fields[1], fields[2])


def _show_rooms(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowRooms()


def _show_members(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowMembers(fields[1])


def _mark_read(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    upto = parse_number(fields[2], 1, ID_MAX)
    return BAD_ARGUMENTS if upto is None else AskMarkRead(fields[1], upto)


def _show_unread(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowUnread()


def _typing(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowTyping(session.user, fields[1], now_ms)


def _search(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    return Search(fields[1])


def _explain(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    message = parse_number(fields[1], 1, ID_MAX)
    return BAD_ARGUMENTS if message is None else Explain(message)


def _export(session: Session, fields: list[str], tag: str, now_ms: int) -> Request:
    after = parse_number(fields[1] or "0", 0, ID_MAX)
    return BAD_ARGUMENTS if after is None else Export(after)


_ALWAYS: dict[str, Builder] = {"PING": _ping, "HELP": _help, "QUIT": _quit, "SIGNUP": _sign_up}

TABLE: dict[Phase, dict[str, Builder]] = {
    Phase.BEFORE_LOGIN: {**_ALWAYS, "LOGIN": _log_in, "RESUME": _resume},
    Phase.LOGGED_IN: {
        **_ALWAYS,
        "LOGIN": _already_logged_in,
        "RESUME": _already_logged_in,
        "LOGOUT": _log_out,
        "SETPASSWORD": _set_password,
        "DELETEACCOUNT": _delete_account,
        "SETSTATUS": _set_status,
        "ADDFRIEND": _add_friend,
        "ACCEPTFRIEND": _accept_friend,
        "REJECTFRIEND": _reject_friend,
        "DELETEFRIEND": _delete_friend,
        "SHOWFRIENDS": _show_friends,
        "SHOWREQUESTS": _show_requests,
        "SHOWBOTS": _show_bots,
        "SENDMESSAGE": _send_message,
        "HISTORY": _history,
        "SYNC": _sync,
        "BLOCK": _block,
        "UNBLOCK": _unblock,
        "SHOWBLOCKS": _show_blocks,
        "CREATEROOM": _create_room,
        "JOIN": _join,
        "LEAVE": _leave,
        "INVITE": _invite,
        "KICK": _kick,
        "SETTOPIC": _set_topic,
        "SHOWROOMS": _show_rooms,
        "SHOWMEMBERS": _show_members,
        "MARKREAD": _mark_read,
        "SHOWUNREAD": _show_unread,
        "TYPING": _typing,
        "SEARCH": _search,
        "EXPLAIN": _explain,
        "EXPORT": _export,
        "EDITMESSAGE": _edit_message,
        "DELETEMESSAGE": _delete_message,
        "REACT": _react,
    },
    Phase.WAITING: {},
    Phase.CLOSING: {},
}
"""Which verbs a client may use in which phase, and what each becomes; a missing row is the refusal."""


class _Row(NamedTuple):
    """A row of the table with what is needed of its verb, reckoned once."""

    verb: Verb
    build: Builder
    cuts_max: int
    fields_max: int
    is_own: bool  # the first field must name the user


def _row(name: str, build: Builder) -> _Row:
    verb = VERBS[name]
    fields_max = len(verb.fields)
    is_own = not verb.before_login and fields_max > 0
    return _Row(verb, build, fields_max - 1 if verb.free_text else -1, fields_max, is_own)


_ROWS = {phase: {name: _row(name, build) for name, build in table.items()} for phase, table in TABLE.items()}
