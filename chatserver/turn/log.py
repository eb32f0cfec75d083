"""The log: batches go in one after another, and come back as stored or failed, in that order.

`append` writes the rows of a batch into the store's transaction; commit and flush happen in a thread of their own, and
the loop goes on. While they do, the next batch gathers. What is told by `stored` is on the disk. After `failed`
nothing of what was appended and not told as stored holds.

A cluster's log has the same two calls and answers them from elsewhere.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

from chatserver.net.workers import Pool, Result
from chatserver.store.store import Store
from chatserver.turn.batch import Batch

SLOW_FLUSH_S = 0.002  # from here on it pays to have more clients share a flush
REST = 0.08  # of the time that the flush took, at most: till as much has gathered as was stored with it
SETTLE_LOOK_S = 0.0005  # between two looks at a commit that somebody must wait for: at the end, or after a defect


class Owner(Protocol):
    """Whom the log tells."""

    def stored(self, batch: Batch) -> None:
        """A batch is on the disk."""

    def failed(self, error: Exception) -> None:
        """What is not told as stored does not hold."""


class _Work:
    """What the flusher does, and how it ended."""

    __slots__ = ("_done", "_job", "error", "is_done", "is_told")

    def __init__(self, job: Callable[[], None], done: Callable[[Exception | None], None]) -> None:
        self._job = job
        self._done = done
        self.error: Exception | None = None
        self.is_done = False
        self.is_told = False

    def run(self) -> None:
        """In the flusher's thread."""
        try:
            self._job()
        except Exception as error:
            self.error = error
        self.is_done = True

    def tell(self, result: Result[None] | None = None) -> None:
        """In the loop, once."""
        if not self.is_told:
            self.is_told = True
            self._done(self.error)


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

    def __init__(self, store: Store, flusher: Pool, owner: Owner, loop: Loop) -> None:
        """`flusher` runs one job at a time; a store in memory needs none, as nothing in it waits for a disk."""
        self._store = store
        self._flusher = flusher
        self._owner = owner
        self._loop = loop
        self._work: _Work | None = None
        self._rests = False
        self._rest_number = 0
        self._enough = 0  # events with which a rest is over
        self._events = 0  # in the batch that was taken last

    @property
    def is_ready(self) -> bool:
        """Whether a batch, or a chore, can be taken now."""
        return self._work is None and not self._rests

    @property
    def is_idle(self) -> bool:
        """Whether it has nothing in hand. It may rest, for the sake of the next batch."""
        return self._work is None

    def takes(self, batch: Batch) -> bool:
        """Whether this batch can be taken now: also in a rest, once as much has come in it as was stored before it."""
        if not self._rests or self._work is not None:
            return self._work is None
        if self._enough == 0:  # the rest has just begun: this has gathered while the disk worked
            self._enough = len(batch.events) + self._events
        return len(batch.events) >= self._enough

    def append(self, batch: Batch) -> None:
        """Take a batch. It is told as stored later, or in a store in memory before this returns.

        Raises StoreUnavailable where its rows cannot be written; then nothing of it is.
        """
        self._store.write(batch.events)
        self._store.seal()
        self._events = len(batch.events)
        self._rests = False
        started_s = self._loop.clock()
        self.run(self._store.commit, lambda error: self._committed(batch, error, started_s))

    def run(self, job: Callable[[], None], done: Callable[[Exception | None], None]) -> None:
        """Have the flusher do something with the store; nothing else touches its connection until `done`."""
        work = self._work = _Work(job, lambda error: self._finished(done, error))
        if self._store.is_in_memory:
            work.run()
            work.tell()
        else:
            self._flusher.submit(work.run, work.tell)

    def settle(self) -> None:
        """Wait until the flusher is idle, and tell what became of its work. It holds the loop."""
        while self._work is not None:
            work = self._work
            while not work.is_done:
                time.sleep(SETTLE_LOOK_S)
            work.tell()

    def _finished(self, done: Callable[[Exception | None], None], error: Exception | None) -> None:
        self._work = None
        if error is None:
            self._store.committed()
        done(error)

    def _committed(self, batch: Batch, error: Exception | None, started_s: float) -> None:
        took_s = self._loop.clock() - started_s
        if took_s > SLOW_FLUSH_S:
            self._rests, self._enough = True, 0
            self._rest_number += 1
            self._loop.call_later(took_s * REST, partial(self._end_rest, self._rest_number))
        if error is None:
            self._owner.stored(batch)
        else:
            self._owner.failed(error)

    def _end_rest(self, number: int) -> None:
        if number == self._rest_number:  # else that rest has ended before its time
            self._rests = False
