"""The campaign notices what is wrong: `python3 -m tests.cluster_campaign --planted` looks for each planted defect."""

from pathlib import Path

import pytest

from tests.cluster.planted import CONTROLS
from tests.cluster_campaign import KINDS, plant


def test_each_planted_defect_is_looked_for_in_rounds_that_there_are() -> None:
    assert {kind for control in CONTROLS.values() for kind in control.kinds} <= set(KINDS)


@pytest.mark.timeout(400)
def test_what_is_acknowledged_before_it_is_in_the_shared_log_is_noticed(engine_folder: Path) -> None:
    assert engine_folder.is_dir(), "PostgreSQL is there"
    assert not plant("acknowledges_before_the_append", 1).startswith("NOT FOUND")
