"""Standing by: the shared log is applied to this node's own file, until the lease is free and this node takes it.

Nothing is applied but what was read before a commit of this node's own (`attend`, or taking the lease): an engine whose
standbys are away shows entries that it has alone, and that may be gone when another takes its place. The commit comes
behind them in the engine's own log, so where it holds they hold.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from chatserver.cluster.codec import CodecError, decode
from chatserver.cluster.engine import Attendance, ClusterError, Engine, EngineError, Entry, Head, Lease, following
from chatserver.cluster.steps import Question, Resume, Steps
from chatserver.cluster.tenure import Clock
from chatserver.cluster.watch import Watch
from chatserver.store.errors import StoreBroken, StoreUnavailable
from chatserver.store.shared import Place
from chatserver.store.store import Store

log = logging.getLogger(__name__)

POLL_S = 0.1  # between two looks at the log. A doorbell (NOTIFY) would spare them, and put all commits into one line
ATTEND_S = 1.0
ENTRIES_MAX = 256  # read at a time
TRY_AGAIN_S = 0.5
CHORES_MAX = 8  # at a time, some ms each
FORGET_S = 10.0
START_S = 30.0  # the lease of a node that has taken over and loads State, which takes the loop seconds if it is large

COPY = "put a copy of another node's store in its place (admin backup there, then restore here), and start it again"


class Follower:
    """Applies the log. `lease` is what it takes when nobody writes; `attendance` says how far it is."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        lease: Lease,
        attendance: Callable[[], Attendance],
        loop: Clock,
        keep_s: float,
        watch: Watch,
    ) -> None:
        self._engine = engine
        self._store = store
        self._lease = lease
        self._attendance = attendance
        self._loop = loop
        self._keep_s = keep_s
        self._watch = watch
        self._attended_s = -ATTEND_S
        self._forget_s = min(FORGET_S, keep_s / 4)
        self._forgot_s = loop.clock()
        self._ends: deque[tuple[float, int]] = deque([(loop.clock(), self.place.position)])  # when it was how far
        self._told = ""  # what was said last of the engine, and whom this node follows
        self.writer = ""

    @property
    def place(self) -> Place:
        """How far this node's file is."""
        return self._store.shared.place

    def follow(self) -> Steps[Place]:
        """Until this node has the lease, and all that came before it. Raises ClusterError."""
        may_be_ours = False  # the lease, where the answer that would tell was lost
        while True:
            try:
                head, is_behind = yield from self._look()
                if (head.expired or may_be_ours) and not is_behind:
                    may_be_ours = True
                    end = yield from self._engine.take(self._lease)
                    may_be_ours = end is not None
                    if end is not None:
                        yield from self._catch_up(end)
                        if (yield from self._engine.renew(replace(self._lease, seconds=START_S))) == self.place:
                            return self.place
                elif not is_behind:
                    yield from self._rest(head)
                self._tell("")
            except EngineError as error:
                self._tell(str(error))
                yield self._sleep(TRY_AGAIN_S)
            except StoreUnavailable as error:
                self._store.roll_back()
                log.error("what others wrote cannot be stored here, and is tried again: %s", error)
                yield self._sleep(TRY_AGAIN_S)

    def _look(self) -> Steps[tuple[Head, bool]]:
        """Apply some of what is new; the head as it was before, and whether there is more."""
        head = yield from self._engine.head()
        if head is None:
            raise ClusterError("the tables of the cluster are empty: look at what became of them, and start again then")
        self._watch.saw(head)
        entries: list[Entry] = []
        if head.place.position > self.place.position:
            entries = yield from self._engine.read(self.place.position, ENTRIES_MAX)
        if head.place != self.place or self._loop.clock() - self._attended_s >= ATTEND_S:
            yield from self._attend()
        self._compare(head, entries)
        if entries:
            self._apply(entries)
        return head, bool(entries) and self.place.position < head.place.position

    def _attend(self) -> Steps[None]:
        if not (yield from self._engine.attend(self._attendance())):
            raise ClusterError("another process is in the cluster by this node's name: give each its own cluster_node")
        self._attended_s = self._loop.clock()

    def _compare(self, head: Head, entries: list[Entry]) -> None:
        mine = self.place
        if head.cluster != self._store.shared.cluster:
            raise ClusterError("the tables belong to another cluster now: check the connection string")
        if mine.position > head.place.position:
            raise ClusterError(
                f"this store goes up to entry {mine.position}, and the shared log ends at entry"
                f" {head.place.position}: the engine has lost what it had confirmed"
                f" (see docs/cluster.md, Divergence); {COPY}"
            )
        if mine.position == head.place.position and mine.hash != head.place.hash:
            raise ClusterError(_DIFFERS)
        if mine.position < head.place.position:
            self._compare_next(entries)

    def _compare_next(self, entries: list[Entry]) -> None:
        if not entries or entries[0].place.position != self.place.position + 1:
            raise ClusterError(
                "this store is too old: the shared log does not go back to entry"
                f" {self.place.position + 1} any more: {COPY}"
            )

    def _apply(self, entries: list[Entry]) -> None:
        """All in one transaction. Raises StoreUnavailable, and ClusterError where no good can come of a second try."""
        events, place = [], self.place
        for entry in entries:
            place = following(place, entry.body)
            if place != entry.place:
                raise ClusterError(_DIFFERS)
            try:
                events += decode(entry.format, entry.body)
            except CodecError as error:
                raise ClusterError(str(error)) from error
        try:
            self._store.write(events)
            self._store.seal()
            self._store.note_place(place)
            self._store.commit()
        except StoreBroken as error:
            raise ClusterError(str(error)) from error
        self._store.committed()
        self._store.has_chore(busy=True)

    def _catch_up(self, end: Place) -> Steps[None]:
        """The lease is ours; what is missing is read, and the lease is kept."""
        while self.place.position < end.position:
            entries = yield from self._engine.read(self.place.position, ENTRIES_MAX)
            self._compare_next(entries)
            self._apply(entries)
            if (yield from self._engine.renew(self._lease)) != end:
                raise EngineError("another node was faster")

    def _rest(self, head: Head) -> Steps[None]:
        """Nothing is new: keep house, and look again in a moment."""
        if head.holder != self.writer:
            self.writer = head.holder
            log.info("this node follows %s (%s) from entry %d on", head.holder, head.address, self.place.position + 1)
        now_s = self._loop.clock()
        for _ in range(CHORES_MAX):
            if not self._store.keep_house():
                break
        if now_s - self._forgot_s >= self._forget_s:
            yield from self._forget(now_s)
        yield self._sleep(POLL_S)

    def _forget(self, now_s: float) -> Steps[None]:
        """What was written longer ago than the log is kept: a copy that is being carried over needs the rest."""
        if self._ends[-1][0] <= now_s - self._forget_s:
            self._ends.append((now_s, self.place.position))
        while len(self._ends) > 1 and self._ends[1][0] <= now_s - self._keep_s:
            self._ends.popleft()
        since_s, upto = self._ends[0]
        if since_s > now_s - self._keep_s or not (yield from self._engine.forget(self._keep_s, upto)):
            self._forgot_s = now_s

    def _sleep(self, seconds: float) -> Question:
        def question(resume: Resume) -> None:
            self._loop.call_later(seconds, lambda: resume(None))

        return question

    def _tell(self, fault: str) -> None:
        if fault != self._told:
            self._told = fault
            if fault:
                log.warning("the cluster's engine cannot be asked, and is tried again: %s", fault)
            else:
                log.info("the cluster's engine answers")


_DIFFERS = f"this store and the shared log hold different things at one place (see docs/cluster.md, Divergence): {COPY}"
