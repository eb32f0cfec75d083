"""A connection reads and sends: in parts, paused, with an owner that reacts, and after the peer's end."""

import errno
import socket

import pytest

from chatserver.net.connection import SEND_BYTES
from chatserver.net.reactor import DEFECT
from tests.net.pairs import FRAMES, READ_BYTES, Pair

# Reading.


def test_bytes_are_told_as_they_come_and_only_so_many_a_turn(pair: Pair) -> None:
    pair.peer.send(b"x" * READ_BYTES + b"yz")
    pair.turn()
    assert pair.heard == [b"x" * READ_BYTES]
    pair.turn()
    assert pair.heard[1:] == [b"yz"]
    assert pair.is_idle()
    assert pair.told == []


@pytest.mark.parametrize("refusal", [BlockingIOError(), InterruptedError()])
def test_nothing_to_read_after_all_is_no_loss(pair: Pair, refusal: OSError) -> None:
    pair.peer.send(b"x")
    pair.kernel.refusals = [refusal]
    pair.turn()
    assert (pair.heard, pair.told) == ([], [])
    pair.turn()
    assert (pair.heard, pair.told) == ([b"x"], [])


def test_a_reset_is_a_loss(tcp: Pair) -> None:
    tcp.peer_resets()
    tcp.turn()
    assert tcp.told == ["lost"]
    assert tcp.heard == []


def test_a_paused_connection_reads_nothing_and_the_loop_sleeps(pair: Pair) -> None:
    pair.connection.pause()
    pair.connection.pause()
    pair.peer.send(b"x")
    pair.turn()
    assert pair.heard == []
    assert pair.is_idle()
    pair.connection.resume()
    pair.connection.resume()
    pair.turn()
    assert pair.heard == [b"x"]


def test_a_paused_connection_goes_on_sending_and_stays_paused(pair: Pair) -> None:
    pair.leave_unsent(FRAMES, 2)
    pair.connection.pause()
    pair.peer.send(b"x")
    pair.go_on(3)
    pair.go_on()
    assert pair.peer_reads() == FRAMES
    pair.turn()
    assert pair.heard == []
    assert pair.told == ["drained"]
    assert pair.is_idle()


def test_what_is_paused_first_is_not_read_when_bytes_wait(pair: Pair) -> None:
    pair.connection.pause()
    pair.leave_unsent(FRAMES, 2)
    pair.peer.send(b"x")
    pair.go_on(1)
    assert pair.heard == []
    pair.connection.resume()
    pair.go_on(1)
    assert pair.heard == [b"x"]
    assert pair.connection.unsent == len(FRAMES) - 4


def test_a_connection_that_sends_reads_too(pair: Pair) -> None:
    pair.leave_unsent(FRAMES, 2)
    pair.peer.send(b"x")
    pair.go_on(1)
    assert pair.heard == [b"x"]
    assert pair.peer_reads() == FRAMES[:3]


def test_pausing_while_bytes_come_in_keeps_the_rest_in_the_kernel(pair: Pair) -> None:
    pair.reaction = pair.connection.pause
    pair.peer.send(b"x" * READ_BYTES + b"yz")
    pair.turn(3)
    assert pair.heard == [b"x" * READ_BYTES]
    pair.connection.resume()
    pair.turn()
    assert pair.heard[1:] == [b"yz"]


# Sending.


def test_what_the_kernel_takes_at_once_needs_no_turn(pair: Pair) -> None:
    assert pair.connection.send(FRAMES)
    assert pair.connection.unsent == 0
    assert pair.peer_reads() == FRAMES
    assert pair.is_idle()
    pair.turn()
    assert pair.told == []


@pytest.mark.parametrize("taken", range(len(FRAMES)))
def test_the_rest_is_sent_when_there_is_room(pair: Pair, taken: int) -> None:
    pair.leave_unsent(FRAMES, taken)
    assert pair.peer_reads() == FRAMES[:taken]
    assert pair.told == []
    pair.go_on()
    assert pair.peer_reads() == FRAMES[taken:]
    assert pair.connection.unsent == 0
    assert pair.told == ["drained"]


@pytest.mark.parametrize("step", range(1, len(FRAMES) + 1))
def test_however_few_bytes_the_kernel_takes_each_time_all_go_out_in_order(pair: Pair, step: int) -> None:
    pair.leave_unsent(FRAMES, 1)
    assert not pair.connection.send(FRAMES)
    assert not pair.connection.send(b"end\n")
    arrived, whole = 1, FRAMES + FRAMES + b"end\n"
    while arrived < len(whole):
        assert pair.told == []
        assert pair.connection.unsent == len(whole) - arrived
        pair.go_on(step)
        arrived = min(arrived + step, len(whole))
    assert pair.connection.unsent == 0
    assert pair.told == ["drained"]
    assert pair.peer_reads() == whole


def test_what_has_waited_is_not_sent_again(pair: Pair) -> None:
    for _ in range(2):
        pair.leave_unsent(b"one\n", 1)
        pair.connection.send(b"two\n")
        pair.connection.send(b"three\n")
        pair.go_on()
        assert pair.peer_reads() == b"one\ntwo\nthree\n"
        assert pair.connection.unsent == 0


def test_write_events_are_waited_for_only_while_bytes_are_left(pair: Pair) -> None:
    for _ in range(2):
        assert pair.is_idle()
        pair.leave_unsent(FRAMES, 3)
        assert not pair.is_idle()
        pair.go_on(2)
        assert not pair.is_idle()
        pair.go_on()
    assert pair.is_idle()
    assert pair.told == ["drained"] * 2


@pytest.mark.parametrize("refusal", [BlockingIOError(), InterruptedError()])
def test_a_kernel_that_takes_nothing_now_is_no_loss(pair: Pair, refusal: OSError) -> None:
    pair.kernel.refusals = [refusal, refusal]
    assert not pair.connection.send(FRAMES)
    pair.turn()
    assert pair.connection.unsent == len(FRAMES)
    pair.turn()
    assert pair.peer_reads() == FRAMES
    assert pair.told == ["drained"]


def test_a_large_rest_is_not_handed_over_whole(pair: Pair) -> None:
    pair.leave_unsent(bytes(3 * SEND_BYTES), 1)
    pair.kernel.offered.clear()
    read = pair.peer_reads()
    while pair.connection.unsent:
        pair.go_on()
        read += pair.peer_reads()
    assert len(read) == 3 * SEND_BYTES
    assert max(pair.kernel.offered) == SEND_BYTES


def test_an_owner_may_send_when_it_hears_that_all_is_sent(pair: Pair) -> None:
    pair.leave_unsent(b"one\n", 0)

    def send_one_more() -> None:
        if pair.told == ["drained"]:
            pair.leave_unsent(b"two\n", 1)

    pair.reaction = send_one_more
    pair.go_on()
    assert pair.peer_reads() == b"one\nt"
    pair.go_on()
    assert pair.peer_reads() == b"wo\n"
    assert pair.told == ["drained", "drained"]


def test_sending_to_one_that_has_gone_is_a_loss(pair: Pair) -> None:
    pair.kernel.refusals = [BrokenPipeError(errno.EPIPE, "")]
    assert not pair.connection.send(FRAMES)
    assert pair.told == ["lost"]
    assert pair.connection.unsent == 0
    assert not pair.connection.send(FRAMES)
    assert pair.kernel.offered == [len(FRAMES)]


def test_a_loss_while_the_rest_is_sent_ends_the_turn_for_it(pair: Pair) -> None:
    pair.leave_unsent(FRAMES, 1)
    pair.peer.send(b"x")
    pair.kernel.refusals = [ConnectionResetError(errno.ECONNRESET, "")]
    pair.go_on()
    assert pair.told == ["lost"]
    assert pair.heard == []


# The peer's end.


def test_one_that_sends_no_more_may_still_read(pair: Pair) -> None:
    pair.peer.send(b"x")
    pair.peer.shutdown(socket.SHUT_WR)
    pair.turn(2)
    assert (pair.heard, pair.told) == ([b"x"], ["ended"])
    assert pair.connection.peer_ended
    assert pair.is_idle()
    assert pair.connection.send(FRAMES)
    assert pair.peer_reads() == FRAMES


def test_what_is_left_goes_to_one_that_sends_no_more(pair: Pair) -> None:
    pair.leave_unsent(FRAMES, 3)
    pair.peer.shutdown(socket.SHUT_WR)
    pair.go_on(2)
    assert pair.told == ["ended"]
    pair.go_on(2)
    pair.go_on()
    assert pair.told == ["ended", "drained"]
    assert pair.peer_reads() == FRAMES
    assert pair.is_idle()


def test_an_end_is_told_once_also_where_reading_is_resumed(pair: Pair) -> None:
    pair.peer.shutdown(socket.SHUT_WR)
    pair.turn()
    pair.connection.pause()
    pair.connection.resume()
    assert pair.is_idle()
    pair.turn(2)
    assert pair.told == ["ended"]


def test_an_end_waits_for_a_paused_connection(pair: Pair) -> None:
    pair.connection.pause()
    pair.peer.shutdown(socket.SHUT_WR)
    pair.turn()
    assert pair.told == []
    pair.connection.resume()
    pair.turn()
    assert pair.told == ["ended"]


# An owner with a defect.


def fail() -> None:
    raise RuntimeError("a defect of the test's own")


@pytest.mark.parametrize("what", ["received", "ended", "drained"])
def test_who_has_a_defect_with_a_connection_loses_it(pair: Pair, what: str, caplog: pytest.LogCaptureFixture) -> None:
    """It would stay as it is for ever: nobody knows what its owner would do with the rest."""
    if what == "drained":
        pair.leave_unsent(FRAMES, 2)
    elif what == "received":
        pair.peer.send(b"x")
    else:
        pair.peer.shutdown(socket.SHUT_WR)
    pair.reaction = lambda: None if "lost" in pair.told else fail()
    pair.go_on()
    assert pair.connection.closed
    assert pair.told[-1] == "lost"
    assert [record.message for record in caplog.records] == [DEFECT]
    caplog.clear()
