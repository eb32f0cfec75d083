"""What the commands of a person do; those about rooms and the account have modules of their own.

Most are a verb of the protocol with its fields; the server is who knows whether it has the verb. Knows the desk and a
`Hands` to act with; no terminal and no socket.
"""

import re
from collections.abc import Callable

from chatclient.core import events as ev
from chatclient.core.events import Happening, Ok
from chatclient.keep import Settings
from chatclient.terminal.hands import Hands, UsageError
from chatclient.terminal.lines import Piece, line
from chatclient.terminal.windows import Said
from chatserver.protocol.verbs import parse_head

HISTORY_ROWS = 20
_NOT_RAW = ("SIGNUP", "LOGIN", "RESUME", "LOGOUT", "SETPASSWORD", "DELETEACCOUNT")
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
    to, text = hands.desk.cut_name(rest)
    if not text:
        raise UsageError
    hands.ask("SENDMESSAGE", to, text)


def me(hands: Hands, rest: str) -> None:
    """`/me TEXT`: the text is sent with its `/me`, as many other chats do it; who shows it puts the name there."""
    say_here(hands, f"/me {rest}")


def status(hands: Hands, rest: str) -> None:
    """`/status [STATUS [TEXT]]`; without one it says how one is."""
    if not rest:
        how, text = hands.desk.status
        hands.say(line(f"You are {how}{f': {text}' if text else ''}"))
        return
    word, *words = rest.split(None, 1)
    hands.ask("SETSTATUS", word.lower(), *(words or [""]))


# Windows


def open_place(hands: Hands, rest: str) -> None:
    """`/to [NAME]`; without a name, the next unread conversation."""
    if rest:
        hands.open(hands.desk.named(rest))
    else:
        next_unread(hands)


def next_unread(hands: Hands, _rest: str = "") -> None:
    """The next unread conversation, mentions first, muted ones not at all."""
    windows = [hands.desk.windows[place] for place in hands.desk.unread]
    waiting = sorted((each for each in windows if not each.is_muted), key=lambda window: -window.mentions)
    if not waiting:
        raise UsageError("Nothing is unread: type /to NAME or /to #ROOM")
    hands.open(waiting[0].place)


def open_window(hands: Hands, rest: str) -> None:
    """`/win [NUMBER or NAME]`; without one they are listed."""
    places = ["", *hands.desk.places()]
    if rest.isdecimal():
        if int(rest) >= len(places):
            raise UsageError(f"There is no window {rest}: /win lists them")
        hands.open(places[int(rest)])
    elif rest:
        hands.open(hands.desk.named(rest))
    else:
        unread = hands.desk.unread
        for number, place in enumerate(places):
            about = f"{unread[place]} unread" if place in unread else ""
            about += ", muted" if hands.desk.windows[place].is_muted else ""
            hands.say(line(about, "dim", (Piece(f"  {number}  ", "bold"), Piece(f"{place or 'pipechat'}  "))))


def turn_window(hands: Hands, by: int) -> None:
    """To the window before or behind the open one."""
    places = ["", *hands.desk.places()]
    hands.open(places[(places.index(hands.desk.place) + by) % len(places)])


def close(hands: Hands, _rest: str) -> None:
    """`/close`: take the open window away; what is said there opens it again."""
    hands.desk.close(_place(hands))
    hands.open(hands.desk.place)


def mute(is_muted: bool) -> Callable[[Hands, str], None]:
    """`/mute [NAME]` and `/unmute [NAME]`"""

    def run(hands: Hands, rest: str) -> None:
        place = hands.desk.named(rest) if rest else _place(hands)
        hands.desk.at(place).is_muted = is_muted
        hands.say(line(f"{place} {'makes no sound and is not in the way' if is_muted else 'is heard again'}", "good"))
        hands.apply()

    return run


def mention(hands: Hands, rest: str) -> None:
    """`/mention [WORD or -WORD]`"""
    words = hands.desk.words
    if rest.startswith("-") and rest[1:] in words:
        words.remove(rest[1:])
    elif rest and not rest.startswith("-") and rest not in words:
        words.append(rest)
    elif rest.startswith("-"):
        raise UsageError(f"{rest[1:]} does not count as a mention: /mention lists what does")
    hands.say(line(f"These count as a mention of you: {', '.join(('your name', *words))}"))
    hands.apply()


# Messages


def history(hands: Hands, rest: str) -> None:
    """`/history [NAME] [NUMBER] [before NUMBER]`"""
    rest, _, before = rest.partition("before") if re.search(r"(^|\s)before\s*\(?\d+\)?$", rest) else (rest, "", "")
    words = rest.split()
    limit = words.pop() if words and words[-1].isdecimal() else str(HISTORY_ROWS)
    place = hands.desk.named(" ".join(words)) if words else _place(hands)
    hands.ask("HISTORY", place, limit, *([before.strip(" ()")] if before else []))


def search(hands: Hands, rest: str) -> None:
    """`/search WORDS`"""
    hands.ask("SEARCH", rest)


def edit(hands: Hands, rest: str) -> None:
    """`/edit [(NUMBER)] [TEXT]`; without a text, the old one is there to be changed."""
    first, _, text = rest.partition(" ")
    number = _NUMBERED.fullmatch(first)
    text = text if number else rest
    said = _chosen(hands, number, own=True)
    if not text.strip():
        hands.type_for(f"/edit ({_id(said)}) {said.message.text}")
        return

    def told(answer: Ok, to: str) -> Happening:
        return ev.Edited(_id(said), answer.fields[-1], hands.desk.me, to, text)

    _change(hands, said, "EDITMESSAGE", text, told=told)


def delete(hands: Hands, rest: str) -> None:
    """`/delete [(NUMBER)]`"""
    said = _chosen(hands, _number(rest), own=True)
    _change(hands, said, "DELETEMESSAGE", told=lambda _, to: ev.Deleted(_id(said), hands.desk.me, to))


def react(hands: Hands, rest: str) -> None:
    """`/react EMOJI [(NUMBER)]`"""
    emoji, *number = rest.split(None, 1)
    said = _chosen(hands, _number(number[0] if number else ""), own=None)
    _change(hands, said, "REACT", emoji, told=lambda ok, to: ev.Reaction(_id(said), hands.desk.me, to, *ok.fields[1:3]))


def explain(hands: Hands, rest: str) -> None:
    """`/explain [(NUMBER)]`"""
    hands.ask("EXPLAIN", str(_id(_chosen(hands, _number(rest), own=True))))


def mark_read(hands: Hands, rest: str) -> None:
    """`/read [NAME]`"""
    place = hands.desk.named(rest) if rest else _place(hands)
    last = hands.desk.at(place).last_id
    if not last:
        raise UsageError(f"Nothing of {place} has been shown since you came")
    hands.ask("MARKREAD", place, str(last))


def _change(hands: Hands, said: Said, verb: str, *fields: str, told: Callable[[Ok, str], Happening]) -> None:
    """Change a message. The server tells it to others alone: the answer is taken as the event that tells it."""
    place = next((each.place for each in hands.desk.windows.values() if _id(said) in each), hands.desk.place)

    def take(answer: Ok) -> None:
        hands.desk.take(told(answer, place))

    hands.ask(verb, str(_id(said)), *fields, then=take)


def _id(said: Said) -> int:
    return said.message.id


def _chosen(hands: Hands, number: re.Match[str] | None, *, own: bool | None) -> Said:
    """The message meant: the one with that number, or the last of the open conversation; one's own, or others'."""
    if number is not None:
        window = next((each for each in hands.desk.windows.values() if int(number[1]) in each), hands.desk.window)
        return window.said(int(number[1]))
    messages = list(hands.desk.at(_place(hands)))
    fitting = [said for said in messages if not said.deleted and (own is None or hands.desk.is_me(said.message.sender))]
    if own is None:
        fitting = [said for said in fitting if not hands.desk.is_me(said.message.sender)] or fitting
    if not fitting:
        raise UsageError("Which message? /numbers shows their numbers: give one, as in (12)")
    return fitting[-1]


def _number(word: str) -> re.Match[str] | None:
    if not word:
        return None
    number = _NUMBERED.fullmatch(word.strip()) or _NUMBERED.fullmatch(f"({word.strip()})")
    if number is None:
        raise UsageError
    return number


# The client itself


def report(hands: Hands, rest: str) -> None:
    """`/report NUMBER WHY`"""
    number, _, why = rest.strip("(").replace(")", "", 1).partition(" ")
    if not number.isdigit() or not why.strip():
        raise UsageError
    hands.ask("REPORT", number, why.strip())


def admin(hands: Hands, rest: str) -> None:
    """`/admin [COMMAND]`"""
    hands.ask("ADMIN", rest or "help")


def raw(hands: Hands, rest: str) -> None:
    """`/raw FRAME`"""
    if parse_head(rest.partition("|")[0]).echo.partition("#")[0] in _NOT_RAW:
        raise UsageError("There is a command for that, which hides the password and remembers who you are: see /help")
    hands.raw(rest)


def switch(name: str) -> Callable[[Hands, str], None]:
    """A command for one setting."""
    return lambda hands, rest: change_setting(hands, f"{name} {rest}")


def change_setting(hands: Hands, rest: str) -> None:
    """`/set [NAME on or off]`; without a name they are listed."""
    words = rest.lower().split()
    if not words:
        for name, about in Settings.ABOUT.items():
            value = "on" if getattr(hands.settings, name) else "off"
            hands.say(line(about, "plain", (Piece(f"  {name:<8} {value:<4} ", "bold"),)))
        return
    if words[0] not in Settings.ABOUT:
        raise UsageError(f"There is no setting {words[0]}: /set lists them")
    if len(words) == 1:
        words.append("off" if getattr(hands.settings, words[0]) else "on")
    if words[1] not in ("on", "off") or len(words) > 2:
        raise UsageError
    setattr(hands.settings, words[0], words[1] == "on")
    hands.apply()
    hands.say(line(f"{words[0]} is {words[1]}: {Settings.ABOUT[words[0]]}", "good"))


def _place(hands: Hands) -> str:
    if not hands.desk.place:
        raise UsageError("With whom? Give a name, or open a conversation with /to NAME")
    return hands.desk.place


def plain(verb: str) -> Callable[[Hands, str], None]:
    """A verb without fields."""
    return lambda hands, _rest: hands.ask(verb)


def named(verb: str) -> Callable[[Hands, str], None]:
    """A verb on a name, which may be a bot's with a space in it; who is a friend may be another thing behind it."""

    def run(hands: Hands, rest: str) -> None:
        hands.ask(verb, hands.desk.named(rest), then=lambda _: hands.ask("SHOWFRIENDS", shown="nothing"))

    return run
