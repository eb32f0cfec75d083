"""The loop's own selector does what those of the standard library do."""

import selectors
import socket
from collections.abc import Callable, Iterator
from time import monotonic

import pytest

from chatserver.net.selector import READ, WRITE, best_selector


@pytest.fixture(params=[best_selector, selectors.PollSelector], ids=["ours", "poll"])
def selector(request: pytest.FixtureRequest) -> Iterator[selectors.BaseSelector]:
    make: Callable[[], selectors.BaseSelector] = request.param
    with make() as made:
        yield made


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        yield near, far


def ready(selector: selectors.BaseSelector, timeout: float | None = 0) -> list[tuple[object, int]]:
    return [(key.data, events) for key, events in selector.select(timeout)]


def test_it_tells_what_a_socket_is_ready_for_and_nothing_else(
    selector: selectors.BaseSelector, pair: tuple[socket.socket, socket.socket]
) -> None:
    near, far = pair
    selector.register(near, READ, "near")
    assert ready(selector) == []
    far.send(b"x")
    assert ready(selector, None) == [("near", READ)]
    selector.modify(near, READ | WRITE, "both")
    assert ready(selector) == [("both", READ | WRITE)]
    selector.modify(near, WRITE, "writing")
    assert ready(selector) == [("writing", WRITE)]
    selector.unregister(near)
    assert ready(selector) == []
    selector.register(near, READ, "again")
    assert ready(selector) == [("again", READ)]


@pytest.mark.parametrize("interest", [READ, WRITE, READ | WRITE])
def test_an_end_is_told_to_whoever_waits(
    selector: selectors.BaseSelector, pair: tuple[socket.socket, socket.socket], interest: int
) -> None:
    near, far = pair
    selector.register(near, interest, "near")
    far.close()
    assert ready(selector) == [("near", interest)]


def test_a_timeout_is_never_cut_short_to_nothing(selector: selectors.BaseSelector) -> None:
    """A loop that asks for half a millisecond and gets none spins until it has passed."""
    begun = monotonic()
    assert ready(selector, 0.0005) == []
    assert monotonic() - begun >= 0.0005


def test_what_is_known_can_be_listed(
    selector: selectors.BaseSelector, pair: tuple[socket.socket, socket.socket]
) -> None:
    near, far = pair
    selector.register(near, READ)
    selector.register(far, READ)
    assert {key.fd for key in selector.get_map().values()} == {near.fileno(), far.fileno()}
