"""How far bytes have come on a real connection."""

import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any, cast

import pytest

from chatserver.net.progress import progress


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        client = socket.create_connection(listening.getsockname(), timeout=30)
        connected, _ = listening.accept()
        with client, connected:
            yield connected, client


@pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="this system does not tell")
def test_what_a_peer_does_not_take_is_not_confirmed(ends: tuple[socket.socket, socket.socket]) -> None:
    connected, client = ends
    connected.setblocking(False)
    sent = 0
    try:
        while True:
            sent += connected.send(bytes(100_000))
    except BlockingIOError:
        pass
    word = progress(connected)
    assert word
    confirmed, given = word
    assert confirmed < given
    assert 0 <= given - sent <= 1  # the begin may count as one
    while sent:
        sent -= len(client.recv(1 << 20))
    while progress(connected) != (0, 0):
        pass  # the last confirmation is on its way


def test_who_cannot_tell_says_so() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert progress(one) in (None, (0, 0))
    assert progress(one) is None
    assert progress(cast(Any, object())) is None
