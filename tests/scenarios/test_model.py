"""Random commands of several users on several sessions, beside a naive model: both agree on every frame."""

import random

import pytest

from tests.harness import PASSWORD
from tests.inside import InThread
from tests.scenarios.model import Effect, Heard, Model
from tests.wire import Client

NAMES = ["anna", "ben", "cleo", "dan"]
OTHERS = [*NAMES, *NAMES, "nobody"]
SESSIONS_MAX = 7
STEPS = 600


class Play:
    """Draws commands, and compares what each session sees with what the model says."""

    def __init__(self, server: InThread, seed: int) -> None:
        self.server = server
        self.model = Model(NAMES)
        self.chance = random.Random(seed)
        self.sessions: list[Client] = []
        self.backlog = 0  # messages that came as such
        first = server.connect()
        for name in NAMES:
            first.says(f"SIGNUP|{name}|{PASSWORD}")
        self.log_in()

    def step(self) -> None:
        """One random command, or one session more or less, or, rarely, a restart."""
        if not self.sessions:
            self.log_in()
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
        name = session.name
        self.compare(session, f"SHOWFRIENDS|{name}", self.model.show_friends(name))
        self.compare(session, f"SHOWREQUESTS|{name}", self.model.show_requests(name))

    def message(self, session: Client) -> None:
        friends = self.model.friends_of(session.name)
        other = self.chance.choice(friends * 5 + OTHERS)
        text = self.chance.choice(["hi", "a|b", "日本", " ", "", "x" * 4000, "x" * 4001, "  indented"])
        tag = self.chance.choice(["", "", "t1", "t2", f"t{self.chance.random()}"])
        effect = self.model.send(session.name, other, text, tag)
        typed = f"SENDMESSAGE{'#' + tag if tag else ''}|{session.name}|{other}|{text}"
        frame = self.compare(session, typed, effect)[-1]
        if effect.heard:
            self.model.sent(session.name, other, text, tag, frame.split("|", 2)[2])

    def read(self, session: Client) -> None:
        limit, other = self.chance.randint(1, 30), self.chance.choice(OTHERS)
        after = self.chance.choice([0, self.chance.randint(0, 200)])
        name = session.name
        self.compare(session, f"HISTORY|{name}|{other}|{limit}", self.model.history(name, other, limit))
        self.compare(session, f"SYNC|{name}|{after}|{limit}", self.model.sync(name, after, limit))

    def status(self, session: Client) -> None:
        status = self.chance.choice(["online", "away", "busy", "invisible"])
        text = self.chance.choice(["", "", "tea | cake"])
        typed = f"SETSTATUS|{session.name}|{status}|{text}"
        self.compare(session, typed, self.model.set_status(session.name, status, text))

    def log_in(self) -> None:
        session = self.server.login(self.chance.choice(NAMES))
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
            session.says("LOGOUT")
        session.end_sending()
        session.expect_end()  # the server's turn: from here on nobody is told as if this session were there
        session.close()
        self.hear(session, self.model.closed(session.name))

    def restart(self) -> None:
        for session in self.sessions:
            session.no_event()
        self.server.restart()
        self.sessions.clear()
        self.model.sessions = dict.fromkeys(NAMES, 0)

    def compare(self, session: Client, typed: str, effect: Effect) -> list[str]:
        """Type it, and check the answer and what every other session hears; the answer's frames."""
        frames = session.says(typed, *effect.answer)
        self.hear(session, effect.heard)
        return frames

    def hear(self, acting: Client, heard: Heard) -> None:
        for name, event in heard:
            for session in self.sessions:
                if session is not acting and session.name == name:
                    session.event(event)


@pytest.mark.parametrize("seed", range(6))
def test_server_and_model_agree(server: InThread, seed: int) -> None:
    play = Play(server, seed)
    for _ in range(STEPS):
        play.step()
    for session in play.sessions:
        session.no_event()
    assert play.model.messages
    assert play.backlog  # the seeds are chosen so that these happen
