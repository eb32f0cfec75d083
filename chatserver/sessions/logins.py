"""Whatever needs a password: throttled, queued, hashed in the worker pool, and brought back as a command.

Addresses take turns, so that nobody waits long for what many others ask from elsewhere. Each client has one password
in the queue at most, since a client that waits sends nothing, and each address so many. A try is counted against the
throttle when its turn comes, not when it is asked, so that many at once are no way around it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from chatserver.core.accounts import BAD_LOGIN, check_password, check_sign_up
from chatserver.core.commands import Command, DeleteAccount, Rehash, SetPassword, SignUp
from chatserver.core.outcome import Outcome, Refused
from chatserver.core.state import State, User
from chatserver.net.workers import Pool, Result
from chatserver.protocol.names import NO_KEY, name_key
from chatserver.sessions.asks import AskDeleteAccount, AskLogIn, AskSetPassword, AskSignUp
from chatserver.sessions.client import Client, Ticket
from chatserver.sessions.fair_queue import FairQueue
from chatserver.sessions.passwords import SALT_BYTES, decoy, fits, hash_password, is_current
from chatserver.sessions.throttle import LoginThrottle
from chatserver.sessions.waits import Waits
from chatserver.turn.receiver import Receiver

log = logging.getLogger(__name__)

_TOO_MANY_WAIT = Refused("THROTTLED", "Too many passwords from your address wait to be checked: try again in a moment")


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
class _Checked:
    """A user whose password was compared with a stored hash, and what comes next."""

    user: User | None  # None: there was nobody of that name
    stored: str
    again: Callable[[], None]  # ask anew, where the hash is another by now
    done: Callable[[User, str], Outcome | None]  # given the new hash


@dataclass(slots=True)
class _Job:
    ticket: Ticket
    name_key: str  # "" for a sign-up, which guesses no password
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
        waiting_max: int,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        """`waiting_max` passwords of one address wait to be hashed at most."""
        self._host = host
        self._waits = waits
        self._pool = pool
        self._throttle = throttle
        self._cost = cost
        self._waiting_max = waiting_max
        self._random_bytes = random_bytes
        self._waiting: FairQueue[_Job] = FairQueue()
        self._decoy = decoy(cost, random_bytes(SALT_BYTES), random_bytes(32))

    def sign_up(self, client: Client, echo: str, ask: AskSignUp) -> None:
        """SIGNUP: hash the password, then make the account."""
        refused = check_sign_up(self._host.state, ask.name, ask.password, ask.code, self._host.now_ms())
        if refused:
            self._host.answer(client, echo, refused)
            return

        def done(made: str) -> Outcome:
            outcome = self._host.execute(client.receiver, SignUp(ask.name, made, self._host.now_ms(), ask.code))
            if not isinstance(outcome, Refused):
                log.info("sign-up of %s from %s", outcome[1][0], client.address)
            return outcome

        self._enqueue(client, echo, "", partial(_make, ask.password, self._cost, self._salt()), done)

    def log_in(self, client: Client, echo: str, ask: AskLogIn) -> None:
        """LOGIN: check the password, or do the same work where there is no such user."""
        if self._is_refused(client, echo, name_key(ask.name), ask.password):
            return
        user = self._host.state.find(ask.name)
        stored = (user.password_hash if user else "") or self._decoy

        def done(user: User, made: str) -> None:
            outcome = self._host.open_session(client, echo, user.id)
            if not isinstance(outcome, Refused):
                log.info("login of %s from %s", user.name, client.address)
            if made and not isinstance(outcome, Refused):
                self._host.execute(client.receiver, Rehash(user.id, made))

        work = partial(_check, ask.password, stored, self._cost, self._salt())
        checked = _Checked(user, stored, lambda: self.log_in(client, echo, ask), done)
        self._enqueue(client, echo, name_key(ask.name), work, partial(self._if_unchanged, checked))

    def set_password(self, client: Client, echo: str, ask: AskSetPassword) -> None:
        """SETPASSWORD: check the old one and hash the new one."""
        refused = check_password(self._host.state, ask.new)
        if refused:
            self._host.answer(client, echo, refused)
            return
        if self._is_refused(client, echo, name_key(ask.name), ask.old):
            return
        user, token_hash = self._host.state.find(ask.name), client.token_hash
        stored = (user.password_hash if user else "") or self._decoy

        def done(user: User, made: str) -> Outcome:
            return self._host.execute(client.receiver, SetPassword(user.id, made, token_hash))

        work = partial(_replace, ask.old, stored, ask.new, self._cost, self._salt())
        checked = _Checked(user, stored, lambda: self.set_password(client, echo, ask), done)
        self._enqueue(client, echo, name_key(ask.name), work, partial(self._if_unchanged, checked))

    def delete_account(self, client: Client, echo: str, ask: AskDeleteAccount) -> None:
        """DELETEACCOUNT: check the password."""
        user = self._host.state.users[client.user]
        if self._is_refused(client, echo, user.key, ask.password):
            return

        def done(user: User, made: str) -> Outcome:
            return self._host.execute(client.receiver, DeleteAccount(user.id, self._host.now_ms()))

        work = partial(_check, ask.password, user.password_hash, 0, b"")
        checked = _Checked(user, user.password_hash, lambda: self.delete_account(client, echo, ask), done)
        self._enqueue(client, echo, user.key, work, partial(self._if_unchanged, checked))

    def _if_unchanged(self, checked: "_Checked", made: str) -> Outcome | None:
        """Do what the password was given for, if it is still the one that was checked."""
        # State may be another by now, read from the disk.
        now = self._host.state.users.get(checked.user.id) if checked.user else None
        if now is None:
            return BAD_LOGIN  # it is gone by now
        if now.password_hash != checked.stored:  # changed, or hashed anew
            checked.again()
            return None
        return checked.done(now, made)

    def throttled(self, address: str, key: str) -> Refused | None:
        """Refuse an address that has guessed too often."""
        seconds = self._throttle.wait_s(address, key)
        return Refused("THROTTLED", f"Too many failed logins: try again in {seconds} s") if seconds else None

    def _sign_up_throttled(self, address: str) -> Refused | None:
        """Refuse an address that has made too many accounts, else count one more."""
        seconds = self._throttle.sign_up_wait_s(address)
        if seconds:
            return Refused("THROTTLED", f"Too many new accounts from your address: try again in {seconds} s")
        self._throttle.signed_up(address)
        return None

    def failed(self, address: str, key: str) -> None:
        """Count a wrong password or token. The log names known users alone: a password may be typed as a name."""
        user = self._host.state.by_key.get(key)
        log.info("failed login%s from %s", f" of {user.name}" if user else "", address)
        self._throttle.failed(address, key)

    def _is_refused(self, client: Client, echo: str, key: str, password: str) -> bool:
        """Refuse, as a wrong one, what is too long to be anybody's name or password: nothing of it is kept waiting."""
        if key != NO_KEY and len(password) <= self._host.state.limits.password_chars_typed_max:
            return False
        refused = self.throttled(client.address, key)
        if refused is None:
            self.failed(client.address, key)
        self._host.answer(client, echo, refused or BAD_LOGIN)
        return True

    def hash_for(self, password: str, done: Callable[[Result[str]], None]) -> None:
        """Hash a password for an administrator, beside the queue."""

        def hashed(made: Result[str]) -> None:
            self._start()
            done(made)

        self._pool.submit(partial(hash_password, password, self._cost, self._salt()), hashed)

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
        if self._waiting.count(client.address) >= self._waiting_max:
            self._host.answer(client, echo, _TOO_MANY_WAIT)
            return
        self._waiting.put(client.address, _Job(self._waits.begin(client, echo), name_key, work, done))
        self._start()

    def _start(self) -> None:
        while self._waiting and self._pool.free > 0:
            job = self._waiting.take()
            client = job.ticket.client
            if client.ticket is not job.ticket:
                continue  # it has gone meanwhile
            address, key = client.address, job.name_key
            refused = self.throttled(address, key) if key else self._sign_up_throttled(address)
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
