"""What the commands of a person do.

Most are a verb of the protocol with its fields; the server is who knows whether it has the
verb. Knows the desk and a `Hands` to act with; no terminal and no socket.
"""

import re
from collections.abc import Callable

from chatclient.events import Ok
from chatclient.hands import Hands, UsageError
from chatclient.lines import line
from chatserver.protocol.verbs import parse_head

_NOT_RAW = ("SIGNUP", "LOGIN", "RESUME", "LOGOUT")
_NUMBERED = re.compile(r"\(?(\d{1,18})\)")


# Talking


def say_here(hands: Hands, text: str) -> None:
    """Write to the open conversation."""
    if not text.strip():
        return
    if not hands.desk.place:
        hands.say(line("To whom? Type /to NAME first, or /msg NAME TEXT", "warn"))
        return
    hands.ask("SENDMESSAGE", hands.desk.place, text)


def message(hands: Hands, rest: str) -> None:
    """`/msg NAME TEXT`"""
    to, text = _words(rest, 2)
    hands.ask("SENDMESSAGE", hands.desk.spelled(to), text)


def open_place(hands: Hands, rest: str) -> None:
    """`/to [NAME]`; without a name, the conversation that has been unread the longest."""
    place = rest or next(iter(hands.desk.unread), "")
    if not place:
        raise UsageError("Nothing is unread: type /to NAME or /to #ROOM")
    hands.desk.open(place)


def status(hands: Hands, rest: str) -> None:
    """`/status STATUS [TEXT]`"""
    status, _, text = rest.partition(" ")
    if not status:
        raise UsageError
    hands.ask("SETSTATUS", status.lower(), text)


def history(hands: Hands, rest: str) -> None:
    """`/history [NAME] [NUMBER]`"""
    words = rest.split()
    limit = words.pop() if words and words[-1].isdecimal() else "20"
    hands.ask("HISTORY", " ".join(words) or _place(hands), limit)


def edit(hands: Hands, rest: str) -> None:
    """`/edit [(NUMBER)] TEXT`"""
    first, _, text = rest.partition(" ")
    number = _NUMBERED.fullmatch(first)
    text = text if number else rest
    if not text.strip():
        raise UsageError
    hands.ask("EDITMESSAGE", _chosen(number, hands.desk.last_mine, hands), text)


def delete(hands: Hands, rest: str) -> None:
    """`/delete [(NUMBER)]`"""
    hands.ask("DELETEMESSAGE", _chosen(_number(rest), hands.desk.last_mine, hands))


def react(hands: Hands, rest: str) -> None:
    """`/react EMOJI [(NUMBER)]`"""
    emoji, _, number = rest.partition(" ")
    if not emoji:
        raise UsageError
    hands.ask("REACT", _chosen(_number(number), hands.desk.last_heard, hands), emoji)


def explain(hands: Hands, rest: str) -> None:
    """`/explain [(NUMBER)]`"""
    hands.ask("EXPLAIN", _chosen(_number(rest), hands.desk.last_mine, hands))


def mark_read(hands: Hands, rest: str) -> None:
    """`/read [NAME]`"""
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


def create_room(hands: Hands, rest: str) -> None:
    """`/create #ROOM [private]`; opens it."""
    room, _, kind = rest.partition(" ")
    if not room:
        raise UsageError
    _go_into(hands, _room_name(room), "CREATEROOM", *kind.lower().split())


def join(hands: Hands, rest: str) -> None:
    """`/join #ROOM`; opens it."""
    (room,) = _words(rest, 1)
    _go_into(hands, _room_name(room), "JOIN")


def _go_into(hands: Hands, room: str, verb: str, *more: str) -> None:
    """Open a room at once: what is typed before the answer comes is meant for nobody else."""
    former = hands.desk.place
    hands.desk.open(room)
    opened = hands.desk.place

    def move(place: str) -> None:
        if hands.desk.place == opened:
            hands.desk.open(place)

    def enter(answer: Ok) -> None:
        hands.desk.rooms.add(answer.fields[0])
        hands.desk.meet(answer.fields[0])
        move(answer.fields[0])

    hands.ask(verb, room, *more, then=enter, otherwise=lambda: move(former))


def leave_room(hands: Hands, rest: str) -> None:
    """`/leave [#ROOM]`; closes it."""
    room, _ = _room_and(hands, rest)
    hands.ask("LEAVE", room, then=lambda ok: _exit(hands, ok.fields[0]))


def _exit(hands: Hands, room: str) -> None:
    hands.desk.rooms.discard(room)
    hands.desk.unread.pop(room, None)
    if hands.desk.place == room:
        hands.desk.place = ""


def in_room(verb: str, *, more: bool) -> Callable[[Hands, str], None]:
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


def sign_up(hands: Hands, rest: str) -> None:
    """`/signup NAME`: ask for a password twice, make the account, log in."""
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


def log_in(hands: Hands, rest: str) -> None:
    """`/login NAME`"""
    if hands.desk.me:
        raise UsageError(f"You are {hands.desk.me}: /logout first")
    (name,) = _words(rest, 1)
    hands.log_in(name)


def change_password(hands: Hands, _rest: str) -> None:
    """`/passwd`: ask for the old password and the new one."""
    hands.ask_secret(
        "Old password: ",
        lambda old: hands.ask_secret("New password: ", lambda new: hands.ask("SETPASSWORD", old, new)),
    )


def export(hands: Hands, rest: str) -> None:
    """`/export [AFTER]`"""
    hands.ask("EXPORT", *_words(rest, 1)) if rest else hands.ask("EXPORT")


def delete_account(hands: Hands, _rest: str) -> None:
    """`/deleteaccount`: only who knows the password, which is the question whether it is meant."""
    if not hands.desk.me:
        raise UsageError("Log in first: it is your own account that this removes")
    hands.ask_secret(
        f"To remove {hands.desk.me} and all that {hands.desk.me} wrote, for good, give the password: ",
        lambda password: hands.ask("DELETEACCOUNT", password),
    )


# The client itself


def raw(hands: Hands, rest: str) -> None:
    """`/raw FRAME`"""
    if not rest:
        raise UsageError
    if parse_head(rest.partition("|")[0]).echo.partition("#")[0] in _NOT_RAW:
        raise UsageError("Use /signup, /login and /logout for that: they hide the password and remember who you are")
    hands.raw(rest)


def bell(hands: Hands, rest: str) -> None:
    """`/bell on or off`"""
    hands.desk.bell = _on_or_off(rest)


def typing(hands: Hands, rest: str) -> None:
    """`/typing on or off`"""
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


def plain(verb: str) -> Callable[[Hands, str], None]:
    """A verb without fields."""
    return lambda hands, _rest: hands.ask(verb)


def named(verb: str) -> Callable[[Hands, str], None]:
    """A verb on a name, which may be a bot's with a space in it."""

    def run(hands: Hands, rest: str) -> None:
        if not rest:
            raise UsageError
        hands.ask(verb, hands.desk.spelled(rest))

    return run
