"""Lines that come together are run together where they can be; nobody can tell, but by the time it takes."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatserver.core.events import BurstSent
from chatserver.core.evolve import TABLE as EVOLVE
from tests.model.world import PASSWORD, Session, World

STARTS = [
    *["SENDMESSAGE|anna|ben|"] * 20,
    *["SENDMESSAGE|anna|#den|"] * 8,
    "SENDMESSAGE|anna|BEN|",
    "SENDMESSAGE|anna|dan|",  # no friend
    "SENDMESSAGE|anna||",
    "SENDMESSAGE|ANNA|ben|",
    "SENDMESSAGE|ben|ben|",
    *["SENDMESSAGE#t1|anna|ben|", "SENDMESSAGE#x.{n}|anna|ben|", "SENDMESSAGE#x.{n}|anna|#den|"] * 5,
    "SENDMESSAGE#{n}|anna|#den|",
    "SENDMESSAGE#x.3|anna|ben|",
    "SENDMESSAGE#t |anna|ben|",
    "SENDMESSAGE#t2|anna|ben|",
    "sendmessage|anna|ben|",
    "SENDMESSAGE|anna|ben",
    "SENDMESSAGE|anna",
    "PING|",
    "LOGOUT|anna",
    "DELETEFRIEND|anna|ben",
    "HISTORY|anna|ben|",
]
TEXTS = ["hi", "one | two", "日本", "|", " ", "", "SENDMESSAGE|anna|ben|", "x" * 4000, "x" * 4001, "日" * 2600]
TEXTS += [*["hi", "one | two", "日本"] * 10, "\r", "\x01"]
LINES = st.tuples(st.sampled_from(STARTS), st.sampled_from(TEXTS)).map("".join)
"""In a line, {n} is its place."""


class Place:
    """Anna, twice; Ben, who is her friend and in a room with her; Dan, who is neither."""

    def __init__(self, folder: Path, commands_per_turn: int) -> None:
        self.world = World(folder, commands_per_turn=commands_per_turn)
        self.sessions = [self._come_in(name) for name in ("anna", "ben", "dan")]
        self.sessions.append(self._log_in("anna"))
        anna, ben, *_ = self.sessions
        for session, line in (
            (anna, "ADDFRIEND|anna|ben"),
            (ben, "ACCEPTFRIEND|ben|anna"),
            (anna, "CREATEROOM|anna|#den"),
            (ben, "JOIN|ben|#den"),
        ):
            self.world.say(session, line)
        self.frames()

    def frames(self) -> list[list[str]]:
        """What each has been sent since the last look."""
        return [session.frames() for session in self.sessions]

    def _come_in(self, name: str) -> Session:
        session = self.world.connect(name)
        self.world.say(session, f"SIGNUP|{name}|{PASSWORD}")
        return self._log_in(name)

    def _log_in(self, name: str) -> Session:
        session = self.world.connect(name)
        self.world.say(session, f"LOGIN|{name}|{PASSWORD}")
        return session


def heard(lines: list[str], commands_per_turn: int, *, together: bool) -> list[list[str]]:
    """What each session is sent when Anna's first says these lines."""
    with TemporaryDirectory() as folder:
        place = Place(Path(folder), commands_per_turn)
        lines = [line.replace("{n}", str(at)) for at, line in enumerate(lines)]
        for said in ["\n".join(lines)] if together else lines:
            place.world.say(place.sessions[0], said)
        frames = place.frames()
        place.world.close()  # it looks whether the file holds what was in memory
    assert not place.world.defects
    return frames


@pytest.mark.timeout(300)
@given(st.lists(LINES, min_size=2, max_size=24))
@settings(max_examples=32, derandomize=True, deadline=None, database=None)
def test_lines_that_come_together_do_what_they_do_one_by_one(lines: list[str]) -> None:
    one_by_one = heard(lines, 256, together=False)
    for commands_per_turn in (2, 7, 256):
        assert heard(lines, commands_per_turn, together=True) == one_by_one


def test_a_run_that_cannot_be_stored_is_answered_line_by_line(tmp_path: Path) -> None:
    place = Place(tmp_path, 256)
    place.world.disk.is_full = True
    place.world.say(place.sessions[0], "PING|1\n" + "SENDMESSAGE|anna|ben|hi\n" * 3 + "PING|2")
    answers, *others = place.frames()
    assert [answer[:27] for answer in answers] == ["OK|PING|1", *["ERR|SENDMESSAGE|UNAVAILABLE"] * 3, "OK|PING|2"]
    assert others == [[], [], []]
    place.world.say(place.sessions[0], "SENDMESSAGE|anna|ben|hi\n" * 3)
    assert [answer[:27] for answer in place.frames()[0]] == ["ERR|SENDMESSAGE|UNAVAILABLE"] * 3
    place.world.disk.is_full = False
    place.world.pass_time(1.5)
    place.world.say(place.sessions[0], "SENDMESSAGE|anna|ben|hi\n" * 3)
    answers, heard_by_ben, *_ = place.frames()
    assert [answer.split("|")[2] for answer in answers] == [frame.split("|")[2] for frame in heard_by_ben] != []
    place.world.close()


def test_a_server_that_starts_lists_what_an_earlier_life_has_left(tmp_path: Path) -> None:
    place = Place(tmp_path, 256)
    place.world.say(place.sessions[0], "SENDMESSAGE|anna|ben|hi\n" * 9)
    assert place.world.disk.history.postings.indexed_id == 0
    place.world.restart()
    place.world.pass_time(1.0)
    assert place.world.disk.history.postings.indexed_id == 9
    place.world.close()


def test_a_defect_in_a_run_is_one_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path, 256)
    monkeypatch.setitem(EVOLVE, BurstSent, _fail)
    place.world.say(place.sessions[0], "SENDMESSAGE|anna|ben|hi\n" * 3)
    answers, heard_by_ben, *_ = place.frames()
    assert [answer[:24] for answer in answers[:1]] == ["ERR|SENDMESSAGE|INTERNAL"]
    assert [answer.split("|")[:2] for answer in answers[1:]] == [["OK", "SENDMESSAGE"]] * 2
    assert len(heard_by_ben) == 2
    place.world.close()


def _fail(state: object, event: object) -> None:
    raise ZeroDivisionError
