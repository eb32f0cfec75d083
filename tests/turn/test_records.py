"""What is staged: what takes its place where its turn is undone, and which frames it is made of."""

import pytest

from chatserver.core.audience import deliver
from chatserver.core.commands import SendBurst
from chatserver.core.events import BurstSent, StatusSet
from chatserver.turn.records import Credit, Heard, Passed, Reply, frames_of, good_bye, standing, undone
from tests.core.given import ANN, FRIENDS, NOW_MS, given, when

UNAVAILABLE = b"ERR|SEND#1|UNAVAILABLE|The server cannot store anything now, and nothing has changed: try again later\n"


def test_what_others_hear_of_an_event_is_not_told() -> None:
    assert undone((b"EVENT|STATUS|ann|busy|\n", 0, StatusSet("busy", "", ANN))) is None
    assert undone((b"EVENT|STATUS|ann|busy|\n", 0, None)) is None


def test_what_depends_on_nothing_stands() -> None:
    record = standing(b"OK|PING\n")
    assert undone(record) is record


@pytest.mark.parametrize("answers", [1, 3])
def test_an_answer_becomes_as_many_refusals_as_there_were_commands(answers: int) -> None:
    told = undone(Reply(b"OK|SEND#1\n" * answers, Passed(0, 9), "SEND#1", answers))
    assert told == standing(UNAVAILABLE * answers)
    assert undone(told) is told  # and it stands


def test_each_of_several_commands_gets_its_own_tag_back() -> None:
    told = undone(Reply(b"OK|SEND#1\nOK|SEND#2\n", 0, ["SEND#1", "SEND#2"], 2))
    assert told == standing(UNAVAILABLE + UNAVAILABLE.replace(b"#1", b"#2"))


def test_frames_that_answer_nothing_vanish() -> None:
    assert undone(Reply(b"EVENT|EDITED|1\n", 0, "", -1)) is None


def test_a_good_bye_stands_unless_its_reason_may_be_undone() -> None:
    said = good_bye("QUIT", "Good-bye", stands=True)
    assert said.data == b"BYE|QUIT|Good-bye\n"
    assert undone(said) is said
    assert undone(good_bye("KICKED", "Go", stands=False)) is None


# Frames.


def test_one_frame_is_one_frame() -> None:
    assert list(frames_of((b"EVENT|1\n", 7, None))) == [(8, 7)]
    assert list(frames_of((b"EVENT|1\n", 0, StatusSet("busy", "", ANN)))) == [(8, 0)]
    assert list(frames_of(Reply(b"OK|1\n", Passed(1, 2), "", 1))) == [(5, Passed(1, 2))]
    assert list(frames_of((b"", 9, None))) == [(0, 9)]


def test_the_frames_of_an_answer_are_counted_in_bytes_with_their_own_credit() -> None:
    row = "ITEM|é\n"
    frames: list[tuple[str | bytes, Credit]] = [(row, Passed(0, 3)), (row.encode(), Passed(0, 5)), ("OK|2\n", 0)]
    record = Reply("ITEM|é\nITEM|é\nOK|2\n".encode(), Passed(0, 5), "SYNC", 1, frames)
    assert list(frames_of(record)) == [(8, Passed(0, 3)), (8, Passed(0, 5)), (5, 0)]


TEXTS = ["a", "", "ünïcödé", "𝄞𝄞", "x" * 300, "日本"]


@pytest.mark.parametrize("before", [0, 7, 96])
def test_the_lines_of_a_burst_end_where_they_end(before: int) -> None:
    """Also where ids have one digit more from some line on, and texts more bytes than characters."""
    state = given(FRIENDS)
    state.last_message_id = before
    (event,), _ = when(state, SendBurst(ANN, [("bob", len(TEXTS))], [text or "-" for text in TEXTS], NOW_MS))
    assert isinstance(event, BurstSent)
    for _, data in deliver(state, event):
        record: Heard = (data, state.last_message_id, event)
        lines = data.splitlines(keepends=True)
        assert list(frames_of(record)) == [(len(line), at) for at, line in enumerate(lines, before + 1)]
        assert len(lines) == len(TEXTS)
