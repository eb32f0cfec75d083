"""The pool: results come back through `post`, threads are as few as possible, and a defect is a result too."""

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Event

import pytest

from chatserver.net.workers import Result, WorkerPool
from tests.wire import WAIT_S


class Loop:
    """Takes what is posted, and runs it in the test's own thread."""

    def __init__(self) -> None:
        self._posted: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.post = self._posted.put

    def run_one(self) -> None:
        self._posted.get(timeout=WAIT_S)()

    def is_empty(self) -> bool:
        return self._posted.empty()


@pytest.fixture
def loop() -> Loop:
    return Loop()


Workers = Callable[[], list[threading.Thread]]


@pytest.fixture
def workers() -> Workers:
    """The threads that this test's pools have now."""
    before = threading.enumerate()
    return lambda: [each for each in threading.enumerate() if each.name == "worker" and each not in before]


@pytest.fixture
def pool(loop: Loop, workers: Workers) -> Iterator[WorkerPool]:
    """A pool of two threads."""
    made = WorkerPool(2, loop.post)
    yield made
    made.close(WAIT_S)
    assert not workers()


class Job:
    """Runs until it is let go."""

    def __init__(self) -> None:
        self.is_let_go = Event()
        self.has_begun = Event()

    def __call__(self) -> int:
        self.has_begun.set()
        assert self.is_let_go.wait(WAIT_S)
        return threading.get_ident()


def test_a_result_comes_back_in_the_loops_thread(pool: WorkerPool, loop: Loop) -> None:
    results: list[Result[int]] = []
    callers: list[int] = []

    def done(result: Result[int]) -> None:
        results.append(result)
        callers.append(threading.get_ident())

    pool.submit(threading.get_ident, done)
    loop.run_one()
    assert results[0].value not in (None, threading.get_ident())
    assert results[0].error is None
    assert callers == [threading.get_ident()]
    assert loop.is_empty()


def test_a_job_that_fails_gives_its_error_and_the_thread_goes_on(loop: Loop) -> None:
    pool = WorkerPool(1, loop.post)
    results: list[Result[float]] = []
    pool.submit(lambda: 1 / 0, results.append)
    loop.run_one()
    pool.submit(lambda: 1 / 2, results.append)
    loop.run_one()
    assert results[0].value is None
    assert isinstance(results[0].error, ZeroDivisionError)
    assert (results[1].value, results[1].error) == (0.5, None)
    pool.close(WAIT_S)


def test_no_thread_starts_before_the_first_job(pool: WorkerPool, workers: Workers) -> None:
    assert not workers()
    assert pool.free == 2


def test_threads_are_no_more_than_jobs_at_a_time(pool: WorkerPool, loop: Loop, workers: Workers) -> None:
    for _ in range(3):
        pool.submit(lambda: None, lambda result: None)
        loop.run_one()
        assert len(workers()) == 1
    assert all(thread.daemon for thread in workers())


def test_more_jobs_than_threads_wait_for_one(pool: WorkerPool, loop: Loop, workers: Workers) -> None:
    jobs = [Job() for _ in range(3)]
    free: list[int] = []
    for job in jobs:
        pool.submit(job, lambda result: free.append(pool.free))
        free.append(pool.free)
    assert free == [1, 0, -1]
    for job in jobs[:2]:
        assert job.has_begun.wait(WAIT_S)
    assert len(workers()) == 2
    assert not jobs[2].has_begun.is_set()
    for job in jobs:
        job.is_let_go.set()
        loop.run_one()
    assert free[3:] == [0, 1, 2]


def test_a_place_is_free_only_when_the_loop_has_the_result(pool: WorkerPool, loop: Loop) -> None:
    job = Job()
    job.is_let_go.set()
    done: list[int] = []
    pool.submit(job, lambda result: done.append(pool.free))
    assert job.has_begun.wait(WAIT_S)
    assert pool.free == 1
    loop.run_one()
    assert done == [2]


def test_closing_waits_for_a_job_under_way(loop: Loop, workers: Workers) -> None:
    pool = WorkerPool(2, loop.post)
    jobs = [Job(), Job()]
    for job in jobs:
        pool.submit(job, lambda result: None)
    pool.close(within_s=0)
    assert len(workers()) == 2
    for job in jobs:
        job.is_let_go.set()
    pool.close(within_s=WAIT_S)
    assert not workers()
    assert not loop.is_empty()


def test_a_pool_that_had_nothing_to_do_is_closed_at_once(loop: Loop, workers: Workers) -> None:
    WorkerPool(2, loop.post).close()
    assert not workers()
