"""Random commands of several users through the real server, beside a naive model: both agree on who sees what.

The usual run is short and always the same. To look further, with other commands each time:

    MODEL_EXAMPLES=5000 python3 -m pytest tests/model
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.model.play import Play

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))
STEPS = 200


class Steps(tuple[int, ...]):
    """What is drawn; where a play fails, as many as can be are made 0, which is no step, and is not shown."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Steps({[drawn for drawn in self if drawn]})"


# Numbers of this size are drawn evenly; bigger ones would mostly be small.
@given(st.lists(st.integers(0, 2**24 - 1), min_size=STEPS, max_size=STEPS).map(Steps))
@settings(
    max_examples=EXAMPLES or 80,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@pytest.mark.timeout(300 + EXAMPLES)  # a failing play takes minutes to be made short
def test_server_and_model_agree_on_who_sees_what(steps: Steps) -> None:
    with TemporaryDirectory() as folder:
        play = Play(Path(folder))
        try:
            play.begin()
            for drawn in steps:
                play.step(drawn)
            play.let_a_second_pass()
        finally:
            play.world.close()
