"""What needs a password: the queue for the threads, the throttle, and what has changed while one was being checked."""

import hashlib
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, cast
from unicodedata import normalize

import pytest

from chatserver.core.commands import Command, DeleteAccount, Rehash, SetPassword, SignUp
from chatserver.core.decide import decide
from chatserver.core.events import AccountDeleted, PasswordSet
from chatserver.core.evolve import evolve
from chatserver.core.outcome import Outcome, Refused
from chatserver.core.state import NO_PASSWORD, State
from chatserver.net.workers import Pool, Result
from chatserver.sessions.asks import AskDeleteAccount, AskLogIn, AskSetPassword, AskSignUp
from chatserver.sessions.client import Client
from chatserver.sessions.logins import Logins
from chatserver.sessions.passwords import fits, hash_password, is_current
from chatserver.sessions.throttle import LoginThrottle
from chatserver.sessions.waits import Waits
from chatserver.turn.receiver import Receiver
from tests.sessions.clients import connected, logged_in

ANN = 1
RIGHT, WRONG, NEW = "correct horse", "wrong horse", "another one"
COST = 1


class Threads:
    """So many threads; each keeps its job until it is told to work."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.jobs: list[tuple[Callable[[], Any], Callable[[Result[Any]], None]]] = []

    @property
    def free(self) -> int:
        return self._count - len(self.jobs)

    def submit(self, job: Callable[[], Any], done: Callable[[Result[Any]], None]) -> None:
        self.jobs.append((job, done))

    def work(self) -> None:
        """Do the oldest job, and tell the loop of it."""
        job, done = self.jobs.pop(0)
        try:
            result = Result(job(), None)
        except Exception as error:
            result = Result[Any](None, error)
        done(result)

    def close(self, within_s: float = 5.0) -> None:
        """There is nothing to wait for."""


class World:
    """A host with one user, Ann; a loop that turns when told."""

    def __init__(self, threads: int = 1, failures_max: int = 0, sign_ups_max: int = 0, waiting_max: int = 100) -> None:
        self.state = State()
        self.now_s = 1000.0
        self.told: list[tuple[Client, str, str]] = []
        self.opened: list[Client] = []
        self.commands: list[Command] = []
        self.soon: list[Callable[[], None]] = []
        self.pool = Threads(threads)
        self.throttle = LoginThrottle(failures_max, sign_ups_max, 3600, lambda: self.now_s)
        self.waiting_max = waiting_max
        self.waits = Waits(self, self.soon.append)
        self.random = 0
        self.logins = self.make()
        self.execute(None, SignUp("ann", hash_password(RIGHT, COST, b"salt"), 0))
        self.commands.clear()

    def make(self, cost: int = COST) -> Logins:
        return Logins(self, self.waits, cast(Pool, self.pool), self.throttle, cost, self.waiting_max, self.random_bytes)

    def random_bytes(self, size: int) -> bytes:
        self.random += 1
        return self.random.to_bytes(size, "big")

    def log_in(self, client: Client, password: str = RIGHT, name: str = "ann") -> None:
        self.logins.log_in(client, "LOGIN", AskLogIn(name, password))

    def settle(self) -> None:
        """All hashing is done, and told."""
        while self.pool.jobs or self.soon:
            if self.pool.jobs:
                self.pool.work()
            self.turn()

    def turn(self) -> None:
        soon, self.soon[:] = list(self.soon), []
        for call in soon:
            call()

    def replies(self) -> list[str]:
        told, self.told = self.told, []
        return [code for _, _, code in told]

    # The host

    def now_ms(self) -> int:
        return 5

    def execute(self, origin: Receiver | None, command: Command) -> Outcome:
        self.commands.append(command)
        outcome = decide(self.state, command)
        if not isinstance(outcome, Refused):
            for event in outcome[0]:
                evolve(self.state, event)
        return outcome

    def answer(self, client: Client, echo: str, outcome: Outcome) -> None:
        self.told.append((client, echo, outcome.code if isinstance(outcome, Refused) else "OK"))

    def open_session(self, client: Client, echo: str, user: int) -> Outcome:
        assert client.reads
        self.opened.append(client)
        self.told.append((client, echo, f"session of {user}"))
        return (), ()

    def attempt(self, client: Client, echo: str, action: Callable[[], None]) -> None:
        action()

    def run_lines(self, client: Client) -> None:
        """It has none."""


@pytest.fixture
def world() -> World:
    return World()


# LOGIN.


def test_the_right_password_opens_a_session_once_it_is_checked(world: World) -> None:
    client = connected()
    world.log_in(client)
    assert not client.reads
    world.turn()
    assert world.replies() == []
    world.settle()
    assert world.replies() == ["session of 1"]
    assert world.commands == []  # the hash is of today's cost
    assert client.reads


@pytest.mark.parametrize(("name", "password"), [("ann", WRONG), ("nobody", RIGHT), ("ann", ""), ("nobody", "")])
def test_a_wrong_one_does_not_whoever_it_is_for(world: World, name: str, password: str) -> None:
    """Where there is no such user the same work is done."""
    world.log_in(connected(), password, name)
    assert len(world.pool.jobs) == 1
    world.settle()
    assert world.replies() == ["BAD_LOGIN"]


@pytest.mark.parametrize("verb", ["LOGIN", "SETPASSWORD"])
def test_an_unknown_user_costs_the_same_hashes_and_reads_the_same_as_a_wrong_password(
    world: World, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that was deleted, and a bot: with another cost, or another number, a clock would tell who is here."""
    hashed, asked = list[tuple[Any, ...]](), dict[str, tuple[list[tuple[Any, ...]], list[tuple[str, Outcome]]]]()
    scrypt = hashlib.scrypt

    def counted(password: bytes, **how: Any) -> bytes:
        hashed.append((how["n"], how["r"], how["p"], how["dklen"], len(how["salt"])))
        return scrypt(password, **how)

    world.execute(None, SignUp("gone", hash_password(RIGHT, COST, b"salt" * 4), 0))
    world.execute(None, DeleteAccount(world.state.by_key["gone"].id, 5))
    world.execute(None, SignUp("bot", NO_PASSWORD, 0))
    world.state.users[ANN].password_hash = hash_password(RIGHT, COST, b"salt" * 4)
    monkeypatch.setattr(hashlib, "scrypt", counted)
    answered = list[tuple[str, Outcome]]()
    monkeypatch.setattr(world, "answer", lambda client, echo, outcome: answered.append((echo, outcome)))
    for name in ("ann", "nobody", "gone", "bot", "no one could be called this, but it is short"):
        if verb == "LOGIN":
            world.log_in(connected(), WRONG, name)
        else:
            world.logins.set_password(connected(), "LOGIN", AskSetPassword(name, WRONG, NEW))
        world.settle()
        asked[name] = list(hashed), list(answered)
        hashed.clear()
        answered.clear()
    assert len(asked["ann"][0]) == 1
    assert all(costs == asked["ann"] for costs in asked.values()), asked


def test_a_bot_has_no_password_that_fits(world: World) -> None:
    world.state.users[ANN].password_hash = NO_PASSWORD
    world.log_in(connected(), "")
    world.settle()
    assert world.replies() == ["BAD_LOGIN"]


def test_a_hash_of_another_cost_is_made_anew(world: World) -> None:
    world.logins = world.make(cost=2)
    world.log_in(connected())
    world.settle()
    assert world.replies() == ["session of 1"]
    (command,) = world.commands
    assert isinstance(command, Rehash)
    assert is_current(world.state.users[ANN].password_hash, 2)
    assert fits(RIGHT, world.state.users[ANN].password_hash)


def test_two_logins_that_both_make_it_anew_both_succeed(world: World) -> None:
    """The second finds another hash than it has checked, and checks that."""
    world.pool = Threads(2)
    world.logins = world.make(cost=2)
    for client in (connected(), connected()):
        world.log_in(client)
    world.settle()
    assert world.replies() == ["session of 1", "session of 1"]
    assert len(world.commands) == 1


@pytest.mark.parametrize(("password", "reply"), [(RIGHT, "BAD_LOGIN"), (NEW, "BAD_LOGIN")])
def test_a_password_that_was_changed_meanwhile_is_checked_again(world: World, password: str, reply: str) -> None:
    """The old one is right when it is checked, and wrong when the session would be opened."""
    client = connected()
    world.log_in(client, password)
    evolve(world.state, PasswordSet(hash_password(NEW, COST, b"salt"), ANN))
    world.pool.work()
    world.turn()
    if password == RIGHT:
        assert world.replies() == []
        assert not client.reads
    world.settle()
    assert world.replies() == [reply]
    assert world.opened == []


def test_an_account_that_is_deleted_meanwhile_lets_nobody_in(world: World) -> None:
    world.log_in(connected())
    world.pool.work()
    evolve(world.state, AccountDeleted(0, 0, ANN))
    world.turn()
    assert world.replies() == ["BAD_LOGIN"]
    assert world.opened == []


def test_an_account_whose_deletion_did_not_hold_lets_its_user_in(world: World) -> None:
    """State is another by then, read from the disk: it is the hash that counts, not the object."""
    before = world.state.users[ANN].password_hash
    world.log_in(connected())
    world.state = State()
    world.execute(None, SignUp("ann", before, 0))
    world.settle()
    assert world.replies() == ["session of 1"]


# SIGNUP.


def test_a_sign_up_makes_an_account_with_a_salt_of_its_own(world: World) -> None:
    for name in ("ben", "cat"):
        world.logins.sign_up(connected(), "SIGNUP", AskSignUp(name, RIGHT))
    world.settle()
    assert world.replies() == ["OK", "OK"]
    hashes = {world.state.by_key[name].password_hash for name in ("ben", "cat")}
    assert len(hashes) == 2
    assert all(fits(RIGHT, made) for made in hashes)


@pytest.mark.parametrize(("name", "password", "code"), [("ann", RIGHT, "NAME_TAKEN"), ("ben", "short", "BAD_PASSWORD")])
def test_one_that_cannot_be_is_refused_without_hashing(world: World, name: str, password: str, code: str) -> None:
    client = connected()
    world.logins.sign_up(client, "SIGNUP", AskSignUp(name, password))
    assert world.replies() == [code]
    assert client.reads
    assert world.pool.jobs == []


def test_of_two_for_one_name_the_first_gets_it(world: World) -> None:
    for _ in range(2):
        world.logins.sign_up(connected(), "SIGNUP", AskSignUp("ben", RIGHT))
    world.settle()
    assert world.replies() == ["OK", "NAME_TAKEN"]


# SETPASSWORD and DELETEACCOUNT.


def test_a_new_password_needs_the_old_one(world: World) -> None:
    for old, reply in ((WRONG, "BAD_LOGIN"), (RIGHT, "OK")):
        client = logged_in()
        world.logins.set_password(client, "SETPASSWORD", AskSetPassword("ann", old, NEW))
        world.settle()
        assert world.replies() == [reply]
        assert fits(NEW, world.state.users[ANN].password_hash) is (reply == "OK")
    (command,) = world.commands
    assert command == SetPassword(ANN, world.state.users[ANN].password_hash, b"a token's hash")


def test_of_two_changes_at_once_the_second_finds_its_old_password_wrong(world: World) -> None:
    """Both old ones were right when they were checked; the first to come back is what the other has to know."""
    world.pool = Threads(2)
    world.logins = world.make()
    for new in (NEW, "the second one"):
        world.logins.set_password(logged_in(), "SETPASSWORD", AskSetPassword("ann", RIGHT, new))
    world.settle()
    assert world.replies() == ["OK", "BAD_LOGIN"]
    assert fits(NEW, world.state.users[ANN].password_hash)


def test_a_change_beside_a_login_that_hashes_anew_holds(world: World) -> None:
    """The password is the same, its hash is not: it is compared again."""
    world.pool = Threads(2)
    world.logins = world.make(cost=2)
    world.log_in(connected())
    world.logins.set_password(logged_in(), "SETPASSWORD", AskSetPassword("ann", RIGHT, NEW))
    world.settle()
    assert world.replies() == ["session of 1", "OK"]
    assert fits(NEW, world.state.users[ANN].password_hash)


def test_an_account_whose_password_was_changed_meanwhile_is_not_deleted_with_the_old_one(world: World) -> None:
    world.pool = Threads(2)
    world.logins = world.make()
    world.logins.set_password(logged_in(), "SETPASSWORD", AskSetPassword("ann", RIGHT, NEW))
    world.logins.delete_account(logged_in(), "DELETEACCOUNT", AskDeleteAccount(RIGHT))
    world.settle()
    assert world.replies() == ["OK", "BAD_LOGIN"]
    assert ANN in world.state.users


def test_a_change_for_an_account_that_is_deleted_meanwhile_is_refused(world: World) -> None:
    world.logins.set_password(connected(), "SETPASSWORD", AskSetPassword("ann", RIGHT, NEW))
    evolve(world.state, AccountDeleted(0, 0, ANN))
    world.settle()
    assert world.replies() == ["BAD_LOGIN"]


def test_a_new_one_that_is_no_password_is_refused_without_hashing(world: World) -> None:
    client = logged_in()
    world.logins.set_password(client, "SETPASSWORD", AskSetPassword("ann", RIGHT, "short"))
    assert world.replies() == ["BAD_PASSWORD"]
    assert client.reads
    assert world.pool.jobs == []


def test_an_account_is_deleted_with_its_password_alone(world: World) -> None:
    world.logins.delete_account(logged_in(), "DELETEACCOUNT", AskDeleteAccount(WRONG))
    world.settle()
    assert world.replies() == ["BAD_LOGIN"]
    assert world.commands == []
    world.logins.delete_account(logged_in(), "DELETEACCOUNT", AskDeleteAccount(RIGHT))
    world.settle()
    assert world.replies() == ["OK"]
    assert world.commands == [DeleteAccount(ANN, 5)]


# The queue.


def test_as_many_are_checked_at_once_as_there_are_threads(world: World) -> None:
    world.pool = Threads(2)
    world.logins = world.make()
    clients = [connected() for _ in range(5)]
    for client in clients:
        world.log_in(client)
    assert len(world.pool.jobs) == 2
    world.pool.work()
    assert len(world.pool.jobs) == 2
    world.settle()
    assert world.opened == clients


def test_what_waits_behind_an_administrators_hash_goes_on_when_that_ends(world: World) -> None:
    made: list[str | None] = []
    world.logins.hash_for(NEW, lambda result: made.append(result.value))
    world.log_in(connected())
    assert len(world.pool.jobs) == 1
    world.settle()
    assert fits(NEW, made[0] or "")
    assert world.replies() == ["session of 1"]


def test_who_has_gone_is_passed_over(world: World) -> None:
    first, gone, last = connected(), connected(), connected()
    for client in (first, gone, last):
        world.log_in(client)
    gone.close()
    world.settle()
    assert world.opened == [first, last]


def test_who_goes_while_it_is_checked_gets_nothing_and_the_next_is_checked(world: World) -> None:
    gone, last = connected(), connected()
    for client in (gone, last):
        world.log_in(client)
    gone.close()
    world.settle()
    assert world.opened == [last]
    assert world.replies() == ["session of 1"]


def test_hashing_that_fails_is_told_and_the_next_is_done(world: World, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        world.log_in(connected())
    _, done = world.pool.jobs.pop(0)
    with caplog.at_level(logging.ERROR):
        done(Result(None, MemoryError("no memory")))
    world.settle()
    assert world.replies() == ["INTERNAL", "session of 1"]
    assert "no memory" in caplog.text
    assert RIGHT not in caplog.text


# The throttle.


def test_failures_are_counted_when_they_are_found_and_not_when_asked() -> None:
    """Three wrong ones sent at once by three clients: the third's turn comes when two have failed."""
    world = World(failures_max=2)
    for _ in range(3):
        world.log_in(connected(), WRONG)
    world.settle()
    assert world.replies() == ["BAD_LOGIN", "BAD_LOGIN", "THROTTLED"]
    world.log_in(connected())
    assert world.pool.jobs == []
    world.settle()
    assert world.replies() == ["THROTTLED"]
    world.log_in(connected(address="elsewhere"))
    world.settle()
    assert world.replies() == ["session of 1"]
    world.now_s += 60
    world.log_in(connected())
    world.settle()
    assert world.replies() == ["session of 1"]


def test_a_throttled_one_does_not_keep_the_others_waiting() -> None:
    world = World(failures_max=1)
    world.throttle.failed("here", "ann")
    for address in ("here", "here", "elsewhere"):
        world.log_in(connected(address=address))
    assert len(world.pool.jobs) == 1
    world.settle()
    assert sorted(world.replies()) == ["THROTTLED", "THROTTLED", "session of 1"]


def test_other_spellings_of_a_name_are_the_same_name() -> None:
    world = World(failures_max=1)
    world.log_in(connected(), WRONG, "ANN")
    world.settle()
    world.log_in(connected(), RIGHT, "ann")
    world.settle()
    assert world.replies() == ["BAD_LOGIN", "THROTTLED"]


@pytest.mark.parametrize("verb", ["set_password", "delete_account"])
def test_guesses_of_a_session_count_too(verb: str) -> None:
    world = World(failures_max=1)
    guess: deque[Callable[[Client], None]] = deque()
    for _ in range(2):
        if verb == "set_password":
            ask = AskSetPassword("ann", WRONG, NEW)
            guess.append(lambda client, ask=ask: world.logins.set_password(client, "", ask))  # type: ignore[misc]
        else:
            guess.append(lambda client: world.logins.delete_account(client, "", AskDeleteAccount(WRONG)))
    for each in guess:
        each(logged_in())
        world.settle()
    assert world.replies() == ["BAD_LOGIN", "THROTTLED"]


def test_a_sign_up_guesses_nothing_and_does_not_wait_for_who_did() -> None:
    world = World(failures_max=1)
    world.throttle.failed("here", "ben")
    world.logins.sign_up(connected(), "SIGNUP", AskSignUp("ben", RIGHT))
    world.settle()
    assert world.replies() == ["OK"]
    assert world.logins.throttled("here", "ben") is not None
    assert world.logins.throttled("there", "ben") is None


def test_an_address_makes_so_many_accounts_a_minute() -> None:
    world = World(failures_max=1, sign_ups_max=2)
    for name in ("ben", "cat", "dan"):
        world.logins.sign_up(connected(), "SIGNUP", AskSignUp(name, RIGHT))
    world.logins.sign_up(connected(address="elsewhere"), "SIGNUP", AskSignUp("eve", RIGHT))
    world.settle()
    assert sorted(world.replies()) == ["OK", "OK", "OK", "THROTTLED"]
    assert "dan" not in world.state.by_key
    world.now_s += 60
    world.logins.sign_up(connected(), "SIGNUP", AskSignUp("dan", RIGHT))
    world.settle()
    assert world.replies() == ["OK"]


def test_a_sign_up_that_costs_no_hash_is_not_counted() -> None:
    world = World(failures_max=1, sign_ups_max=1)
    for name, password in (("ann", RIGHT), ("ben", "short"), ("_", RIGHT), ("ben", RIGHT)):
        world.logins.sign_up(connected(), "SIGNUP", AskSignUp(name, password))
    world.settle()
    assert world.replies() == ["NAME_TAKEN", "BAD_PASSWORD", "BAD_NAME", "OK"]


# What a password may cost.


def test_addresses_take_turns(world: World) -> None:
    """Forty sign-ups that wait delay a login from elsewhere by two: the one that is being hashed, and one."""
    for at in range(40):
        world.logins.sign_up(connected(), "SIGNUP", AskSignUp(f"u{at}", RIGHT))
    world.log_in(connected(address="elsewhere"))
    for _ in range(3):
        world.pool.work()
    world.turn()
    assert "session of 1" in world.replies()


def test_so_many_of_an_address_wait_and_the_next_is_refused() -> None:
    world = World(waiting_max=2)
    for _ in range(4):  # one of them is being hashed
        world.log_in(connected())
    assert world.replies() == ["THROTTLED"]
    world.log_in(connected(address="elsewhere"))
    world.settle()
    assert world.replies() == ["session of 1"] * 4


def test_what_is_too_long_to_be_a_password_is_wrong_without_hashing() -> None:
    world = World(failures_max=3)
    longest = normalize("NFD", "\u1faf" * 256)
    world.logins.sign_up(connected(), "SIGNUP", AskSignUp("ben", longest))
    world.settle()
    assert world.replies() == ["OK"]
    world.log_in(connected(), longest, "ben")
    world.settle()
    assert world.replies() == ["session of 2"]
    world.log_in(connected(), longest + "x")
    world.logins.set_password(logged_in(), "", AskSetPassword("ann", longest + "x", NEW))
    world.logins.delete_account(logged_in(), "", AskDeleteAccount(longest + "x"))
    assert world.pool.jobs == []
    assert world.replies() == ["BAD_LOGIN", "BAD_LOGIN", "BAD_LOGIN"]
    world.log_in(connected(), longest + "x")
    assert world.replies() == ["THROTTLED"]


def test_what_is_too_long_to_be_a_name_is_wrong_without_hashing() -> None:
    world = World(failures_max=1)
    for _ in range(2):
        world.log_in(connected(), RIGHT, "a" * 129)
    assert world.pool.jobs == []
    assert world.replies() == ["BAD_LOGIN", "THROTTLED"]


def test_a_password_is_replaced_before_a_login_too(world: World) -> None:
    for name, old, reply in (("ann", WRONG, "BAD_LOGIN"), ("nobody", RIGHT, "BAD_LOGIN"), ("ANN", RIGHT, "OK")):
        world.logins.set_password(connected(), "SETPASSWORD", AskSetPassword(name, old, NEW))
        world.settle()
        assert world.replies() == [reply]
    assert fits(NEW, world.state.users[ANN].password_hash)
