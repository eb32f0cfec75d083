"""A few threads for what would block the loop. They touch no chat state: data goes in, data comes out.

A result comes back to the loop as a call. The pool holds no queue to speak of: who asks for more
jobs than there are threads keeps them, in whatever order is fair.
"""

import logging
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Generic, Protocol, TypeVar

log = logging.getLogger(__name__)

Value = TypeVar("Value")


class Result(Generic[Value]):
    """What a job gave: a value, or the exception it ended with."""

    __slots__ = ("error", "value")

    def __init__(self, value: Value | None, error: Exception | None) -> None:
        self.value = value
        self.error = error


class Pool(Protocol):
    """What jobs are given to; tests have others."""

    @property
    def free(self) -> int:
        """How many more jobs would run at once."""

    def submit(self, job: Callable[[], Value], done: Callable[[Result[Value]], None]) -> None:
        """Run a job, and then `done` in the loop."""

    def close(self, within_s: float = 5.0) -> None:
        """Let the threads end."""


class WorkerPool:
    """Threads that start with the first job; `post` brings results back to the loop's thread."""

    def __init__(self, threads_max: int, post: Callable[[Callable[[], None]], None]) -> None:
        self._threads_max = threads_max
        self._post = post
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[Thread] = []
        self._running = 0

    @property
    def free(self) -> int:
        """How many more jobs would run at once."""
        return self._threads_max - self._running

    def submit(self, job: Callable[[], Value], done: Callable[[Result[Value]], None]) -> None:
        """Run a job in a thread, and then `done` in the loop."""
        self._running += 1
        if len(self._threads) < min(self._running, self._threads_max):
            self._threads.append(Thread(target=self._work, name="worker", daemon=True))
            self._threads[-1].start()
        self._jobs.put(lambda: self._run(job, done))

    def close(self, within_s: float = 5.0) -> None:
        """Let the threads end; jobs under way are waited for so long, and their results are dropped with the loop."""
        for _ in self._threads:
            self._jobs.put(None)
        ends_at = monotonic() + within_s
        for thread in self._threads:
            thread.join(timeout=max(0.0, ends_at - monotonic()))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _run(self, job: Callable[[], Value], done: Callable[[Result[Value]], None]) -> None:
        try:
            result = Result(job(), None)
        except Exception as error:  # the loop is told, and answers the one who asked
            result = Result[Value](None, error)
        self._post(lambda: self._finish(done, result))

    def _finish(self, done: Callable[[Result[Value]], None], result: Result[Value]) -> None:
        self._running -= 1
        done(result)
