"""A world and its model side by side: what every session sees is compared with what the model says."""

from copy import deepcopy
from pathlib import Path

from tests.model.chat import Effect, Heard
from tests.model.messages import REACTIONS_MAX, REACTIONS_OF_ALL_MAX
from tests.model.model import Model
from tests.model.wire_world import WireWorld
from tests.model.world import Session, World

SECOND_S = 1.0  # of presence in a simulated world, as the setting has it
STEP_S = 0.25
LIMITS = {"reactions_per_message_max": REACTIONS_MAX, "reactions_of_all_max": REACTIONS_OF_ALL_MAX}


def simulated(folder: Path) -> World:
    """A simulated world with the limits of the model."""
    return World(folder, bots=(), presence_ms=round(SECOND_S * 1000), **LIMITS)


class Beside:
    """Both, and the sessions that are open."""

    def __init__(self, world: World | WireWorld) -> None:
        self.world = world
        self.presence_s = SECOND_S if isinstance(world, World) else 0.0
        self.model = Model(lambda: world.now_ms)
        self.sessions: list[Session] = []
        self.story: list[str] = []  # what has happened, for a person
        self.seen: set[str] = set()  # `OK|VERB`, `ERR|VERB`, `EVENT|KIND` of the answers that came
        self.is_flaky = False  # a command may be answered UNAVAILABLE, and has then done nothing
        self.unavailable = 0  # commands that were
        self._before = self.model  # as it was before the command, if that may be
        self._shown: dict[str, str] = {}  # user → status and text, as friends have been told

    def remember(self) -> None:
        """Keep the model as it is now, for a command that is not taken."""
        if self.is_flaky:
            self._before = deepcopy(self.model)

    def ask(self, session: Session, line: str, effect: Effect) -> list[str]:
        """Say it, and check the answer and what everybody else hears; the answer's frames."""
        self.story.append(line[:200])
        self.world.say(session, line)
        frames = [frame for frame in session.frames() if not self.is_presence(session, frame)]
        verb = line.partition("|")[0]
        if self.is_flaky and len(frames) == 1 and frames[0].startswith(f"ERR|{verb}|UNAVAILABLE|"):
            self.unavailable += 1
            self.model = self._before
            effect = Effect(frames)
        assert len(frames) == len(effect.answer), f"{frames} in place of {effect.answer}"
        for frame, expected in zip(frames, effect.answer, strict=True):
            ends_in_prose = expected.startswith(("ERR|", "OK|LOGIN|", "BYE|"))
            assert frame.startswith(expected) if ends_in_prose else frame == expected, (frame, expected)
        self.seen |= {frame.partition("|")[0] + "|" + frame.split("|")[1].partition("#")[0] for frame in frames}
        self.hear(session, effect.heard, is_ordered=effect.is_ordered)
        self.remember()
        return frames

    def hear(self, acting: Session | None, heard: Heard, *, is_ordered: bool = True) -> None:
        """Every other session has been told this and nothing else."""
        heard = [*heard, *self._status_news()]
        for session in self.sessions:
            frames = [frame for frame in session.frames() if not self.is_presence(session, frame)]
            frames = ["BYE|DELETED|" if frame.startswith("BYE|DELETED|") else frame for frame in frames]
            expected = [] if session is acting else [frame for name, frame in heard if name == session.name]
            same = frames == expected if is_ordered else sorted(frames) == sorted(expected)
            assert same, f"{session.name} hears {frames} in place of {expected}"
            for frame in frames:
                kind, _, rest = frame.removeprefix("EVENT|").partition("|")
                if kind in ("FRIENDADDED", "STATUS"):
                    friend, _, known = rest.partition("|")
                    session.known[friend] = known
            for friend in [friend for friend in session.known if not self.model.are_friends(session.name, friend)]:
                del session.known[friend]

    def is_presence(self, session: Session, frame: str) -> bool:
        """A `STATUS` that was held back is of a friend, and one a second comes of each; keep what it says."""
        if not self.presence_s or not frame.startswith("EVENT|STATUS|"):
            return False
        friend, _, known = frame.removeprefix("EVENT|STATUS|").partition("|")
        assert self.model.are_friends(session.name, friend)
        assert self.world.now_s - session.told_s.get(friend, 0.0) >= self.presence_s, f"{friend} within the second"
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

    def _status_news(self) -> Heard:
        """What friends hear of presence where nothing is held back: every change that they can see."""
        if self.presence_s:
            return []
        before, self._shown = self._shown, {user: self.model.seen(user) for user in self.model.users}
        changed = [user for user, seen in self._shown.items() if before.get(user, "offline|") != seen]
        return [
            (friend, f"EVENT|STATUS|{user}|{self._shown[user]}")
            for user in changed
            for friend in self.model.users
            if friend != user and self.model.are_friends(friend, user)
        ]
