"""How the answers to commands read on the terminal: one row of a table for each verb that has more to say than OK."""

from collections.abc import Callable, Sequence

from chatclient.desk import Desk
from chatclient.events import Ok
from chatclient.lines import Line, Piece, line, name_piece
from chatclient.parse import message_from_row


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
    "SIGNUP": "The account {0} is made: /login {0}",
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
    "SETTOPIC": "The topic of {0} is set",
    "MARKREAD": "{0} is read up to message {1}",
    "EDITMESSAGE": "Corrected",
    "DELETEMESSAGE": "Taken back",
    "REACT": "Done",
}


def _friends(desk: Desk, answer: Ok) -> list[Line]:
    desk.statuses = {row[0]: (row[1], row[2]) for row in answer.rows if len(row) == 3}
    desk.meet(*desk.statuses)
    shown = [
        line(
            f"{status}{f': {text}' if text else ''}",
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
    return shown or [line("There are no messages")]


def _status(_: Desk, answer: Ok) -> list[Line]:
    status, text = (*answer.fields, "", "")[:2]
    return [line(f"You are {status}{f': {text}' if text else ''}", "good")]


def _added(desk: Desk, answer: Ok) -> list[Line]:
    name, outcome = (*answer.fields, "", "")[:2]
    desk.meet(name)
    if outcome == "added":
        return [line(f"{name} is your friend now: /to {name}", "good")]
    return [line(f"{name} has been asked", "good")]


def _bots(desk: Desk, answer: Ok) -> list[Line]:
    desk.bots = {row[0] for row in answer.rows}
    desk.meet(*desk.bots)
    return _table("There are no bots", answer.rows)


def _rooms(desk: Desk, answer: Ok) -> list[Line]:
    rows = [row for row in answer.rows if len(row) == 5]
    desk.rooms = {row[0] for row in rows if row[3] == "joined"}
    desk.meet(*(row[0] for row in rows))
    shown = [
        (room, f"{kind}, {members} in it{', you too' if joined == 'joined' else ''}", topic)
        for room, kind, members, joined, topic in rows
    ]
    return _table("There are no rooms yet: /create #NAME", shown)


def _members(desk: Desk, answer: Ok) -> list[Line]:
    desk.meet(*(row[0] for row in answer.rows))
    return _table("There is nobody", answer.rows)


def _unread(_: Desk, answer: Ok) -> list[Line]:
    return _table("Nothing is unread", [(row[0], f"{row[1]} unread") for row in answer.rows if len(row) > 1])


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
    "SETSTATUS": _status,
    "ADDFRIEND": _added,
    "EXPLAIN": _explained,
    "EXPORT": _exported,
    "HELP": _help,
    "PING": _pong,
    "LOGOUT": lambda _, answer: [],  # LoggedOut says it
}
