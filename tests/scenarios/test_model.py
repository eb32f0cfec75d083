"""Random commands of several users on several sessions, beside a naive model: both agree on every frame."""

import random
from collections.abc import Callable
from copy import deepcopy

import pytest

from chatserver.store.errors import StoreUnavailable
from chatserver.store.store import Store
from tests.harness import PASSWORD
from tests.inside import InThread
from tests.scenarios.model import Effect, Heard, Model
from tests.wire import Client, matches

NAMES = ["anna", "ben", "cleo", "dan"]
OTHERS = [*NAMES, *NAMES, "nobody"]
SESSIONS_MAX = 7
UNAVAILABLE = "ERR|{}|UNAVAILABLE|The server cannot store anything now, and nothing has changed: try again later"
STEPS = 600


class Play:
    """Draws commands, and compares what each session sees with what the model says."""

    def __init__(self, server: InThread, seed: int, flaky: bool = False) -> None:
        """`flaky`: a command may be answered UNAVAILABLE, and has then done nothing."""
        self.server = server
        self.flaky = flaky
        self.model = Model(NAMES)
        self.chance = random.Random(seed)
        self.sessions: list[Client] = []
        self.before_restart: Callable[[], None] = lambda: None
        self.saved = self.model  # as it was before the step, for a command that was not taken
        self.unavailable = 0  # commands that were not
        self.backlog = 0  # messages that came as such
        first = server.connect()
        for name in NAMES:
            first.says(f"SIGNUP|{name}|{PASSWORD}")
        self.log_in()

    def step(self) -> None:
        """One random command, or one session more or less, or, rarely, a restart."""
        if not self.sessions:
            self.log_in()
        self.saved = deepcopy(self.model)
        drawn = self.chance.random()
        if drawn < 0.01:
            self.restart()
        elif drawn < 0.07 and len(self.sessions) < SESSIONS_MAX:
            self.log_in()
        elif drawn < 0.12:
            self.leave()
        else:
            session = self.chance.choice(self.sessions)
            commands = [
                self.friends,
                self.friends,
                self.show,
                self.message,
                self.message,
                self.message,
                self.read,
                self.status,
            ]
            self.chance.choice(commands)(session)

    def friends(self, session: Client) -> None:
        other = self.chance.choice(OTHERS)
        verb, act = self.chance.choice(
            [
                ("ADDFRIEND", self.model.add),
                ("ADDFRIEND", self.model.add),
                ("ADDFRIEND", self.model.add),
                ("ACCEPTFRIEND", self.model.accept),
                ("REJECTFRIEND", self.model.reject),
                ("DELETEFRIEND", self.model.delete),
            ]
        )
        self.compare(session, f"{verb}|{session.name}|{other}", act(session.name, other))

    def show(self, session: Client) -> None:
        show, verb = self.chance.choice(
            [(self.model.show_friends, "SHOWFRIENDS"), (self.model.show_requests, "SHOWREQUESTS")]
        )
        self.compare(session, f"{verb}|{session.name}", show(session.name))

    def message(self, session: Client) -> None:
        friends = self.model.friends_of(session.name)
        other = self.chance.choice(friends * 5 + OTHERS)
        text = self.chance.choice(["hi", "a|b", "日本", " ", "", "x" * 4000, "x" * 4001, "  indented"])
        tag = self.chance.choice(["", "", "t1", "t2", f"t{self.chance.random()}"])
        effect = self.model.send(session.name, other, text, tag)
        typed = f"SENDMESSAGE{'#' + tag if tag else ''}|{session.name}|{other}|{text}"
        frame = self.compare(session, typed, effect)[-1]
        if effect.heard and frame.startswith("OK|"):
            self.model.sent(session.name, other, text, tag, frame.split("|", 2)[2])

    def read(self, session: Client) -> None:
        limit, other = self.chance.randint(1, 30), self.chance.choice(OTHERS)
        after = self.chance.choice([0, self.chance.randint(0, 200)])
        name = session.name
        if self.chance.random() < 0.5:
            self.compare(session, f"HISTORY|{name}|{other}|{limit}", self.model.history(name, other, limit))
        else:
            self.compare(session, f"SYNC|{name}|{after}|{limit}", self.model.sync(name, after, limit))

    def status(self, session: Client) -> None:
        status = self.chance.choice(["online", "away", "busy", "invisible"])
        text = self.chance.choice(["", "", "tea | cake"])
        typed = f"SETSTATUS|{session.name}|{status}|{text}"
        self.compare(session, typed, self.model.set_status(session.name, status, text))

    def log_in(self) -> None:
        session = self.server.connect(self.chance.choice(NAMES))
        session.send(f"LOGIN|{session.name}|{PASSWORD}")
        while (frames := session.answer()) == [UNAVAILABLE.format("LOGIN")]:
            session.send(f"LOGIN|{session.name}|{PASSWORD}")
        assert matches(f"OK|LOGIN|{session.name}|…", frames[0]), frames
        backlog, heard = self.model.opened(session.name)
        self.backlog += sum(event.startswith("MISSED|") for event in backlog)
        for event in backlog:
            session.event(event)
        self.sessions.append(session)
        self.hear(session, heard)

    def leave(self) -> None:
        session = self.sessions.pop(self.chance.randrange(len(self.sessions)))
        session.no_event()
        if self.chance.random() < 0.5:
            session.send("LOGOUT")
            session.answer()
        session.end_sending()
        session.expect_end()  # the server's turn: from here on nobody is told as if this session were there
        session.close()
        self.hear(session, self.model.closed(session.name))

    def restart(self) -> None:
        for session in self.sessions:
            session.no_event()
        self.before_restart()
        self.server.restart()
        self.sessions.clear()
        self.model.sessions = dict.fromkeys(NAMES, 0)

    def compare(self, session: Client, typed: str, effect: Effect) -> list[str]:
        """Type it, and check the answer and what every other session hears; the answer's frames."""
        session.send(typed)
        frames = session.answer()
        if self.flaky and frames == [UNAVAILABLE.format(typed.partition("|")[0])]:
            self.unavailable += 1
            self.model = self.saved
            return frames
        assert len(frames) == len(effect.answer), f"{typed!r}: {frames} in the place of {effect.answer}"
        for pattern, frame in zip(effect.answer, frames, strict=True):
            assert matches(pattern, frame), f"{typed!r}: {frame!r} in the place of {pattern!r}"
        self.hear(session, effect.heard)
        return frames

    def hear(self, acting: Client, heard: Heard) -> None:
        for name, event in heard:
            for session in self.sessions:
                if session is not acting and session.name == name:
                    session.event(event)


@pytest.mark.usefixtures("busy_clock")
@pytest.mark.parametrize("seed", range(6))
def test_server_and_model_agree(server: InThread, seed: int) -> None:
    play = Play(server, seed)
    for _ in range(STEPS):
        play.step()
    for session in play.sessions:
        session.no_event()
    assert play.model.messages
    assert play.backlog  # the seeds are chosen so that these happen


class Disk:
    """Makes commits fail now and then, as a disk does that is full; what they held is undone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
        self.odds = 0.0
        self._chance = random.Random(seed)
        self._commit = Store.commit
        disk = self
        monkeypatch.setattr(Store, "commit", lambda store: disk.commit(store))

    def repair(self) -> None:
        self.odds = 0.0

    def commit(self, store: Store) -> None:
        if store._connection.in_transaction and self._chance.random() < self.odds:
            store.roll_back()
            raise StoreUnavailable("the tests' disk is full")
        self._commit(store)


@pytest.mark.usefixtures("busy_clock")
@pytest.mark.parametrize("seed", range(6))
def test_server_and_model_agree_while_commits_fail(
    server: InThread, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    disk = Disk(monkeypatch, seed)
    play = Play(server, seed, flaky=True)
    play.before_restart = disk.repair
    for _ in range(STEPS):
        disk.odds = 0.2
        play.step()
    disk.repair()
    for session in play.sessions:
        session.no_event()
    assert play.model.messages
    assert 5 < play.unavailable < STEPS / 2
