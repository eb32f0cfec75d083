"""A wall clock that leaps: what is kept although it looks old."""

from pathlib import Path

import pytest

from chatserver.ops.leaps import TRUST_S, Leaps
from tests.harness import PASSWORD
from tests.model.world import World

HOUR_MS = 3_600_000
TEN_YEARS_H = 10 * 365 * 24


class Clocks:
    """Two clocks, and who compares them."""

    def __init__(self) -> None:
        self.now_s, self.moved_ms = 500.0, 0
        self.leaps = self.start(last_ms=0)

    def start(self, last_ms: int) -> Leaps:
        return Leaps(lambda: round(self.now_s * 1000) + self.moved_ms, lambda: self.now_s, last_ms)

    def trusted(self, *, moved_ms: int = 0, after_s: float = 1.0) -> bool:
        self.moved_ms += moved_ms
        self.now_s += after_s
        self.leaps.look()
        return self.leaps.is_trusted


def test_a_clock_that_is_set_right_little_by_little_is_followed() -> None:
    clocks = Clocks()
    assert all(clocks.trusted(moved_ms=HOUR_MS - 1) for _ in range(50))
    assert all(clocks.trusted(moved_ms=-HOUR_MS + 1) for _ in range(50))


@pytest.mark.parametrize("years_ms", [TEN_YEARS_H * HOUR_MS, -TEN_YEARS_H * HOUR_MS, HOUR_MS + 1])
def test_a_leap_is_told_once_and_believed_after_a_day(years_ms: int, caplog: pytest.LogCaptureFixture) -> None:
    clocks = Clocks()
    assert not clocks.trusted(moved_ms=years_ms)
    assert not clocks.trusted(after_s=TRUST_S - 1)
    assert clocks.trusted()
    assert clocks.trusted()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_leap_that_is_taken_back_is_over_at_once() -> None:
    clocks = Clocks()
    assert not clocks.trusted(moved_ms=TEN_YEARS_H * HOUR_MS)
    assert clocks.trusted(moved_ms=-TEN_YEARS_H * HOUR_MS)


def test_a_start_with_a_clock_that_is_far_ahead_is_not_believed_for_a_day(caplog: pytest.LogCaptureFixture) -> None:
    """As after a cut of the power, before the clock is set. A weekend without anybody is no such case."""
    clocks = Clocks()
    clocks.moved_ms = TEN_YEARS_H * HOUR_MS
    clocks.leaps = clocks.start(last_ms=clocks.moved_ms - 60 * HOUR_MS)
    assert clocks.trusted()
    clocks.leaps = clocks.start(last_ms=1)
    assert not clocks.leaps.is_trusted
    assert not clocks.trusted(after_s=TRUST_S - 1)
    assert clocks.trusted()
    clocks.leaps = clocks.start(last_ms=round(clocks.now_s * 1000) - 60_000)
    assert not clocks.leaps.is_trusted
    assert clocks.trusted(moved_ms=-TEN_YEARS_H * HOUR_MS)
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_clock_that_is_ten_years_ahead_for_an_hour_costs_nobody_anything(tmp_path: Path, *, restarts: bool) -> None:
    """No message, no token, and no ban."""
    world = World(tmp_path, history_days=30)
    ann, ben = world.user("ann"), world.user("ben")
    world.appoint("ann")
    world.befriend(ann, ben)
    ids = []
    for at in range(3):
        world.say(ann, f"SENDMESSAGE|ann|ben|{at}")
        ids.append(ann.frames()[0].split("|")[2])
    world.say(ann, "ADMIN|ann|ban 192.0.2.0/24 --for 30d")
    assert ann.frames()[-1].startswith("OK|ADMIN|")
    tokens = dict(world.server.state.tokens)
    world.hang_up(ben)
    world.move_wall_clock(TEN_YEARS_H)
    if restarts:
        world.restart()
    for _ in range(3700):
        world.pass_time(1.0)
    world.move_wall_clock(-TEN_YEARS_H)
    world.pass_time(2.0)
    assert world.server.state.tokens.keys() == tokens.keys()
    assert list(world.server.state.bans) == ["192.0.2.0/24"]
    ann = world.connect("ann")
    world.say(ann, f"LOGIN|ann|{PASSWORD}\nHISTORY|ann|ben")
    assert [frame.split("|")[2] for frame in ann.frames() if frame.startswith("ITEM|")] == ids
    world.close()
