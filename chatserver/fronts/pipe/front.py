"""The pipe: what its clients say, a line a command, as requests.

It knows the wire and the table of `builders`; it knows no socket and no SQL. What it returns is executed by others: a
command, a query, a password to be hashed or checked, or a ready answer.
"""

import re
from collections.abc import Sequence
from itertools import groupby, islice, takewhile
from typing import NamedTuple

from chatserver.core.commands import SendBurst
from chatserver.core.outcome import Refused
from chatserver.core.tags import NUMBER_END, Row, numbered
from chatserver.fronts.pipe.builders import BAD_ARGUMENTS, TABLE, Builder, unknown_command
from chatserver.fronts.pipe.guard import Foreign, GuardedReader
from chatserver.protocol.frames import BadFrame
from chatserver.protocol.names import name_key
from chatserver.protocol.render import bye, hello
from chatserver.protocol.verbs import TAG, VERBS, Head, Verb, parse_head, split_arguments
from chatserver.sessions.asks import Request, TurnAway
from chatserver.sessions.client import Client, Join
from chatserver.sessions.phases import Phase

BURST_MAX = 256  # lines looked at for a burst: with all lines of a turn, bursts of two would cost their number squared
TAG_AT = len("SENDMESSAGE#")
_PLAIN = re.compile(r"SENDMESSAGE(?:\nSENDMESSAGE)*")
_TAGGED = re.compile(rf"SENDMESSAGE#{TAG.pattern}(?:\nSENDMESSAGE#{TAG.pattern})*")
BAD_LINE = Head(None, "?", "")
"""In the place of the head of a line that is no frame."""
NOT_LOGGED_IN = Refused("NOT_LOGGED_IN", "Log in first: LOGIN|username|password, or SIGNUP if you are new")
FULL = bye("FULL", "The server has no place left for this address now: try again later")


class Pipe:
    """The front of a pipe's door: it keeps nothing of a client, whose rows it looks up once a phase."""

    name = "pipe"

    join: Join = None  # records are frames of the pipe already

    def __init__(self, farewell: bytes = FULL) -> None:
        """`farewell` is sent to those for whom there is no place; with TLS nothing can be said before the handshake."""
        self.farewell = farewell

    def greeting(self, store: str) -> bytes:
        """What is said first; `store` tells clients whether what they know of ids still holds."""
        return hello("Welcome. HELP lists the commands; SIGNUP|username|password makes an account", store)

    def reader(self) -> GuardedReader:
        """What cuts one client's bytes into lines."""
        return GuardedReader()

    def entered(self, client: Client) -> None:
        """A client is in another phase: an Enum's hash is slow, and this would be per command else."""
        client.rows = _ROWS[client.phase]
        client.sends = f"SENDMESSAGE|{client.name}|" if client.phase is Phase.LOGGED_IN else ""

    def read(self, client: Client, line: str, now_ms: int) -> tuple[str, Request]:
        """Understand one line: the verb (and tag) to echo, and what to do. Refusals come in the protocol's order."""
        word, bar, rest = line.partition("|")
        row, echo, tag = client.rows.get(word), word, ""
        if row is None:  # a tag, another letter case, or nothing that may be said now
            head = BAD_LINE if isinstance(line, BadFrame) else parse_head(word)
            echo, tag = head.echo, head.tag
            row = client.rows.get(head.verb.name) if head.verb else None
            if row is None:
                return echo, TurnAway(line) if isinstance(line, Foreign) else _no_row(head, line, word)
        verb, build, cuts_max, fields_max, is_own = row
        fields = rest.split("|", cuts_max) if bar else []
        if len(fields) != fields_max:
            complete = split_arguments(verb, rest if bar else None)  # some were left out, or there are too many
            if complete is None:
                return echo, Refused("BAD_ARGUMENTS", verb.usage)
            fields = complete
        request = build(client, fields, tag, now_ms)
        if request is BAD_ARGUMENTS:
            return echo, Refused("BAD_ARGUMENTS", verb.usage)
        if is_own and fields[0] != client.name and not _is_named(client, verb, fields[0]):
            return echo, Refused("NOT_YOU", f"You are logged in as {client.name}: put that name after the verb")
        return echo, request

    def read_burst(self, client: Client, lines: Sequence[str], most: int, now_ms: int) -> SendBurst | None:
        """The first lines, `most` at most, as one command: where they are messages, all with a tag or all without.

        They are cut all at once, because this is the path of many messages. `lines` has two or more.
        """
        first, sends = lines[0], client.sends
        if not sends or not first.startswith("SENDMESSAGE") or not lines[1].startswith("SENDMESSAGE"):
            return None
        burst = list(islice(lines, min(most, BURST_MAX)))
        start = first[: first.find("|", len(sends)) + 1]
        if first.startswith(sends) and start and lines[1].startswith(start):
            alike = _cut_alike(burst, start)
            return SendBurst(client.user, [(start[len(sends) : -1], len(alike))], alike, now_ms)
        if first[TAG_AT - 1 : TAG_AT] == "#" and (found := _cut_numbered(burst, client.name)):
            party, row, alike = found
            return SendBurst(client.user, [(party, len(alike))], alike, now_ms, row)
        columns = _cut(burst, client.name)
        if not columns:
            return None
        heads, _, names, texts = columns
        to = [(name, len(list(run))) for name, run in groupby(names)]
        tags = [head[TAG_AT:] for head in heads] if "#" in heads[0] else None
        return SendBurst(client.user, to, texts, now_ms, tags)


def _cut_alike(burst: list[str], start: str) -> list[str]:
    """The texts of the first lines that begin with these words: the usual case without tags, in half the time."""
    texts = "\n".join(burst)[len(start) :].split("\n" + start)
    if len(texts) < len(burst):  # other lines stand behind one of them
        last = next(at for at, text in enumerate(texts) if "\n" in text)
        texts[last:] = [texts[last].partition("\n")[0]]
    return texts


def _cut_numbered(burst: list[str], name: str) -> tuple[str, Row, list[str]] | None:
    """Party, tags and texts of lines that all say something to one party, with tags that are numbered in a row.

    So a client writes that repeats what was not answered. What must stand before each text is known from the first.
    """
    head, _, rest = burst[0].partition("|")
    stem, first = numbered(head[TAG_AT:])
    last, begin, end = first + len(burst) - 1, f"SENDMESSAGE#{stem}.", f"|{rest[: rest.find('|', len(name) + 1) + 1]}"
    if first < 0 or head != f"{begin}{first}" or not end.startswith(f"|{name}|"):
        return None
    if not burst[-1].startswith(f"{begin}{last}{end}") or not TAG.fullmatch(f"{stem}.{last}") or last >= NUMBER_END:
        return None
    begins = [f"{begin}{at}{end}" for at in range(first, last + 1)]
    texts = list(map(str.removeprefix, burst, begins))
    if sum(map(len, texts)) + sum(map(len, begins)) != sum(map(len, burst)):
        return None
    return end[len(name) + 2 : -1], Row(stem, first, len(texts)), texts


def _cut(burst: list[str], name: str) -> list[tuple[str, ...]]:
    """Verbs, users, parties and texts of the first lines that are messages of this user; none of fewer than two."""
    rows = [line.split("|", 3) for line in burst]
    is_head = (_TAGGED if "#" in rows[0][0] else _PLAIN).fullmatch
    columns = list(zip(*rows, strict=False))  # as many as the shortest row has
    if len(columns) == 4 and columns[1].count(name) == len(rows) and is_head("\n".join(columns[0])):
        return columns
    first = list(takewhile(lambda row: len(row) == 4 and row[1] == name and is_head(row[0]), rows))
    return list(zip(*first, strict=True)) if len(first) > 1 else []


def _is_named(client: Client, verb: Verb, name: str) -> bool:
    """The user may type the own name in another case or Unicode form, or leave it out where it is optional."""
    return name_key(name) == name_key(client.name) or (not name and verb.required == 0)


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


def _row(phase: Phase, name: str, build: Builder) -> _Row:
    verb = VERBS[name]
    fields_max = len(verb.fields)
    names_self = not verb.before_login or (name == "SETPASSWORD" and phase is Phase.LOGGED_IN)
    is_own = names_self and fields_max > 0
    cuts_max = fields_max - 1 if verb.free_text else fields_max  # no more than tell that there are too many
    return _Row(verb, build, cuts_max, fields_max, is_own)


_ROWS = {phase: {name: _row(phase, name, build) for name, build in table.items()} for phase, table in TABLE.items()}
