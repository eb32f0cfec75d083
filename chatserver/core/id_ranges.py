"""Which messages of a user are delivered: an id up to which all are, but for a few gaps.

Pure arithmetic on ranges of ids. A range is (first, last), both included. Gaps are sorted, and
there is always an id between two of them: the same ids are the same tuple.
"""

from bisect import bisect_right
from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple

IdRange = tuple[int, int]
IdRanges = tuple[IdRange, ...]

_first, _last = itemgetter(0), itemgetter(1)


class Delivery(NamedTuple):
    """That messages were handed to a session: when it was noticed (0: not remembered), and since when that is open.

    `was_seen` is false where the user was invisible, so that others must not learn of it.
    """

    time_ms: int
    session_since_ms: int
    was_seen: bool


def undelivered(delivered_id: int, gaps: IdRanges, last_id: int) -> IdRanges:
    """The ranges of ids that no session of a user has got yet, up to the last id there is."""
    return (*gaps, (delivered_id + 1, last_id)) if last_id > delivered_id else gaps


def after_delivery(
    delivered_id: int, gaps: IdRanges, after: int, upto: int, hole: IdRange | None = None
) -> tuple[int, IdRanges]:
    """The new mark and gaps once a session has got everything behind one id and up to another, but for a hole.

    The hole is what a backlog longer than one login replays leaves behind.
    """
    mark = max(delivered_id, upto)
    ranges = gaps[:-1] + _joined(undelivered(delivered_id, gaps[-1:], mark))
    begin = bisect_right(ranges, after, key=_last)  # the rest is as it was: a thousand gaps cost no more than one
    end = max(begin, bisect_right(ranges, upto, key=_first))
    left: list[IdRange] = []
    for first, last in ranges[begin:end]:
        left.append((first, min(last, after)))
        if hole is not None:
            left.append((max(first, hole[0], after + 1), min(last, hole[1], upto)))
        left.append((max(first, upto + 1), last))
    return mark, ranges[:begin] + _joined(left) + ranges[end:]


def taken_back(delivered_id: int, gaps: IdRanges, earlier_id: int, earlier_gaps: IdRanges) -> tuple[int, IdRanges]:
    """The mark and gaps where what was delivered since an earlier mark was not after all."""
    return delivered_id, _joined(sorted((*gaps, *undelivered(earlier_id, earlier_gaps, delivered_id))))


def _joined(ranges: Iterable[IdRange]) -> IdRanges:
    """Sorted ranges without those that hold nothing, and with one in place of those that touch.

    Else each login to a backlog too long for it would leave one range more behind.
    """
    joined: list[IdRange] = []
    for first, last in ranges:
        if first > last:
            continue
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)
