"""Circles of objects are found in bites, and what works as it should makes none."""

import gc
import socket
import weakref
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from chatserver.net.reactor import Reactor
from chatserver.ops.garbage import BITE, collect_as_usual, collect_in_bites
from tests.inside import InThread
from tests.wire import WAIT_S


class Clock:
    """A loop of which only the timers are there."""

    def __init__(self) -> None:
        self.due: Callable[[], None] = lambda: None

    def call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        self.due = call


class Circle:
    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def clock() -> Iterator[Clock]:
    """One by which the collector works."""
    made = Clock()
    collect_in_bites(cast(Reactor, made))
    yield made
    collect_as_usual()


def test_a_circle_is_found_once_a_second(clock: Clock) -> None:
    for _ in range(3):
        found = weakref.ref(Circle())
        assert found() is not None
        clock.due()
        assert found() is None


def test_too_much_for_a_turn_is_not_looked_at(clock: Clock) -> None:
    lives: list[Any] = [[] for _ in range(2 * BITE)]
    circle = weakref.ref(Circle())
    clock.due()
    assert circle() is not None
    assert gc.get_freeze_count() > len(lives)
    circle = weakref.ref(Circle())
    clock.due()
    assert circle() is None


def test_afterwards_the_collector_works_as_usual(clock: Clock) -> None:
    collect_as_usual()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def leave(server: InThread) -> None:
    client = server.login("ann")
    client.says("PING|x", "OK|PING|x")
    client.says("QUIT", "OK|QUIT")
    client.frames_to_the_end()
    client.close()


def make_mistakes(server: InThread) -> None:
    client = server.connect("ann")
    client.says("NONSENSE", "ERR|NONSENSE|…")
    client.says("LOGIN|ann|wrong horse", "ERR|LOGIN|BAD_LOGIN|…")
    client.close()


def hang_up(server: InThread) -> None:
    with socket.create_connection(server.address, timeout=WAIT_S) as connection:
        connection.recv(100)
        connection.sendall(b"LOGIN|an")


def ask_for_the_page(server: InThread) -> None:
    with socket.create_connection(server.web_address, timeout=WAIT_S) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        while connection.recv(65_536):
            pass


@pytest.mark.parametrize("over_web", [False, True], ids=["pipe", "page"])
@pytest.mark.parametrize("do", [leave, make_mistakes, hang_up, ask_for_the_page])
def test_whoever_comes_and_goes_leaves_no_circle(
    web_server: InThread, do: Callable[[InThread], None], over_web: bool
) -> None:
    web_server.over_web = over_web
    web_server.user("ann")
    do(web_server)
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        do(web_server)
        web_server.login("ann").says("PING|x", "OK|PING|x")  # whoever left has been seen to by then
        gc.collect()
        circles = [found for found in gc.garbage if type(found).__module__.startswith("chatserver.")]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert circles == []
