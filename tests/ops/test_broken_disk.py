"""What happens by the clock once the disk has not confirmed a write."""

from pathlib import Path
from typing import Any

import pytest

from chatserver.store.errors import StoreBroken
from tests.model.world import World


def test_nothing_more_is_tried_with_a_disk_that_has_not_confirmed_a_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    anna = world.user("anna")
    world.disk.is_full = True
    world.say(anna, "SETSTATUS|anna|away")
    assert anna.frames()[0].startswith("ERR|SETSTATUS|UNAVAILABLE|")
    world.server._break_off(StoreBroken("the disk did not confirm a write"))
    tried: list[Any] = []
    monkeypatch.setattr(world.disk, "write", tried.append)
    world.pass_time(5.0)
    assert not tried
    world.unwatch_log()
    world.server.close()
