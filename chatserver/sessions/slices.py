"""Answers that may take longer than one turn has: each is worked out in slices, and its client waits for it.

A job is a generator that yields whenever it has worked for a millisecond or so, and returns its result. All jobs
together get so much of a turn; replies keep the order of their commands, because a waiting session reads nothing.
It knows no query and no store.
"""

from collections import deque
from collections.abc import Callable, Generator
from typing import Protocol

from chatserver.core.commands import MarkRead
from chatserver.core.outcome import Refused
from chatserver.fronts.pipe.builders import Phase
from chatserver.queries.requests import Answer
from chatserver.sessions.peer import Peer

SLICE_S = 0.005  # of one turn, for all jobs together
Result = Answer | Refused | MarkRead
"""What a job comes to: an answer, or a command for which it has looked up what decide must know."""
Job = Generator[None, None, Result]


class Host(Protocol):
    """What the jobs' results are given to."""

    def attempt(self, peer: Peer, echo: str, action: Callable[[], None]) -> None:
        """Do something for a peer; a failure is answered."""

    def finish(self, peer: Peer, echo: str, result: Result) -> None:
        """Answer with a job's result."""

    def proceed(self, peer: Peer) -> None:
        """Go on with the peer's lines."""


class Slices:
    """The jobs that are not done yet, the longest-waiting first."""

    def __init__(self, host: Host, clock: Callable[[], float], call_soon: Callable[[Callable[[], None]], None]) -> None:
        """`clock` counts seconds; `call_soon` makes the loop turn again at once."""
        self._host = host
        self._clock = clock
        self._call_soon = call_soon
        self._waiting: deque[tuple[Peer, str, Job]] = deque()
        self._is_due = False  # `_work` will be called in the next turn
        self._left_s = SLICE_S

    def start(self, peer: Peer, echo: str, job: Job) -> None:
        """Do a job now if this turn has time for it, else in the next ones."""
        if not self._waiting and self._left_s > 0 and self._advance(peer, echo, job):
            return
        peer.session.wait()
        self._waiting.append((peer, echo, job))
        self._work_soon()

    def turn_ended(self) -> None:
        """The next turn has its own time."""
        self._left_s = SLICE_S

    def _work_soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._call_soon(self._work)

    def _work(self) -> None:
        self._is_due = False
        while self._waiting and self._left_s > 0:
            peer, echo, job = self._waiting.popleft()
            if peer.session.phase is not Phase.CLOSING:  # else it has gone meanwhile
                self._go_on(peer, echo, job)
        if self._waiting:
            self._work_soon()

    def _go_on(self, peer: Peer, echo: str, job: Job) -> None:
        is_over = True  # also when it fails

        def advance() -> None:
            nonlocal is_over
            is_over = self._advance(peer, echo, job)

        self._host.attempt(peer, echo, advance)
        if is_over:
            peer.session.go_on()
            self._host.proceed(peer)
        else:
            self._waiting.append((peer, echo, job))

    def _advance(self, peer: Peer, echo: str, job: Job) -> bool:
        """Work on a job until it is done or the time is up; tell whether it is done."""
        started = self._clock()
        try:
            while self._clock() - started < self._left_s:
                next(job)
        except StopIteration as end:
            peer.session.go_on()
            self._host.finish(peer, echo, end.value)
            return True
        finally:
            self._left_s -= self._clock() - started
        return False
