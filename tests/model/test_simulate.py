"""The command that replays a life of the server from a seed."""

import sys

import pytest

from tests import simulate
from tests.model.play import Play


def run(monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr(sys, "argv", ["simulate", *options])
    return simulate.main()


def test_a_seed_is_the_same_life_each_time(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for seed in ("5", "5", "6"):
        assert run(monkeypatch, "--seed", seed, "--plays", "1", "--steps", "60", "--story") == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] != told[2]
    assert len(told[0].splitlines()) > 60


def test_a_play_that_fails_says_how_to_play_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(play: Play, drawn: int) -> None:
        assert drawn == 0, "the model says otherwise"

    monkeypatch.setattr(Play, "step", fail)
    assert run(monkeypatch, "--seed", "9", "--plays", "3", "--steps", "10") == 1
    printed = capsys.readouterr()
    assert "SIGNUP|anna|" in printed.out
    assert "BROKEN: the model says otherwise" in printed.err
    assert "again: python3 -m tests.simulate --seed 9 --plays 1 --steps 10" in printed.err
