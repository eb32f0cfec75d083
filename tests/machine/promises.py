"""What a server has promised in the frames it sent, read from a record; and whether another life of it keeps that.

A fact has a key ("the topic of #den") and, in order, the values that were asked for. An `OK`, or a frame that shows a
value, is a promise: from now on the fact has this value, or one that was asked for later. It knows the wire alone.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.machine.record import HEARD, SAID, Entry

Key = tuple[str, ...]
DELETED = ""  # the text of a message that was deleted


class Broken(AssertionError):
    """A promise of the server's that was not kept."""


@dataclass(slots=True)
class Fact:
    """What one thing may be: any of the values asked for, from the promised one on."""

    values: list[str] = field(default_factory=list)
    promised: int = -1

    def ask(self, value: str) -> None:
        self.values.append(value)

    def promise(self, value: str) -> None:
        """Note that this value was told. Raises Broken if nobody has asked for it.

        It may be an older one than was told before: what is read and what is changed in one turn goes out together.
        """
        if value not in self.values:
            raise Broken(f"{value[:80]!r} was told, where it must be {_shown(self.values)}")
        self.promised = max(self.promised, self.values.index(value))

    @property
    def allowed(self) -> list[str]:
        return self.values[max(self.promised, 0) :]

    @property
    def is_promised(self) -> bool:
        return self.promised >= 0


@dataclass(slots=True)
class Conversation:
    """One connection: lines that wait for their answers, and the rest of bytes that are no whole line yet."""

    heard: bytes = b""
    said: bytes = b""
    lines: deque[str] = field(default_factory=deque)


class Promises:
    """Follows a record, entry by entry."""

    def __init__(self) -> None:
        self.facts: defaultdict[Key, Fact] = defaultdict(Fact)
        self.passwords: dict[str, str] = {}
        self.tokens: dict[str, list[str]] = defaultdict(list)
        self.messages: dict[str, tuple[str, str, str]] = {}  # id → time, from, to
        self.tags: dict[tuple[str, str], tuple[str, str, str]] = {}  # user and tag → to, id, time
        self.count = 0  # how often something was promised
        self._conversations: defaultdict[tuple[int, str], Conversation] = defaultdict(Conversation)

    def follow(self, entry: Entry) -> None:
        """Take one more entry. Raises Broken if a frame contradicts an earlier one."""
        if entry.kind == HEARD:
            talk = self._conversations[entry.life, entry.name]
            *lines, talk.heard = (talk.heard + entry.data).split(b"\n")
            for line in lines:
                talk.lines.append(line.decode())
                self._asked(line.decode())
        elif entry.kind == SAID:
            talk = self._conversations[entry.life, entry.name]
            *frames, talk.said = (talk.said + entry.data).split(b"\n")
            for frame in frames:
                self._told(talk, frame.decode())

    def _asked(self, line: str) -> None:
        verb, *fields = line.split("|", 3)
        row = ASKS.get(verb)
        if row:
            row(self, *fields)

    def _told(self, talk: Conversation, frame: str) -> None:
        kind, name, *fields = frame.split("|", 6)
        if (kind, name.partition("#")[0]) in SHOWS_MESSAGE:
            self._shown(*fields)
        elif (kind, name) == ("EVENT", "EDITED"):
            self._promise(("text", fields[0]), fields[4])
        elif (kind, name) == ("EVENT", "DELETED"):
            self._promise(("text", fields[0]), DELETED)
        elif kind in ("OK", "ERR"):
            line = talk.lines.popleft()
            verb = line.partition("|")[0]
            if verb != name:
                raise Broken(f"{line[:80]!r} was answered with {frame[:80]!r}")
            row = ANSWERS.get(verb.partition("#")[0])
            if row and kind == "OK":
                row(self, line, fields)

    def _ask(self, key: Key, value: str) -> None:
        self.facts[key].ask(value)

    def _promise(self, key: Key, value: str) -> None:
        self.count += 1
        self.facts[key].promise(value)

    def _shown(self, number: str, time: str, sender: str, to: str, text: str) -> None:
        """A message was seen: it is one from now on, and has this text or a later one."""
        known = self.messages.setdefault(number, (time, sender, to))
        if known != (time, sender, to):
            raise Broken(f"the id {number} stood for {known}, and then for {(time, sender, to)}")
        fact = self.facts["text", number]
        if not fact.is_promised and text not in fact.values:  # the first that is heard of it
            fact.values.insert(0, text)
        self._promise(("text", number), text)

    def _sent(self, line: str, answer: Sequence[str]) -> None:
        verb, sender, to, text = line.split("|", 3)
        number, time = answer
        tag = verb.partition("#")[2]
        if tag:
            known = self.tags.setdefault((sender, tag), (to, number, time))
            if known != (to, number, time):
                raise Broken(f"the tag {tag} of {sender} stood for {known}, and then for {(to, number, time)}")
        self._shown(number, time, sender, to, text)

    def _signed_up(self, line: str, answer: Sequence[str]) -> None:
        _, name, password = line.split("|")
        self.passwords[name] = password

    def _logged_in(self, line: str, answer: Sequence[str]) -> None:
        name, token = answer
        if token not in self.tokens[name]:
            self.tokens[name].append(token)


Asked = Callable[..., None]
ASKS: dict[str, Asked] = {
    "ADDFRIEND": lambda it, user, other: it._ask(("friend", *sorted((user, other))), "asked"),
    "ACCEPTFRIEND": lambda it, user, other: it._ask(("friend", *sorted((user, other))), "friends"),
    "BLOCK": lambda it, user, other: it._ask(("block", user, other), "block"),
    "SETSTATUS": lambda it, user, status, text: it._ask(("status", user), f"{status}|{text}"),
    "CREATEROOM": lambda it, user, room: it._ask(("member", room, user), "member"),
    "JOIN": lambda it, user, room: it._ask(("member", room, user), "member"),
    "SETTOPIC": lambda it, user, room, text: it._ask(("topic", room), text),
    "EDITMESSAGE": lambda it, user, number, text: it._ask(("text", number), text),
    "DELETEMESSAGE": lambda it, user, number: it._ask(("text", number), DELETED),
    "REACT": lambda it, user, number, emoji: it._ask(("reaction", number, user), emoji),
    "MARKREAD": lambda it, user, other, number: it._ask(("read", user, other), number),
}
"""What a command asks for. Names are typed as they were signed up."""

Answered = Callable[[Promises, str, Sequence[str]], None]


def _as_asked(verb: str) -> Answered:
    """The answer says no more than that what was asked for is so now."""

    def promise(it: Promises, line: str, answer: Sequence[str]) -> None:
        seen = Promises()
        ASKS[verb](seen, *line.split("|", 3)[1:])
        for key, fact in seen.facts.items():
            it._promise(key, fact.values[0])

    return promise


ANSWERS: dict[str, Answered] = {
    **{verb: _as_asked(verb) for verb in ASKS},
    "SIGNUP": Promises._signed_up,
    "LOGIN": Promises._logged_in,
    "RESUME": Promises._logged_in,
    "SENDMESSAGE": Promises._sent,
}
SHOWS_MESSAGE = {("EVENT", "MESSAGE"), ("EVENT", "MISSED"), ("ITEM", "HISTORY"), ("ITEM", "SYNC")}


def _shown(values: Sequence[str]) -> str:
    return ", ".join(repr(value[:40]) for value in values) or "nothing"
