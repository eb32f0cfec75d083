"""Pairs of a connection and its peer. No event handler of theirs may fail, and a loss is told at most once."""

import socket
from collections.abc import Iterator

import pytest

from tests.net.pairs import Pair


@pytest.fixture
def pair(caplog: pytest.LogCaptureFixture) -> Iterator[Pair]:
    """Two sockets that have at once what the other sends."""
    yield from used(Pair(socket.socketpair()), caplog)


@pytest.fixture
def tcp(caplog: pytest.LogCaptureFixture) -> Iterator[Pair]:
    """Two ends of TCP, which can be reset."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        peer = socket.create_connection(door.getsockname())
        near, _ = door.accept()
    yield from used(Pair((near, peer)), caplog)


def used(pair: Pair, caplog: pytest.LogCaptureFixture) -> Iterator[Pair]:
    yield pair
    pair.close()
    assert pair.told.count("lost") <= 1
    assert not caplog.get_records("call"), caplog.text
