"""What the store is spared while messages come: it is done between turns, a slice at a time.

Never while a batch is in the log's hand: one transaction is either a batch or a chore. Its flush is the flusher's.
"""

import logging
from collections.abc import Callable

from chatserver.net.reactor import Reactor
from chatserver.net.round import Round
from chatserver.store.errors import StoreBroken, StoreUnavailable
from chatserver.store.store import Store
from chatserver.turn.receiver import Receiver
from chatserver.turn.turn import Turn

log = logging.getLogger(__name__)

IDLE_S = 0.04  # without anything stored for so long, the store keeps house slice after slice; else a slice in so long
EMPTIED_S = 2.0  # between two times that the log is emptied of texts that are gone, however busy the server is
ASIDE_S = 0.02  # between two slices while clients are being answered: a fifth of the time, and no answer waits for two


class Housekeeping:
    """Chores that are due, and when the next one is."""

    def __init__(self, reactor: Reactor, store: Store, turn: Turn, break_off: Callable[[Exception], None]) -> None:
        """`break_off` ends the server: the disk did not confirm a write."""
        self._reactor = reactor
        self._store = store
        self._turn = turn
        self._break_off = break_off
        self._stored_at = 0.0
        self._answered_at = 0.0
        self._is_due = True  # an earlier life may have left something
        self._has_timer = False
        self._emptied_at = -EMPTIED_S
        self._marks: Round[Receiver] = Round(lambda receiver: turn.store_marks([receiver]), reactor.call_soon)

    def tick(self) -> None:
        """Once a second: store what was delivered, and see whether the store can write again."""
        if self._turn.unavailable:
            self._turn.recover()
        self._turn.store_marks(())
        self._marks.begin(self._turn.credit.handed)

    def make_room(self) -> None:
        """Move a log that has grown by so much before the next batch is taken: on a slow disk one always waits."""
        turn = self._turn
        if not turn.log.is_idle or turn.unavailable:
            return
        if self._store.needs_checkpoint(idle=False):
            turn.log.run(self._store.checkpoint, self._done)
        elif self._store.log_waits:
            self._empty_log()

    def turn_ended(self) -> None:
        """A turn has handed over what it had. If the log has nothing in hand, now is the time."""
        turn, now_s = self._turn, self._reactor.clock()
        if turn.has_stored:
            self._stored_at = now_s
            self._later(IDLE_S)
        if turn.has_stored or turn.release.answered:
            self._answered_at = now_s
        turn.has_stored = turn.release.answered = False
        if turn.unavailable:
            return
        is_busy = now_s - self._stored_at < IDLE_S
        if self._is_due and is_busy:  # the next batch takes a chore along: the log need not be idle for that
            self._is_due = False
            self._store.has_chore(busy=True)
            self._later(IDLE_S)
        if not turn.log.is_ready:
            return
        if self._store.needs_checkpoint(idle=not is_busy):
            turn.log.run(self._store.checkpoint, self._done)
        elif self._is_due:
            self._keep_house(now_s)

    def _later(self, delay_s: float) -> None:
        if not self._has_timer:
            self._has_timer = True
            self._reactor.call_later(delay_s, self._set_due)

    def _set_due(self) -> None:
        self._has_timer, self._is_due = False, True

    def _keep_house(self, now_s: float) -> None:
        self._is_due = False
        try:
            has_chore = self._store.has_chore(busy=False)
        except (StoreUnavailable, StoreBroken) as error:
            self._done(error)
            return
        if has_chore:
            self._turn.log.run(self._store.commit, self._done)
        elif self._store.log_waits:
            self._empty_log()
        if has_chore:
            self._later(ASIDE_S if now_s - self._answered_at < ASIDE_S else 0)

    def _empty_log(self) -> None:
        """It may hold texts that are gone; not more often than need be, since it flushes the tables."""
        now_s = self._reactor.clock()
        if now_s - self._emptied_at < EMPTIED_S:
            self._later(EMPTIED_S)
            return
        self._emptied_at = now_s
        self._turn.log.run(self._store.empty_log, self._done)

    def _done(self, error: Exception | None) -> None:
        if error is not None:
            self._turn.failed(error)
