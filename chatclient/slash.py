"""The commands a person types: a table of names, usages and helps, and what each does.

Most are a verb of the protocol with its fields; the server is who knows whether it has the
verb. Knows the desk and a `Hands` to act with; no terminal and no socket.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chatclient.desk import Desk
from chatclient.events import Ok
from chatclient.lines import Line, Piece, line
from chatserver.protocol.verbs import nearest, parse_head

_NOT_RAW = ("SIGNUP", "LOGIN", "RESUME", "LOGOUT")
_NUMBERED = re.compile(r"\(?(\d{1,18})\)")


class UsageError(Exception):
    """What was typed lacks something; the text is a sentence, or empty for the command's usage."""


class Hands(Protocol):
    """What a command can do."""

    desk: Desk

    def ask(self, verb: str, *fields: str, then: Callable[[Ok], None] | None = None) -> None:
        """Send a verb; show its answer, and go on with `then` if it was taken."""

    def raw(self, frame: str) -> None:
        """Send a line as it is, and show its answer."""

    def say(self, *lines: Line) -> None:
        """Show lines."""

    def ask_secret(self, prompt: str, then: Callable[[str], None]) -> None:
        """Let the user type something that is not shown."""

    def log_in(self, name: str, password: str | None = None) -> None:
        """Log in, by the token kept for this name if there is one, else by a password."""

    def log_out(self) -> None:
        """Log out and forget the token."""

    def reconnect(self) -> None:
        """Connect now."""

    def redraw(self, *, forget: bool) -> None:
        """Draw the screen anew, or empty."""

    def leave(self) -> None:
        """End the program."""

    tells_typing: bool


@dataclass(frozen=True, slots=True)
class Slash:
    """One row: what is typed, what it is for, and what it does with the rest of the line."""

    usage: str
    help: str
    run: Callable[[Hands, str], None]

    @property
    def name(self) -> str:
        """The command without its slash."""
        return self.usage.split()[0][1:]


def run_line(hands: Hands, typed: str) -> None:
    """Do what a line says: a command, or a text for the open conversation. `//` begins a text with a slash."""
    if not typed.startswith("/") or typed.startswith("//"):
        _say_here(hands, typed.removeprefix("/") if typed.startswith("//") else typed)
        return
    word, _, rest = typed[1:].partition(" ")
    command = SLASHES.get(word.lower())
    if command is None:
        near = nearest(word.lower(), tuple(SLASHES))
        hands.say(line(f"There is no /{word}{f': did you mean /{near}?' if near else ''} See /help", "warn"))
        return
    try:
        command.run(hands, rest.strip())
    except UsageError as error:
        hands.say(line(str(error) or f"Usage: {command.usage} ({command.help})", "warn"))


# Talking


def _say_here(hands: Hands, text: str) -> None:
    if not text.strip():
        return
    if not hands.desk.place:
        hands.say(line("To whom? Type /to NAME first, or /msg NAME TEXT", "warn"))
        return
    hands.ask("SENDMESSAGE", hands.desk.place, text)


def _msg(hands: Hands, rest: str) -> None:
    to, text = _words(rest, 2)
    hands.ask("SENDMESSAGE", hands.desk.spelled(to), text)


def _to(hands: Hands, rest: str) -> None:
    place = rest or next(iter(hands.desk.unread), "")
    if not place:
        raise UsageError("Nothing is unread: type /to NAME or /to #ROOM")
    hands.desk.open(place)


def _status(hands: Hands, rest: str) -> None:
    status, _, text = rest.partition(" ")
    if not status:
        raise UsageError
    hands.ask("SETSTATUS", status.lower(), text)


def _history(hands: Hands, rest: str) -> None:
    words = rest.split()
    limit = words.pop() if words and words[-1].isdecimal() else "20"
    hands.ask("HISTORY", " ".join(words) or _place(hands), limit)


def _edit(hands: Hands, rest: str) -> None:
    first, _, text = rest.partition(" ")
    number = _NUMBERED.fullmatch(first)
    text = text if number else rest
    if not text.strip():
        raise UsageError
    hands.ask("EDITMESSAGE", _chosen(number, hands.desk.last_mine, hands), text)


def _delete(hands: Hands, rest: str) -> None:
    hands.ask("DELETEMESSAGE", _chosen(_number(rest), hands.desk.last_mine, hands))


def _react(hands: Hands, rest: str) -> None:
    emoji, _, number = rest.partition(" ")
    if not emoji:
        raise UsageError
    hands.ask("REACT", _chosen(_number(number), hands.desk.last_heard, hands), emoji)


def _read(hands: Hands, rest: str) -> None:
    place = hands.desk.spelled(rest) if rest else _place(hands)
    last = hands.desk.last_heard.get(place)
    if last is None:
        raise UsageError(f"Nothing of {place} has been shown since you came")
    hands.ask("MARKREAD", place, str(last))


def _chosen(number: re.Match[str] | None, last: dict[str, int], hands: Hands) -> str:
    """The id of the message meant: the one given, or the last of the open conversation."""
    if number is not None:
        return number[1]
    found = last.get(_place(hands))
    if found is None:
        raise UsageError("Which message? /history shows their numbers: give one, as in (12)")
    return str(found)


def _number(word: str) -> re.Match[str] | None:
    if not word:
        return None
    number = _NUMBERED.fullmatch(word.strip()) or _NUMBERED.fullmatch(f"({word.strip()})")
    if number is None:
        raise UsageError
    return number


# Rooms


def _create(hands: Hands, rest: str) -> None:
    room, _, kind = rest.partition(" ")
    if not room:
        raise UsageError
    hands.ask("CREATEROOM", _room_name(room), *kind.lower().split(), then=lambda ok: _enter(hands, ok))


def _join(hands: Hands, rest: str) -> None:
    (room,) = _words(rest, 1)
    hands.ask("JOIN", _room_name(room), then=lambda ok: _enter(hands, ok))


def _enter(hands: Hands, answer: Ok) -> None:
    hands.desk.rooms.add(answer.fields[0])
    hands.desk.meet(answer.fields[0])
    hands.desk.open(answer.fields[0])


def _leave(hands: Hands, rest: str) -> None:
    room, _ = _room_and(hands, rest)
    hands.ask("LEAVE", room, then=lambda ok: _exit(hands, ok.fields[0]))


def _exit(hands: Hands, room: str) -> None:
    hands.desk.rooms.discard(room)
    hands.desk.unread.pop(room, None)
    if hands.desk.place == room:
        hands.desk.place = ""


def _in_room(verb: str, *, more: bool) -> Callable[[Hands, str], None]:
    """A verb on a room, the open one unless another is named; `more`: and on what follows."""

    def run(hands: Hands, rest: str) -> None:
        room, argument = _room_and(hands, rest)
        if more and not argument and verb != "SETTOPIC":
            raise UsageError
        hands.ask(verb, room, *((argument,) if more else ()))

    return run


def _room_and(hands: Hands, rest: str) -> tuple[str, str]:
    if rest.startswith("#"):
        room, _, argument = rest.partition(" ")
        return hands.desk.spelled(room), argument.strip()
    if not hands.desk.place.startswith("#"):
        raise UsageError("Which room? Give its name, as in #lobby, or open it with /to")
    return hands.desk.place, rest


def _room_name(word: str) -> str:
    return word if word.startswith("#") else f"#{word}"


# The account


def _signup(hands: Hands, rest: str) -> None:
    (name,) = _words(rest, 1)

    def repeated(first: str, second: str) -> None:
        if first != second:
            hands.say(line("These were not the same: type /signup again", "warn"))
            return
        hands.ask("SIGNUP", name, first, then=lambda ok: hands.log_in(ok.fields[0], first))

    hands.ask_secret(
        f"New password for {name}: ",
        lambda first: hands.ask_secret("The same again: ", lambda second: repeated(first, second)),
    )


def _login(hands: Hands, rest: str) -> None:
    if hands.desk.me:
        raise UsageError(f"You are {hands.desk.me}: /logout first")
    (name,) = _words(rest, 1)
    hands.log_in(name)


def _passwd(hands: Hands, _rest: str) -> None:
    hands.ask_secret(
        "Old password: ",
        lambda old: hands.ask_secret("New password: ", lambda new: hands.ask("SETPASSWORD", old, new)),
    )


# The client itself


def _help(hands: Hands, rest: str) -> None:
    wanted = rest.removeprefix("/").lower()
    if wanted and wanted not in SLASHES:
        hands.ask("HELP", rest)
        return
    for command in [SLASHES[wanted]] if wanted else SLASHES.values():
        hands.say(line(command.help, "plain", (Piece(f"  {command.usage:<28}", "bold"),)))


def _raw(hands: Hands, rest: str) -> None:
    if not rest:
        raise UsageError
    if parse_head(rest.partition("|")[0]).echo.partition("#")[0] in _NOT_RAW:
        raise UsageError("Use /signup, /login and /logout for that: they hide the password and remember who you are")
    hands.raw(rest)


def _bell(hands: Hands, rest: str) -> None:
    hands.desk.bell = _on_or_off(rest)


def _typing(hands: Hands, rest: str) -> None:
    hands.tells_typing = _on_or_off(rest)


def _on_or_off(word: str) -> bool:
    if word not in ("on", "off"):
        raise UsageError
    return word == "on"


def _place(hands: Hands) -> str:
    if not hands.desk.place:
        raise UsageError("With whom? Give a name, or open a conversation with /to NAME")
    return hands.desk.place


def _words(rest: str, number: int) -> list[str]:
    """The rest cut into so many words, the last of which is all that remains."""
    words = rest.split(maxsplit=number - 1)
    if len(words) < number:
        raise UsageError
    return words


def _plain(verb: str) -> Callable[[Hands, str], None]:
    """A verb without fields."""
    return lambda hands, _rest: hands.ask(verb)


def _named(verb: str) -> Callable[[Hands, str], None]:
    """A verb on a name, which may be a bot's with a space in it."""

    def run(hands: Hands, rest: str) -> None:
        if not rest:
            raise UsageError
        hands.ask(verb, hands.desk.spelled(rest))

    return run


# fmt: off: a table reads best with one row a line
_ROWS = (
    Slash("/help [COMMAND]", "list the commands, or explain one", _help),
    Slash("/signup NAME", "make an account and log in", _signup),
    Slash("/login NAME", "log in; the next start then needs no password", _login),
    Slash("/logout", "log out, and forget the login kept here", lambda hands, _: hands.log_out()),
    Slash("/passwd", "change your password", _passwd),
    Slash("/to [NAME or #ROOM]", "open a conversation; without a name, the next unread one", _to),
    Slash("/msg NAME TEXT", "write to somebody without opening the conversation", _msg),
    Slash("/friends", "list your friends and how they are", _plain("SHOWFRIENDS")),
    Slash("/requests", "list the friend requests", _plain("SHOWREQUESTS")),
    Slash("/add NAME", "ask somebody to be your friend", _named("ADDFRIEND")),
    Slash("/accept NAME", "say yes to a friend request", _named("ACCEPTFRIEND")),
    Slash("/reject NAME", "say no to a friend request", _named("REJECTFRIEND")),
    Slash("/remove NAME", "end a friendship, or take back a request", _named("DELETEFRIEND")),
    Slash("/block NAME", "hear nothing more of somebody", _named("BLOCK")),
    Slash("/unblock NAME", "end a block", _named("UNBLOCK")),
    Slash("/blocks", "list whom you block", _plain("SHOWBLOCKS")),
    Slash("/status STATUS [TEXT]", "be online, away, busy or invisible", _status),
    Slash("/history [NAME] [NUMBER]", "show the last messages, with their numbers", _history),
    Slash("/search WORDS", "find messages that hold all the words", lambda hands, rest: hands.ask("SEARCH", rest)),
    Slash("/unread", "list what the server holds as unread", _plain("SHOWUNREAD")),
    Slash("/read [NAME]", "mark a conversation as read", _read),
    Slash("/edit [(NUMBER)] TEXT", "correct your last message, or the one with that number", _edit),
    Slash("/delete [(NUMBER)]", "take back your last message, or the one with that number", _delete),
    Slash("/react EMOJI [(NUMBER)]", "put an emoji under the last message, or take it away again", _react),
    Slash("/bots", "list the bots", _plain("SHOWBOTS")),
    Slash("/rooms", "list the rooms", _plain("SHOWROOMS")),
    Slash("/create #ROOM [private]", "make a room", _create),
    Slash("/join #ROOM", "go into a room", _join),
    Slash("/leave [#ROOM]", "leave a room", _leave),
    Slash("/members [#ROOM]", "list who is in a room", _in_room("SHOWMEMBERS", more=False)),
    Slash("/invite [#ROOM] NAME", "ask somebody into a room", _in_room("INVITE", more=True)),
    Slash("/kick [#ROOM] NAME", "put somebody out of your room", _in_room("KICK", more=True)),
    Slash("/topic [#ROOM] TEXT", "say what a room is about", _in_room("SETTOPIC", more=True)),
    Slash("/typing on or off", "tell others that you are typing; off at first", _typing),
    Slash("/bell on or off", "ring when somebody speaks to you; on at first", _bell),
    Slash("/ping", "see whether the server answers", _plain("PING")),
    Slash("/raw FRAME", "send a line of the protocol as it is", _raw),
    Slash("/connect", "connect now", lambda hands, _: hands.reconnect()),
    Slash("/clear", "empty the screen", lambda hands, _: hands.redraw(forget=True)),
    Slash("/quit", "leave; Ctrl-D does it too", lambda hands, _: hands.leave()),
)
# fmt: on
SLASHES = {row.name: row for row in _ROWS}
"""Every command by its name, in the order that /help lists them."""
