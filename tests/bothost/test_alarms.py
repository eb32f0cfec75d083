"""Alarms: in order, at their time, also where the wall clock was set meanwhile."""

from chatserver.bothost.alarms import WAKE_S_MAX, Alarm, Alarms
from tests.bots.fakes import FakeLoop


class World:
    def __init__(self) -> None:
        self.loop = FakeLoop()
        self.set_ms = 0  # by how much the wall clock was set
        self.rang: list[str] = []
        self.alarms = Alarms(self.loop, self.wall_ms, self.ring)

    def wall_ms(self) -> int:
        return round((self.loop.now_s - 1000) * 1000) + self.set_ms

    def ring(self, alarm: Alarm) -> None:
        self.rang.append(f"{alarm[3]} {self.wall_ms()}")


def test_they_ring_in_their_order_at_their_time() -> None:
    world = World()
    world.alarms.load([(3000, 1, 1, "c"), (1000, 1, 2, "a")])
    world.alarms.add([(2000, 2, 1, "b")])
    world.loop.pass_time(10)
    assert world.rang == ["a 1000", "b 2000", "c 3000"]
    assert world.loop.timers == []


def test_one_that_was_due_before_rings_at_once() -> None:
    world = World()
    world.alarms.load([(-5, 1, 1, "a")])
    world.loop.pass_time(0)
    assert world.rang == ["a 0"]


def test_loading_forgets_what_was_there() -> None:
    world = World()
    world.alarms.load([(1000, 1, 1, "a")])
    world.alarms.load([])
    world.loop.pass_time(10)
    assert world.rang == []


def test_a_clock_that_was_set_is_noticed_within_a_minute() -> None:
    world = World()
    hour_ms = 3_600_000
    world.alarms.load([(hour_ms, 1, 1, "a")])
    world.set_ms = hour_ms
    world.loop.pass_time(WAKE_S_MAX)
    assert len(world.rang) == 1


def test_one_timer_of_the_loop_is_enough() -> None:
    world = World()
    world.alarms.load([(1000 * number, 1, number, "a") for number in range(1, 100)])
    assert len([timer for timer in world.loop.timers if not timer.cancelled]) == 1
