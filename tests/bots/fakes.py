"""A loop and a pool of threads for tests: time passes and jobs end when the test says so."""

from collections.abc import Callable

from bots import Reply
from chatserver.net.workers import Result


class FakeTimer:
    def __init__(self, due_s: float, callback: Callable[[], None]) -> None:
        self.due_s = due_s
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeLoop:
    """`pass_time` lets timers fire at their times; `soon` counts the turns asked for."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.timers: list[FakeTimer] = []
        self.soon: list[Callable[[], None]] = []

    def clock(self) -> float:
        return self.now_s

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(self.now_s + delay_s, callback)
        self.timers.append(timer)
        return timer

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def pass_time(self, seconds: float) -> None:
        ends_s = self.now_s + seconds
        while due := [timer for timer in self.timers if timer.due_s <= ends_s and not timer.cancelled]:
            timer = min(due, key=lambda timer: timer.due_s)
            self.timers.remove(timer)
            self.now_s = max(self.now_s, timer.due_s)
            timer.callback()
        self.timers = [timer for timer in self.timers if not timer.cancelled]
        self.now_s = ends_s


class FakePool:
    """Jobs wait in `jobs` until the test lets one end, with what it gives or with a reply of the test's."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.jobs: list[tuple[Callable[[], Reply], Callable[[Result[Reply]], None]]] = []

    @property
    def free(self) -> int:
        return self.threads - len(self.jobs)

    def submit(self, job: Callable[[], Reply], done: Callable[[Result[Reply]], None]) -> None:
        assert self.free > 0, "more jobs than threads"
        self.jobs.append((job, done))

    def close(self, within_s: float) -> None:
        self.jobs.clear()

    def end(self, at: int = 0) -> None:
        """Let a job run and end."""
        job, done = self.jobs.pop(at)
        try:
            outcome = Result(job(), None)
        except Exception as error:
            outcome = Result[Reply](None, error)
        done(outcome)
