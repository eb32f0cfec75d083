"""The log of a node that writes: the local one, with the shared log before its commit.

A batch is written into SQLite's transaction first, so that what is wrong with it shows before others have it. Then it
is appended to the shared log; once it is there for good, the transaction is committed with its place, and the batch is
stored. A commit that fails then ends the process, since others have the turn: UNAVAILABLE would be a lie.
"""

import logging
import os
from collections.abc import Iterable, Sequence
from functools import partial

from chatserver.cluster.codec import encode
from chatserver.cluster.link import Link
from chatserver.cluster.tenure import Tenure
from chatserver.core.events import Event
from chatserver.store.errors import StoreBroken, StoreUnavailable
from chatserver.store.shared import Place
from chatserver.store.store import Store
from chatserver.turn.batch import Batch
from chatserver.turn.flusher import Flusher
from chatserver.turn.log import SLOW_FLUSH_S, Figure, LocalLog, Loop, Owner

log = logging.getLogger(__name__)

FREE_BYTES_MIN = 32 << 20  # on the store's disk: behind the append it would be too late to find that it is full
SETTLE_S = 2.0  # the longest that the loop is held for an answer: after a defect, and at the end


class SharedLog(LocalLog):
    """See `LocalLog`. `link` is the tenure's connection, waited for where the loop cannot go on without an answer."""

    is_shared = True

    def __init__(
        self, tenure: Tenure, link: Link, folder: str, store: Store, flusher: Flusher, owner: Owner, loop: Loop
    ) -> None:
        super().__init__(store, flusher, owner, loop)
        self._tenure = tenure
        self._link = link
        self._folder = folder
        self._appended_s = 0.0
        tenure.begin(self)

    def figures(self) -> Iterable[Figure]:
        """Of this node and its cluster."""
        return self._tenure.watch.figures()

    def check(self) -> None:
        """Raise StoreUnavailable where the disk has no room."""
        free = os.statvfs(self._folder)
        if free.f_bavail * free.f_frsize < FREE_BYTES_MIN:
            raise StoreUnavailable(f"less than {FREE_BYTES_MIN >> 20} MiB are free on the disk of {self._folder}")

    def append(self, batch: Batch) -> None:
        """Take a batch. Raises StoreUnavailable where the disk has no room, or rows cannot be written."""
        if self._tenure.is_over:
            raise StoreBroken("this node does not write for its cluster any more")
        self.check()
        self._store.write(batch.events)
        self._store.seal()
        body = encode(batch.events)
        self._events = len(batch.events)
        self._rests = False
        self._is_busy = True
        self._appended_s = self._loop.clock()
        self._tenure.append(body, partial(self._appended, batch))

    def _appended(self, batch: Batch, place: Place) -> None:
        """It is in the shared log: now it has to be here, too."""
        self._store.note_place(place)
        self.run(self._commit, partial(self._committed, batch))
        self._flusher.wait(SLOW_FLUSH_S)

    def _committed(self, batch: Batch, error: Exception | None) -> None:
        if error is not None:
            self.ended(StoreBroken(f"a turn that others have could not be stored here: {error}"))
            return
        if self.observe is not None:
            self.observe(self._events, self._loop.clock() - self._appended_s)
        self._owner.stored(batch)

    def settle(self) -> None:
        """Wait until nothing is in hand. Raises StoreBroken where the engine does not answer in time."""
        until_s = self._loop.clock() + SETTLE_S
        while self._is_busy:
            if not self._tenure.is_appending:
                self._flusher.wait()
            elif self._tenure.is_over or not self._link.wait(until_s - self._loop.clock()):
                self._tenure.is_over = True
                raise StoreBroken("the engine did not answer while everything waited for it: start this node again")

    def finish(self, events: Sequence[Event]) -> None:
        """The end: the lease is given back. Marks that were not appended are forgotten, as after a crash."""
        self.settle()
        self._tenure.leave()
        until_s = self._loop.clock() + SETTLE_S
        while not self._tenure.is_over and self._link.wait(until_s - self._loop.clock()):
            pass

    # What the tenure tells.

    def doubted(self) -> None:
        """An answer takes too long: nothing more is taken until it is there."""
        self._owner.suspended()

    def cleared(self) -> None:
        """The answer is there."""
        self._owner.resumed()

    def ended(self, error: Exception) -> None:
        """This node writes no more, and its process ends."""
        self._tenure.is_over = True
        self._owner.failed(StoreBroken(str(error)))
