"""Random commands of several users through the real server, beside a naive model: both agree on who sees what.

The usual run is short and always the same. To look further, with other commands each time:

    MODEL_EXAMPLES=5000 python3 -m pytest tests/model --timeout 3600
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.model.model import REACTIONS_MAX, REACTIONS_OF_ALL_MAX, Effect, Model
from tests.model.world import PASSWORD, Session, World

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))
SECOND_S = 1.0  # of presence, as the setting has it

NAMES = st.sampled_from(["anna", "ben", "cleo", "dan"])
OTHERS = st.sampled_from(["anna", "ben", "cleo", "dan", "nobody"])
ROOMS = st.sampled_from(["#den", "#attic"])
PLACES = st.sampled_from(["anna", "ben", "cleo", "dan", "nobody", "#den", "#den", "#attic"])
TEXTS = st.sampled_from(["apple", "pear | plum", "an apple a day", "日本", " ", ""])
WHICH = st.integers(0, 8)
"""Which message: so many before the last one. The bigger numbers may be of none."""


class Play(RuleBasedStateMachine):
    """Draws commands, and compares what every session sees with what the model says."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        limits = {"reactions_per_message_max": REACTIONS_MAX, "reactions_of_all_max": REACTIONS_OF_ALL_MAX}
        self.world = World(Path(self.folder.name), presence_ms=round(SECOND_S * 1000), **limits)
        self.model = Model(lambda: self.world.now_ms)
        self.sessions: list[Session] = []

    def teardown(self) -> None:
        self.world.close()
        self.folder.cleanup()

    @initialize()
    def begin(self) -> None:
        """Three friends, one of them in a room with a fourth."""
        for name in ("anna", "ben", "cleo", "dan"):
            self.sign_up(name)
            self.log_in(name)
        anna, ben, cleo, dan = self.sessions
        for one, other in ((anna, ben), (anna, cleo), (ben, cleo)):
            self.ask(one, f"ADDFRIEND|{one.name}|{other.name}", self.model.add_friend(one.name, other.name))
            self.ask(other, f"ACCEPTFRIEND|{other.name}|{one.name}", self.model.accept(other.name, one.name))
        self.ask(anna, "CREATEROOM|anna|#den|public", self.model.create_room("anna", "#den", "public"))
        self.ask(dan, "JOIN|dan|#den", self.model.join("dan", "#den"))

    # Sessions, time, restarts

    @rule(name=NAMES)
    def sign_up(self, name: str) -> None:
        session = self.world.connect("")
        self.ask(session, f"SIGNUP|{name}|{PASSWORD}", self.model.sign_up(name))
        self.world.hang_up(session)

    @rule(name=NAMES)
    def log_in(self, name: str) -> None:
        session = self.world.connect(name)
        self.ask(session, f"LOGIN|{name}|{PASSWORD}", self.model.log_in(name))
        if name in self.model.users:
            self.sessions.append(session)

    @rule(which=WHICH, how=st.sampled_from(["LOGOUT", "QUIT", ""]))
    def leave(self, which: int, how: str) -> None:
        if self.sessions:
            session = self.sessions.pop(which % len(self.sessions))
            self.model.leave(session.name)
            if how:
                self.world.say(session, how)
            self.world.hang_up(session)
            self.hear(session, [])

    @rule()
    def a_second_passes(self) -> None:
        """What was held back of presence has been told by then: every client knows what is true."""
        self.world.pass_time(SECOND_S)
        self.hear(None, [])
        for session in self.sessions:
            for friend, known in session.known.items():
                assert known == self.model.seen(friend), f"{session.name} takes {friend} for {known}"

    @rule(hours=st.sampled_from([1, 23, 25]))
    def hours_pass(self, hours: int) -> None:
        self.world.move_wall_clock(hours)

    @rule()
    def restart(self) -> None:
        self.hear(None, [])
        self.world.restart()
        self.sessions.clear()
        self.model.sessions = dict.fromkeys(self.model.users, 0)

    @rule(which=WHICH, drawn=st.integers(0, 9))
    def delete_account(self, which: int, drawn: int) -> None:
        session = self.session(which)
        if session and not drawn:  # rarely: names are not given out again
            line = f"DELETEACCOUNT|{session.name}|{PASSWORD}"
            self.ask(session, line, self.model.delete_account(session.name))
            self.sessions = [other for other in self.sessions if other.name != session.name]

    @rule(which=WHICH, status=st.sampled_from(["online", "away", "busy", "invisible"]), text=st.sampled_from(["", "x"]))
    def set_status(self, which: int, status: str, text: str) -> None:
        if session := self.session(which):
            line = f"SETSTATUS|{session.name}|{status}|{text}"
            self.ask(session, line, self.model.set_status(session.name, status, text))

    # Friends and rooms

    @rule(which=WHICH, other=OTHERS, verb=st.sampled_from(["ADDFRIEND", "ADDFRIEND", "ACCEPTFRIEND", "DELETEFRIEND"]))
    def friendship(self, which: int, other: str, verb: str) -> None:
        acts = {
            "ADDFRIEND": self.model.add_friend,
            "ACCEPTFRIEND": self.model.accept,
            "DELETEFRIEND": self.model.delete_friend,
        }
        if session := self.session(which):
            self.ask(session, f"{verb}|{session.name}|{other}", acts[verb](session.name, other))

    @rule(which=WHICH, other=OTHERS, verb=st.sampled_from(["BLOCK", "UNBLOCK"]))
    def block(self, which: int, other: str, verb: str) -> None:
        if session := self.session(which):
            act = self.model.block if verb == "BLOCK" else self.model.unblock
            self.ask(session, f"{verb}|{session.name}|{other}", act(session.name, other))

    @rule(which=WHICH, room=ROOMS, kind=st.sampled_from(["public", "private"]))
    def create_room(self, which: int, room: str, kind: str) -> None:
        if session := self.session(which):
            line = f"CREATEROOM|{session.name}|{room}|{kind}"
            self.ask(session, line, self.model.create_room(session.name, room, kind))

    @rule(which=WHICH, room=ROOMS, verb=st.sampled_from(["JOIN", "JOIN", "LEAVE"]))
    def come_and_go(self, which: int, room: str, verb: str) -> None:
        if session := self.session(which):
            act = self.model.join if verb == "JOIN" else self.model.leave_room
            self.ask(session, f"{verb}|{session.name}|{room}", act(session.name, room))

    @rule(which=WHICH, room=ROOMS, other=OTHERS, verb=st.sampled_from(["INVITE", "KICK"]))
    def invite_and_kick(self, which: int, room: str, other: str, verb: str) -> None:
        if session := self.session(which):
            act = self.model.invite if verb == "INVITE" else self.model.kick
            self.ask(session, f"{verb}|{session.name}|{room}|{other}", act(session.name, room, other))

    # Messages

    @rule(which=WHICH, to=PLACES, text=TEXTS, tag=st.sampled_from(["", "", "t1", "t2"]))
    def send(self, which: int, to: str, text: str, tag: str) -> None:
        if session := self.session(which):
            verb = f"SENDMESSAGE#{tag}" if tag else "SENDMESSAGE"
            line = f"{verb}|{session.name}|{to}|{text}"
            self.ask(session, line, self.model.send(session.name, to, text, tag))

    @rule(which=WHICH, back=WHICH, text=TEXTS)
    def edit(self, which: int, back: int, text: str) -> None:
        if session := self.session(which):
            number = self.number(back)
            line = f"EDITMESSAGE|{session.name}|{number}|{text}"
            self.ask(session, line, self.model.edit(session.name, number, text))

    @rule(which=WHICH, back=WHICH)
    def delete(self, which: int, back: int) -> None:
        if session := self.session(which):
            number = self.number(back)
            line = f"DELETEMESSAGE|{session.name}|{number}"
            self.ask(session, line, self.model.delete(session.name, number))

    @rule(which=WHICH, back=WHICH, emoji=st.sampled_from(["👍", "👍", "1", "2", "3"]))
    def react(self, which: int, back: int, emoji: str) -> None:
        if session := self.session(which):
            number = self.number(back)
            line = f"REACT|{session.name}|{number}|{emoji}"
            self.ask(session, line, self.model.react(session.name, number, emoji))

    # Looking

    @rule(which=WHICH, other=PLACES, limit=st.integers(1, 8))
    def history(self, which: int, other: str, limit: int) -> None:
        if session := self.session(which):
            line = f"HISTORY|{session.name}|{other}|{limit}"
            self.ask(session, line, self.model.history(session.name, other, limit))

    @rule(which=WHICH, back=st.integers(0, 30), limit=st.integers(1, 8))
    def sync(self, which: int, back: int, limit: int) -> None:
        if session := self.session(which):
            after = max(0, self.model.last_id - back)
            line = f"SYNC|{session.name}|{after}|{limit}"
            self.ask(session, line, self.model.sync(session.name, after, limit))

    @rule(which=WHICH)
    def show_friends(self, which: int) -> None:
        if session := self.session(which):
            rows = self.ask(session, f"SHOWFRIENDS|{session.name}", self.model.show_friends(session.name))[:-1]
            for row in rows:
                _, _, friend, status, text = row.split("|")
                session.known[friend] = f"{status}|{text}"

    @rule(which=WHICH, room=ROOMS)
    def show_the_rest(self, which: int, room: str) -> None:
        if session := self.session(which):
            name = session.name
            self.ask(session, f"SHOWREQUESTS|{name}", self.model.show_requests(name))
            self.ask(session, f"SHOWROOMS|{name}", self.model.show_rooms(name))
            self.ask(session, f"SHOWMEMBERS|{name}|{room}", self.model.show_members(name, room))
            self.ask(session, f"SEARCH|{name}|apple", self.model.search(name, "apple"))

    @invariant()
    def no_defects(self) -> None:
        assert not self.world.defects

    # The comparison

    def session(self, which: int) -> Session | None:
        return self.sessions[which % len(self.sessions)] if self.sessions else None

    def number(self, back: int) -> int:
        """The id of a message near the end; of none where there are not so many."""
        messages = self.model.messages
        return messages[-1 - back].id if back < len(messages) else 999_999

    def ask(self, session: Session, line: str, effect: Effect) -> list[str]:
        """Say it, and check the answer and what everybody else hears; the answer's frames."""
        self.world.say(session, line)
        frames = [frame for frame in session.frames() if not self.is_presence(session, frame)]
        assert len(frames) == len(effect.answer), f"{line}: {frames} in place of {effect.answer}"
        for frame, expected in zip(frames, effect.answer, strict=True):
            ends_in_prose = expected.endswith("|") and expected.startswith(("ERR|", "OK|LOGIN|", "BYE|"))
            assert frame.startswith(expected) if ends_in_prose else frame == expected, f"{line}: {frame}"
        self.hear(session, effect.heard)
        return frames

    def hear(self, acting: Session | None, heard: list[tuple[str, str]]) -> None:
        """Every other session has been told this and nothing else; in which order is another test's."""
        for session in self.sessions:
            frames = [frame for frame in session.frames() if not self.is_presence(session, frame)]
            frames = [f"{frame[:12]}" if frame.startswith("BYE|DELETED|") else frame for frame in frames]
            expected = [] if session is acting else [frame for name, frame in heard if name == session.name]
            assert sorted(frames) == sorted(expected), f"what {session.name} hears"
            for frame in frames:
                self.learn(session, frame)
            session.known = {
                friend: known for friend, known in session.known.items() if self.model.are_friends(session.name, friend)
            }

    def learn(self, session: Session, frame: str) -> None:
        kind, _, rest = frame.removeprefix("EVENT|").partition("|")
        if kind == "FRIENDADDED":
            friend, _, known = rest.partition("|")
            session.known[friend] = known

    def is_presence(self, session: Session, frame: str) -> bool:
        """A `STATUS` is of a friend, and no more than one a second comes of each; keep what it says."""
        if not frame.startswith("EVENT|STATUS|"):
            return False
        friend, _, known = frame.removeprefix("EVENT|STATUS|").partition("|")
        assert self.model.are_friends(session.name, friend)
        assert self.world.now_s - session.told_s.get(friend, 0.0) >= SECOND_S
        session.known[friend] = known
        session.told_s[friend] = self.world.now_s
        return True


@pytest.mark.timeout(max(60, EXAMPLES))
def test_server_and_model_agree_on_who_sees_what() -> None:
    run_state_machine_as_test(
        Play,
        settings=settings(
            max_examples=EXAMPLES or 60,
            stateful_step_count=60,
            derandomize=not EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
