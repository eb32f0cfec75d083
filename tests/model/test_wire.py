"""The same plays over real sockets, with a disk that fails now and then, beside the same model.

The server runs in a thread, with its own selector, threads and monotonic clock. What it does by it is always due.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inside import InThread
from tests.model.beside import LIMITS
from tests.model.play import Play
from tests.model.wire_world import FlakyDisk, WireWorld

SEEDS = range(4)
STEPS = 300
MOSTLY = {Play.send, Play.befriend, Play.part, Play.set_status, Play.sync, Play.show_friends, Play.log_in, Play.leave}
"""What leaves traces in who has been handed what: with little else, these meet more often."""


@pytest.fixture
def server(tmp_path: Path, busy_clock: None, caplog: pytest.LogCaptureFixture) -> Iterator[InThread]:
    """A server with the model's limits. When the play is over, its file holds its State, and it has met no defect."""
    inside = InThread(tmp_path / "chat.db", LIMITS)
    try:
        yield inside
    finally:
        inside.close()
    defects = [record for record in caplog.get_records("call") if record.exc_info]
    assert not defects, caplog.text


@pytest.mark.parametrize("seed", SEEDS)
def test_server_and_model_agree(server: InThread, seed: int) -> None:
    play, chance = Play(WireWorld(server)), random.Random(seed)
    play.begin()
    for _ in range(STEPS):
        play.step(chance.randrange(1, 2**24))
    assert play.model.messages
    assert "EVENT|MISSED" in play.seen  # the seeds are chosen so that this happens


@pytest.mark.parametrize("others", [1.0, 0.1])
@pytest.mark.parametrize("seed", SEEDS)
def test_server_and_model_agree_while_commits_fail(
    server: InThread, monkeypatch: pytest.MonkeyPatch, seed: int, others: float
) -> None:
    disk, chance = FlakyDisk(monkeypatch, seed), random.Random(seed)
    play = Play(WireWorld(server, disk))
    play.begin()
    play.is_flaky = True
    del play.acts[Play.send_ahead]  # of these some may be taken, and some not
    play.acts[Play.leave] = play.acts[Play.log_in]  # so that messages wait for somebody
    for act in play.acts.keys() - MOSTLY:
        play.acts[act] *= others
    for _ in range(STEPS):
        disk.odds = 0.2
        play.step(chance.randrange(1, 2**24))
    disk.odds = 0.0
    play.let_a_second_pass()
    assert "OK|SENDMESSAGE" in play.seen
    assert 5 < play.unavailable < STEPS / 2
