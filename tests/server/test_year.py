"""Some weeks of an operator's year (`python3 -m tests.year`), those in which most goes on at once."""

import shutil
from pathlib import Path

import pytest

from tests.wire import WAIT_S
from tests.year import tasks
from tests.year.__main__ import play

WEEKS = (tasks.upgrade, tasks.renew, tasks.fill_the_disk, tasks.ban, tasks.restore, tasks.kill)


@pytest.mark.timeout(20 * WAIT_S)
@pytest.mark.skipif(shutil.which("openssl") is None, reason="a certificate is made with openssl")
def test_some_weeks_of_a_year_lose_nothing_double_nothing_and_refuse_nobody(tmp_path: Path) -> None:
    said: list[str] = []
    summary = play(tmp_path / "year", len(WEEKS), 0, said.append, WEEKS)
    assert len(said) == len(WEEKS)
    assert "none lost" in summary
