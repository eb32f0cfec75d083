"""The flusher's thread: whom it tells, where, and how long the loop waits."""

import threading
from collections.abc import Iterator
from threading import Event

import pytest

from chatserver.turn.flusher import FlusherThread
from tests.net.test_workers import Loop
from tests.wire import WAIT_S


class Job:
    """Runs until it is let go, and then raises what it is given."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.is_let_go = Event()
        self.thread: threading.Thread | None = None

    def __call__(self) -> None:
        self.thread = threading.current_thread()
        assert self.is_let_go.wait(WAIT_S)
        if self._error:
            raise self._error


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def flusher(loop: Loop) -> Iterator[FlusherThread]:
    made = FlusherThread(loop.post)
    yield made
    made.close(WAIT_S)


@pytest.fixture
def told() -> list[Exception | None]:
    return []


def test_what_nobody_waits_for_is_told_in_the_loop(
    flusher: FlusherThread, loop: Loop, told: list[Exception | None]
) -> None:
    job = Job()
    flusher.submit(job, told.append)
    assert told == []
    job.is_let_go.set()
    loop.run_one()
    assert told == [None]
    assert job.thread is not None
    assert job.thread is not threading.current_thread()


def test_what_is_waited_for_is_told_before_the_wait_ends_and_once(
    flusher: FlusherThread, loop: Loop, told: list[Exception | None]
) -> None:
    job = Job()
    flusher.submit(job, told.append)
    job.is_let_go.set()
    flusher.wait(WAIT_S)
    assert told == [None]
    flusher.close(WAIT_S)
    while not loop.is_empty():  # it may have ended before anybody waited
        loop.run_one()
    assert told == [None]


def test_a_wait_ends_in_time_and_the_job_is_told_later(
    flusher: FlusherThread, loop: Loop, told: list[Exception | None]
) -> None:
    job = Job()
    flusher.submit(job, told.append)
    flusher.wait(0.001)
    assert told == []
    job.is_let_go.set()
    loop.run_one()
    assert told == [None]


def test_an_error_is_told(flusher: FlusherThread, told: list[Exception | None]) -> None:
    error = OSError("the disk is full")
    job = Job(error)
    job.is_let_go.set()
    flusher.submit(job, told.append)
    flusher.wait()
    assert told == [error]


def test_jobs_follow_one_another_whether_waited_for_or_not(
    flusher: FlusherThread, loop: Loop, told: list[Exception | None]
) -> None:
    for number in range(50):
        job = Job()
        flusher.submit(job, told.append)
        if number % 3 == 0:
            flusher.wait(0.0001)
        job.is_let_go.set()
        if number % 3 != 1:
            flusher.wait()
        while len(told) == number:
            loop.run_one()
    assert told == [None] * 50


def test_waiting_for_nothing_returns(flusher: FlusherThread) -> None:
    flusher.wait()


def test_closing_waits_for_the_job_under_way_and_ends_the_thread(
    flusher: FlusherThread, told: list[Exception | None]
) -> None:
    job = Job()
    flusher.submit(job, told.append)
    threading.Timer(0.01, job.is_let_go.set).start()
    flusher.close(WAIT_S)
    assert job.thread is not None
    assert not job.thread.is_alive()


def test_one_that_never_had_a_job_has_no_thread_to_end(loop: Loop) -> None:
    before = threading.active_count()
    FlusherThread(loop.post).close()
    assert threading.active_count() == before
