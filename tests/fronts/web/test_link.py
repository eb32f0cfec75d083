"""What a WebSocket's client is told of its frames: which have left, and which a message takes along."""

from typing import cast

import pytest

from chatserver.fronts.web.link import Link
from chatserver.fronts.web.share import Share
from chatserver.net.connection import Connection

HEAD = 2  # bytes before a short message
ONE, TWO = b"a" * 10, b"b" * 20


class Slow:
    """A connection that keeps all it is handed; `unsent` and `committed` are the test's to say."""

    closed = False

    def __init__(self) -> None:
        self.unsent = self.committed = 0

    def send(self, data: bytes) -> bool:
        self.unsent += len(data)
        return False

    def drop_unsent(self, keep: int) -> None:
        self.unsent = keep


@pytest.fixture
def connection() -> Slow:
    return Slow()


@pytest.fixture
def link(connection: Slow) -> Link:
    """Two messages wait in it."""
    made = Link(cast(Connection, connection), lambda: 0.0, cast(Share, None))
    made.send(ONE)
    made.send(TWO)
    return made


@pytest.mark.parametrize(
    ("left", "unsent"),
    [
        (0, 30),
        (HEAD + 9, 30),  # a browser has nothing of it yet
        (HEAD + 10, 20),
        (2 * HEAD + 29, 20),
        (2 * HEAD + 30, 0),
    ],
)
def test_frames_leave_with_the_last_byte_of_their_message(link: Link, connection: Slow, left: int, unsent: int) -> None:
    connection.unsent -= left
    assert link.unsent == unsent


def test_a_message_that_has_begun_is_not_dropped(link: Link, connection: Slow) -> None:
    connection.unsent -= 1
    connection.committed = HEAD + 9  # of the first
    assert link.committed == 10
    link.drop_unsent(0)
    assert (connection.unsent, link.unsent) == (HEAD + 9, 10)


def test_messages_in_which_something_is_to_be_kept_stay_whole(link: Link, connection: Slow) -> None:
    link.drop_unsent(11)
    assert (connection.unsent, link.unsent) == (2 * HEAD + 30, 30)
    link.drop_unsent(10)
    assert (connection.unsent, link.unsent) == (HEAD + 10, 10)
