"""Planted defects are found; `python3 -m tests.simulation --planted` looks for each of them."""

import gc
import warnings
from collections.abc import Iterator

import pytest

from chatserver.store import store
from tests.harness import ROOT
from tests.simulation.choices import Choices, Record
from tests.simulation.every_planted import PLANTED, lives_until_found
from tests.simulation.lives import LISTED_FROM, run
from tests.simulation.shrink import Shrinker

SOON_FOUND = (
    *("acknowledges_before_it_is_durable", "loses_the_tail_of_a_short_write", "never_waits_to_write"),
    *("tells_who_acts_what_others_hear", "uses_an_id_again", "loses_the_rest_of_a_line"),
)
"""Within a few lives; the others take up to some hundreds."""


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


def test_there_are_as_many_as_the_document_says() -> None:
    assert f"All {len(PLANTED)} planted defects are found" in (ROOT / "SECURITY.md").read_text()


@pytest.mark.parametrize("name", PLANTED)
def test_what_a_defect_changes_is_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    PLANTED[name](monkeypatch)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SOON_FOUND)
def test_a_planted_defect_is_found(name: str) -> None:
    assert lives_until_found(name, range(30)) is not None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.timeout(400)
def test_a_failing_life_is_made_short() -> None:
    with pytest.MonkeyPatch.context() as patch:
        PLANTED["uses_an_id_again"](patch)
        long = next(outcome for outcome in map(run, map(Choices, range(30))) if outcome.violations).record

        def fails(record: Record) -> bool:
            return bool(run(Choices(record=record), len(record) - 1).violations)

        short = Shrinker(long, fails, tries_max=40).shrink()
        assert fails(short)
    assert sum(map(len, short)) < sum(map(len, long)) // 2
    assert not fails(short)  # it is the defect that fails, not the life
