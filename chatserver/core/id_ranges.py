"""Which messages of a user are delivered: an id up to which all are, but for a few gaps.

Pure arithmetic on ranges of ids. A range is (first, last), both included.
"""

from typing import NamedTuple

IdRange = tuple[int, int]
IdRanges = tuple[IdRange, ...]


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
    left: list[IdRange] = []
    for first, last in undelivered(delivered_id, gaps, mark):
        left.append((first, min(last, after)))
        if hole is not None:
            left.append((max(first, hole[0], after + 1), min(last, hole[1], upto)))
        left.append((max(first, upto + 1), last))
    return mark, tuple((first, last) for first, last in left if first <= last)
