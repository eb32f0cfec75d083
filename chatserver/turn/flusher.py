"""The thread that commits and flushes: one job at a time, and the loop may wait a moment for it.

On a fast disk a flush is over sooner than a way round the loop: a wake-up, two switches of threads, a look at the
sockets that finds half of a batch. There the loop does better to sleep until the job has ended. How long it may is the
caller's to say, so a disk that hangs holds up nobody.
"""

from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol

Job = Callable[[], None]
Done = Callable[[Exception | None], None]


class Flusher(Protocol):
    """What the log gives its work to; tests have others."""

    def submit(self, job: Job, done: Done) -> None:
        """Run a job, and then `done` in the loop, with what it has raised. The one before must have been told."""

    def wait(self, within_s: float | None = None) -> None:
        """Hold the loop until the job has ended, and tell of it; at most so long (None: as long as it takes)."""

    def close(self, within_s: float = 5.0) -> None:
        """Let the thread end."""


class FlusherThread:
    """A thread that starts with the first job."""

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        """`post` makes a call in the loop's thread."""
        self._post = post
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._ended: SimpleQueue[Exception | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._done: Done | None = None  # whom to tell of the job under way
        self._is_awaited = False

    def submit(self, job: Job, done: Done) -> None:
        """Run a job, and then `done` in the loop, with what it has raised. The one before must have been told."""
        if self._thread is None:
            self._thread = Thread(target=self._work, name="flusher", daemon=True)
            self._thread.start()
        self._done = done
        self._jobs.put(job)

    def wait(self, within_s: float | None = None) -> None:
        """Hold the loop until the job has ended, and tell of it; at most so long (None: as long as it takes)."""
        if self._done is None:
            return
        self._is_awaited = True
        try:
            error = self._ended.get(timeout=within_s)
        except Empty:
            self._is_awaited = False
            self._tell()  # the job may have ended between these lines, and found itself awaited
            return
        self._is_awaited = False
        self._finish(error)

    def close(self, within_s: float = 5.0) -> None:
        """Let the thread end; a job under way is waited for so long, and its end is dropped with the loop."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join(within_s)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            error = None
            try:
                job()
            except Exception as raised:
                error = raised
            self._ended.put(error)
            if not self._is_awaited:
                self._post(self._tell)

    def _tell(self) -> None:
        """In the loop. Whoever waited may have been told already."""
        with suppress(Empty):
            self._finish(self._ended.get_nowait())

    def _finish(self, error: Exception | None) -> None:
        done, self._done = self._done, None
        assert done is not None, "a job has ended that nobody gave"
        done(error)
