"""The test client itself: a test that uses it must be able to fail."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.wire import Client, Ended, matches


@pytest.fixture
def pair() -> Iterator[tuple[Client, socket.socket]]:
    """A client, and the server's end of its connection."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener, Client(listener.getsockname(), "alice") as client:
        server, _ = listener.accept()
        with server:
            yield client, server


def test_matches() -> None:
    assert matches("OK|SENDMESSAGE|…|…Z", "OK|SENDMESSAGE|17|2026-11-22T14:39:05.123Z")
    assert matches("a…", "a")
    assert not matches("a", "ab")
    assert not matches("OK|PING|", "OK|PING|x")
    assert not matches("a.c", "abc")


def test_events_are_put_aside_and_not_forgotten(pair: tuple[Client, socket.socket]) -> None:
    client, server = pair
    server.sendall(b"EVENT|STATUS|bob|away|\nITEM|X|1\nITEM|X|2\nOK|X|2\n")
    assert client.rows("X") == [["1"], ["2"]]
    client.event("STATUS|bob|…")
    assert not client.events


def test_an_event_inside_the_rows_of_an_answer_is_a_fault(pair: tuple[Client, socket.socket]) -> None:
    client, server = pair
    server.sendall(b"ITEM|X|1\nEVENT|NOTICE|x\nOK|X|1\n")
    with pytest.raises(AssertionError, match="inside the rows"):
        client.rows("X")


@pytest.mark.parametrize("said", ["OK|X|3\n", "ITEM|Y|1\nOK|X|1\n", "BYE|QUIT|x\n", "HELLO|x\n"])
def test_what_is_no_answer_with_that_many_rows(pair: tuple[Client, socket.socket], said: str) -> None:
    client, server = pair
    server.sendall(said.encode())
    with pytest.raises(AssertionError):
        client.rows("X")


@pytest.mark.parametrize(
    "said", ["OK|X|\n", "ERR|Y|SELF|two words\n", "ERR|X|SELF|\n", "ERR|X|SELF\n", "ERR|X|NO|two words\n"]
)
def test_what_is_no_refusal_with_a_sentence(pair: tuple[Client, socket.socket], said: str) -> None:
    client, server = pair
    server.sendall(said.encode())
    with pytest.raises(AssertionError):
        client.refused("X", "SELF")


def test_an_event_that_nobody_expects(pair: tuple[Client, socket.socket]) -> None:
    client, server = pair
    server.sendall(b"EVENT|NOTICE|x\nOK|PING|anything?\n")
    with pytest.raises(AssertionError, match="nobody expects"):
        client.no_event()


def test_an_end_where_a_frame_is_expected(pair: tuple[Client, socket.socket]) -> None:
    client, server = pair
    server.sendall(b"OK|X\nOK|unfini")
    server.close()
    client.expect("OK|X")
    with pytest.raises(Ended):
        client.frame()


def test_a_frame_longer_than_any_may_be(pair: tuple[Client, socket.socket]) -> None:
    client, server = pair
    server.sendall(b"x" * 8192 + b"\n")
    with pytest.raises(AssertionError, match="8193 bytes"):
        client.frame()
