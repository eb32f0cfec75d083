"""Failed logins in a sliding minute: who waits how long, what is forgotten and when, and what counts as one address."""

import pytest

from chatserver.sessions import throttle
from chatserver.sessions.throttle import WINDOW_S, LoginThrottle, address_group

HOME, AWAY = "192.0.2.1", "192.0.2.2"


class Door:
    """A throttle with a clock that stands still until the test moves it; three failures are one too many."""

    def __init__(self, failures_max: int = 3) -> None:
        self.now_s = 5000.0
        self.throttle = LoginThrottle(failures_max, lambda: self.now_s)

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


def test_the_minute_slides_from_failure_to_failure(door: Door) -> None:
    for _ in range(3):
        door.fail("ann")
        door.now_s += 10
    assert door.wait_s("ann") == 30  # for the first of the three
    door.now_s += 30
    assert door.wait_s("ann") == 0
    door.fail("ann")
    assert door.wait_s("ann") == 10  # for the second
    door.now_s += 10
    door.fail("ann")
    assert door.wait_s("ann") == 10  # for the third


def test_what_fails_while_it_should_wait_makes_it_wait_longer(door: Door) -> None:
    door.fail("ann", times=3)
    door.now_s += 20
    door.fail("ann", times=2)
    assert door.wait_s("ann") == 40
    door.fail("ann")
    assert door.wait_s("ann") == 60


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
    door.fail("ann", times=30)
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
    door = Door(failures_max=0)
    door.fail("ann", times=100)
    assert door.wait_s("ann") == 0
    assert not door.throttle._failures


def test_with_a_limit_of_one_each_failure_is_waited_for() -> None:
    door = Door(failures_max=1)
    door.fail("ann")
    assert door.wait_s("ann") == 60
    assert door.wait_s("bob") == 0


# What is forgotten.


def test_what_is_over_is_forgotten_and_nothing_else(door: Door) -> None:
    door.fail("ann", times=3)
    door.now_s += 1
    door.fail("bob", AWAY, times=3)
    door.now_s += WINDOW_S - 1
    door.throttle.forget_old()
    assert list(door.throttle._failures) == [(AWAY, "bob"), (AWAY, None)]
    assert door.wait_s("bob", AWAY) == 1
    door.now_s += 0.999
    door.throttle.forget_old()
    assert door.wait_s("bob", AWAY) == 1
    door.now_s += 0.001
    door.throttle.forget_old()
    assert not door.throttle._failures


def test_one_that_failed_again_is_not_forgotten(door: Door) -> None:
    door.fail("ann")
    door.now_s += WINDOW_S - 1
    door.fail("ann")
    door.now_s += 1
    door.throttle.forget_old()
    assert list(door.throttle._failures) == [(HOME, "ann"), (HOME, None)]
    assert door.wait_s("ann") == 0
    door.fail("ann", times=2)
    assert door.wait_s("ann") == 59


def test_where_there_are_too_many_the_one_that_failed_last_the_longest_ago_goes(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "KEYS_MAX", 4)
    door.fail("ann", times=3)
    door.fail("bob", times=3)
    door.fail("ann")  # so that bob's is the older one
    door.fail("eve", times=3)
    assert [door.wait_s(name) for name in ("ann", "bob", "eve")] == [60, 60, 60]
    assert len(door.throttle._failures) == 4
    door.fail("joe", times=3)
    assert [door.wait_s(name) for name in ("ann", "bob", "eve", "joe")] == [60, 0, 60, 60]
    assert len(door.throttle._failures) == 4


def test_an_address_that_fails_is_not_forgotten_for_its_names(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "KEYS_MAX", 2)
    for at in range(30):
        door.fail(f"name{at}")
    assert door.wait_s("ann") == 60
    assert len(door.throttle._failures) == 2


# Addresses.


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:C000:0201", "192.0.2.1"),
        ("::ffff:192.0.2.1%lo", "192.0.2.1"),
        ("::1", "::"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::"),
        ("2001:DB8:1:2::", "2001:db8:1:2::"),
        ("2001:db8:1:3::", "2001:db8:1:3::"),
        ("2001:db8:8001:8002:8003::", "2001:db8:8001:8002::"),
        ("fe80::1%eth0", "fe80::"),
        ("fe80::2%3", "fe80::"),
        ("::fffe:192.0.2.1", "::"),
    ],
)
def test_one_house_is_one_address(host: str, group: str) -> None:
    assert address_group(host) == group


@pytest.mark.parametrize("host", ["", "localhost", "192.0.2", "%eth0"])
def test_what_is_no_address_is_an_error(host: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 address"):
        address_group(host)
