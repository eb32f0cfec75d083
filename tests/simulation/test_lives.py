"""Some lives of the server in a hostile world; `python3 -m tests.simulation` lives more of them."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from chatserver.store import store
from tests.harness import ROOT
from tests.simulation import corpus
from tests.simulation.choices import Choices
from tests.simulation.lives import FAULTS, LISTED_FROM, run

COUNT = int(os.environ.get("SIMULATED_LIVES", "16"))  # `.ci/run` lives 2,000 by the command
PARTS = 4  # of them, so that several processes share the work
LIVES = [record.name for record in sorted(corpus.FOLDER.glob("*.json"))]


@pytest.fixture(autouse=True)
def lists_are_filled_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "UNLISTED_IDLE", LISTED_FROM)


@pytest.mark.timeout(200 + 5 * COUNT)
@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_as_it_must_not_be(part: int) -> None:
    for seed in range(part * COUNT // PARTS, (part + 1) * COUNT // PARTS):
        outcome = run(Choices(seed))
        assert not outcome.violations, f"python3 -m tests.simulation --replay {seed}: {outcome.violations[0]}"


@pytest.mark.parametrize("name", LIVES)
def test_what_was_wrong_once_is_right(name: str) -> None:
    record = corpus.read(corpus.FOLDER / name)
    assert not run(Choices(record=record), len(record) - 1).violations


@pytest.mark.timeout(500)
def test_every_kind_of_fault_happens() -> None:
    fired: Counter[str] = Counter()
    for seed in range(1000, 1200):
        fired += run(Choices(seed)).fired
        if all(fired[fault] for fault in FAULTS):
            return
    raise AssertionError([fault for fault in FAULTS if not fired[fault]])


def test_a_life_that_is_replayed_goes_the_same_way() -> None:
    lived = run(Choices(7))
    again = run(Choices(record=lived.record), len(lived.record) - 1)
    assert again.story == lived.story
    assert again.record == lived.record


@pytest.mark.timeout(300)
def test_a_seed_is_the_same_life_whatever_the_hashes() -> None:
    stories = {
        subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--part", "20+4"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hashes},
            capture_output=True,
            check=True,
        ).stdout
        for hashes in ("1", "2")
    }
    assert len(stories) == 1


def test_a_life_in_which_nothing_is_drawn_is_a_good_one() -> None:
    outcome = run(Choices(record=[[] for _ in range(20)]), 19)
    assert not outcome.violations
    assert not +outcome.fired


def test_the_corpus_is_written_as_it_is_read(tmp_path: Path) -> None:
    record = [[0, 1], [], [27]]
    path = tmp_path / "life.json"
    path.write_text(corpus.as_text(record, 'it "fails"'))
    assert corpus.read(path) == record
