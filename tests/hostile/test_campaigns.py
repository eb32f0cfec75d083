"""A slice of each campaign; `python3 -m tests.hostile` runs them at their full size."""

from pathlib import Path

import pytest

from tests.hostile.__main__ import CAMPAIGNS, campaign


@pytest.mark.timeout(300)
@pytest.mark.parametrize("what", CAMPAIGNS)
def test_a_slice_of_a_campaign_is_as_it_must_be(what: str, tmp_path: Path) -> None:
    told: list[str] = []
    assert campaign(what, 20, tmp_path, told.append) == []
    assert len(told) > 2
