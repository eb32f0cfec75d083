"""Random commands of several users through the real server, beside a naive model: both agree on who sees what.

The usual run is short and always the same. To look further, with other commands each time:

    MODEL_EXAMPLES=5000 python3 -m pytest tests/model
"""

import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.model.beside import simulated
from tests.model.play import Play

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))
STEPS = 200
VERBS = ["SENDMESSAGE", "EDITMESSAGE", "DELETEMESSAGE", "REACT", "HISTORY", "MARKREAD", "SETSTATUS"]
VERBS += ["ADDFRIEND", "ACCEPTFRIEND", "REJECTFRIEND", "DELETEFRIEND", "BLOCK", "UNBLOCK"]
VERBS += ["CREATEROOM", "JOIN", "LEAVE", "INVITE", "KICK", "SHOWMEMBERS"]
"""Those that can be taken and refused."""


class Steps(tuple[int, ...]):
    """What is drawn; where a play fails, as many as can be are made 0, which is no step, and is not shown."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Steps({[drawn for drawn in self if drawn]})"


def play(steps: Sequence[int], tell: Callable[[str], None]) -> set[str]:
    """Play it in a world of its own, and tell the story; the kinds of frames that came as answers."""
    with TemporaryDirectory() as folder:
        world = simulated(Path(folder))
        played = Play(world)
        try:
            played.begin()
            for drawn in steps:
                played.step(drawn)
            played.let_a_second_pass()
        finally:
            tell("\n".join(played.story))
            world.close()
    return played.seen


# Numbers of this size are drawn evenly; bigger ones would mostly be small.
@given(st.lists(st.integers(0, 2**24 - 1), min_size=STEPS, max_size=STEPS).map(Steps))
@settings(
    max_examples=EXAMPLES or 32,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@pytest.mark.timeout(300 + EXAMPLES)  # a failing play takes minutes to be made short
def test_server_and_model_agree_on_who_sees_what(steps: Steps) -> None:
    play(steps, note)


def test_the_plays_come_to_everything() -> None:
    """Plays in which little happens would prove little."""
    chance = random.Random(0)
    seen: set[str] = set()
    for _ in range(12):
        seen |= play([chance.randrange(1, 2**24) for _ in range(STEPS)], print)
    refused = seen & {f"ERR|{verb}" for verb in VERBS}
    assert {f"OK|{verb}" for verb in (*VERBS, "SEARCH", "SYNC", "SHOWUNREAD", "DELETEACCOUNT")} <= seen
    assert {"EVENT|EDITED", "EVENT|DELETED", "EVENT|REACTION", "EVENT|MISSED", "EVENT|INVITED"} <= seen
    assert len(refused) == len(VERBS)
