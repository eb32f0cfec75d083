"""Where a client stands: each row of the table, and that what has none cannot happen."""

from itertools import product

import pytest

from chatserver.sessions.phases import OPEN, TRANSITIONS, Change, Phase, after

ROWS = [
    (Phase.BEFORE_LOGIN, Change.LOG_IN, Phase.LOGGED_IN),
    (Phase.BEFORE_LOGIN, Change.CLOSE, Phase.CLOSING),
    (Phase.BEFORE_LOGIN, Change.LOSE, Phase.CLOSED),
    (Phase.LOGGED_IN, Change.LOG_OUT, Phase.BEFORE_LOGIN),
    (Phase.LOGGED_IN, Change.CLOSE, Phase.CLOSING),
    (Phase.LOGGED_IN, Change.LOSE, Phase.CLOSED),
    (Phase.CLOSING, Change.REOPEN, Phase.LOGGED_IN),
    (Phase.CLOSING, Change.LOSE, Phase.CLOSED),
]
MISSING = [pair for pair in product(Phase, Change) if pair not in {(phase, change) for phase, change, _ in ROWS}]


@pytest.mark.parametrize(("phase", "change", "then"), ROWS)
def test_what_can_happen(phase: Phase, change: Change, then: Phase) -> None:
    assert after(phase, change) is then


@pytest.mark.parametrize(("phase", "change"), MISSING)
def test_what_cannot(phase: Phase, change: Change) -> None:
    with pytest.raises(KeyError):
        after(phase, change)


def test_these_are_all() -> None:
    assert len(TRANSITIONS) == len(ROWS)
    assert len(ROWS) + len(MISSING) == len(Phase) * len(Change)


def test_lines_are_read_where_good_bye_has_not_been_said() -> None:
    assert set(OPEN) == {phase for phase in Phase if (phase, Change.CLOSE) in TRANSITIONS}
