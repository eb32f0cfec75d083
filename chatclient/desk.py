"""What one user sees of the chat: who is there, which conversation is open, what is unread.

Takes the typed events, keeps the picture, and says in lines what is worth showing. Knows no
connection, no terminal and no command.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chatclient import events as ev
from chatclient import outcomes
from chatclient.carrier import Happened, Offline
from chatclient.lines import Line, Piece, line, name_piece
from chatserver.protocol.names import name_key
from chatserver.protocol.times import parse_time

TYPING_S = 6.0
"""How long somebody counts as typing after the last word of it."""
NAMES_MAX = 2000
"""Names remembered for completion."""


@dataclass(slots=True)
class Desk:
    """The picture. Names are spelled as the server spells them."""

    clock: Callable[[], float] = time.monotonic
    me: str = ""
    place: str = ""  # the open conversation: a name, a #room, or nothing yet
    bell: bool = True
    unread: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, tuple[str, str]] = field(default_factory=dict)  # friends and how they are
    rooms: set[str] = field(default_factory=set)
    bots: set[str] = field(default_factory=set)
    typing: dict[str, float] = field(default_factory=dict)  # who is typing where, and until when that is true
    last_mine: dict[str, int] = field(default_factory=dict)  # by place: the id of the last message of one's own
    last_heard: dict[str, int] = field(default_factory=dict)  # by place: the id of the last message of anybody
    names: dict[str, str] = field(default_factory=dict)  # every name met, by its key
    _day: str = ""
    _away: bool = False  # the divider above what was missed has been shown

    def take(self, event: Happened) -> list[Line]:
        """Let an event change the picture; return what to show of it."""
        show = _SHOWN.get(type(event))
        return show(self, event) if show else []

    def open(self, place: str) -> None:
        """Make a conversation the open one; it is unread no more."""
        self.place = self.spelled(place)
        self.unread.pop(self.place, None)

    def spelled(self, name: str) -> str:
        """A name as the server spells it, if it has been met; otherwise as it was typed."""
        return self.names.get(name_key(name), name)

    def meet(self, *names: str) -> None:
        """Remember names for completion."""
        for name in names:
            if len(self.names) < NAMES_MAX:
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

    def message(self, message: ev.Message, *, numbered: bool = False) -> list[Line]:
        """A message as lines: a divider where a new day begins, then who said what."""
        stamp, day = _local(message.time)
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
        return [*shown, line(message.text, "plain", (*head, Piece(": ")))]

    # What each event does

    def _on_message(self, message: ev.Message) -> list[Line]:
        place, own = self.place_of(message.sender, message.to), self.is_me(message.sender)
        self.meet(place, message.sender)
        (self.last_mine if own else self.last_heard)[place] = message.id
        self.typing.pop(f"{message.sender}|{place}", None)
        if place != self.place and not own:
            self.unread[place] = self.unread.get(place, 0) + 1
        shown = self.message(message)
        if message.origin != "live" and not self._away:
            self._away = True
            shown = [line("— while you were away —", "dim"), *shown]
        if not own and message.origin == "live" and self._is_to_me(message):
            shown[-1] = self._ringing(shown[-1])
        return shown

    def _is_to_me(self, message: ev.Message) -> bool:
        return not message.to.startswith("#") or name_key(self.me) in name_key(message.text)

    def _ringing(self, shown: Line) -> Line:
        return Line(shown.head, shown.body, shown.style, bell=self.bell)

    def _on_sent(self, sent: outcomes.Sent) -> list[Line]:
        to = self.spelled(sent.to)
        self.last_mine[to] = sent.id
        return self.message(ev.Message(sent.id, sent.time, self.me, to, sent.text))

    def _on_logged_in(self, event: outcomes.LoggedIn) -> list[Line]:
        self.me = event.name
        return [line(f"Back online as {event.name}" if event.again else f"You are {event.name}", "good")]

    def _on_logged_out(self, event: outcomes.LoggedOut) -> list[Line]:
        self.me = self.place = ""
        for kept in (self.unread, self.statuses, self.rooms, self.typing, self.last_mine, self.last_heard, self.names):
            kept.clear()
        return [line(f"{event.name} is logged out", "good")]

    def _on_login_failed(self, event: outcomes.LoginFailed) -> list[Line]:
        self.me = ""
        return [line(f"Not logged in: {event.text} ({event.code}). Type /login NAME", "alert")]

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
        return [line(f"{event.name} is your friend now ({_status(event.status, event.text)})", "good")]

    def _on_friend_gone(self, event: ev.FriendRemoved) -> list[Line]:
        self.statuses.pop(event.name, None)
        return [line(f"{event.name} is your friend no more", "warn")]

    def _on_status(self, event: ev.StatusChanged) -> list[Line]:
        self.statuses[event.name] = (event.status, event.text)
        return [line(f"{event.name} is {_status(event.status, event.text)}", "dim")]

    def _on_read(self, event: ev.Read) -> list[Line]:
        if self.is_me(event.reader):
            self.unread.pop(event.place, None)
            return []
        where = f" in {event.place}" if event.place.startswith("#") else ""
        return [line(f"{event.reader} has read what you wrote{where}", "dim")]

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
            self.unread.pop(event.room, None)
        return [line(f"{event.name} left {event.room}", "dim")]

    def _on_edited(self, event: ev.Edited) -> list[Line]:
        where = self.place_of(event.sender, event.to)
        return [line(event.text, "plain", (Piece(f"{event.sender} corrected ({event.id}) in {where}: ", "dim"),))]


def _status(status: str, text: str) -> str:
    return f"{status}: {text}" if text else status


def _local(time_text: str) -> tuple[str, str]:
    """A time of the wire as the local hour and minute, and the local day."""
    try:
        local = datetime.fromtimestamp(parse_time(time_text) / 1000)
    except (ValueError, OverflowError, OSError):
        return "--:--", "an unknown day"
    return local.strftime("%H:%M"), f"{local:%A} {local.day} {local:%B %Y}"


# The table is keyed by the type of the event that each row is given, which no signature can say.
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
    ev.Topic: lambda _, event: [line(f"{event.by} set the topic of {event.room}: {event.text or '(none)'}", "dim")],
    ev.Notice: lambda _, event: [line(event.text, "alert", (Piece("Notice: ", "alert"),))],
    ev.Edited: Desk._on_edited,
    ev.Deleted: lambda _, event: [line(f"{event.sender} took back message ({event.id})", "dim")],
    ev.Reaction: lambda _, event: [line(f"{event.sender} {event.change}{event.emoji} on ({event.id})", "dim")],
    ev.OtherEvent: lambda _, event: [line(f"{event.kind}: {' | '.join(event.fields)}", "dim")],
    ev.Bye: lambda _, event: [line(f"The server says good-bye: {event.text or event.reason}", "warn")],
    ev.Garbage: lambda _, event: [line(event.why, "warn")],
    Offline: Desk._on_offline,
}
