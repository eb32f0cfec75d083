"""Defects of a cluster's node that are planted into simulated lives on a shared log: each must be found."""

from collections.abc import Iterable
from typing import Any

import pytest

from chatserver.cluster.engine import EngineError
from chatserver.cluster.follower import Follower
from chatserver.cluster.shared_log import SharedLog
from chatserver.cluster.tenure import Tenure
from chatserver.store.errors import StoreUnavailable
from chatserver.store.store import Store
from chatserver.turn.turn import Turn
from tests.simulation.choices import Choices
from tests.simulation.lives import run
from tests.simulation.planted import Plant
from tests.simulation.shared import SharedLife, WatchedLog

Patch = pytest.MonkeyPatch


def shared_lives_until_found(name: str, seeds: Iterable[int]) -> tuple[int, str] | None:
    """As `planted.lives_until_found`."""
    with pytest.MonkeyPatch.context() as patch:
        SHARED_PLANTED[name](patch)
        for number, seed in enumerate(seeds, 1):
            outcome = run(Choices(seed), make=SharedLife)
            if outcome.violations:
                return number, outcome.violations[0]
    return None


def _acknowledges_before_the_append(patch: Patch) -> None:
    append = WatchedLog.append

    def told_at_once(log: Any, batch: Any) -> None:
        append(log, batch)
        log._owner.stored(batch)

    patch.setattr(WatchedLog, "append", told_at_once)
    patch.setattr(SharedLog, "_committed", lambda log, batch, error: None)


def _says_unavailable_after_an_append(patch: Patch) -> None:
    committed = SharedLog._committed

    def told_as_failed(log: Any, batch: Any, error: Exception | None) -> None:
        if error is None:
            committed(log, batch, error)
        else:
            log._owner.failed(StoreUnavailable(str(error)))

    patch.setattr(SharedLog, "_committed", told_as_failed)


def _takes_a_lost_answer_for_a_good_one(patch: Patch) -> None:
    def never_asks(tenure: Any, entry: Any) -> Any:
        yield tenure._sleep(0.0)
        return True

    patch.setattr(Tenure, "_find_out", never_asks)


def _goes_on_when_it_was_fenced(patch: Patch) -> None:
    def append(tenure: Any, entry: Any) -> Any:
        while True:
            try:
                yield from tenure._engine.append(tenure._lease, tenure.place, entry)
                return entry.place
            except EngineError:
                if (yield from tenure._find_out(entry)):
                    return entry.place

    patch.setattr(Tenure, "_append", append)


def _stores_a_turn_without_its_place(patch: Patch) -> None:
    appended, note_place = SharedLog._appended, Store.note_place

    def forgets(log: Any, batch: Any, place: Any) -> None:
        patch.setattr(Store, "note_place", lambda store, place: None)
        appended(log, batch, place)
        patch.setattr(Store, "note_place", note_place)

    patch.setattr(SharedLog, "_appended", forgets)


def _keeps_who_waits_in_doubt(patch: Patch) -> None:
    """Whoever waits is neither answered nor let go."""

    def waits(turn: Any) -> None:
        turn.unavailable = turn.is_suspended = True

    patch.setattr(Turn, "suspended", waits)


def _takes_the_lease_without_what_is_in_the_log(patch: Patch) -> None:
    def takes(follower: Any) -> Any:
        while True:
            head = yield from follower._engine.head()
            if head.expired:
                return (yield from follower._engine.take(follower._lease))
            yield follower._sleep(0.1)

    patch.setattr(Follower, "follow", takes)


def _releases_what_it_decided_in_doubt(patch: Patch) -> None:
    suspended = Turn.suspended

    def answers(turn: Any) -> None:
        for batch in list(turn._in_flight):
            batch.close()
            turn._finish(batch)
        suspended(turn)

    patch.setattr(Turn, "suspended", answers)


SHARED_PLANTED: dict[str, Plant] = {
    plant.__name__.strip("_"): plant
    for plant in (
        _acknowledges_before_the_append,
        _says_unavailable_after_an_append,
        _takes_a_lost_answer_for_a_good_one,
        _goes_on_when_it_was_fenced,
        _stores_a_turn_without_its_place,
        _takes_the_lease_without_what_is_in_the_log,
        _releases_what_it_decided_in_doubt,
        _keeps_who_waits_in_doubt,
    )
}
