"""Failed logins in a sliding minute: who waits how long, what is forgotten and when."""

import pytest

from chatserver.sessions import throttle
from chatserver.sessions.throttle import WINDOW_S, LoginThrottle, Throttle

LONGEST_S = 600
HOME, AWAY = "192.0.2.1", "192.0.2.2"


class Door:
    """A throttle with a clock that stands still until the test moves it; three failures are one too many."""

    def __init__(self, failures_max: int = 3, sign_ups_max: int = 0) -> None:
        self.now_s = 5000.0
        self.throttle = LoginThrottle(failures_max, sign_ups_max, LONGEST_S, lambda: self.now_s)

    def fail(self, name: str, address: str = HOME, times: int = 1) -> None:
        for _ in range(times):
            self.throttle.failed(address, name)

    def wait_s(self, name: str, address: str = HOME) -> int:
        return self.throttle.wait_s(address, name)


@pytest.fixture
def door() -> Door:
    return Door()


def test_nobody_waits_who_has_not_failed(door: Door) -> None:
    assert door.wait_s("ann") == 0


def test_as_many_failures_as_are_allowed_are_waited_for(door: Door) -> None:
    door.fail("ann", times=2)
    assert door.wait_s("ann") == 0
    door.fail("ann")
    assert door.wait_s("ann") == 60


def test_another_name_and_another_address_have_their_own_tries(door: Door) -> None:
    door.fail("ann", times=3)
    assert door.wait_s("bob") == 0
    assert door.wait_s("ann", AWAY) == 0


def test_the_wait_is_told_in_whole_seconds_and_never_too_short(door: Door) -> None:
    door.fail("ann", times=3)
    waits = []
    for moment_s in (0.0, 0.001, 0.999, 1.0, 58.5, 59.0, 59.999, 60.0, 61.0, 1000.0):
        door.now_s = 5000.0 + moment_s
        waits.append(door.wait_s("ann"))
    assert waits == [60, 60, 60, 59, 2, 1, 1, 0, 0, 0]


def test_the_wait_begins_with_the_first_of_the_failures(door: Door) -> None:
    for _ in range(3):
        door.fail("ann")
        door.now_s += 10
    assert door.wait_s("ann") == 30


def test_failures_further_apart_are_not_too_many(door: Door) -> None:
    for _ in range(10):
        door.fail("ann", times=2)
        door.now_s += WINDOW_S
    assert door.wait_s("ann") == 0


def test_each_wait_is_twice_as_long_as_the_last_up_to_the_longest(door: Door) -> None:
    waits = []
    for _ in range(6):
        door.fail("ann", times=3)
        waits.append(door.wait_s("ann"))
        door.now_s += waits[-1]
        assert door.wait_s("ann") == 0
    assert waits == [60, 120, 240, 480, 600, 600]


def test_who_has_failed_nowhere_else_does_not_wait_there_however_long_others_guess(door: Door) -> None:
    for _ in range(20):
        door.fail("ann", times=3)
        door.now_s += 1
    assert door.wait_s("ann") == 600 - 1  # since the third wait of that length
    assert door.wait_s("ann", AWAY) == 0


def test_what_was_being_checked_when_the_wait_began_counts_for_the_next(door: Door) -> None:
    door.fail("ann", times=5)
    door.now_s += 30
    door.fail("ann")
    assert door.wait_s("ann") == 90  # since those two


def test_an_address_may_fail_ten_times_as_often_with_all_its_names(door: Door) -> None:
    for at in range(29):
        door.fail(f"name{at}")
    assert door.wait_s("ann") == 0
    door.now_s += 7
    door.fail("last")
    assert door.wait_s("ann") == 53
    assert door.wait_s("last") == 53
    assert door.wait_s("ann", AWAY) == 0


def test_once_both_are_over_nothing_is_waited_for(door: Door) -> None:
    for at in range(10):
        door.fail(f"name{at}", times=3)
    assert door.wait_s("ann") == 60
    door.now_s += 100
    assert door.wait_s("ann") == 0


def test_of_the_waits_for_a_name_and_for_its_address_the_longer_one_is_told(door: Door) -> None:
    for at in range(27):
        door.fail(f"name{at}")
    door.now_s += 20
    door.fail("ann", times=3)
    assert door.wait_s("ann") == 60
    assert door.wait_s("bob") == 40


def test_without_a_limit_nothing_is_counted() -> None:
    door = Door(failures_max=0, sign_ups_max=1)
    door.fail("ann", times=100)
    door.throttle.signed_up(HOME)
    assert door.wait_s("ann") == 0
    assert door.throttle.sign_up_wait_s(HOME) == 0


def test_sign_ups_are_counted_by_address_and_apart_from_failures() -> None:
    door = Door(failures_max=1, sign_ups_max=2)
    door.throttle.signed_up(HOME)
    door.fail("ann", times=10)
    assert door.throttle.sign_up_wait_s(HOME) == 0
    door.throttle.signed_up(HOME)
    assert door.throttle.sign_up_wait_s(HOME) == 60
    assert door.throttle.sign_up_wait_s(AWAY) == 0
    assert door.wait_s("ann", AWAY) == 0


def test_with_a_limit_of_one_each_failure_is_waited_for() -> None:
    door = Door(failures_max=1)
    door.fail("ann")
    assert door.wait_s("ann") == 60
    assert door.wait_s("bob") == 0


# What is forgotten.


def test_that_somebody_had_to_wait_is_forgotten_after_the_longest_wait(door: Door) -> None:
    door.fail("ann", times=3)
    door.now_s += 60 + LONGEST_S - 1
    door.throttle.forget_old()
    door.fail("ann", times=3)
    assert door.wait_s("ann") == 120
    door.now_s += 120 + LONGEST_S
    door.throttle.forget_old()
    door.fail("ann", times=3)
    assert door.wait_s("ann") == 60


def test_one_that_failed_again_is_not_forgotten(door: Door) -> None:
    door.fail("ann", times=2)
    door.now_s += LONGEST_S - 1
    door.fail("ann", times=2)
    door.now_s += 1
    door.throttle.forget_old()
    door.fail("ann")
    assert door.wait_s("ann") == 59


def test_where_there_are_too_many_the_one_that_failed_last_the_longest_ago_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(throttle, "KEYS_MAX", 3)
    names = Throttle(3, LONGEST_S, lambda: 5000.0)
    for name in ("ann", "bob", "ann", "eve", "joe"):  # ann failed again, so that bob's is the older one
        for _ in range(3):
            names.count((HOME, name))
    assert [names.wait_s((HOME, name)) for name in ("ann", "bob", "eve", "joe")] == [120, 0, 60, 60]
    assert len(names) == 3


def test_an_address_that_fails_is_not_forgotten_for_its_names(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "KEYS_MAX", 2)
    for at in range(30):
        door.fail(f"name{at}")
    assert door.wait_s("ann") == 60


def test_of_what_is_no_name_not_much_is_kept(door: Door) -> None:
    door.fail("x" * 5000, times=3)
    assert door.wait_s("x" * 5000) == 60
    assert all(len(key) <= 64 for _, key in door.throttle._names._tries)
