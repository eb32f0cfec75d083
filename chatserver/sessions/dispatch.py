"""What lines lead to: requests become commands, queries and waits, and these become answers.

It holds no rule of the chat, and no line of a protocol but its answers.
"""

import logging
import sqlite3
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from chatserver.core.accounts import BAD_LOGIN
from chatserver.core.commands import Command, LogOut, SendBurst
from chatserver.core.facts import GONE
from chatserver.core.messages import LOOK_UP
from chatserver.core.outcome import Outcome, Refused
from chatserver.core.state import State
from chatserver.net.reactor import Reactor
from chatserver.net.workers import Pool
from chatserver.protocol.names import name_key
from chatserver.protocol.render import err, item_lines, ok, oks
from chatserver.queries import answers, jobs, long_answers, look_ups, requests
from chatserver.queries.requests import Answer
from chatserver.sessions.asks import (
    AskAdmin,
    AskDeleteAccount,
    AskLogIn,
    AskQuit,
    AskResume,
    AskSetPassword,
    AskSignUp,
    TurnAway,
)
from chatserver.sessions.client import Client
from chatserver.sessions.jobs import Jobs
from chatserver.sessions.logins import Logins
from chatserver.sessions.sessions import LEFT, Sessions
from chatserver.sessions.throttle import LoginThrottle
from chatserver.sessions.waits import Waits
from chatserver.settings import Settings
from chatserver.store.errors import StoreBroken, StoreUnavailable, classify
from chatserver.turn.receiver import Receiver
from chatserver.turn.records import UNAVAILABLE, Credit, Passed, Reply, reply, standing
from chatserver.turn.turn import Turn

log = logging.getLogger(__name__)

QUERY_BYTES = 50_000  # what a query weighs beside its answer: it may take ms, so a client gets a few of them a turn
NOTED_S = 1.0
_OF_THE_SESSION = ("NOT_LOGGED_IN", "ALREADY_LOGGED_IN", "NOT_YOU")
"""Refusals that say who is logged in."""
_INTERNAL = Refused("INTERNAL", "The server has a defect and could not do this: nothing has changed, please report it")


class Dispatch:
    """Does what lines say, and answers them."""

    def __init__(
        self,
        turn: Turn,
        reactor: Reactor,
        settings: Settings,
        random_bytes: Callable[[int], bytes],
        hashers: Pool,
        readers: Pool,
        run_lines: Callable[[Client], None],
        break_off: Callable[[Exception], None],
    ) -> None:
        """`hashers` hash passwords, `readers` read what takes SQLite long; `break_off` ends the server."""
        self._turn = turn
        self._break_off = break_off
        self._clock = reactor.clock
        self._noted_s = -NOTED_S  # when the log was told last that the store cannot be read
        self.run_lines = run_lines
        self.waits = Waits(self, reactor.call_soon)
        self.jobs = Jobs(self, self.waits, readers, reactor.clock, reactor.call_soon)
        self.sessions = Sessions(self, turn, reactor, settings, random_bytes)
        self.throttle = LoginThrottle(
            settings.logins_per_minute, settings.sign_ups_per_minute, settings.throttle_s_max, reactor.clock
        )
        cost, waiting_max = settings.password_hash_cost, settings.passwords_per_address_max
        self.logins = Logins(self, self.waits, hashers, self.throttle, cost, waiting_max, random_bytes)
        self.administer: Callable[[Client, str, AskAdmin], None] = self._no_administration
        self._routes = self._make_routes()

    def _make_routes(self) -> Mapping[type, Callable[[Client, str, Any], None]]:  # Any: each row takes its own request
        """What answers each request; those that are not here are commands of the core."""
        return {
            Refused: self._answer_at_once,
            Answer: self._answer_at_once,
            AskSignUp: self.logins.sign_up,
            AskLogIn: self.logins.log_in,
            AskSetPassword: self.logins.set_password,
            AskDeleteAccount: self.logins.delete_account,
            AskResume: self._resume,
            AskAdmin: lambda client, echo, ask: self.administer(client, echo, ask),
            AskQuit: self._quit,
            TurnAway: self._turn_away,
            LogOut: self.sessions.log_out,
            **dict.fromkeys(answers.TABLE, self._query),
            **dict.fromkeys(long_answers.TABLE, partial(self._job, long_answers.job)),
            **dict.fromkeys(look_ups.TABLE, self._look_up),
        }

    # Lines.

    def do_line(self, client: Client, line: str, now_ms: int) -> None:
        """Do what one line says, and answer it."""
        echo = "?"
        try:
            echo, request = client.front.read(client, line, now_ms)
            route = self._routes.get(type(request))
            if route is None:
                self._execute(client, echo, request)  # type: ignore[arg-type]  # it is a Command
            else:
                route(client, echo, request)
        except Exception as error:  # a session's edge: one client's command must not end the others
            self._failed(client, echo, error)

    def do_burst(self, client: Client, command: SendBurst) -> int:
        """Do lines that are one command; return how many are answered with that.

        Where one cannot be sent none is; after a defect the first is answered. The others are then run by themselves.
        """
        tags = command.tags
        try:
            outcome = self._turn.execute(client.receiver, command)
        except Exception as error:  # a session's edge
            self._failed(client, f"SENDMESSAGE#{tags[0]}" if tags else "SENDMESSAGE", error)
            return 1
        if isinstance(outcome, Refused):
            return 0
        answers = outcome[1]
        echo = [f"SENDMESSAGE#{tag}" for tag in tags] if tags else "SENDMESSAGE"
        self._turn.stage(client.receiver, reply((oks("SENDMESSAGE", answers, tags), 0, echo, len(answers), ())))
        return len(answers)

    def _execute(self, client: Client, echo: str, command: Command) -> None:
        outcome = self._turn.execute(client.receiver, command)
        if outcome is LOOK_UP:
            self._job(look_ups.look_up_tag, client, echo, command)  # type: ignore[arg-type]  # it is a SendMessage
        else:
            self.answer(client, echo, outcome)

    def all_done(self, client: Client) -> None:
        """A client that sends no more is answered: it goes."""
        self.sessions.end(client, LEFT)

    def wait_for_disk(self, client: Client) -> bool:
        """Have a client wait until its answers leave, if they depend on something that is not stored yet."""
        batch = self._turn.held_back(client.receiver)
        if batch is not None:
            self.waits.for_batch(client, batch)
        return batch is not None

    def attempt(self, client: Client, echo: str, action: Callable[[], None]) -> None:
        """Do something for a client that did not come from a line just now."""
        try:
            action()
        except Exception as error:  # a session's edge
            self._failed(client, echo, error)

    def _failed(self, client: Client, echo: str, error: Exception) -> None:
        if isinstance(error, sqlite3.Error):
            error = classify(error)
        if isinstance(error, StoreBroken):
            self._break_off(error)
        elif isinstance(error, StoreUnavailable):
            self._note_unreadable(error)
            self.answer(client, echo, UNAVAILABLE)
        else:
            log.error("a defect in %s", echo.partition("#")[0], exc_info=error)
            self._turn.defect()
            self.answer(client, echo, _INTERNAL)

    def _note_unreadable(self, error: StoreUnavailable) -> None:
        """Once a second: clients may ask for what cannot be read as often as they like."""
        now_s = self._clock()
        if now_s - self._noted_s >= NOTED_S:
            self._noted_s = now_s
            log.error("the store cannot be read (%s)", error)

    # Answers.

    def answer(self, client: Client, echo: str, outcome: Outcome) -> None:
        """Stage the reply to a command, and the good-byes that it has brought about."""
        if self._turn.is_suspended:  # what it decided, or was refused for, may rest on what nobody knows yet
            self._answer_at_once(client, echo, UNAVAILABLE)
            return
        frame = err(echo, outcome.code, outcome.text) if type(outcome) is Refused else ok(echo, outcome[1])
        self._turn.stage(client.receiver, reply((frame, 0, echo, 1, ())))
        if self.sessions.ending:
            self.sessions.answered()

    def _answer_at_once(self, client: Client, echo: str, answer: Answer | Refused) -> None:
        """What depends on nothing that is stored, but for who is logged in: that may be undone with its batch."""
        rendered = _rendered(echo, answer)
        if not isinstance(answer, Refused) or answer.code not in _OF_THE_SESSION:
            rendered = rendered._replace(answers=0)
        client.receiver.staged_bytes += len(rendered.data)
        self._turn.stage_behind(client.receiver, rendered, None)

    def _query(self, client: Client, echo: str, query: requests.Query) -> None:
        """From State: at once, or in slices where it is long."""
        if answers.is_long(self._turn.state, client.user, query):
            self._job(answers.job, client, echo, query)
        else:
            client.receiver.staged_bytes += QUERY_BYTES
            self._show(client, echo, answers.answer(self._turn.state, client.user, query))

    def _show(self, client: Client, echo: str, shown: jobs.Shown) -> None:
        """State runs ahead of the disk: what is from there leaves once what it shows is stored."""
        if shown.presence:
            self._turn.presence.shown(client.user)
        rendered = _rendered(echo, shown.answer)
        client.receiver.staged_bytes += len(rendered.data)
        self._turn.stage_behind(client.receiver, rendered, self._turn.undurable(shown.facts))

    def _job(
        self,
        make: Callable[[Turn, int, Any], jobs.Job],
        client: Client,
        echo: str,
        request: requests.Query | requests.LongQuery,
    ) -> None:
        client.receiver.staged_bytes += QUERY_BYTES
        self.jobs.start(client, echo, make(self._turn, client.user, request))

    def _look_up(self, client: Client, echo: str, request: requests.LookUp) -> None:
        if self._turn.unavailable:
            self.answer(client, echo, UNAVAILABLE)
        else:
            self._job(look_ups.look_up, client, echo, request)  # type: ignore[arg-type]  # it takes look-ups

    def finish(self, client: Client, echo: str, result: jobs.Outcome) -> None:
        """Answer with a job's result; one that has found what a command needs becomes that command."""
        if isinstance(result, jobs.Shown):
            self._show(client, echo, result)
        elif isinstance(result, Answer):
            marks, rendered = _marks(result), _rendered(echo, result)
            client.receiver.staged_bytes += len(marks.data) + len(rendered.data)
            gone = self._turn.undurable([GONE])  # names come from State, and the disk's rows hide whoever is going
            if result.marks:
                self._turn.stage_behind(client.receiver, marks, gone)
            self._turn.stage_behind(client.receiver, rendered, gone)
        elif isinstance(result, Refused):
            self.answer(client, echo, result)
        else:
            self.answer(client, echo, self._turn.execute(client.receiver, result))

    def answer_with(self, client: Client, echo: str, answer: Answer | Refused) -> None:
        """Stage rows, with what has brought them about."""
        rendered = _rendered(echo, answer)
        client.receiver.staged_bytes += len(rendered.data)
        self._turn.stage(client.receiver, rendered)
        if self.sessions.ending:
            self.sessions.answered()

    def _no_administration(self, client: Client, echo: str, ask: AskAdmin) -> None:
        self.answer(client, echo, Refused("NOT_ALLOWED", "Nobody administers this server from here: use its machine"))

    # What `Logins` needs, and sessions.

    @property
    def state(self) -> State:
        """The chat as it is now."""
        return self._turn.state

    def now_ms(self) -> int:
        """The wall clock of this turn."""
        return self._turn.stamp()

    def execute(self, origin: Receiver | None, command: Command) -> Outcome:
        """Do a command in this turn."""
        return self._turn.execute(origin, command)

    def open_session(self, client: Client, echo: str, user: int) -> Outcome:
        """Log a client in with a new token."""
        return self.sessions.open_session(client, echo, user)

    def _resume(self, client: Client, echo: str, ask: AskResume) -> None:
        key = name_key(ask.name)
        outcome = self.logins.throttled(client.address, key)
        if outcome is None:
            tried = self.sessions.resume(client, echo, ask.name, ask.token)
            if not isinstance(tried, Refused):
                return
            if tried.code == BAD_LOGIN.code:  # any other refusal says nothing of the token
                self.logins.failed(client.address, key)
            outcome = tried
        self.answer(client, echo, outcome)

    def _quit(self, client: Client, echo: str, ask: AskQuit) -> None:
        self._turn.stage_behind(client.receiver, standing(ok(echo)), None)
        self.sessions.end(client, "QUIT")

    def _turn_away(self, client: Client, echo: str, stranger: TurnAway) -> None:
        self._answer_at_once(client, echo, Refused("BAD_FRAME", stranger.sentence))
        self.sessions.end(client, "WRONG_PROTOCOL")


def _rendered(echo: str, answer: Answer | Refused) -> Reply:
    if isinstance(answer, Refused):
        return Reply(err(echo, answer.code, answer.text), 0, echo, 1)
    if answer.rows is None:
        return Reply(ok(echo, answer.fields), 0, echo, 1)
    lines = item_lines(echo, answer.rows, answer.fields)
    credit: Credit = 0 if answer.after is None else Passed(answer.after, answer.passed)
    return Reply("".join(lines).encode(), credit, echo, 1, list(zip(lines, _credits(answer), strict=True)))


def _credits(answer: Answer) -> list[Credit]:
    """Of a SYNC, each row that is handed over counts; the rows' first field is their id."""
    rows = answer.rows or []
    if answer.after is None:
        return [0] * (len(rows) + 1)
    return [*(Passed(answer.after, int(row[0])) for row in rows), Passed(answer.after, answer.passed)]


def _marks(answer: Answer) -> Reply:
    return Reply(b"".join(answer.marks), 0, "", -1, [(frame, 0) for frame in answer.marks])
