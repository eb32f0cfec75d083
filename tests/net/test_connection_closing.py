"""A connection is closed: at once, or when all is sent, in whatever order the peer ends and the rest is taken."""

import gc
import socket
import weakref
from collections.abc import Callable

import pytest

from chatserver.net.connection import LINGER_S, Connection, Nobody
from tests.net.pairs import FRAMES, READ_BYTES, Pair

WITHIN_S = 10.0

# Closing at once.


def be_paused(pair: Pair) -> None:
    pair.connection.pause()


def be_ended(pair: Pair) -> None:
    pair.peer.shutdown(socket.SHUT_WR)
    pair.turn()


def be_sending(pair: Pair) -> None:
    pair.leave_unsent(FRAMES, 1)


def be_closing(pair: Pair) -> None:
    pair.connection.close_when_sent(WITHIN_S)


def be_sending_and_closing(pair: Pair) -> None:
    pair.leave_unsent(FRAMES, 1)
    pair.connection.close_when_sent(WITHIN_S)


def be_as_new(pair: Pair) -> None:
    pass


@pytest.mark.parametrize("be", [be_as_new, be_paused, be_ended, be_sending, be_closing, be_sending_and_closing])
def test_whatever_it_does_it_can_be_closed_at_once(pair: Pair, be: Callable[[Pair], None]) -> None:
    be(pair)
    pair.told.clear()
    pair.connection.abort()
    assert pair.told == ["lost"]
    assert pair.connection.closed
    assert pair.kernel.fileno() == -1
    assert pair.is_empty()
    assert pair.peer_reads() in (b"<end>", FRAMES[:1] + b"<end>")
    offered = len(pair.kernel.offered)
    pair.connection.abort()
    pair.connection.pause()
    pair.connection.resume()
    pair.connection.close_when_sent(WITHIN_S)
    assert not pair.connection.send(FRAMES)
    pair.pass_time(WITHIN_S + LINGER_S)
    assert pair.told == ["lost"]
    assert len(pair.kernel.offered) == offered


def test_an_owner_may_close_it_in_any_call(pair: Pair) -> None:
    pair.reaction = pair.connection.abort
    pair.leave_unsent(FRAMES, 1)
    pair.peer.send(b"x")
    pair.go_on()
    assert pair.told == ["drained", "lost"]
    assert pair.heard == []


def test_an_owner_may_close_it_when_bytes_come_in(pair: Pair) -> None:
    pair.reaction = pair.connection.abort
    pair.peer.send(b"x" * (READ_BYTES + 1))
    pair.turn(2)
    assert pair.heard == [b"x" * READ_BYTES]
    assert pair.told == ["lost"]


# Closing when all is sent.


def test_the_end_is_said_at_once_and_the_socket_closed_with_the_peers(pair: Pair) -> None:
    pair.connection.close_when_sent(WITHIN_S)
    assert pair.peer_reads() == b"<end>"
    pair.peer.send(b"x")
    pair.turn()
    assert (pair.heard, pair.told) == ([], [])  # it is read so that the close is no reset
    assert pair.is_idle()
    pair.peer.shutdown(socket.SHUT_WR)
    pair.turn()
    assert pair.told == ["lost"]


def test_a_peer_that_does_not_close_is_waited_for_a_little(pair: Pair) -> None:
    pair.connection.close_when_sent(WITHIN_S)
    pair.pass_time(LINGER_S - 0.01)
    assert pair.told == []
    pair.pass_time(0.01)
    assert pair.told == ["lost"]


def test_where_the_peer_has_ended_first_it_is_closed_at_once(pair: Pair) -> None:
    be_ended(pair)
    pair.connection.close_when_sent(WITHIN_S)
    assert pair.told == ["ended", "lost"]
    assert pair.peer_reads() == b"<end>"


def test_what_is_left_is_sent_first(pair: Pair) -> None:
    pair.leave_unsent(FRAMES, 3)
    pair.connection.close_when_sent(WITHIN_S)
    pair.go_on(1)
    assert pair.peer_reads() == FRAMES[:4]
    pair.go_on()
    assert pair.peer_reads() == FRAMES[4:] + b"<end>"
    assert pair.told == []  # nobody is asked for more
    assert pair.is_idle()
    pair.peer.shutdown(socket.SHUT_WR)
    pair.turn()
    assert pair.told == ["lost"]


@pytest.mark.parametrize("ends_first", [True, False])
def test_what_is_left_is_sent_to_a_peer_that_has_ended_and_then_nothing_is_waited_for(
    pair: Pair, ends_first: bool
) -> None:
    pair.leave_unsent(FRAMES, 3)
    if ends_first:
        pair.peer.shutdown(socket.SHUT_WR)
        pair.turn()
    pair.connection.close_when_sent(WITHIN_S)
    if not ends_first:
        pair.peer.shutdown(socket.SHUT_WR)
        pair.turn()
    assert not pair.connection.closed
    pair.go_on(1)
    assert not pair.connection.closed
    pair.go_on()
    assert pair.told == ["ended", "lost"][not ends_first :]
    assert pair.peer_reads() == FRAMES + b"<end>"


def test_what_is_not_sent_in_time_is_given_up(pair: Pair) -> None:
    pair.leave_unsent(FRAMES, 3)
    pair.connection.close_when_sent(WITHIN_S)
    pair.pass_time(WITHIN_S - 0.01)
    assert pair.told == []
    pair.pass_time(0.01)
    assert pair.told == ["lost"]
    assert pair.peer_reads() == FRAMES[:3] + b"<end>"


@pytest.mark.parametrize("within_s", [WITHIN_S, LINGER_S / 2])
def test_once_all_is_sent_only_the_peers_end_is_waited_for(pair: Pair, within_s: float) -> None:
    pair.leave_unsent(FRAMES, 3)
    pair.connection.close_when_sent(within_s)
    pair.pass_time(within_s - 0.01)
    pair.go_on()
    pair.pass_time(LINGER_S - 0.01)
    assert pair.told == []
    pair.pass_time(0.01)
    assert pair.told == ["lost"]


def test_asking_again_changes_nothing(pair: Pair) -> None:
    pair.leave_unsent(FRAMES, 3)
    pair.connection.close_when_sent(WITHIN_S)
    pair.pass_time(WITHIN_S - 1)
    pair.connection.close_when_sent(WITHIN_S)
    pair.connection.close_when_sent(0.5)
    pair.pass_time(0.9)
    assert pair.told == []
    pair.pass_time(0.1)
    assert pair.told == ["lost"]


def test_what_comes_in_while_it_closes_is_told_to_nobody(pair: Pair) -> None:
    pair.leave_unsent(FRAMES, 3)
    pair.connection.close_when_sent(WITHIN_S)
    pair.peer.send(b"x")
    pair.peer.shutdown(socket.SHUT_WR)
    pair.turn(3)
    assert (pair.heard, pair.told) == ([], [])


def test_a_paused_connection_that_closes_reads_on_to_the_peers_end(pair: Pair) -> None:
    pair.connection.pause()
    pair.connection.close_when_sent(WITHIN_S)
    pair.peer.send(b"x")
    pair.peer.shutdown(socket.SHUT_WR)
    pair.turn(2)
    assert (pair.heard, pair.told) == ([], ["lost"])


def test_a_peer_that_has_gone_needs_no_end(tcp: Pair) -> None:
    tcp.peer_resets()
    tcp.connection.close_when_sent(WITHIN_S)
    tcp.turn()
    assert tcp.told == ["lost"]


class Holder(Nobody):
    """An owner that knows its connection, as all do."""

    connection: Connection


def test_what_owns_a_connection_is_let_go_of_with_it(pair: Pair) -> None:
    """Without a look for circles, which comes late: until then each would keep what it was sent."""
    holder = Holder()
    holder.connection = pair.connection
    pair.connection.tell(holder)
    left = weakref.ref(holder)
    gc.disable()
    try:
        pair.connection.abort()
        del holder
        assert left() is None
    finally:
        gc.enable()
