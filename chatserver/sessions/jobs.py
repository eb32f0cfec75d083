"""Answers that may take longer than one turn has: each is worked out in slices, and its client waits for it.

A job is a generator that yields whenever it has worked for a millisecond or so, and returns its result. All jobs
together get so much of a turn. A job may also yield what it has to wait for: a batch, until that is stored, work for a
thread, whose value it gets back, or room for what it gathers, which users are given by turns. It knows no query and no
store.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from chatserver.net.workers import Pool, Result
from chatserver.queries.jobs import Elsewhere, Job, Outcome, Room
from chatserver.sessions.client import Client, Ticket
from chatserver.sessions.fair_queue import FairQueue
from chatserver.sessions.waits import Waits
from chatserver.turn.batch import Batch

SLICE_S = 0.005  # of one turn, for all jobs together


class Host(Protocol):
    """What the jobs' results are given to."""

    def finish(self, client: Client, echo: str, result: Outcome) -> None:
        """Answer with a job's result."""

    def attempt(self, client: Client, echo: str, action: Callable[[], None]) -> None:
        """Do something for a client; a failure is answered."""


class _Running:
    """A job, for whom it is, and what it gets back when it goes on."""

    __slots__ = ("client", "echo", "job", "room", "ticket", "value")

    def __init__(self, client: Client, echo: str, job: Job) -> None:
        self.client = client
        self.echo = echo
        self.job = job
        self.ticket: Ticket | None = None
        self.value: Any = None
        self.room: Room | None = None  # that it takes

    @property
    def is_wanted(self) -> bool:
        """Whether its client still waits for it."""
        return self.client.ticket is self.ticket


class _Rooms:
    """Who gathers something, and who waits until there is room for it."""

    def __init__(self) -> None:
        self._taken: Counter[Room] = Counter()
        self._waiting: defaultdict[Room, FairQueue[_Running]] = defaultdict(FairQueue)

    def enter(self, running: _Running, room: Room) -> bool:
        """Take a place if there is one, else wait for it."""
        if self._taken[room] >= room.places:
            self._waiting[room].put(running.client.user, running)
            return False
        self._taken[room] += 1
        running.room = room
        return True

    def leave(self, running: _Running) -> _Running | None:
        """Give the place back; who goes on in it."""
        room, running.room = running.room, None
        if room is None:
            return None
        self._taken[room] -= 1
        waiting = self._waiting.get(room)
        while waiting:
            following = waiting.take()
            if following.is_wanted:
                self.enter(following, room)
                return following
            following.job.close()
        self._waiting.pop(room, None)
        if not self._taken[room]:
            del self._taken[room]
        return None


class Jobs:
    """The jobs that are not done yet, the longest-waiting first."""

    def __init__(
        self,
        host: Host,
        waits: Waits,
        pool: Pool,
        clock: Callable[[], float],
        call_soon: Callable[[Callable[[], None]], None],
    ) -> None:
        """`pool` does what would hold the loop up. `clock` counts seconds; `call_soon` makes the loop turn again."""
        self._host = host
        self._waits = waits
        self._pool = pool
        self._clock = clock
        self._call_soon = call_soon
        self._ready: deque[_Running] = deque()
        self._elsewhere: deque[tuple[_Running, Elsewhere]] = deque()  # for which no thread is free
        self._rooms = _Rooms()
        self._is_due = False  # `_work` will be called in the next turn
        self._left_s = SLICE_S

    def start(self, client: Client, echo: str, job: Job) -> None:
        """Do a job now if this turn has time for it, else in the next ones."""
        running = _Running(client, echo, job)
        if self._ready or self._left_s <= 0:
            self._put_off(running)
        else:
            self._advance(running)

    def turn_ended(self) -> None:
        """The next turn has its own time."""
        self._left_s = SLICE_S

    def _put_off(self, running: _Running) -> None:
        if running.ticket is None:
            running.ticket = self._waits.begin(running.client, running.echo)
        self._ready.append(running)
        if not self._is_due:
            self._is_due = True
            self._call_soon(self._work)

    def _work(self) -> None:
        self._is_due = False
        for _ in range(len(self._ready)):
            if self._left_s <= 0:
                break
            running = self._ready.popleft()
            if running.is_wanted:
                self._go_on(running)
            else:
                running.job.close()
                self._leave_room(running)
        if self._ready and not self._is_due:
            self._is_due = True
            self._call_soon(self._work)

    def _go_on(self, running: _Running) -> None:
        try:
            self._advance(running)
        except Exception as error:  # it is told where its client's faults end
            self._end(running, error)

    def _advance(self, running: _Running) -> None:
        """Work on a job until it is done, waits, or the time is up. What it comes to costs time too."""
        started = self._clock()
        try:
            awaited = self._run(running, started)
        except StopIteration as end:
            self._leave_room(running)
            self._end(running, end.value)
        except Exception:
            self._leave_room(running)
            raise
        else:
            if awaited is None:
                self._put_off(running)
            else:
                self._wait(running, awaited)
        finally:
            self._left_s -= self._clock() - started

    def _run(self, running: _Running, started: float) -> Batch | Elsewhere | Room | None:
        """What the job has to wait for; None where the time is up. Raises StopIteration when it is done."""
        awaited: Batch | Elsewhere | Room | None = None
        while awaited is None and self._clock() - started < self._left_s:
            value, running.value = running.value, None
            awaited = running.job.send(value)
            if isinstance(awaited, Room) and self._rooms.enter(running, awaited):
                awaited = None
        return awaited

    def _leave_room(self, running: _Running) -> None:
        following = self._rooms.leave(running)
        if following is not None:
            self._put_off(following)

    def _wait(self, running: _Running, awaited: Batch | Elsewhere | Room) -> None:
        if running.ticket is None:
            running.ticket = self._waits.begin(running.client, running.echo)
        if isinstance(awaited, Room):
            return  # the one who leaves calls it
        if isinstance(awaited, Batch):
            awaited.waiting.append(lambda: self._put_off(running))
        else:
            self._elsewhere.append((running, awaited))
            self._give_work()

    def _give_work(self) -> None:
        while self._elsewhere and self._pool.free > 0:
            running, elsewhere = self._elsewhere.popleft()
            if running.is_wanted:
                self._pool.submit(elsewhere.work, partial(self._worked, running))
            else:
                self._leave_room(running)

    def _worked(self, running: _Running, result: Result[Any]) -> None:
        if result.error is not None:
            self._leave_room(running)
            self._end(running, result.error)
        else:
            running.value = result.value
            self._put_off(running)
        self._give_work()

    def _end(self, running: _Running, result: Outcome | Exception) -> None:
        """A job that was done within its client's line is answered there, else in the call of the loop that ended it.

        What a command has looked up holds only as long as nothing else is decided.
        """

        def finish() -> None:
            if isinstance(result, Exception):
                raise result
            self._host.finish(running.client, running.echo, result)

        if running.ticket is None:
            finish()
        else:
            self._waits.end_here(running.ticket, finish)
