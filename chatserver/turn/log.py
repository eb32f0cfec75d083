"""The log: batches go in one after another, and come back as stored or failed, in that order.

`append` writes the rows of a batch into the store's transaction; commit and flush happen in a thread of their own.
Where the last flush was fast the loop waits for this one, but no longer than a fast one takes; else it goes on, and
the next batch gathers. What is told by `stored` is on the disk. After `failed` nothing of what was appended and not
told as stored holds.

A cluster's log (`cluster/shared_log`) has the same two calls, and appends to what all nodes share before the commit.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

from chatserver.core.events import Event
from chatserver.store.store import Store
from chatserver.turn.batch import Batch
from chatserver.turn.flusher import Done, Flusher, Job

SLOW_FLUSH_S = 0.002  # from here on it pays to have more clients share a flush, and the loop waits for none
Figure = tuple[str, str, str, Mapping[str, float]]
"""Name, kind and help, as Prometheus has them, and values by the name of what each is of (empty: there is one)."""
REST = 0.08  # of the time that the flush took, at most: till as much has gathered as was stored with it


class Owner(Protocol):
    """Whom the log tells."""

    def stored(self, batch: Batch) -> None:
        """A batch is on the disk."""

    def failed(self, error: Exception) -> None:
        """What is not told as stored does not hold."""

    def suspended(self) -> None:
        """What becomes of the batch in hand will be known late: nothing more can be taken, and nobody told."""

    def resumed(self) -> None:
        """It is known, and was told; batches are taken again."""


class Loop(Protocol):
    """What is needed of the reactor."""

    @property
    def clock(self) -> Callable[[], float]:
        """Monotonic time in seconds."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> object:
        """Call after so many seconds."""


class LocalLog:
    """The log of one machine: SQLite's, by way of the store.

    On a slow disk it rests for a moment behind each flush. Those who have just been answered write again, and the
    first of them would else start a flush for itself, which all others had to wait for: 18 clients who write one
    message at a time would get half of what the disk can do.
    """

    is_shared = False
    """Whether other machines have it too, and one of them may have the next word on who is logged in."""

    def __init__(self, store: Store, flusher: Flusher, owner: Owner, loop: Loop) -> None:
        """A store in memory has no use for the flusher, as nothing in it waits for a disk."""
        self._store = store
        self._flusher = flusher
        self._owner = owner
        self._loop = loop
        self._is_busy = False
        self._flush_s = 0.0  # what the last one took
        self._rests = False
        self._rest_number = 0
        self._enough = 0  # events with which a rest is over
        self._events = 0  # in the batch that was taken last
        self.observe: Callable[[int, float], None] | None = None  # told of each batch: its events, and the flush's time

    @property
    def is_ready(self) -> bool:
        """Whether a batch, or a chore, can be taken now."""
        return not self._is_busy and not self._rests

    @property
    def is_idle(self) -> bool:
        """Whether it has nothing in hand. It may rest, for the sake of the next batch."""
        return not self._is_busy

    def takes(self, batch: Batch) -> bool:
        """Whether this batch can be taken now: also in a rest, once as much has come in it as was stored before it."""
        if self._is_busy or not self._rests:
            return not self._is_busy
        if self._enough == 0:  # the rest has just begun: this has gathered while the disk worked
            self._enough = len(batch.events) + self._events
        return len(batch.events) >= self._enough

    def figures(self) -> Iterable[Figure]:
        """What those who watch over the server may know of it."""
        return ()

    def check(self) -> None:
        """Raise StoreUnavailable where it is known that nothing could be taken."""

    def append(self, batch: Batch) -> None:
        """Take a batch. It is told as stored later, or in a store in memory before this returns.

        Raises StoreUnavailable where its rows cannot be written; then nothing of it is.
        """
        self._store.write(batch.events)
        self._store.seal(batch.last_id)
        self._events = len(batch.events)
        self._rests = False
        self.run(self._commit, lambda error: self._committed(batch, error))
        if self._flush_s < SLOW_FLUSH_S:
            self._flusher.wait(SLOW_FLUSH_S)

    def run(self, job: Job, done: Done) -> None:
        """Have the flusher do something with the store; nothing else touches its connection until `done`."""
        self._is_busy = True
        if not self._store.is_in_memory:
            self._flusher.submit(job, lambda error: self._finished(done, error))
            return
        try:
            job()
        except Exception as error:
            self._finished(done, error)
        else:
            self._finished(done, None)

    def settle(self) -> None:
        """Wait until the flusher is idle, and tell what became of its work. It holds the loop."""
        while self._is_busy:
            self._flusher.wait()

    def finish(self, events: Sequence[Event]) -> None:
        """The end: store what is left. Raises StoreUnavailable or StoreBroken."""
        self.settle()
        self._store.write(events)
        self._store.commit()

    def _commit(self) -> None:
        """In the flusher's thread."""
        started_s = self._loop.clock()
        try:
            self._store.commit()
        finally:
            self._flush_s = self._loop.clock() - started_s

    def _finished(self, done: Done, error: Exception | None) -> None:
        self._is_busy = False
        if error is None:
            self._store.committed()
        done(error)

    def _committed(self, batch: Batch, error: Exception | None) -> None:
        if self.observe is not None:
            self.observe(self._events, self._flush_s)
        if self._flush_s > SLOW_FLUSH_S:
            self._rests, self._enough = True, 0
            self._rest_number += 1
            self._loop.call_later(self._flush_s * REST, partial(self._end_rest, self._rest_number))
        if error is None:
            self._owner.stored(batch)
        else:
            self._owner.failed(error)

    def _end_rest(self, number: int) -> None:
        if number == self._rest_number:  # else that rest has ended before its time
            self._rests = False


MakeLog = Callable[[Store, Flusher, Owner, Loop], LocalLog]
