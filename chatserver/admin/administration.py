"""Runs commands of the administration: who may, what needs to be said twice, what is kept in the audit.

An answer leaves when what it is about is stored, as every answer does.
"""

import logging
import shlex
from collections.abc import Callable, Sequence

from chatserver.admin.asked import Asked, UsageError, parse, split
from chatserver.admin.desk import Actor, Desk
from chatserver.admin.result import Later, Outcome
from chatserver.admin.table import TABLE
from chatserver.core.commands import NoteDeed
from chatserver.core.outcome import Refused
from chatserver.protocol.frames import FRAME_BYTES_MAX
from chatserver.protocol.names import name_key
from chatserver.queries.requests import Answer
from chatserver.sessions.asks import AskAdmin
from chatserver.sessions.client import Client
from chatserver.store.backup import is_part_of
from chatserver.turn.records import UNAVAILABLE

log = logging.getLogger(__name__)

DEED_CHARS_MAX = 1000
REFUSAL_CHARS_MAX = 500
NO_ADMIN = Refused("NOT_ALLOWED", "You do not administer this server: ask whoever runs it")
_ROW_BYTES_MAX = FRAME_BYTES_MAX - 64


class Administration:
    """The commands, over one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    # For accounts that may.

    def from_client(self, client: Client, echo: str, ask: AskAdmin) -> None:
        """ADMIN: answer a client, or have it wait."""
        actor = Actor(client.name, is_machine=False)
        if name_key(client.name) not in self.desk.settings.admin_keys:
            if not client.was_warned_of:
                client.was_warned_of = True
                log.warning("%s from %s may not administer", client.name, client.address)
            outcome: Outcome | Later = NO_ADMIN
        else:
            outcome = self._understand(actor, ask.words)
        dispatch = self.desk.dispatch
        if not isinstance(outcome, Later):
            dispatch.answer_with(client, echo, _answer(outcome))
            return
        ticket = dispatch.waits.begin(client, echo)
        start = outcome.start
        start(lambda done: dispatch.waits.end(ticket, lambda: dispatch.answer_with(client, echo, _answer(done))))

    def _understand(self, actor: Actor, text: str) -> Outcome | Later:
        try:
            return self.run(actor, split(text))
        except UsageError as error:
            return Refused("BAD_COMMAND", str(error))

    # For the machine's owner.

    def from_machine(self, actor: Actor, words: Sequence[str], done: Callable[[Outcome], None]) -> None:
        """Do what the words say; `done` gets the answer once what it is about is stored."""
        outcome = self.run(actor, words)
        if isinstance(outcome, Later):
            outcome.start(lambda result: self._when_stored(result, done))
        else:
            self._when_stored(outcome, done)

    def _when_stored(self, outcome: Outcome, done: Callable[[Outcome], None]) -> None:
        self.desk.dispatch.sessions.answered()
        self.desk.turn.batch.when_over(lambda stored: done(outcome if stored else UNAVAILABLE))

    # For both.

    def run(self, actor: Actor, words: Sequence[str]) -> Outcome | Later:
        """Do what the words say, if the actor may."""
        try:
            asked = parse(TABLE, words)
            refused = self._refuse(actor, asked)
            if refused is not None:
                return refused
            outcome: Outcome | Later = asked.command.do(self.desk, asked)
        except UsageError as error:
            return Refused("BAD_COMMAND", str(error))
        if isinstance(outcome, Later):
            start = outcome.start
            return Later(lambda done: start(lambda result: done(self._note(actor, asked, result))))
        return self._note(actor, asked, outcome)

    def _refuse(self, actor: Actor, asked: Asked) -> Refused | None:
        command = asked.command
        if command.on_machine and not actor.is_machine:
            return _for_owner(command.name, asked)
        if command.guard is not None and not actor.is_machine:
            guarded: str | None = command.guard(self.desk, actor, asked)
            if guarded:
                return _for_owner(guarded, asked)
        for file in asked.files:
            if is_part_of(self.desk.settings.store, file):
                return Refused("NOT_ALLOWED", f"{file} is a part of the store that is used: name another file")
        if command.changes and self.desk.turn.unavailable:
            return UNAVAILABLE
        if command.live and not self.desk.live:
            return Refused("NOT_ALLOWED", f"{command.name} makes sense while the server runs: start it first")
        if command.final and not asked.yes:
            return Refused("NOT_CONFIRMED", f"{command.name} cannot be undone: say it again with --yes behind it")
        return None

    def _note(self, actor: Actor, asked: Asked, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Refused):
            return Refused(outcome.code, asked.in_short(outcome.text))
        if asked.command.changes:
            deed = " ".join(map(shlex.quote, asked.words))[:DEED_CHARS_MAX]
            noted = self.desk.execute(NoteDeed(actor.name, deed, self.desk.now_ms()))
            if isinstance(noted, Refused):
                log.error("an admin's deed could not be kept: %s", noted.code)
            log.info("admin %s: %s", actor.name, asked.command.name)
        return outcome


def _for_owner(what: str, asked: Asked) -> Refused:
    line = " ".join(("python3 -m chatserver admin", *map(shlex.quote, asked.words)))
    return Refused("NOT_ALLOWED", f"{what} is for the machine's owner: {line}"[:REFUSAL_CHARS_MAX])


def _answer(outcome: Outcome) -> Answer | Refused:
    if isinstance(outcome, Refused):
        return outcome
    rows = [(*row[:-1], _shortened(row)) for row in outcome.fields()]
    return Answer((outcome.text,), rows)


def _shortened(row: tuple[str, ...]) -> str:
    """The last field, cut where the row would be too long for a frame."""
    room = _ROW_BYTES_MAX - sum(len(field.encode()) + 1 for field in row[:-1])
    last = row[-1].encode()
    return row[-1] if len(last) <= room else last[: max(0, room - 3)].decode(errors="ignore") + "…"
