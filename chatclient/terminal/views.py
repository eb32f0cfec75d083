"""How the answers to commands read on the terminal: one row of a table for each verb that has more to say than OK."""

from collections.abc import Callable, Sequence

from chatclient.core.events import Ok
from chatclient.core.parse import message_from_row
from chatclient.terminal.desk import Desk, status_text
from chatclient.terminal.lines import Line, Piece, line, name_piece

MEMBERS_UNFOLDED_MAX = 12
WINDOWS_AT_FIRST = 20
"""Conversations that get a window where none is known from an earlier run; the others get one when they are opened."""
_PRESENT = ("online", "busy", "away")


def view(desk: Desk, answer: Ok) -> list[Line]:
    """The lines for an answer; a server newer than this client gets its fields shown as they are."""
    shown = _VIEWS.get(answer.verb)
    if shown:
        return shown(desk, answer)
    said = _SAID.get(answer.verb)
    if said:
        return [line(said.format(*answer.fields, "?", "?"), "good")]
    rows = [line(" | ".join(row)) for row in answer.rows]
    return [*rows, line(" ".join((f"OK {answer.verb}", *answer.fields)), "dim")]


_SAID = {
    "SIGNUP": "The account {0} is made",
    "SETPASSWORD": "The password is changed; your other sessions are logged out",
    "ACCEPTFRIEND": "{0} is your friend now",
    "REJECTFRIEND": "The request of {0} is rejected",
    "DELETEFRIEND": "{0} is your friend no more",
    "BLOCK": "{0} is blocked",
    "UNBLOCK": "{0} is blocked no more",
    "CREATEROOM": "The {1} room {0} is made",
    "JOIN": "You are in {0}",
    "LEAVE": "You left {0}",
    "INVITE": "{1} is invited to {0}",
    "KICK": "{1} is out of {0}",
    "HANDOVER": "{1} owns {0} now",
    "MODERATOR": "{1} is a {2} of {0} now",
    "REPORT": "The administrators know of message {0}",
    "MARKREAD": "{0} is read up to message {1}",
}


def _friends(desk: Desk, answer: Ok) -> list[Line]:
    desk.statuses = {row[0]: (row[1], row[2]) for row in answer.rows if len(row) == 3}
    desk.meet(*desk.statuses)
    shown = [
        line(
            status_text(status, text),
            _status_style(status),
            (Piece("  "), name_piece(name), Piece("  ")),
        )
        for name, (status, text) in desk.statuses.items()
    ]
    return shown or [line("You have no friends here yet: /add NAME, and /bots for those that are always there")]


def _status_style(status: str) -> str:
    return {"online": "good", "away": "warn", "busy": "alert"}.get(status, "dim")


def _requests(_: Desk, answer: Ok) -> list[Line]:
    texts = {"in": "{0} asks you: /accept {0} or /reject {0}", "out": "You asked {0}, who has not answered yet"}
    shown = [line(f"  {texts[row[0]].format(row[1])}") for row in answer.rows if len(row) == 2 and row[0] in texts]
    return shown or [line("There are no friend requests")]


def _messages(desk: Desk, answer: Ok) -> list[Line]:
    shown: list[Line] = []
    for row in answer.rows:
        message = message_from_row(row, "history")
        if message is not None:
            shown += desk.message(message, numbered=True)
    found_none = "No message holds all these words" if answer.verb == "SEARCH" else "There are no messages"
    return shown or [line(found_none)]


def _status(desk: Desk, answer: Ok) -> list[Line]:
    status, text, *_ = (*answer.fields, "", "")
    desk.status = (status, text)
    return [line(f"You are {status}{f': {text}' if text else ''}", "good")]


def _added(desk: Desk, answer: Ok) -> list[Line]:
    name, outcome = (*answer.fields, "", "")[:2]
    desk.meet(name)
    if outcome == "added":
        return [line(f"{name} is your friend now: /to {name}", "good")]
    return [line(f"{name} has been asked: you can write once {name} says yes", "good")]


def _bots(desk: Desk, answer: Ok) -> list[Line]:
    desk.bots = {row[0] for row in answer.rows}
    desk.meet(*desk.bots)
    return _table("There are no bots", answer.rows)


def _rooms(desk: Desk, answer: Ok) -> list[Line]:
    rows = [row for row in answer.rows if len(row) == 5]
    desk.rooms = {row[0] for row in rows if row[3] == "joined"}
    desk.meet(*(row[0] for row in rows))
    for room, _, _, _, topic in rows:
        if room in desk.rooms:
            desk.at(room).topic = topic
    shown = [
        (room, f"{kind}, {members} in it{', you too' if joined == 'joined' else ''}", topic)
        for room, kind, members, joined, topic in rows
    ]
    return _table("There are no rooms yet: /create #NAME", shown)


def _members(desk: Desk, answer: Ok) -> list[Line]:
    """Who is in a room; of many, names alone, those who are there first."""
    rows = [row for row in answer.rows if len(row) == 3]
    desk.meet(*(row[0] for row in rows))
    unfolded, desk.unfolded = desk.unfolded, False
    if len(rows) <= MEMBERS_UNFOLDED_MAX or unfolded:
        return _table("There is nobody", rows)
    by_status: dict[str, list[str]] = {}
    for name, status, rank in rows:
        by_status.setdefault(status, []).append(f"{name} (owner)" if rank == "owner" else name)
    order = sorted(by_status, key=lambda status: ("online", "busy", "away").index(status) if status in _PRESENT else 9)
    shown = [
        line(", ".join(by_status[status]), "plain", (Piece(f"  {len(by_status[status])} {status}: ", "bold"),))
        for status in order
    ]
    return [*shown, line(f"{len(rows)} in all: /members all lists each", "dim")]


def _unread(desk: Desk, answer: Ok) -> list[Line]:
    desk.count(answer.rows)
    return _table("Nothing is unread", [(row[0], f"{row[1]} unread") for row in answer.rows if len(row) > 1])


def _conversations(desk: Desk, answer: Ok) -> list[Line]:
    """The windows there are, and what is unread in them; the first shall be the one with the newest message."""
    rows = [row for row in answer.rows if len(row) == 6]
    is_first_time = not desk.places()
    for at, (name, last_id, _, unread, first_id, read_id) in enumerate(rows):
        if unread != "0" or name in desk.windows or (is_first_time and at < WINDOWS_AT_FIRST):
            desk.count([(name, unread, first_id)])
            if read_id == last_id:
                desk.at(name).readers.add(name)
    return _table("Nobody has written yet", [(row[0], f"{row[3]} unread" if row[3] != "0" else "") for row in rows])


def _topic(desk: Desk, answer: Ok) -> list[Line]:
    room, topic, *_ = (*answer.fields, "", "")
    desk.at(room).topic = topic
    return [line(f"The topic of {room} is {'set' if topic else 'gone'}", "good")]


def _blocks(_: Desk, answer: Ok) -> list[Line]:
    return _table("Nobody is blocked", answer.rows)


def _explained(_: Desk, answer: Ok) -> list[Line]:
    return [line(row[2], "plain", (Piece(f"  {row[0]:<10}", "bold"),)) for row in answer.rows if len(row) == 3]


def _exported(_: Desk, answer: Ok) -> list[Line]:
    """One page; the answer's last field says where the next one begins, 0 for the end."""
    shown = _table("Nothing is stored", answer.rows)
    after = answer.fields[-1]
    return shown if after in ("", "0") else [*shown, line(f"There is more: /export {after}")]


def _help(_: Desk, answer: Ok) -> list[Line]:
    return [line(row[1], "plain", (Piece(f"  {row[2]}  ", "bold"),)) for row in answer.rows if len(row) == 3]


def _pong(_: Desk, answer: Ok) -> list[Line]:
    return [line(f"The server answers {' '.join(answer.fields)}".rstrip(), "good")]


def _table(nothing: str, rows: Sequence[Sequence[str]]) -> list[Line]:
    shown = [line(" · ".join(filter(None, row[1:])), "plain", _row_head(row[0])) for row in rows]
    return shown or [line(nothing)]


def _row_head(name: str) -> tuple[Piece, ...]:
    return Piece("  "), name_piece(name), Piece("  ")


_VIEWS: dict[str, Callable[[Desk, Ok], list[Line]]] = {
    "SHOWFRIENDS": _friends,
    "SHOWREQUESTS": _requests,
    "SHOWBLOCKS": _blocks,
    "HISTORY": _messages,
    "SEARCH": _messages,
    "SHOWBOTS": _bots,
    "SHOWROOMS": _rooms,
    "SHOWMEMBERS": _members,
    "SHOWUNREAD": _unread,
    "SHOWCONVERSATIONS": _conversations,
    "SETSTATUS": _status,
    "SETTOPIC": _topic,
    "ADDFRIEND": _added,
    "EXPLAIN": _explained,
    "EXPORT": _exported,
    "HELP": _help,
    "PING": _pong,
    "LOGOUT": lambda *_: [],  # LoggedOut says it
    "EDITMESSAGE": lambda *_: [],  # the message itself shows it
    "DELETEMESSAGE": lambda *_: [],
    "REACT": lambda *_: [],
}
