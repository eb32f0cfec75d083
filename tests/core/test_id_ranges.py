"""What is delivered, as ranges, against a naive model: sets of ids."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatserver.core.id_ranges import IdRange, IdRanges, after_delivery, taken_back, undelivered

LAST_ID = 30
NOTHING: tuple[int, IdRanges] = (0, ())


class Handed(NamedTuple):
    """A session got everything behind one id and up to another, but for a hole."""

    after: int
    upto: int
    hole: IdRange | None = None

    def ids(self) -> set[int]:
        first, last = self.hole or (0, -1)
        return {number for number in range(self.after + 1, self.upto + 1) if not first <= number <= last}


ids = st.integers(1, LAST_ID)
ranges = st.tuples(ids, ids).map(lambda pair: (min(pair), max(pair)))
deliveries = st.builds(Handed, st.integers(0, LAST_ID), st.integers(0, LAST_ID), st.none() | ranges)
histories = st.lists(deliveries, max_size=8)
repeatable = settings(derandomize=True, deadline=None, database=None)


def settled(handed: Iterable[Handed]) -> tuple[int, IdRanges]:
    mark, gaps = NOTHING
    for each in handed:
        mark, gaps = after_delivery(mark, gaps, *each)
    return mark, gaps


def ids_in(gaps: IdRanges) -> set[int]:
    return {number for first, last in gaps for number in range(first, last + 1)}


@repeatable
@given(histories)
def test_exactly_what_no_session_was_handed_is_undelivered(handed: list[Handed]) -> None:
    delivered = set().union(*(each.ids() for each in handed))
    mark, gaps = settled(handed)
    assert ids_in(undelivered(mark, gaps, LAST_ID)) == set(range(1, LAST_ID + 1)) - delivered


@repeatable
@given(histories, st.randoms(use_true_random=False))
def test_the_order_of_deliveries_makes_no_difference(handed: list[Handed], random: object) -> None:
    shuffled = list(handed)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert settled(shuffled) == settled(handed)


@repeatable
@given(histories)
def test_gaps_are_sorted_apart_and_below_the_mark(handed: list[Handed]) -> None:
    mark, gaps = settled(handed)
    assert all(1 <= first <= last <= mark for first, last in gaps)
    assert all(end + 1 < begin for (_, end), (begin, _) in pairwise(gaps)), "ranges that touch are one range"


@repeatable
@given(histories, st.integers(0, LAST_ID))
def test_ranges_end_where_the_messages_do(handed: list[Handed], more: int) -> None:
    mark, gaps = settled(handed)
    assert undelivered(mark, gaps, mark) == gaps
    if more:
        assert undelivered(mark, gaps, mark + more) == (*gaps, (mark + 1, mark + more))


@repeatable
@given(histories, deliveries)
def test_the_same_delivery_again_changes_nothing(handed: list[Handed], again: Handed) -> None:
    assert settled([*handed, again, again]) == settled([*handed, again])


@pytest.mark.parametrize(
    ("handed", "expected"),
    [
        ([Handed(0, 5)], (5, ())),
        ([Handed(0, 5), Handed(0, 3)], (5, ())),
        ([Handed(0, 9, (4, 7))], (9, ((4, 7),))),
        ([Handed(0, 9, (4, 7)), Handed(4, 6)], (9, ((4, 4), (7, 7)))),
        ([Handed(0, 9, (4, 7)), Handed(0, 9)], (9, ())),
        ([Handed(2, 5)], (5, ((1, 2),))),
        ([Handed(5, 5)], (5, ((1, 5),))),
    ],
    ids=["all", "less than before", "a hole", "a part of the hole", "all of it", "from the middle", "none"],
)
def test_marks_and_gaps(handed: list[Handed], expected: tuple[int, IdRanges]) -> None:
    assert settled(handed) == expected


def test_many_logins_to_a_backlog_too_long_for_each_leave_one_gap() -> None:
    """Each replays ten messages of those that wait while more than ten new ones come."""
    mark, gaps = NOTHING
    for login in range(1, 100):
        last = 20 * login
        mark, gaps = after_delivery(mark, gaps, 0, last, (10 * login, last))
    assert (mark, gaps) == (1980, ((990, 1980),))


class Counted(tuple[int, int]):
    """A range that counts how often any of its kind is looked into."""

    looks = 0

    def __getitem__(self, at: Any) -> Any:
        Counted.looks += 1
        return super().__getitem__(at)

    def __iter__(self) -> Iterator[int]:
        Counted.looks += 1
        return super().__iter__()


def test_what_one_delivery_costs_does_not_grow_with_the_gaps_elsewhere() -> None:
    gaps = tuple(Counted((10 * at, 10 * at + 5)) for at in range(1, 10_001))
    Counted.looks = 0
    mark, left = after_delivery(100_010, gaps, 50_002, 50_003)
    assert Counted.looks < 100
    assert mark == 100_010
    assert set(left) ^ set(gaps) == {(50_000, 50_005), (50_000, 50_002), (50_004, 50_005)}


@repeatable
@given(histories, histories)
def test_what_is_taken_back_is_what_was_delivered_since(earlier: list[Handed], later: list[Handed]) -> None:
    before, after = settled(earlier), settled([*earlier, *later])
    mark, gaps = taken_back(*after, *before)
    assert mark == after[0]
    assert ids_in(undelivered(mark, gaps, LAST_ID)) == ids_in(undelivered(*before, LAST_ID))
