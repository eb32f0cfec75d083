"""The book of what waits in a connection: which frame ends where, whatever pieces the kernel takes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatserver.core.events import BurstSent
from chatserver.turn.receiver import ENTRY_BYTES, Book, Receiver
from chatserver.turn.records import Credit, Opening, Passed, Record, Reply, standing

BURST = BurstSent(5, 0, 1, 2, ["é", "bb"])
BURST_BYTES = "M|5|é\nM|6|bb\n".encode()
RECORDS: list[Record] = [
    (b"EVENT|1\n", 1, None),
    standing(b"OK|PING\n"),
    Reply(b"ITEM\nOK\n", Passed(0, 4), "SYNC", 1, [("ITEM\n", Passed(0, 3)), ("OK\n", Passed(0, 4))]),
    (BURST_BYTES, 6, BURST),
    (b"", 9, None),
    Reply(b"OK|LOGIN\n", Opening(1, 2, 3), "LOGIN", 1),
]
ENDS: list[tuple[int, Credit]] = [
    (8, 1),
    (16, 0),
    (21, Passed(0, 3)),
    (24, Passed(0, 4)),
    (31, 5),
    (38, 6),
    (38, 9),
    (47, Opening(1, 2, 3)),
]
"""Behind which byte each frame ends, and what it stands for."""
EVENT_ENDS = [(8, 8), (38, len(BURST_BYTES)), (38, 0)]
"""Behind which byte each record of events ends, and its bytes."""
SIZE = 47


def test_the_example_is_as_it_says() -> None:
    assert sum(len(record[0]) for record in RECORDS) == SIZE


@given(st.sets(st.integers(0, SIZE)), st.lists(st.integers(0, len(RECORDS)), max_size=3))
def test_credits_come_once_each_in_order_when_their_frames_have_left_whole(
    positions: set[int], parts: list[int]
) -> None:
    """However the records were added, and whatever pieces were taken."""
    book = Book()
    cuts = sorted({0, *parts, len(RECORDS)})
    for first, last in pairwise(cuts):
        book.add(RECORDS[first:last])
    got: list[Credit] = []
    for position in sorted(positions):
        got += book.handed(SIZE - position)
        assert got == [credit for end, credit in ENDS if end <= position and credit]
        assert book.event_bytes == sum(size for end, size in EVENT_ENDS if end > position)


@given(st.integers(0, SIZE), st.integers(0, SIZE))
def test_the_rest_of_a_frame_ends_where_a_frame_ends(position: int, committed: int) -> None:
    """Behind what has left, and what cannot be dropped any more, there is the nearest end of a frame."""
    committed = min(committed, SIZE - position)
    book = Book()
    book.add(RECORDS)
    book.handed(SIZE - position)
    ends = [0, *(end for end, _ in ENDS)]
    expected = next(end for end in ends if end >= position + committed)
    assert book.rest_of_frame(SIZE - position, committed) == expected - position


def test_at_the_end_of_a_frame_nothing_is_left_of_it() -> None:
    book = Book()
    book.add(RECORDS)
    book.handed(SIZE - 16)
    assert book.rest_of_frame(SIZE - 16, 0) == 0
    assert book.rest_of_frame(SIZE - 16, 1) == 5


def test_what_is_added_while_some_waits_comes_behind_it() -> None:
    book = Book()
    book.add([(b"EVENT|1\n", 1, None)])
    assert book.handed(3) == []
    book.add([(b"EVENT|2\n", 2, None)])
    assert book.event_bytes == 16
    assert book.handed(9) == []
    assert book.handed(8) == [1]
    assert book.handed(8) == []
    assert book.event_bytes == 8
    assert book.handed(0) == [2]
    assert book.event_bytes == 0


@pytest.mark.parametrize("record", [standing(b"OK\n"), Reply(b"ITEM\nOK\n", 0, "HISTORY", 1)])
def test_answers_are_not_counted_as_events(record: Reply) -> None:
    book = Book()
    book.add([record])
    assert book.event_bytes == 0


def test_a_receiver_begins_with_nobody_and_nothing() -> None:
    made = Receiver()
    assert (made.user, made.hole, made.book, made.cork, made.depends) == (0, None, None, None, None)
    assert not made.staged
    assert not made.passed
    assert Receiver().staged is not made.staged


def test_a_book_says_what_it_takes_itself_and_takes_nothing_once_all_has_left() -> None:
    book = Book()
    book.add(RECORDS)
    assert book.own_bytes == (len(ENDS) + len(EVENT_ENDS)) * ENTRY_BYTES
    book.handed(0)
    assert book.own_bytes == 0
