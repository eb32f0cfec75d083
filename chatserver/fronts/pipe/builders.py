"""The state table: which verbs a client may use in which phase, and what request each becomes.

A builder gets fields whose number is right. It looks at their form alone, and knows no rule of the chat.
"""

from collections.abc import Callable
from typing import Protocol

from chatserver.core.accounts import STATUSES
from chatserver.core.commands import (
    AcceptFriend,
    AddFriend,
    Block,
    CreateRoom,
    DeleteFriend,
    HandOver,
    Invite,
    JoinRoom,
    Kick,
    LeaveRoom,
    LogOut,
    NameModerator,
    RejectFriend,
    SendMessage,
    SetStatus,
    SetTopic,
    ShowTyping,
    Unblock,
)
from chatserver.core.outcome import Refused
from chatserver.protocol.verbs import PING_CHARS_MAX, VERBS, nearest_verb, parse_number
from chatserver.protocol.visible import is_blank
from chatserver.queries.requests import (
    Answer,
    AskDelete,
    AskEdit,
    AskMarkRead,
    AskReact,
    AskReport,
    Explain,
    Export,
    Search,
    ShowBlocks,
    ShowBots,
    ShowConversations,
    ShowFriends,
    ShowHistory,
    ShowMembers,
    ShowRequests,
    ShowRooms,
    ShowSync,
    ShowUnread,
)
from chatserver.sessions.asks import (
    AskAdmin,
    AskDeleteAccount,
    AskLogIn,
    AskQuit,
    AskResume,
    AskSetPassword,
    AskSignUp,
    Request,
)
from chatserver.sessions.phases import Phase

ROOM_KINDS = ("public", "private")
STATUS_CHARS_MAX = 140
EMOJI_CHARS_MAX = 32  # families and flags are joined from many
ROWS_MAX = 500  # of one HISTORY or SYNC
ROWS_UNLESS_ASKED = 50  # of a HISTORY
ID_MAX = 10**18 - 1
BAD_ARGUMENTS = Refused("BAD_ARGUMENTS", "")
"""What a builder returns for fields that do not fit; the usage is put in its place."""


class Who(Protocol):
    """Whose line it is."""

    user: int
    name: str
    token_hash: bytes


def unknown_command(word: str) -> Refused:
    """The refusal of a word that is no verb, with the nearest one."""
    near = nearest_verb(word.partition("#")[0])
    return Refused("UNKNOWN_COMMAND", f"There is no such command. Did you mean {near}? HELP lists all commands")


Builder = Callable[[Who, list[str], str, int], Request]


def _sign_up(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return AskSignUp(fields[0], fields[1])


def _redeem(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return AskSignUp(fields[0], fields[1], fields[2])


def _log_in(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return AskLogIn(fields[0], fields[1])


def _resume(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return AskResume(fields[0], fields[1])


def _log_out(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return LogOut(session.user, session.token_hash)


def _already_logged_in(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return Refused("ALREADY_LOGGED_IN", f"You are logged in as {session.name}: LOGOUT first")


def _set_password(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return AskSetPassword(fields[0], fields[1], fields[2])


def _delete_account(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return AskDeleteAccount(fields[1])


def _set_status(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    if fields[1] and fields[1] not in STATUSES:
        return BAD_ARGUMENTS
    if len(fields[2]) > STATUS_CHARS_MAX:
        return Refused("TOO_LONG", f"A status has at most {STATUS_CHARS_MAX} characters of text: make it shorter")
    return SetStatus(session.user, fields[1], fields[2])


def _ping(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return Answer((fields[0],)) if len(fields[0]) <= PING_CHARS_MAX else BAD_ARGUMENTS


def _help(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    wanted = fields[0]
    if not wanted:
        return Answer((), [(verb.name, verb.help, verb.usage) for verb in VERBS.values()])
    verb = VERBS.get(wanted.upper()) if wanted.isascii() else None
    return Answer((), [(verb.name, verb.help, verb.usage)]) if verb else unknown_command(wanted)


def _quit(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return AskQuit()


def _add_friend(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return AddFriend(session.user, fields[1], now_ms)


def _accept_friend(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return AcceptFriend(session.user, fields[1], now_ms)


def _reject_friend(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return RejectFriend(session.user, fields[1])


def _delete_friend(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return DeleteFriend(session.user, fields[1])


def _show_friends(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowFriends()


def _show_requests(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowRequests()


def _show_bots(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowBots()


def _send_message(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return SendMessage(session.user, fields[1], fields[2], tag, now_ms)


def _edit_message(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    message_id = parse_number(fields[1], 1, ID_MAX)
    return BAD_ARGUMENTS if message_id is None else AskEdit(message_id, fields[2])


def _delete_message(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    message_id = parse_number(fields[1], 1, ID_MAX)
    return BAD_ARGUMENTS if message_id is None else AskDelete(message_id)


def _react(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    message_id, emoji = parse_number(fields[1], 1, ID_MAX), fields[2]
    is_one = len(emoji) <= EMOJI_CHARS_MAX and not any(map(str.isspace, emoji)) and not is_blank(emoji)
    if message_id is None or not is_one:
        return BAD_ARGUMENTS
    return AskReact(message_id, emoji)


def _history(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    limit = parse_number(fields[2] or str(ROWS_UNLESS_ASKED), 1, ROWS_MAX)
    before = parse_number(fields[3] or str(ID_MAX), 1, ID_MAX)
    after = parse_number(fields[4] or "0", 0, ID_MAX)
    if limit is None or before is None or after is None:
        return BAD_ARGUMENTS
    return ShowHistory(fields[1], limit, before, after if fields[4] else None)


def _sync(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    after = parse_number(fields[1], 0, ID_MAX)
    limit = parse_number(fields[2] or str(ROWS_MAX), 1, ROWS_MAX)
    return BAD_ARGUMENTS if after is None or limit is None else ShowSync(after, limit)


def _block(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return Block(session.user, fields[1], now_ms)


def _unblock(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return Unblock(session.user, fields[1])


def _show_blocks(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowBlocks()


def _create_room(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    kind = fields[2] or "public"
    return CreateRoom(session.user, fields[1], kind, now_ms) if kind in ROOM_KINDS else BAD_ARGUMENTS


def _join(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return JoinRoom(session.user, fields[1], now_ms)


def _leave(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return LeaveRoom(session.user, fields[1], now_ms)


def _invite(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return Invite(session.user, fields[1], fields[2], now_ms)


def _kick(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return Kick(session.user, fields[1], fields[2], now_ms)


def _set_topic(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return SetTopic(session.user, fields[1], fields[2], now_ms)


def _hand_over(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return HandOver(session.user, fields[1], fields[2])


def _moderator(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    word = fields[3]
    return NameModerator(session.user, fields[1], fields[2], word == "on") if word in ("on", "off") else BAD_ARGUMENTS


def _report(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    message = parse_number(fields[1], 1, ID_MAX)
    return BAD_ARGUMENTS if message is None else AskReport(message, fields[2])


def _admin(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return AskAdmin(fields[1])


def _show_rooms(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowRooms()


def _show_members(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowMembers(fields[1])


def _mark_read(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    upto = parse_number(fields[2], 1, ID_MAX)
    return BAD_ARGUMENTS if upto is None else AskMarkRead(fields[1], upto)


def _show_unread(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowUnread()


def _show_conversations(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowConversations()


def _typing(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return ShowTyping(session.user, fields[1], now_ms)


def _search(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    return Search(fields[1])


def _explain(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    message = parse_number(fields[1], 1, ID_MAX)
    return BAD_ARGUMENTS if message is None else Explain(message)


def _export(session: Who, fields: list[str], tag: str, now_ms: int) -> Request:
    after = parse_number(fields[1] or "0", 0, ID_MAX)
    return BAD_ARGUMENTS if after is None else Export(after)


_ALWAYS: dict[str, Builder] = {
    "PING": _ping,
    "HELP": _help,
    "QUIT": _quit,
    "SIGNUP": _sign_up,
    "REDEEM": _redeem,
    "SETPASSWORD": _set_password,
}

TABLE: dict[Phase, dict[str, Builder]] = {
    Phase.BEFORE_LOGIN: {**_ALWAYS, "LOGIN": _log_in, "RESUME": _resume},
    Phase.LOGGED_IN: {
        **_ALWAYS,
        "LOGIN": _already_logged_in,
        "RESUME": _already_logged_in,
        "LOGOUT": _log_out,
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
        "HANDOVER": _hand_over,
        "MODERATOR": _moderator,
        "SETTOPIC": _set_topic,
        "SHOWROOMS": _show_rooms,
        "SHOWMEMBERS": _show_members,
        "MARKREAD": _mark_read,
        "SHOWUNREAD": _show_unread,
        "SHOWCONVERSATIONS": _show_conversations,
        "TYPING": _typing,
        "SEARCH": _search,
        "EXPLAIN": _explain,
        "EXPORT": _export,
        "EDITMESSAGE": _edit_message,
        "DELETEMESSAGE": _delete_message,
        "REACT": _react,
        "REPORT": _report,
        "ADMIN": _admin,
    },
    Phase.CLOSING: {},
    Phase.CLOSED: {},
}
"""Which verbs a client may use in which phase, and what each becomes; a missing row is the refusal."""
