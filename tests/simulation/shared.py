"""Lives of a cluster's node, whose shared log fails, fences, and loses answers before or after it has stored.

All else is as hostile as to a single server. When a node dies, another takes over: on the same file, which gets from
the log what it lacks, or on a new one, made of the log alone. Durable is what the log has, whatever a file holds.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from chatserver.cluster.codec import FORMAT, encode
from chatserver.cluster.engine import Attendance, EngineError, Entry, Lease, following
from chatserver.cluster.follower import Follower
from chatserver.cluster.shared_log import SharedLog
from chatserver.cluster.steps import Resume, Steps, drive
from chatserver.cluster.tenure import Tenure
from chatserver.cluster.watch import Watch
from chatserver.core.events import PASSING
from chatserver.store.shared import NOWHERE, Place
from chatserver.store.store import Store
from chatserver.turn.batch import Batch
from chatserver.turn.flusher import Flusher as AnyFlusher
from chatserver.turn.log import LocalLog, Loop, MakeLog, Owner
from tests.cluster.fake import CLUSTER, FakeEngine
from tests.simulation.acts import ACTS
from tests.simulation.choices import Choices
from tests.simulation.life import Life
from tests.simulation.machine import Disk, Files

LEASE_S = 3.0
KEEP_S = 1_000_000.0  # for which the log is kept: a new file begins with the first entry
REST_S = 6  # longer than an answer takes, and than a lease is kept without a word
STEP_S = 0.05  # of waiting for the lease
LATE, LOST = 0.1, 0.03
DELAYS_S = (0.01, 0.3, 1.5, 5.0)

SHARED_FAULTS = (
    *("an engine that takes its time", "an answer that is lost", "an answer that is lost though all was stored"),
    *(
        "an engine that is away",
        "a node that is fenced",
        "a new node",
        "a turn that only the log has",
        "a turn in doubt",
    ),
)
"""What goes wrong beside the faults of a single server."""


class Engine(FakeEngine):
    """One for all lives of the nodes. Each question is answered in a later turn, or not at all.

    What it is asked may be done before the answer is under way, so that a node may die in between.
    """

    def __init__(self, life: "SharedLife") -> None:
        loop: Any = life  # its clock is all that is needed
        super().__init__(loop)
        self._life = life
        self._waits: Resume | None = None
        self.durable: dict[int, Any] = {}  # events by what they are, not by what they say
        self.in_hand: Sequence[Any] = ()  # the events of the batch that is being appended
        self.is_away = False

    def holds(self, events: Sequence[Any]) -> bool:
        """Whether all of these, but for those that are never stored, are in the log."""
        return all(id(event) in self.durable or type(event) in PASSING for event in events)

    def append(self, lease: Lease, after: Place, entry: Entry) -> Steps[bool]:
        is_early = not self.is_away and self._life.choices.happens(0.5)
        done = is_early and self._store(lease, after, entry)
        fault = yield from self._ask("append")
        if not is_early:
            done = self._store(lease, after, entry)
        _fail(fault)
        return done

    def renew(self, lease: Lease) -> Steps[Place | None]:
        fault = yield from self._ask("renew")
        if self.key == lease.key:
            self.expires_s = self._life.now_s + lease.seconds
        _fail(fault)
        return self.end if self.key == lease.key else None

    def fence(self, *, writes: bool) -> None:
        """Another node takes the lease, and may write a turn in which nothing happens; then it is gone."""
        self.key, self.expires_s = "another's", self._life.now_s
        if writes:
            body = encode([])
            self.append_foreign(self.key, Entry(following(self.end, body), FORMAT, body))

    def forget_who_asks(self) -> None:
        """The process that has asked is no more."""
        self._waits = None

    def wait(self, within_s: float) -> bool:
        """As a link does: the loop is held until there is an answer."""
        if self._waits is None:
            return False
        self._answer(self._waits)
        return True

    def _store(self, lease: Lease, after: Place, entry: Entry) -> bool:
        if self.key != lease.key or self.end != after:
            return False
        self.entries.append(entry)
        self.end, self.expires_s = entry.place, self._life.now_s + lease.seconds
        self.durable |= {id(event): event for event in self.in_hand}
        return True

    def _ask(self, name: str) -> Steps[str]:
        choices, fired = self._life.choices, self._life.fired
        delay_s = 0.0
        if choices.happens(LATE):
            fired["an engine that takes its time"] += 1
            delay_s = choices.pick(DELAYS_S)
        yield partial(self._under_way, delay_s)
        is_away = self.is_away and not choices.is_calm
        if is_away or choices.happens(LOST):
            fired["an engine that is away" if is_away else "an answer that is lost"] += 1
            raise EngineError("the simulated connection was lost")
        if choices.happens(LOST):
            fired["an answer that is lost though all was stored"] += 1
            return "after"
        return ""

    def _under_way(self, delay_s: float, resume: Resume) -> None:
        self._waits = resume
        tell = partial(self._answer, resume)
        if delay_s:
            self._life.reactor.call_later(delay_s, tell)
        else:
            self._life.reactor.call_soon(tell)

    def _answer(self, resume: Resume) -> None:
        if resume is self._waits:  # else it was waited for, or who asked is no more
            self._waits = None
            resume(None)


def _fail(fault: str) -> None:
    if fault:
        raise EngineError("the simulated connection was lost")


class WatchedLog(SharedLog):
    """Tells the engine what is in the body that it gets next."""

    engine: Engine

    def append(self, batch: Batch) -> None:
        self.engine.in_hand = batch.events
        super().append(batch)


class NodeDisk(Disk):
    """A node's file: what it lacks is in the log."""

    in_cluster = True
    engine: Engine

    def holds(self, events: Sequence[Any]) -> bool:
        return self.engine.holds(events)

    def begin_again(self, before: Disk) -> None:
        """What the log has counts, not what a file had."""


class SharedLife(Life):
    """A life in which nodes take over from each other."""

    engine: Engine

    def __init__(self, folder: Path, choices: Choices) -> None:
        self._terms = 0
        super().__init__(folder, choices)

    def _make_disk(self) -> Disk:
        disk = NodeDisk(str(self._path), self.choices, self.fired, self.wait)
        if not self._terms:
            self.engine = Engine(self)
            self.engine.identity = disk.name.identity
        self.engine.forget_who_asks()
        disk.engine = self.engine
        if not disk.shared.cluster:
            disk.join(CLUSTER, NOWHERE, self.engine.identity)
        return disk

    def _make_log(self) -> MakeLog:
        """Follow until the lease is free: nothing is drawn meanwhile."""
        self._terms += 1
        lease = Lease(f"key {self._terms}", "node", "here", LEASE_S)
        watch = Watch("node", lambda: self.disk.shared.place, self.reactor.clock)
        more = (lease, self._attendance, self.reactor)
        if self.engine.end.position > self.disk.shared.place.position:
            self.fired["a turn that only the log has"] += 1
        place = self._follow(Follower(self.engine, self.disk, *more, KEEP_S, watch))
        tenure = Tenure(self.engine, lease, place, self.reactor, self._attendance, watch)
        return partial(self._log_of, tenure)

    def _follow(self, follower: Follower) -> Place:
        ended: list[Exception | None] = []
        places: list[Place] = []

        def live() -> Steps[None]:
            places.append((yield from follower.follow()))

        drive(live(), ended.append)
        while not ended:
            self.now_s += STEP_S
            self.reactor.turn()
        if ended[0] is not None:
            raise ended[0]
        return places[0]

    def _log_of(self, tenure: Tenure, store: Store, flusher: AnyFlusher, owner: Owner, loop: Loop) -> LocalLog:
        link: Any = self.engine
        log = WatchedLog(tenure, link, str(self._path.parent), store, flusher, owner, loop)
        log.engine = self.engine
        return log

    def _attendance(self) -> Attendance:
        position = self.disk.shared.place.position
        return Attendance("node", "run", position, position, FORMAT)

    def _build(self) -> None:
        super()._build()
        turn: Any = self.server.turn
        suspended = turn.suspended

        def let_go() -> None:
            self.fired["a turn in doubt"] += 1
            waiting = {receiver for batch in turn._in_flight for receiver, _ in batch.staged}.union(turn.batch.dirty)
            for caller in map(self.oracle.caller_of, waiting):
                if caller is not None:
                    caller.is_cut = True
            suspended()
            if not all(receiver.connection.closed for receiver in waiting):
                self.oracle.blame("somebody goes on waiting for what nobody knows yet")

        turn.suspended = let_go

    def _left_to_next(self, files: Files) -> Files:
        """The node that was killed is started again, or another one that has only the log."""
        if self.choices.below(2):
            self.fired["a new node"] += 1
            return {}
        return files

    def heal(self) -> None:
        """A node that was fenced finds out, when it keeps its lease at the latest."""
        self.choices.is_calm = True
        self.disk.trouble = ""
        self.flusher.let_go()
        self._rest()
        super().heal()

    def end(self) -> None:
        """Marks that are not in the log when a node stops are forgotten: let them get there."""
        self._rest()
        super().end()

    def _rest(self) -> None:
        for _ in range(REST_S):
            if not self.server.failure:
                self.settle()
                self.now_s += 1.0


def _fence(life: SharedLife) -> None:
    life.fired["a node that is fenced"] += 1
    life.engine.fence(writes=bool(life.choices.below(2)))


def _lose_engine(life: SharedLife) -> None:
    life.engine.is_away = True


def _find_engine(life: SharedLife) -> None:
    life.engine.is_away = False


_MORE: tuple[Callable[[SharedLife], None], ...] = (_fence, *[_lose_engine] * 2, *[_find_engine] * 6)
SharedLife.acts = (*ACTS, *_MORE)
