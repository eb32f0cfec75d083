"""The log of one machine: what it takes, when it tells, and when it rests; store, flusher and loop are not real."""

from collections.abc import Sequence
from typing import cast

import pytest

from chatserver.core.events import Event, StatusSet
from chatserver.store.errors import StoreBroken, StoreUnavailable
from chatserver.store.store import Store
from chatserver.turn.batch import Batch
from chatserver.turn.log import REST, SLOW_FLUSH_S, LocalLog
from tests.bots.fakes import FakeLoop
from tests.turn.fakes import FakeFlusher


class World:
    """A log, and everything around it; `said` is what it did and told, in order."""

    def __init__(self, is_in_memory: bool = False) -> None:
        self.is_in_memory = is_in_memory
        self.said: list[str] = []
        self.write_error: Exception | None = None
        self.commit_error: Exception | None = None
        self.flush_s = 0.0
        self.loop, self.flusher = FakeLoop(), FakeFlusher()
        self.log = LocalLog(cast(Store, self), self.flusher, self, self.loop)

    def append(self, position: int) -> None:
        batch = Batch(position, 0)
        batch.events.append(StatusSet("busy", str(position), 1))
        self.log.append(batch)

    def suspended(self) -> None:
        self.said.append("suspended")

    def resumed(self) -> None:
        self.said.append("resumed")

    # The store

    def write(self, events: Sequence[Event]) -> None:
        if self.write_error:
            raise self.write_error
        self.said.append(f"write {len(events)}")

    def seal(self, upto: int) -> None:
        self.said.append("seal")

    def commit(self) -> None:
        self.said.append("commit")
        self.loop.now_s += self.flush_s
        if self.commit_error:
            raise self.commit_error

    def committed(self) -> None:
        self.said.append("committed")

    # The owner

    def stored(self, batch: Batch) -> None:
        self.said.append(f"stored {batch.position}")
        assert self.log.is_ready or self.loop.timers

    def failed(self, error: Exception) -> None:
        self.said.append(f"failed {error}")


@pytest.fixture
def world() -> World:
    return World()


def test_rows_are_written_at_once_and_the_rest_is_told_later(world: World) -> None:
    world.append(1)
    assert world.said == ["write 1", "seal"]
    assert not world.log.is_ready
    world.flusher.work()
    assert world.said == ["write 1", "seal", "commit", "committed", "stored 1"]
    assert world.log.is_ready


def test_batches_are_told_in_their_order(world: World) -> None:
    for position in (1, 2, 3):
        world.append(position)
        assert len(world.flusher.jobs) == 1
        world.flusher.work()
    assert [word for word in world.said if word.startswith("stored")] == ["stored 1", "stored 2", "stored 3"]


def test_a_store_in_memory_is_told_before_append_returns() -> None:
    world = World(is_in_memory=True)
    world.append(1)
    assert world.said[-1] == "stored 1"
    assert world.flusher.jobs == []
    assert world.log.is_ready


@pytest.mark.parametrize("is_in_memory", [False, True])
@pytest.mark.parametrize("error", [StoreUnavailable("full"), StoreBroken("no flush"), ValueError("a defect")])
def test_a_commit_that_fails_is_told_and_nothing_is_committed(error: Exception, is_in_memory: bool) -> None:
    world = World(is_in_memory)
    world.commit_error = error
    world.append(1)
    if not is_in_memory:
        world.flusher.work()
    assert world.said == ["write 1", "seal", "commit", f"failed {error}"]
    assert world.log.is_ready


def test_rows_that_cannot_be_written_are_raised_and_it_stays_ready(world: World) -> None:
    world.write_error = StoreUnavailable("full")
    with pytest.raises(StoreUnavailable):
        world.append(1)
    assert world.log.is_ready
    assert not world.flusher.jobs
    assert not world.said


# Waiting for it.


def test_settling_waits_for_as_long_as_it_takes(world: World) -> None:
    world.append(1)
    world.log.settle()
    assert world.flusher.waits[-1] is None
    assert world.said[-1] == "stored 1"
    assert world.log.is_ready


def test_settling_follows_what_is_begun_when_it_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.append(1)
    stored = world.stored

    def go_on(batch: Batch) -> None:
        stored(batch)
        if batch.position == 1:
            world.append(2)

    monkeypatch.setattr(world, "stored", go_on)
    world.log.settle()
    assert world.said[-1] == "stored 2"


def test_settling_an_idle_log_does_nothing(world: World) -> None:
    world.log.settle()
    assert world.said == []


def test_while_flushes_are_fast_the_loop_waits_for_them(world: World) -> None:
    world.flusher.is_fast = True
    world.append(1)
    assert world.said[-1] == "stored 1"
    assert world.log.is_ready
    assert world.flusher.waits == [SLOW_FLUSH_S]


def test_the_loop_waits_once_for_a_slow_one_and_not_again_until_one_was_fast(world: World) -> None:
    for flush_s, waits in ((1.0, 1), (1.0, 1), (SLOW_FLUSH_S / 2, 1), (1.0, 2)):
        world.flush_s = flush_s
        world.append(1)
        assert len(world.flusher.waits) == waits
        world.flusher.work()
        world.loop.pass_time(1)


def test_the_loop_does_not_wait_for_a_chore(world: World) -> None:
    world.log.run(world.commit, lambda error: None)
    assert world.flusher.waits == []


# Other work.


def test_a_chore_has_the_log_to_itself(world: World) -> None:
    ended: list[Exception | None] = []
    world.log.run(lambda: world.said.append("chore"), ended.append)
    assert not world.log.is_ready
    assert not world.said
    assert not ended
    world.flusher.work()
    assert world.said == ["chore", "committed"]
    assert ended == [None]
    assert world.log.is_ready


def test_a_chore_that_fails_is_told(world: World) -> None:
    ended: list[Exception | None] = []
    world.commit_error = StoreUnavailable("full")
    world.log.run(world.commit, ended.append)
    world.flusher.work()
    assert ended == [world.commit_error]
    assert world.said == ["commit"]


# The rest behind a slow flush.


def flush(world: World, took_s: float) -> None:
    world.flush_s = took_s
    world.append(1)
    world.flusher.work()


def test_a_fast_flush_is_followed_by_the_next(world: World) -> None:
    flush(world, SLOW_FLUSH_S / 2)
    assert world.log.is_ready
    assert world.loop.timers == []


def test_a_slow_one_is_followed_by_a_rest_in_proportion(world: World) -> None:
    flush(world, 1.0)
    assert world.said[-1] == "stored 1"
    assert not world.log.is_ready
    world.loop.pass_time(REST * 0.99)
    assert not world.log.is_ready
    world.loop.pass_time(REST * 0.02)
    assert world.log.is_ready


def test_it_rests_behind_one_that_failed_too(world: World) -> None:
    world.commit_error = StoreUnavailable("full")
    flush(world, 1.0)
    assert world.said[-1] == "failed full"
    assert not world.log.is_ready
    world.loop.pass_time(1)
    assert world.log.is_ready
