"""A connection forgets what waits, but for the rest of a frame that has begun. Frames end with a line end here."""

import pytest

from tests.net.pairs import FRAMES, Pair


def frames_end(taken: int, sent: bytes) -> int:
    """Where the frame ends of which the last of so many bytes is a part."""
    return sent.find(b"\n", taken - 1) + 1 if taken else 0


@pytest.mark.parametrize("taken", range(len(FRAMES)))
@pytest.mark.parametrize("more", [b"", b"more\n"])
def test_of_what_is_dropped_a_frame_that_has_begun_is_finished(pair: Pair, taken: int, more: bytes) -> None:
    pair.leave_unsent(FRAMES, taken)
    if more:
        pair.connection.send(more)
    pair.connection.drop_unsent()
    kept = frames_end(taken, FRAMES)
    assert pair.connection.unsent == kept - taken
    pair.connection.send(b"BYE\n")
    pair.go_on()
    assert pair.peer_reads() == FRAMES[:kept] + b"BYE\n"
    assert pair.connection.unsent == 0


def test_dropping_nothing_is_harmless(pair: Pair) -> None:
    pair.connection.send(FRAMES)
    pair.connection.drop_unsent()
    assert pair.connection.unsent == 0
    assert pair.connection.send(b"more\n")
    assert pair.peer_reads() == FRAMES + b"more\n"
