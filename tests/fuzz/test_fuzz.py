"""A slice of the fuzzing, and all that was kept of it; `python3 -m tests.fuzz` does more."""

from pathlib import Path

import pytest

from tests.fuzz import parsers, sessions
from tests.fuzz.__main__ import fuzz_parsers, fuzz_session
from tests.fuzz.grammar import Grammar

CORPUS = sorted(Path(__file__).with_name("corpus").glob("*.bin"))


def test_parsers_read_the_same_however_the_bytes_are_cut() -> None:
    assert sum(map(fuzz_parsers, range(30))) > 2500


@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", range(4))
def test_sessions_answer_the_same_however_the_bytes_are_cut(part: int) -> None:
    assert sum(map(fuzz_session, range(100 + 3 * part, 103 + 3 * part))) > 150


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
@pytest.mark.parametrize("size", [1, 3, 4096])
def test_what_was_kept_is_read_the_same_in_pieces_of_any_size(path: Path, size: int) -> None:
    data = path.read_bytes()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    for name in parsers.PARSERS:
        parsers.check(name, data, pieces)
    if size > 1 or len(data) < 1000:
        sessions.check(data, pieces, is_stranger="stranger" in path.stem)


def test_the_grammar_makes_what_is_right_and_what_is_wrong() -> None:
    frames = sessions.answers([Grammar(3).stream(300)], is_stranger=False)
    kinds = {frame.partition("|")[0] for frame in frames}
    codes = {frame.split("|")[2] for frame in frames if frame.startswith("ERR|")}
    assert {"OK", "ERR", "ITEM"} <= kinds
    assert {"BAD_FRAME", "BAD_ARGUMENTS", "UNKNOWN_COMMAND"} <= codes
