"""The loop: the order of a turn, timers by a clock that the test moves, how long it sleeps, defects in callbacks."""

import os
import selectors
import socket
from collections.abc import Callable, Iterator
from threading import Thread

import pytest

from chatserver.net.reactor import DEFECT, READ, TIMERS_MAX, WRITE, Reactor
from tests.net.loops import Loop, Sleepless


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        yield near, far


@pytest.fixture
def done() -> list[str]:
    """What was called, in its order."""
    return []


def note(done: list[str], what: str) -> Callable[[], None]:
    return lambda: done.append(what)


# A turn.


def test_a_turn_has_an_order(loop: Loop, ends: tuple[socket.socket, socket.socket], done: list[str]) -> None:
    near, far = ends
    loop.reactor.before_sleep = [note(done, "first"), note(done, "second")]
    loop.reactor.call_later(0, note(done, "timer"))
    loop.reactor.call_soon(note(done, "put off"))
    loop.reactor.post(note(done, "posted"))
    loop.reactor.register(near, READ, lambda ready: done.append("socket"))
    far.send(b"x")
    loop.reactor.turn()
    assert done == ["socket", "posted", "put off", "timer", "first", "second"]


@pytest.mark.parametrize("name", ["call_soon", "post"])
def test_what_a_callback_puts_off_waits_for_the_next_turn(loop: Loop, done: list[str], name: str) -> None:
    put_off: Callable[[Callable[[], None]], None] = getattr(loop.reactor, name)
    put_off(lambda: put_off(note(done, "later")))
    loop.reactor.turn()
    assert done == []
    loop.reactor.turn()
    assert done == ["later"]


def test_what_is_put_off_is_called_once_and_in_order(loop: Loop, done: list[str]) -> None:
    for what in ("one", "two", "three"):
        loop.reactor.call_soon(note(done, what))
    loop.turn(2)
    assert done == ["one", "two", "three"]


def test_a_socket_is_told_of_what_it_waits_for(loop: Loop, ends: tuple[socket.socket, socket.socket]) -> None:
    near, far = ends
    told: list[int] = []
    loop.reactor.register(near, READ, told.append)
    loop.turn()
    assert told == []
    far.send(b"x")
    loop.turn(2)
    assert told == [READ, READ]
    loop.reactor.modify(near, READ | WRITE, lambda ready: told.append(-ready))
    loop.turn()
    assert told[2:] == [-(READ | WRITE)]
    loop.reactor.unregister(near)
    loop.turn()
    assert len(told) == 3


def test_it_runs_until_it_is_stopped_and_ends_the_turn(loop: Loop, done: list[str]) -> None:
    loop.reactor.before_sleep = [note(done, "hook")]
    loop.reactor.call_soon(lambda: loop.reactor.call_soon(loop.reactor.stop))
    loop.reactor.run()
    assert done == ["hook", "hook"]
    loop.reactor.call_soon(loop.reactor.stop)
    loop.reactor.run()
    assert done == ["hook"] * 3


# Timers.


def test_a_timer_is_called_once_when_its_time_has_come(loop: Loop, done: list[str]) -> None:
    loop.reactor.call_later(2, note(done, "timer"))
    loop.pass_time(1.999)
    assert done == []
    loop.pass_time(0.001)
    assert done == ["timer"]
    loop.pass_time(10)
    assert done == ["timer"]


def test_timers_come_in_the_order_of_their_times_and_then_in_that_they_were_made(loop: Loop, done: list[str]) -> None:
    for delay_s, what in ((3, "d"), (1, "a"), (2, "b"), (2, "c"), (3, "e")):
        loop.reactor.call_later(delay_s, note(done, what))
    loop.pass_time(3)
    assert "".join(done) == "abcde"


def test_a_turn_runs_so_many_timers_at_most_and_does_not_sleep_before_the_others(loop: Loop, done: list[str]) -> None:
    for number in range(TIMERS_MAX + 2):
        loop.reactor.call_later(1, note(done, str(number)))
    loop.pass_time(1)
    assert len(done) == TIMERS_MAX
    loop.turn()
    assert loop.selector.told_s[-1] == 0
    assert done == [str(number) for number in range(TIMERS_MAX + 2)]


def test_a_timer_that_is_cancelled_is_not_called(loop: Loop, done: list[str]) -> None:
    first = loop.reactor.call_later(1, note(done, "first"))
    loop.reactor.call_later(1, note(done, "second"))
    third = loop.reactor.call_later(1, note(done, "third"))
    first.cancel()
    third.cancel()
    loop.pass_time(1)
    assert done == ["second"]
    first.cancel()


def test_a_timer_may_cancel_another_of_the_same_instant_and_itself(loop: Loop, done: list[str]) -> None:
    def cancel_both() -> None:
        one.cancel()
        other.cancel()
        done.append("one")

    one = loop.reactor.call_later(1, cancel_both)
    other = loop.reactor.call_later(1, note(done, "other"))
    loop.pass_time(1)
    assert done == ["one"]


# Sleep.


def test_it_sleeps_until_the_next_timer_that_is_not_cancelled(done: list[str]) -> None:
    selector, now_s = Sleepless(), 100.0
    reactor = Reactor(selector, lambda: now_s)
    timers = [reactor.call_later(delay_s, note(done, "timer")) for delay_s in (1, 2, 4, 8)]
    reactor.turn()
    timers[0].cancel()
    timers[1].cancel()
    timers[3].cancel()
    reactor.turn()
    now_s += 1.5
    reactor.turn()
    now_s += 100
    reactor.turn()
    reactor.turn()
    assert selector.told_s == [1, 4, 2.5, 0, None]
    assert done == ["timer"]
    reactor.close()


@pytest.mark.parametrize("name", ["call_soon", "post"])
def test_it_does_not_sleep_where_something_is_to_be_called(name: str) -> None:
    selector = Sleepless()
    reactor = Reactor(selector, lambda: 0.0)
    reactor.call_later(5, lambda: None)
    getattr(reactor, name)(lambda: None)
    reactor.turn()
    reactor.turn()
    assert selector.told_s == [0, 5]
    reactor.close()


def test_it_lets_go_of_all_that_it_has_opened() -> None:
    before = len(os.listdir("/dev/fd"))
    Reactor().close()
    assert len(os.listdir("/dev/fd")) == before


def test_it_takes_the_systems_selector_and_clock_where_none_are_given(done: list[str]) -> None:
    reactor = Reactor()
    reactor.call_later(0, note(done, "timer"))
    reactor.call_later(3600, note(done, "in an hour"))
    reactor.turn()
    assert done == ["timer"]
    reactor.close()


# Waking.


class Asleep(selectors.DefaultSelector):
    """A selector that starts a thread when it is about to sleep."""

    thread: Thread

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is None
        self.thread.start()
        return super().select(None)


def test_another_thread_ends_the_sleep(done: list[str]) -> None:
    selector = Asleep()
    reactor = Reactor(selector)
    selector.thread = Thread(target=lambda: reactor.post(note(done, "posted")))
    reactor.turn()
    selector.thread.join()
    assert done == ["posted"]
    reactor.close()


def test_a_wake_up_is_over_with_the_turn_however_many_there_were(loop: Loop, done: list[str]) -> None:
    for _ in range(10_000):  # more than a read takes, and than the socket holds
        loop.reactor.post(note(done, "posted"))
    assert not loop.is_idle()
    loop.reactor.turn()
    assert done == ["posted"] * 10_000
    assert loop.is_idle()


def test_waking_one_that_is_closed_is_harmless() -> None:
    reactor = Reactor()
    reactor.close()
    reactor.wake()


# Defects.


def fail(*_: object) -> None:
    raise RuntimeError("a defect of the test's own")


def test_a_defect_in_a_callback_is_logged_and_ends_nothing(
    loop: Loop, ends: tuple[socket.socket, socket.socket], done: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    near, far = ends
    loop.reactor.register(near, READ, fail)
    far.send(b"x")
    for put_off in (loop.reactor.post, loop.reactor.call_soon):
        put_off(fail)
        put_off(note(done, "put off"))
    loop.reactor.call_later(0, fail)
    loop.reactor.call_later(0, note(done, "timer"))
    loop.reactor.before_sleep = [fail]
    loop.reactor.turn()
    assert done == ["put off", "put off", "timer"]
    assert [record.message for record in caplog.records] == [DEFECT] * 5
    assert all(record.exc_info for record in caplog.records)
    loop.reactor.unregister(near)
    loop.reactor.before_sleep = [note(done, "hook")]
    loop.turn()
    assert done[3:] == ["hook"]
