"""What the tests of the turn share; those that need a whole server make another `world` of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.turn.turns import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "chat.db")
    yield made
    made.disk.close()
