"""Defects planted into nodes or into their engine: the campaign must notice each, or it proves nothing.

    python3 -m tests.cluster_campaign --planted

has each found. `python3 -m tests.cluster.planted NAME …` is `python3 -m chatserver …` with one of them.
"""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from chatserver.cluster import postgres
from chatserver.cluster.shared_log import SharedLog
from chatserver.cluster.tenure import Tenure
from chatserver.store.errors import StoreUnavailable

LATE_S = 0.2
EVERY = 20  # commits, of which one fails


class Control(NamedTuple):
    """What shows a defect (kinds of rounds), and how the campaign may put it."""

    kinds: Sequence[str]
    noticed: str  # a regular expression
    plant: Callable[[], None] | None = None  # into a node; None: it is the engine's


def acknowledges_before_the_append() -> None:
    init, append = SharedLog.__init__, SharedLog.append

    def begin(log: Any, tenure: Any, *more: Any) -> None:
        init(log, tenure, *more)
        at_once = tenure.append
        tenure.append = lambda body, stored: log._loop.call_later(LATE_S, partial(at_once, body, stored))

    def told_at_once(log: Any, batch: Any) -> None:
        append(log, batch)
        log._owner.stored(batch)

    _patch(SharedLog, __init__=begin, append=told_at_once, _committed=lambda log, batch, error: None)


def says_unavailable_after_an_append() -> None:
    commit, committed = SharedLog._commit, SharedLog._committed
    commits = iter(range(1, sys.maxsize))

    def fail_now_and_then(log: Any) -> None:
        if next(commits) % EVERY == 0:
            raise StoreUnavailable("a planted defect")
        commit(log)

    def told_as_failed(log: Any, batch: Any, error: Exception | None) -> None:
        if error is None:
            committed(log, batch, error)
        else:
            log._owner.failed(error)

    _patch(SharedLog, _commit=fail_now_and_then, _committed=told_as_failed)


def does_not_compare_the_lease() -> None:
    for name in ("_APPEND", "_RENEW"):
        setattr(postgres, name, getattr(postgres, name).replace("lease = $2::text", "$2::text IS NOT NULL"))


def takes_a_lost_answer_for_a_good_one() -> None:
    def never_asks(tenure: Any, entry: Any) -> Any:
        yield tenure._sleep(0.0)
        return True

    _patch(Tenure, _find_out=never_asks)


CONTROLS = {
    "replicates_asynchronously": Control(("cut",), "all nodes have ended: .*has lost what it had confirmed"),
    "acknowledges_before_the_append": Control(
        ("kill", "kill"), "acknowledged, .* lost|was acknowledged", acknowledges_before_the_append
    ),
    "says_unavailable_after_an_append": Control(
        ("kill", "kill"), "acknowledged, .* there|IntegrityError|UNIQUE", says_unavailable_after_an_append
    ),
    "does_not_compare_the_lease": Control(("quiet",), "that was fenced goes on", does_not_compare_the_lease),
    "takes_a_lost_answer_for_a_good_one": Control(
        ("cut",), "acknowledged, .* lost|ended", takes_a_lost_answer_for_a_good_one
    ),
}


def _patch(kind: Any, **methods: Any) -> None:
    for name, method in methods.items():
        setattr(kind, name, method)


def main() -> int:
    """A node with a defect."""
    from chatserver.cli import main as serve

    plant = CONTROLS[sys.argv.pop(1)].plant
    assert plant is not None, "that one is the engine's"
    plant()
    return serve()


if __name__ == "__main__":
    raise SystemExit(main())
