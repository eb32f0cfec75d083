"""What one user sees of the chat: who is there, which conversation is open, what is unread.

Takes the typed events, keeps the picture, and says in lines what is worth showing: each line goes into the window it
belongs to, and all of them make the stream. Knows no connection, no terminal and no command.
"""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from chatclient.core import events as ev
from chatclient.core import outcomes
from chatclient.core.parse import message_from_row
from chatclient.net.carrier import Happened, Offline
from chatclient.terminal.lines import Line, Piece, line, name_piece
from chatclient.terminal.windows import Window, local_time
from chatclient.terminal.words import in_commands
from chatserver.protocol.names import name_key

TYPING_S = 6.0
"""How long somebody counts as typing after the last word of it."""
NAMES_MAX = 2000
"""Names remembered for completion."""
NEAR = 10
"""Entries from the end of a window that whoever reads there still sees: a change of them needs no line of its own."""


def home_alone() -> dict[str, Window]:
    """The windows of somebody who has opened none."""
    return {"": Window("")}


@dataclass(slots=True)
class Desk:
    """The picture. Names are spelled as the server spells them."""

    clock: Callable[[], float] = time.monotonic
    me: str = ""
    status: tuple[str, str] = ("online", "")  # one's own
    place: str = ""  # the open conversation: a name, a #room, or nothing yet
    bell: bool = True
    words: list[str] = field(default_factory=list)  # that count as a mention, beside the name
    windows: dict[str, Window] = field(default_factory=home_alone)
    statuses: dict[str, tuple[str, str]] = field(default_factory=dict)  # friends and how they are
    rooms: set[str] = field(default_factory=set)
    bots: set[str] = field(default_factory=set)
    typing: dict[str, float] = field(default_factory=dict)  # who is typing where, and until when that is true
    names: dict[str, str] = field(default_factory=dict)  # every name met, by its key
    unfolded: bool = False  # a list of members is shown whole
    _day: str = ""
    _away: bool = False  # the divider above what was missed has been shown

    @property
    def window(self) -> Window:
        """The open one."""
        return self.windows[self.place]

    @property
    def unread(self) -> dict[str, int]:
        """How many messages are unread, by place."""
        return {place: window.unread for place, window in self.windows.items() if window.unread}

    def take(self, event: Happened) -> list[Line]:
        """Let an event change the picture; return what the stream shows of it."""
        show = _SHOWN.get(type(event))
        shown = show(self, event) if show else []
        find = _WHERE.get(type(event))
        where = find(self, event) if find else self.place
        if where is not None:
            self.note(*shown, place=where)
        return shown

    def note(self, *shown: Line, place: str | None = None) -> None:
        """Put lines into a window, the open one unless another is named."""
        for each in shown:
            self.at(self.place if place is None else place).note(each)

    def at(self, place: str) -> Window:
        """The window of a place, a new one if there is none yet."""
        place = self.spelled(place)
        if place not in self.windows:
            self.windows[place] = Window(place)
        return self.windows[place]

    def open(self, place: str) -> None:
        """Make a conversation the open one; it is unread no more."""
        if not self.window.unread:
            self.window.new_after = None
        self.place = self.spelled(place)
        self.meet(*([self.place] if place else []))
        self.at(self.place).unread = self.window.mentions = 0

    def close(self, place: str) -> None:
        """Take a window away."""
        if place and place in self.windows:
            del self.windows[place]
            self.place = next(reversed(self.windows)) if self.place == place else self.place

    def places(self) -> list[str]:
        """The conversations, in the order of their windows: number 1 comes first."""
        return [place for place in self.windows if place]

    def loaded(self, place: str, rows: Iterable[tuple[str, ...]], *, is_all: bool) -> None:
        """What came of an answer to HISTORY goes into its window."""
        messages = [message for row in rows if (message := message_from_row(row, "history"))]
        self.meet(*(message.sender for message in messages))
        self.at(place).add_older(messages, is_all=is_all)
        for message in messages:
            self.at(place).said(message.id).mentions = self._is_mention(message)

    def count(self, rows: Iterable[tuple[str, ...]]) -> None:
        """What the server holds as unread."""
        for place, number, first, *_ in rows:
            window = self.at(place)
            self.meet(place)
            if window is not self.window and number.isdecimal() and first.isdecimal():
                window.unread, window.new_after = int(number), int(first) - 1 if int(number) else None

    def spelled(self, name: str) -> str:
        """A name as the server spells it, if it has been met; otherwise as it was typed."""
        return self.names.get(name_key(name), name)

    def cut_name(self, text: str) -> tuple[str, str]:
        """The name that a text begins with, and the rest: also `@Name`, and `Numbers Game` where it has been met."""
        words = re.split(r"\s+", text.strip(), maxsplit=3)
        for count in range(min(3, len(words)), 1, -1):
            name = self.names.get(name_key("".join(words[:count]).removeprefix("@")))
            if name is not None:
                return name, re.split(r"\s+", text.strip(), maxsplit=count)[count:][0] if len(words) > count else ""
        first, *rest = re.split(r"\s+", text.strip(), maxsplit=1)
        return self.spelled(first.removeprefix("@")), rest[0] if rest else ""

    def named(self, text: str) -> str:
        """The name that a whole text is: `Numbers Game` and `@NumbersGame` where that has been met."""
        return self.names.get(name_key("".join(text.split()).removeprefix("@")), text.removeprefix("@"))

    def meet(self, *names: str) -> None:
        """Remember names as the server spells them; a window that was opened by another spelling gets this one."""
        for name in names:
            former = self.names.get(name_key(name), name)
            if former != name and former in self.windows:
                self.windows = {name if place == former else place: each for place, each in self.windows.items()}
                self.windows[name].place = name
                self.place = name if self.place == former else self.place
            if former != name or len(self.names) < NAMES_MAX:
                self.names[name_key(name)] = name

    def is_me(self, name: str) -> bool:
        """Whether this is the user's own name."""
        return name_key(name) == name_key(self.me)

    def place_of(self, sender: str, to: str) -> str:
        """The conversation that a message belongs to."""
        return to if to.startswith("#") or self.is_me(sender) else sender

    def typing_here(self) -> list[str]:
        """Who is typing in the open conversation now."""
        now = self.clock()
        self.typing = {who: until for who, until in self.typing.items() if until > now}
        return [who.partition("|")[0] for who in self.typing if who.partition("|")[2] == self.place]

    def mentions_me(self, text: str) -> bool:
        """Whether a text holds the user's name, or another word that counts, as a whole word."""
        wanted = "|".join(re.escape(name_key(word)) for word in (self.me, *self.words) if word)
        return bool(wanted) and re.search(rf"(?<![\w-])(?:{wanted})(?![\w-])", name_key(text)) is not None

    def _is_mention(self, message: ev.Message) -> bool:
        return message.to.startswith("#") and not self.is_me(message.sender) and self.mentions_me(message.text)

    def message(self, message: ev.Message, *, numbered: bool = False) -> list[Line]:
        """A message as lines of the stream: a divider where a new day begins, then who said what, and where."""
        stamp, day = local_time(message.time)
        shown = [] if day == self._day else [line(f"— {day} —", "dim")]
        self._day = day
        own, room = self.is_me(message.sender), message.to.startswith("#")
        head = [Piece(f"{stamp} ", "dim")]
        if numbered:
            head.append(Piece(f"({message.id}) ", "dim"))
        if room:
            head += [Piece(f"{message.to} ", "dim"), name_piece(message.sender)]
        else:
            head += [Piece("→ ", "dim"), name_piece(message.to)] if own else [name_piece(message.sender)]
        style = "mention" if self._is_mention(message) else "plain"
        if message.text.startswith("/me "):
            return [*shown, line(f"* {message.sender} {message.text[4:]}", style, (*head, Piece(" ")))]
        return [*shown, line(message.text, style, (*head, Piece(": ")))]

    # What each event does

    def _on_message(self, message: ev.Message) -> list[Line]:
        place, own = self.place_of(message.sender, message.to), self.is_me(message.sender)
        self.meet(place, message.sender)
        window = self.at(place)
        mentions = self._is_mention(message)
        window.add(message, mentions=mentions)
        window.readers.clear()
        self.typing.pop(f"{message.sender}|{place}", None)
        if place != self.place and not own:
            if not window.unread:
                window.new_after = message.id - 1
            window.unread += 1
            window.mentions += mentions
        shown = self.message(message)
        if not self.place:
            self.note(shown[-1])  # whoever has opened nothing yet reads it there
        if message.origin != "live" and not self._away:
            self._away = True
            shown = [line("— while you were away —", "dim"), *shown]
        if not own and message.origin == "live" and (mentions or not message.to.startswith("#")):
            shown[-1] = self._ringing(shown[-1], window)
        return shown

    def _ringing(self, shown: Line, window: Window | None = None) -> Line:
        return replace(shown, bell=self.bell and not (window and window.is_muted))

    def _on_sent(self, sent: outcomes.Sent) -> list[Line]:
        to = self.spelled(sent.to)
        message = ev.Message(sent.id, sent.time, self.me, to, sent.text)
        self.at(to).add(message)
        self.at(to).readers.clear()
        return self.message(message)

    def _on_logged_in(self, event: outcomes.LoggedIn) -> list[Line]:
        self.me = event.name
        return [line(f"Back online as {event.name}" if event.again else f"You are {event.name}", "good")]

    def _on_logged_out(self, event: outcomes.LoggedOut) -> list[Line]:
        self.me = self.place = ""
        self.status = ("online", "")
        self.words = []
        for kept in (self.statuses, self.rooms, self.typing, self.names):
            kept.clear()
        self.windows = home_alone()
        return [line(f"{event.name} is logged out", "good")]

    def _on_login_failed(self, event: outcomes.LoginFailed) -> list[Line]:
        self.me = ""
        return [line(f"Not logged in: {in_commands(event.text)}. Type /login NAME", "alert")]

    def _on_caught_up(self, _event: outcomes.CaughtUp) -> list[Line]:
        away, self._away = self._away, False
        return [line("— now —", "dim")] if away else []

    def _on_offline(self, event: Offline) -> list[Line]:
        hint = ". Type /connect to try again" if event.retry_s is None else ""
        return [line(event.reason + hint, "warn")]

    def _on_request(self, event: ev.FriendRequest) -> list[Line]:
        self.meet(event.name)
        return [self._ringing(line(f"{event.name} asks to be your friend: /accept {event.name} or /reject it", "warn"))]

    def _on_friend(self, event: ev.FriendAdded) -> list[Line]:
        self.meet(event.name)
        self.statuses[event.name] = (event.status, event.text)
        how = status_text(event.status, event.text)
        return [line(f"{event.name} is your friend now ({how}): /to {event.name}", "good")]

    def _on_friend_gone(self, event: ev.FriendRemoved) -> list[Line]:
        self.statuses.pop(event.name, None)
        return [line(f"{event.name} is your friend no more", "warn")]

    def _on_status(self, event: ev.StatusChanged) -> list[Line]:
        self.statuses[event.name] = (event.status, event.text)
        return [line(f"{event.name} is {status_text(event.status, event.text)}", "dim")]

    def _on_read(self, event: ev.Read) -> list[Line]:
        if self.is_me(event.reader):
            if event.place in self.windows:
                self.windows[event.place].unread = self.windows[event.place].mentions = 0
            return []
        is_room = event.place.startswith("#")
        window = self.windows.get(event.place if is_room else event.reader)
        if window and event.id >= window.last_id:
            window.readers.add(event.reader)
        return [line(f"{event.reader} has read what you wrote{f' in {event.place}' if is_room else ''}", "dim")]

    def _on_typing(self, event: ev.Typing) -> list[Line]:
        self.typing[f"{event.sender}|{self.place_of(event.sender, event.to)}"] = self.clock() + TYPING_S
        return []

    def _on_invited(self, event: ev.Invited) -> list[Line]:
        self.meet(event.room, event.by)
        return [self._ringing(line(f"{event.by} invites you to {event.room}: /join {event.room}", "warn"))]

    def _on_joined(self, event: ev.Joined) -> list[Line]:
        self.meet(event.room, event.name)
        if self.is_me(event.name):
            self.rooms.add(event.room)
        return [line(f"{event.name} joined {event.room}", "dim")]

    def _on_left(self, event: ev.Left) -> list[Line]:
        if self.is_me(event.name):
            self.rooms.discard(event.room)
        return [line(f"{event.name} left {event.room}", "dim")]

    def _on_topic(self, event: ev.Topic) -> list[Line]:
        self.at(event.room).topic = event.text
        return [line(f"{event.by} set the topic of {event.room}: {event.text or '(none)'}", "dim")]

    # What becomes of messages. Marks also come before the rows of HISTORY, of messages that are not here yet.

    def _on_edited(self, event: ev.Edited) -> list[Line]:
        window = self._changed(event)
        said, words, is_known = window.said(event.id), window.said(event.id).words, event.id in window
        is_news = is_known and said.message.text != event.text
        said.message, said.edited = replace(said.message, text=event.text), True
        head = (Piece(f"{event.sender} corrected {words} to ", "dim"),)
        return [line(event.text, "plain", head)] if is_news else []

    def _on_deleted(self, event: ev.Deleted) -> list[Line]:
        window = self._changed(event)
        said, words = window.said(event.id), window.said(event.id).words
        is_news = event.id in window and not said.deleted
        said.deleted = True
        return [line(f"{event.sender} took back {words}", "dim")] if is_news else []

    def _on_reaction(self, event: ev.Reaction) -> list[Line]:
        window = self._changed(event)
        said = window.said(event.id)
        who = said.reactions.get(event.emoji, [])
        is_news = event.id in window and (event.sender in who) is (event.change == "-")
        changed = [name for name in who if name != event.sender] + [event.sender] * (event.change == "+")
        said.reactions[event.emoji] = changed
        if not changed:
            del said.reactions[event.emoji]
        deed = f"puts {event.emoji} to" if event.change == "+" else f"takes {event.emoji} back from"
        return [line(f"{event.sender} {deed} {said.words}", "dim")] if is_news else []

    def _changed(self, event: ev.Edited | ev.Deleted | ev.Reaction) -> Window:
        """The window that a change belongs to; one to forget where there is none."""
        place = self.place_of(event.sender, event.to)
        return self.windows.get(place) or Window(place)

    def _where_of_change(self, event: ev.Edited | ev.Deleted | ev.Reaction) -> str | None:
        """A change of what stands near the end shows there."""
        window = self._changed(event)
        is_near = window.said(event.id) in window.entries[-NEAR:] and not window.is_scrolled
        return None if is_near else window.place


def status_text(status: str, text: str) -> str:
    """How somebody is, with what was said of it."""
    return f"{status}: {text}" if text else status


# The tables are keyed by the type of the event that each row is given, which no signature can say.
RESTORED = "The server was put back from a backup: some of what was said before it went is no longer there"
_SHOWN: dict[type, Callable[[Desk, Any], list[Line]]] = {
    ev.Message: Desk._on_message,
    outcomes.Sent: Desk._on_sent,
    outcomes.LoggedIn: Desk._on_logged_in,
    outcomes.LoggedOut: Desk._on_logged_out,
    outcomes.CaughtUp: Desk._on_caught_up,
    outcomes.LoginFailed: Desk._on_login_failed,
    ev.FriendRequest: Desk._on_request,
    ev.FriendAdded: Desk._on_friend,
    ev.FriendRemoved: Desk._on_friend_gone,
    ev.StatusChanged: Desk._on_status,
    ev.Read: Desk._on_read,
    ev.Typing: Desk._on_typing,
    ev.Invited: Desk._on_invited,
    ev.Joined: Desk._on_joined,
    ev.Left: Desk._on_left,
    ev.Topic: Desk._on_topic,
    ev.Notice: lambda _, event: [line(event.text, "alert", (Piece("Notice: ", "alert"),))],
    ev.Edited: Desk._on_edited,
    ev.Deleted: Desk._on_deleted,
    ev.Reaction: Desk._on_reaction,
    ev.OtherEvent: lambda _, event: [line(f"{event.kind}: {' | '.join(event.fields)}", "dim")],
    outcomes.Restored: lambda *_: [line(RESTORED, "alert")],
    ev.Bye: lambda _, event: [line(f"The server says good-bye: {event.text or event.reason}", "warn")],
    ev.Garbage: lambda _, event: [line(event.why, "warn")],
    Offline: Desk._on_offline,
}
_WHERE: dict[type, Callable[[Desk, Any], str | None]] = {
    ev.Message: lambda *_: None,  # in its window already
    outcomes.Sent: lambda *_: None,
    outcomes.CaughtUp: lambda *_: None,
    ev.Read: lambda *_: None,  # the title tells
    ev.StatusChanged: lambda desk, event: event.name if event.name in desk.windows else "",
    ev.FriendRemoved: lambda desk, event: event.name if event.name in desk.windows else "",
    ev.Joined: lambda _, event: event.room,
    ev.Left: lambda _, event: event.room,
    ev.Topic: lambda _, event: event.room,
    ev.Edited: Desk._where_of_change,
    ev.Deleted: Desk._where_of_change,
    ev.Reaction: Desk._where_of_change,
}
"""Which window shows it: None for none, the open one where there is no row."""
