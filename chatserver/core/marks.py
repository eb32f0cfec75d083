"""Which messages of a user are delivered: an id up to which all are, but for a few gaps.

Pure arithmetic on runs of ids. A run is (first, last), both undelivered.
"""

Run = tuple[int, int]
Runs = tuple[Run, ...]


def undelivered(delivered_id: int, gaps: Runs, last_id: int) -> Runs:
    """The runs of ids that no session of a user has got yet, up to the last id there is."""
    return (*gaps, (delivered_id + 1, last_id)) if last_id > delivered_id else gaps


def after_delivery(
    delivered_id: int, gaps: tuple[Run, ...], upto: int, hole: Run | None
) -> tuple[int, tuple[Run, ...]]:
    """The new mark and gaps once a session has got everything up to an id, but for a hole it never got.

    The hole is what a backlog longer than one login replays leaves behind.
    """
    mark = max(delivered_id, upto)
    left: list[Run] = []
    for first, last in undelivered(delivered_id, gaps, mark):
        if hole is not None:
            left.append((max(first, hole[0]), min(last, hole[1], upto)))
        left.append((max(first, upto + 1), last))
    return mark, tuple(run for run in left if run[0] <= run[1])
