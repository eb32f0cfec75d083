"""A world and its model side by side: what every session sees is compared with what the model says."""

from pathlib import Path

from tests.model.chat import Effect, Heard
from tests.model.messages import REACTIONS_MAX, REACTIONS_OF_ALL_MAX
from tests.model.model import Model
from tests.model.world import Session, World

SECOND_S = 1.0  # of presence, as the setting has it
STEP_S = 0.25


class Beside:
    """Both, and the sessions that are open."""

    def __init__(self, folder: Path) -> None:
        limits = {"reactions_per_message_max": REACTIONS_MAX, "reactions_of_all_max": REACTIONS_OF_ALL_MAX}
        self.world = World(folder, bots=(), presence_ms=round(SECOND_S * 1000), **limits)
        self.model = Model(lambda: self.world.now_ms)
        self.sessions: list[Session] = []
        self.story: list[str] = []  # what has happened, for a person
        self.seen: set[str] = set()  # `OK|VERB`, `ERR|VERB`, `EVENT|KIND` of the answers that came

    def ask(self, session: Session, line: str, effect: Effect) -> list[str]:
        """Say it, and check the answer and what everybody else hears; the answer's frames."""
        self.story.append(line)
        self.world.say(session, line)
        frames = [frame for frame in session.frames() if not self.is_presence(session, frame)]
        assert len(frames) == len(effect.answer), f"{frames} in place of {effect.answer}"
        for frame, expected in zip(frames, effect.answer, strict=True):
            ends_in_prose = expected.startswith(("ERR|", "OK|LOGIN|", "BYE|"))
            assert frame.startswith(expected) if ends_in_prose else frame == expected
        self.seen |= {frame.partition("|")[0] + "|" + frame.split("|")[1].partition("#")[0] for frame in frames}
        self.hear(session, effect.heard)
        return frames

    def hear(self, acting: Session | None, heard: Heard) -> None:
        """Every other session has been told this and nothing else; in which order is another test's."""
        for session in self.sessions:
            frames = [frame for frame in session.frames() if not self.is_presence(session, frame)]
            frames = ["BYE|DELETED|" if frame.startswith("BYE|DELETED|") else frame for frame in frames]
            expected = [] if session is acting else [frame for name, frame in heard if name == session.name]
            assert sorted(frames) == sorted(expected), f"what {session.name} hears"
            for frame in frames:
                kind, _, rest = frame.removeprefix("EVENT|").partition("|")
                if kind == "FRIENDADDED":
                    friend, _, known = rest.partition("|")
                    session.known[friend] = known
            for friend in [friend for friend in session.known if not self.model.are_friends(session.name, friend)]:
                del session.known[friend]

    def is_presence(self, session: Session, frame: str) -> bool:
        """A `STATUS` is of a friend, and no more than one a second comes of each; keep what it says."""
        if not frame.startswith("EVENT|STATUS|"):
            return False
        friend, _, known = frame.removeprefix("EVENT|STATUS|").partition("|")
        assert self.model.are_friends(session.name, friend)
        assert self.world.now_s - session.told_s.get(friend, 0.0) >= SECOND_S, f"{friend} again within the second"
        session.known[friend] = known
        session.told_s[friend] = self.world.now_s
        return True

    def pass_time(self, seconds: float) -> None:
        """Every client reads as time goes on, so that it knows when a frame has come."""
        self.story.append(f"{seconds} s pass")
        ends_s = self.world.now_s + seconds
        while self.world.now_s < ends_s:
            self.world.pass_time(STEP_S)
            self.hear(None, [])

    def know_what_is_true(self) -> None:
        """What each client has been told of its friends is how they are."""
        for session in self.sessions:
            for friend, known in session.known.items():
                assert known == self.model.seen(friend), f"{session.name} takes {friend} for {known}"
