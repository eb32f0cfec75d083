"""Some lives of a cluster's nodes; `python3 -m tests.simulation --cluster` lives more of them."""

import gc
import os
import warnings
from collections import Counter
from collections.abc import Iterator

import pytest

from chatserver.store import store
from tests.simulation.choices import Choices
from tests.simulation.lives import LISTED_FROM, run
from tests.simulation.planted_shared import SHARED_PLANTED, shared_lives_until_found
from tests.simulation.shared import SHARED_FAULTS, SharedLife

COUNT = int(os.environ.get("SIMULATED_LIVES", "16"))


@pytest.fixture(autouse=True)
def lists_are_filled_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "UNLISTED_IDLE", LISTED_FROM)


@pytest.fixture(autouse=True)
def what_broken_lives_leave_is_swept() -> Iterator[None]:
    """A life that is broken off closes nothing."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.mark.timeout(200 + 5 * COUNT)
def test_nothing_is_as_it_must_not_be() -> None:
    for seed in range(COUNT):
        outcome = run(Choices(seed), make=SharedLife)
        assert not outcome.violations, f"python3 -m tests.simulation --cluster --replay {seed}: {outcome.violations[0]}"


@pytest.mark.timeout(500)
def test_every_kind_of_fault_happens() -> None:
    fired: Counter[str] = Counter()
    for seed in range(1000, 1060):
        fired += run(Choices(seed), make=SharedLife).fired
        if all(fired[fault] for fault in SHARED_FAULTS):
            return
    raise AssertionError([fault for fault in SHARED_FAULTS if not fired[fault]])


def test_a_life_that_is_replayed_goes_the_same_way() -> None:
    lived = run(Choices(7), make=SharedLife)
    again = run(Choices(record=lived.record), len(lived.record) - 1, SharedLife)
    assert again.story == lived.story
    assert again.record == lived.record


def test_a_life_in_which_nothing_is_drawn_is_a_good_one() -> None:
    outcome = run(Choices(record=[[] for _ in range(20)]), 19, SharedLife)
    assert not outcome.violations
    assert not +outcome.fired


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", SHARED_PLANTED)
def test_a_planted_defect_is_found(name: str) -> None:
    assert shared_lives_until_found(name, range(100)) is not None
