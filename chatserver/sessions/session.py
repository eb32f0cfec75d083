"""The state machine of one client: its phase, who it is, and how its lines become requests.

It knows the wire and the table of `builders`; it knows no socket and no SQL. What it returns is executed
by the server: a command, a query, a password to be hashed or checked, or a ready answer.
"""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from chatserver.core.commands import SendBurst
from chatserver.core.outcome import Refused
from chatserver.fronts.pipe.builders import BAD_ARGUMENTS, TABLE, Builder, Phase, unknown_command
from chatserver.protocol.frames import BadFrame
from chatserver.protocol.names import name_key
from chatserver.protocol.verbs import VERBS, Head, Verb, parse_head, split_arguments
from chatserver.queries.requests import Request

BURST_MAX = 256  # lines looked at for a burst: with all lines of a turn, bursts of two would cost their number squared
BAD_LINE = Head(None, "?", "")
"""In the place of the head of a line that is no frame."""
NOT_LOGGED_IN = Refused("NOT_LOGGED_IN", "Log in first: LOGIN|username|password, or SIGNUP if you are new")


class Session:
    """One client's standing: its phase, and who it is once logged in."""

    __slots__ = ("_after_wait", "_rows", "_sends", "name", "phase", "reads", "token_hash", "user")

    def __init__(self) -> None:
        self.user = 0
        self.name = ""  # as signed up; every command names it
        self.token_hash = b""
        self._sends = ""
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
        self._sends = f"SENDMESSAGE|{name}|"
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
        verb, build, cuts_max, fields_max, is_own = row
        fields = rest.split("|", cuts_max) if bar else []
        if len(fields) != fields_max:
            complete = split_arguments(verb, rest if bar else None)  # some were left out, or there are too many
            if complete is None:
                return echo, Refused("BAD_ARGUMENTS", verb.usage)
            fields = complete
        request = build(self, fields, tag, now_ms)
        if request is BAD_ARGUMENTS:
            return echo, Refused("BAD_ARGUMENTS", verb.usage)
        if is_own and fields[0] != self.name and not self._is_named(verb, fields[0]):
            return echo, Refused("NOT_YOU", f"You are logged in as {self.name}: put that name after the verb")
        return echo, request

    def read_burst(self, lines: Sequence[str], most: int, now_ms: int) -> SendBurst | None:
        """The first lines, `most` at most, as one command: where they are messages to one party, typed alike, no tags.

        They are cut all at once, because this is the path of many messages. `lines` has two or more.
        """
        first, sends = lines[0], self._sends
        if self.phase is not Phase.LOGGED_IN or not first.startswith(sends):
            return None
        end = first.find("|", len(sends)) + 1
        start = first[:end]
        if not end or not lines[1].startswith(start):
            return None
        burst = list(islice(lines, min(most, BURST_MAX)))
        texts = "\n".join(burst)[end:].split("\n" + start)
        if len(texts) < len(burst):  # other lines stand behind one of them
            last = next(at for at, text in enumerate(texts) if "\n" in text)
            texts[last:] = [texts[last].partition("\n")[0]]
        return SendBurst(self.user, first[len(sends) : end - 1], texts, now_ms)

    def _is_named(self, verb: Verb, name: str) -> bool:
        """The user may type the own name in another case or Unicode form, or leave it out where it is optional."""
        return name_key(name) == name_key(self.name) or (not name and verb.required == 0)


def _no_row(head: Head, line: str, word: str) -> Refused:
    """Why a line leads to nothing."""
    if head is BAD_LINE:
        return Refused("BAD_FRAME", line)
    if head.bad_tag:
        return Refused("BAD_FRAME", "A tag has 1 to 32 characters of A-Z a-z 0-9 _ . - behind the #")
    return NOT_LOGGED_IN if head.verb else unknown_command(word)


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
