"""The time in which this node writes: it appends to the shared log, one entry at a time, and keeps the lease.

An append that gets no answer is *in doubt*: neither stored nor failed. Renewing the lease tells, because it waits for
the append under way, shows where the log ends, and is a commit behind it: what it shows stays. An entry that is not
there is appended again. Meanwhile nothing is told. Whoever finds the lease to be another's has sent nothing, and ends.
"""

import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

from chatserver.cluster.codec import FORMAT
from chatserver.cluster.engine import Attendance, ClusterError, Engine, EngineError, Entry, Lease, following
from chatserver.cluster.steps import Question, Resume, Steps, drive
from chatserver.cluster.watch import Watch
from chatserver.store.shared import Place

log = logging.getLogger(__name__)

TRY_AGAIN_S = 0.1
DOUBT_S = 1.0  # so long an answer may wait; then its askers are let go, and nothing more is taken
ATTEND_S = 1.0
RENEWALS = 3  # in the life of a lease, so that two may be late

FENCED = (
    "another node writes for this cluster now, so this one ends, and has sent nothing since: start it again to follow"
)


class Clock(Protocol):
    """What is needed of the loop."""

    @property
    def clock(self) -> Callable[[], float]:
        """Monotonic time in seconds."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> object:
        """Call after so many seconds."""


class Owner(Protocol):
    """Whom it tells."""

    def doubted(self) -> None:
        """An append has waited for its answer too long."""

    def cleared(self) -> None:
        """It has its answer now; that was told first."""

    def ended(self, error: Exception) -> None:
        """This node may not write any more, or cannot."""


class Tenure:
    """Begins with a lease that was just taken or renewed. `attendance` says how far this node's file is."""

    def __init__(
        self,
        engine: Engine,
        lease: Lease,
        place: Place,
        loop: Clock,
        attendance: Callable[[], Attendance],
        watch: Watch,
    ) -> None:
        self.place = place  # the end of the log as this node has made it
        self.watch = watch
        self._engine = engine
        self._lease = lease
        self._loop = loop
        self._attendance = attendance
        self._owner: Owner | None = None
        self._waiting: deque[tuple[bytes, Callable[[Place], None]]] = deque()
        self._resume: Resume | None = None  # the tenure rests until there is something to append
        self._attended_s = -ATTEND_S
        self._since_s: float | None = None  # an append is under way since then
        self._is_doubted = False
        self._is_leaving = False
        self._fault = ""  # why the lease could not be kept, as it was said last
        self._doubt = ""  # the same of an append
        self.is_over = False

    def begin(self, owner: Owner) -> None:
        """Keep the lease from now on."""
        self._owner = owner
        self._tick()
        drive(self._live(), self._ended)

    def append(self, body: bytes, stored: Callable[[Place], None]) -> None:
        """Append an entry; `stored` is called once it is in the log for good, or never."""
        self._waiting.append((body, stored))
        if self._since_s is None:
            self._since_s = self._loop.clock()
        self._wake()

    @property
    def is_appending(self) -> bool:
        """Whether an append waits for its answer."""
        return self._since_s is not None

    def leave(self) -> None:
        """Give the lease back, so that the next one begins at once: `is_over` then. Nothing may be waiting."""
        self._is_leaving = True
        self._wake()

    def _live(self) -> Steps[None]:
        yield from self._keep(self._renew)  # the one with which it began was long: State had to be loaded
        while not self.is_over:
            if self._is_leaving:
                yield from self._engine.release(self._lease)
                self.is_over = True
                return
            if not self._waiting:
                yield self._rest
            if self._waiting:
                body, stored = self._waiting.popleft()
                self.place = yield from self._append(Entry(following(self.place, body), FORMAT, body))
                self._since_s = self._loop.clock() if self._waiting else None
                stored(self.place)
                if self._is_doubted:
                    self._is_doubted = False
                    self._tell().cleared()
            elif not self._is_leaving and not self.is_over:
                yield from self._keep(self._renew)
            if (
                self._loop.clock() - self._attended_s >= ATTEND_S and not self._is_leaving
            ):  # however much there is to append
                yield from self._keep(self._attend)

    def _append(self, entry: Entry) -> Steps[Place]:
        while True:
            try:
                if (yield from self._engine.append(self._lease, self.place, entry)):
                    self.watch.kept(self._lease.seconds)
                    self._doubt = ""
                    return entry.place
                raise ClusterError(FENCED)
            except EngineError as error:
                if str(error) != self._doubt:
                    self._doubt = str(error)
                    log.warning("whether a turn is in the shared log is not known, and is being asked: %s", error)
            if (yield from self._find_out(entry)):
                return entry.place

    def _find_out(self, entry: Entry) -> Steps[bool]:
        """Whether an entry that was in doubt is in the log. Raises ClusterError where that is another's by now."""
        while True:
            yield self._sleep(TRY_AGAIN_S)
            try:
                end = yield from self._engine.renew(self._lease)
            except EngineError:
                continue
            if end not in (self.place, entry.place):
                raise ClusterError(FENCED)
            self.watch.kept(self._lease.seconds)
            return end == entry.place

    def _keep(self, how: Callable[[], Steps[None]]) -> Steps[None]:
        """What can be done as well a moment later."""
        try:
            yield from how()
            self._fault = ""
        except EngineError as error:
            if str(error) != self._fault:
                self._fault = str(error)
                log.warning("the lease could not be kept, and is tried again: %s", error)

    def _renew(self) -> Steps[None]:
        if (yield from self._engine.renew(self._lease)) != self.place:
            raise ClusterError(FENCED)
        self.watch.kept(self._lease.seconds)

    def _attend(self) -> Steps[None]:
        self._attended_s = self._loop.clock()
        if not (yield from self._engine.attend(self._attendance())):
            log.error("another process attends the cluster by this node's name: give each its own cluster_node")
        self.watch.members = yield from self._engine.members()

    def _rest(self, resume: Resume) -> None:
        """Until something is to be appended, or the lease is to be kept."""
        self._resume = resume
        if self._waiting or self._is_leaving:
            self._wake()

    def _wake(self) -> None:
        resume, self._resume = self._resume, None
        if resume is not None:
            resume(None)

    def _sleep(self, seconds: float) -> Question:
        return lambda resume: _later(self._loop, seconds, resume)

    def _tick(self) -> None:
        if self.is_over:
            return
        self._loop.call_later(min(self._lease.seconds / RENEWALS, DOUBT_S / 2), self._tick)
        late = self._since_s is not None and self._loop.clock() - self._since_s >= DOUBT_S
        if late and not self._is_doubted:
            self._is_doubted = True
            self._tell().doubted()
        self._wake()

    def _tell(self) -> Owner:
        assert self._owner is not None, "a tenure begins with an owner"
        return self._owner

    def _ended(self, error: Exception | None) -> None:
        was_over, self.is_over = self.is_over, True
        if error is not None and not was_over:
            self._tell().ended(error)


def _later(loop: Clock, seconds: float, resume: Resume) -> None:
    loop.call_later(seconds, lambda: resume(None))
