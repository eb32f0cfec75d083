"""Whatever needs a password: throttled, queued, hashed in the worker pool, and brought back as a command.

The queue is as long as there are clients, since a client that waits sends nothing. A try is counted against the
throttle when its turn comes, not when it is asked, so that many at once are no way around it.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from chatserver.core.accounts import BAD_LOGIN, check_password, check_sign_up
from chatserver.core.commands import Command, DeleteAccount, Rehash, SetPassword, SignUp
from chatserver.core.outcome import Outcome, Refused
from chatserver.core.state import State
from chatserver.net.workers import Pool, Result
from chatserver.protocol.names import name_key
from chatserver.sessions.asks import AskDeleteAccount, AskLogIn, AskSetPassword, AskSignUp
from chatserver.sessions.client import Client, Ticket
from chatserver.sessions.passwords import SALT_BYTES, decoy, fits, hash_password, is_current
from chatserver.sessions.throttle import LoginThrottle
from chatserver.sessions.waits import Waits
from chatserver.turn.receiver import Receiver

log = logging.getLogger(__name__)


class Host(Protocol):
    """What logins need of the server."""

    @property
    def state(self) -> State:
        """The chat as it is now."""

    def now_ms(self) -> int:
        """Wall clock of this turn."""

    def execute(self, origin: Receiver | None, command: Command) -> Outcome:
        """Decide, apply and stage a command."""

    def answer(self, client: Client, echo: str, outcome: Outcome) -> None:
        """Stage the reply."""

    def open_session(self, client: Client, echo: str, user: int) -> Outcome:
        """Log a client in and stage its reply and backlog."""


@dataclass(slots=True)
class _Job:
    ticket: Ticket
    name_key: str  # "" for a job that guesses no password
    work: Callable[[], tuple[bool, str]]  # whether the password fits, and a new hash or ""
    done: Callable[[str], Outcome | None]  # given the new hash; None where the reply is staged already


class Logins:
    """The queue of password work; at most as many jobs at once as the pool has threads."""

    def __init__(
        self,
        host: Host,
        waits: Waits,
        pool: Pool,
        throttle: LoginThrottle,
        cost: int,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._host = host
        self._waits = waits
        self._pool = pool
        self._throttle = throttle
        self._cost = cost
        self._random_bytes = random_bytes
        self._waiting: deque[_Job] = deque()
        self._decoy = decoy(cost, random_bytes(SALT_BYTES), random_bytes(32))

    def sign_up(self, client: Client, echo: str, ask: AskSignUp) -> None:
        """SIGNUP: hash the password, then make the account."""
        refused = check_sign_up(self._host.state, ask.name, ask.password)
        if refused:
            self._host.answer(client, echo, refused)
            return

        def done(made: str) -> Outcome:
            return self._host.execute(client.receiver, SignUp(ask.name, made, self._host.now_ms()))

        self._enqueue(client, echo, "", partial(_make, ask.password, self._cost, self._salt()), done)

    def log_in(self, client: Client, echo: str, ask: AskLogIn) -> None:
        """LOGIN: check the password, or do the same work where there is no such user."""
        user = self._host.state.find(ask.name)
        stored = (user.password_hash if user else "") or self._decoy

        def done(made: str) -> Outcome | None:
            now = self._host.state.users.get(user.id) if user else None  # State may be another by now, read from disk
            if user is None or now is None:
                return BAD_LOGIN  # it is gone by now
            if now.password_hash != stored:  # changed, or hashed anew, while this one was being checked
                self.log_in(client, echo, ask)
                return None
            outcome = self._host.open_session(client, echo, user.id)
            if made and not isinstance(outcome, Refused):
                self._host.execute(client.receiver, Rehash(user.id, made))
            return None

        work = partial(_check, ask.password, stored, self._cost, self._salt())
        self._enqueue(client, echo, name_key(ask.name), work, done)

    def set_password(self, client: Client, echo: str, ask: AskSetPassword) -> None:
        """SETPASSWORD: check the old one and hash the new one."""
        refused = check_password(self._host.state, ask.new)
        if refused:
            self._host.answer(client, echo, refused)
            return
        user, token_hash = self._host.state.users[client.user], client.token_hash

        def done(made: str) -> Outcome:
            return self._host.execute(client.receiver, SetPassword(user.id, made, token_hash))

        work = partial(_replace, ask.old, user.password_hash, ask.new, self._cost, self._salt())
        self._enqueue(client, echo, user.key, work, done)

    def delete_account(self, client: Client, echo: str, ask: AskDeleteAccount) -> None:
        """DELETEACCOUNT: check the password."""
        user = self._host.state.users[client.user]

        def done(made: str) -> Outcome:
            return self._host.execute(client.receiver, DeleteAccount(user.id, self._host.now_ms()))

        work = partial(_check, ask.password, user.password_hash, 0, b"")
        self._enqueue(client, echo, user.key, work, done)

    def throttled(self, address: str, key: str) -> Refused | None:
        """Refuse an address that has guessed too often."""
        seconds = self._throttle.wait_s(address, key)
        return Refused("THROTTLED", f"Too many failed logins: try again in {seconds} s") if seconds else None

    def failed(self, address: str, key: str) -> None:
        """Count a wrong password or token."""
        self._throttle.failed(address, key)

    def _salt(self) -> bytes:
        return self._random_bytes(SALT_BYTES)

    def _enqueue(
        self,
        client: Client,
        echo: str,
        name_key: str,
        work: Callable[[], tuple[bool, str]],
        done: Callable[[str], Outcome | None],
    ) -> None:
        self._waiting.append(_Job(self._waits.begin(client, echo), name_key, work, done))
        self._start()

    def _start(self) -> None:
        while self._waiting and self._pool.free > 0:
            job = self._waiting.popleft()
            client = job.ticket.client
            if client.ticket is not job.ticket:
                continue  # it has gone meanwhile
            refused = self.throttled(client.address, job.name_key) if job.name_key else None
            if refused:
                self._reply(job, refused)
            else:
                self._pool.submit(job.work, partial(self._finish, job))

    def _finish(self, job: _Job, result: Result[tuple[bool, str]]) -> None:
        if result.value is None:
            log.error("a password could not be hashed: %s", result.error)
            self._reply(job, Refused("INTERNAL", "The server could not check the password: try again later"))
        elif not result.value[0]:
            self.failed(job.ticket.client.address, job.name_key)
            self._reply(job, BAD_LOGIN)
        else:
            made = result.value[1]
            self._waits.end(job.ticket, lambda: self._answer(job, job.done(made)))
        self._start()

    def _reply(self, job: _Job, refused: Refused) -> None:
        self._waits.end(job.ticket, lambda: self._answer(job, refused))

    def _answer(self, job: _Job, outcome: Outcome | None) -> None:
        if outcome is not None:
            self._host.answer(job.ticket.client, job.ticket.echo, outcome)


def _make(password: str, cost: int, salt: bytes) -> tuple[bool, str]:
    return True, hash_password(password, cost, salt)


def _check(password: str, stored: str, cost: int, salt: bytes) -> tuple[bool, str]:
    """Whether a password fits, and its hash by today's cost where the stored one has another (0: do not look)."""
    if not fits(password, stored):
        return False, ""
    return True, "" if not cost or is_current(stored, cost) else hash_password(password, cost, salt)


def _replace(old: str, stored: str, new: str, cost: int, salt: bytes) -> tuple[bool, str]:
    return (True, hash_password(new, cost, salt)) if fits(old, stored) else (False, "")
