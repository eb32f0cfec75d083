"""What the store is spared while messages come: it is done between turns, a slice at a time.

Never inside a turn's transaction, which a failure here would take back with it.
"""

import logging
from collections.abc import Callable

from chatserver.net.reactor import Reactor
from chatserver.store.errors import StoreBroken, StoreUnavailable
from chatserver.store.store import Store
from chatserver.turn.turn import Turn

log = logging.getLogger(__name__)

IDLE_S = 0.04  # without anything stored for so long, the store keeps house slice after slice; else a slice in so long
ASIDE_S = 0.02  # between two slices while clients are being answered: a fifth of the time, and no answer waits for two


class Housekeeping:
    """Chores that are due, and when the next one is."""

    def __init__(self, reactor: Reactor, store: Store, turn: Turn, break_off: Callable[[Exception], None]) -> None:
        """`break_off` ends the server: the disk did not confirm a write."""
        self._reactor = reactor
        self._store = store
        self._turn = turn
        self._break_off = break_off
        self._chores: list[Callable[[], None]] = []
        self._stored_at = 0.0
        self._answered_at = 0.0
        self._is_due = False
        self._later(IDLE_S)  # an earlier life may have left something

    def tick(self) -> None:
        """Once a second: store what was delivered, and see whether the store can write again."""
        if self._turn.unavailable:
            self._chores.append(self._recover)
        self._turn.store_marks()

    def turn_ended(self, stored: bool, answered: bool) -> None:
        """A turn is committed and sent, and nothing is open: now is the time."""
        if answered or stored:
            self._answered_at = self._reactor.clock()
        if stored:
            self._stored_at = self._answered_at
            self._later(IDLE_S)
            self._on_store(self._store.checkpoint)
        chores, self._chores = self._chores, []
        for chore in chores:
            chore()

    def _later(self, delay_s: float) -> None:
        if not self._is_due:
            self._is_due = True
            self._reactor.call_later(delay_s, lambda: self._chores.append(self._keep_house))

    def _keep_house(self) -> None:
        self._is_due = False
        now = self._reactor.clock()
        busy = now - self._stored_at < IDLE_S
        if not self._turn.unavailable and self._on_store(lambda: self._store.keep_house(busy)):
            self._later(IDLE_S if busy else ASIDE_S if now - self._answered_at < ASIDE_S else 0)

    def _recover(self) -> None:
        self._on_store(self._turn.recover)

    def _on_store(self, work: Callable[[], object]) -> bool:
        try:
            return bool(work())
        except StoreUnavailable as error:
            log.warning("the store cannot keep house now: %s", error)
            self._turn.unavailable = True
        except StoreBroken as error:
            self._break_off(error)
        return False
