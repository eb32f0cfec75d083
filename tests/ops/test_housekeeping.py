"""When chores are done: between turns, when the log has nothing in hand, a slice at a time."""

from collections.abc import Callable, Iterable
from typing import cast

import pytest

from chatserver.net.reactor import Reactor
from chatserver.net.round import IN_A_TURN
from chatserver.ops.housekeeping import ASIDE_S, IDLE_S, Housekeeping
from chatserver.store.errors import StoreBroken, StoreUnavailable
from chatserver.store.store import Store
from chatserver.turn.turn import Turn
from tests.bots.fakes import FakeLoop


class World:
    """Store, turn, log and release in one, each as far as housekeeping looks at it. `done` is what it did, in order."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.loop = FakeLoop()
        # The turn, its log and its release
        self.log = self.release = self.credit = self
        self.handed: list[str] = []  # receivers, by their names
        self.unavailable = self.has_stored = self.answered = False
        self.is_ready = self.is_idle = True
        self.failures: list[Exception] = []
        self.broken: list[Exception] = []
        # The store
        self.chores = 0
        self.log_waits = False
        self.checkpoint_when = ""  # "idle", or "always"
        self.chore_error: Exception | None = None
        self.commit_error: Exception | None = None
        self.house = Housekeeping(cast(Reactor, self.loop), cast(Store, self), cast(Turn, self), self.broken.append)

    def turn(self, *, stored: bool = False, answered: bool = False) -> list[str]:
        """A turn of the loop ends; what was done then."""
        self.has_stored, self.answered = stored, answered
        self.done.clear()
        self.house.turn_ended()
        assert not self.has_stored
        assert not self.answered
        return list(self.done)

    def pass_time(self, seconds: float) -> None:
        self.loop.pass_time(seconds * 1.01)  # sums of tenths are not exact

    def quiet(self) -> None:
        """Nothing is stored for long, and what was due is done."""
        self.turn()
        self.pass_time(10)
        self.turn()
        self.pass_time(10)

    # The turn and its log

    def recover(self) -> None:
        self.done.append("recover")

    def store_marks(self, receivers: Iterable[str]) -> None:
        self.done += ["marks", *receivers]

    def failed(self, error: Exception) -> None:
        self.failures.append(error)

    def run(self, job: Callable[[], None], done: Callable[[Exception | None], None]) -> None:
        job()
        done(self.commit_error)

    # The store

    def needs_checkpoint(self, idle: bool) -> bool:
        return self.checkpoint_when == "always" or (self.checkpoint_when == "idle" and idle)

    def checkpoint(self) -> None:
        self.done.append("checkpoint")

    def has_chore(self, busy: bool) -> bool:
        if self.chore_error:
            raise self.chore_error
        self.done.append("busy" if busy else "look")
        self.chores -= not busy and self.chores > 0
        return not busy and self.chores > 0

    def commit(self) -> None:
        self.done.append("commit")

    def empty_log(self) -> None:
        self.done.append("empty")


@pytest.fixture
def world() -> World:
    return World()


def test_the_marks_of_many_are_stored_over_several_turns(world: World) -> None:
    world.handed = [f"receiver {at}" for at in range(3 * IN_A_TURN)]
    world.house.tick()
    turns: list[int] = []
    while world.loop.soon:
        turns.append(len(world.done) // 2)
        world.loop.soon.pop(0)()
    assert turns == [IN_A_TURN, 2 * IN_A_TURN]
    assert [each for each in world.done if each != "marks"] == world.handed


def test_once_a_second_marks_are_stored_and_a_store_that_fails_is_tried(world: World) -> None:
    world.house.tick()
    assert world.done == ["marks"]
    world.unavailable = True
    world.house.tick()
    assert world.done == ["marks", "recover", "marks"]


def test_a_start_looks_what_an_earlier_life_has_left(world: World) -> None:
    world.loop.now_s = 1000.0
    assert world.turn() == ["look"]
    assert world.turn() == []


def test_an_idle_store_does_chore_after_chore(world: World) -> None:
    world.chores = 3
    for _ in range(2):
        assert world.turn() == ["look", "commit"]
        assert world.turn() == []  # it is due in the next turn of the loop
        world.pass_time(0)
    assert world.turn() == ["look"]
    world.pass_time(10)
    assert world.turn() == []


def test_while_others_are_answered_there_is_time_between_two(world: World) -> None:
    world.chores = 9
    assert world.turn(answered=True) == ["look", "commit"]
    world.pass_time(ASIDE_S / 2)
    assert world.turn() == []
    world.pass_time(ASIDE_S / 2)
    assert world.turn() == ["look", "commit"]
    world.pass_time(0)
    assert world.turn() == ["look", "commit"]


def test_while_messages_come_the_store_is_told_so_a_slice_in_so_long(world: World) -> None:
    world.quiet()
    assert world.turn(stored=True) == []
    world.pass_time(IDLE_S / 2)
    assert world.turn(stored=True) == []
    world.pass_time(IDLE_S / 2)
    assert world.turn(stored=True) == ["busy"]
    assert world.turn(stored=True) == []
    world.pass_time(IDLE_S)
    assert world.turn() == ["look"]  # none came meanwhile


def test_after_messages_have_come_there_is_a_look_once_it_is_quiet(world: World) -> None:
    world.quiet()
    assert world.turn(stored=True) == []
    world.chores = 2
    world.pass_time(IDLE_S)
    assert world.turn() == ["look", "commit"]


@pytest.mark.parametrize("obstacle", ["unavailable", "is_ready"])
def test_nothing_is_begun_while_the_log_has_something_in_hand_or_cannot_write(world: World, obstacle: str) -> None:
    world.checkpoint_when = "always"
    world.chores = 9
    setattr(world, obstacle, obstacle == "unavailable")
    assert world.turn() == []
    setattr(world, obstacle, obstacle != "unavailable")
    assert world.turn() == ["checkpoint"]
    world.checkpoint_when = ""
    assert world.turn() == ["look", "commit"]


def test_room_is_made_before_a_batch_is_taken_but_not_while_the_store_cannot_write(world: World) -> None:
    world.checkpoint_when = "always"
    for obstacle in ("unavailable", "is_idle"):
        world.is_idle, world.unavailable = obstacle != "is_idle", obstacle == "unavailable"
        world.house.make_room()
        assert world.done == []
    world.is_idle = True
    world.house.make_room()
    assert world.done == ["checkpoint"]


def test_a_long_log_is_moved_at_once_and_a_shorter_one_when_it_is_quiet(world: World) -> None:
    world.checkpoint_when = "always"
    assert world.turn(stored=True)[-1] == "checkpoint"
    world.checkpoint_when = "idle"
    assert "checkpoint" not in world.turn(stored=True)
    world.pass_time(IDLE_S)
    assert world.turn() == ["checkpoint"]


def test_a_log_that_may_hold_what_is_gone_is_emptied_when_nothing_else_is_to_do(world: World) -> None:
    world.log_waits = True
    world.chores = 2
    assert world.turn() == ["look", "commit"]
    world.pass_time(0)
    assert world.turn() == ["look", "empty"]
    world.quiet()
    world.turn(stored=True)
    world.pass_time(IDLE_S)
    assert world.turn(stored=True) == ["busy"]


@pytest.mark.parametrize("error", [StoreUnavailable("full"), StoreBroken("no flush")])
def test_a_chore_that_fails_is_told_to_the_turn(world: World, error: Exception) -> None:
    world.chore_error = error
    world.turn()
    assert world.failures == [error]


@pytest.mark.parametrize("what", ["checkpoint", "commit", "empty"])
def test_a_flush_that_fails_is_told_to_the_turn(world: World, what: str) -> None:
    world.commit_error = StoreBroken("no flush")
    world.checkpoint_when = "always" if what == "checkpoint" else ""
    world.chores = 2 if what == "commit" else 0
    world.log_waits = what == "empty"
    assert world.turn()[-1] == what
    assert world.failures == [world.commit_error]


def test_a_defect_in_a_chore_is_not_hidden(world: World) -> None:
    world.chore_error = ValueError("a defect")
    with pytest.raises(ValueError, match="a defect"):
        world.house.turn_ended()


def test_one_timer_is_enough(world: World) -> None:
    world.quiet()
    before = len(world.loop.timers)
    for _ in range(5):
        world.turn(stored=True)
    assert len(world.loop.timers) == before + 1
