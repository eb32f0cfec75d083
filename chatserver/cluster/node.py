"""One node of a cluster: whether its store belongs to the shared log, standing by, and what it writes with then."""

import logging
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass

from chatserver.cluster.codec import FORMAT
from chatserver.cluster.engine import Attendance, ClusterError, EngineError, Head, Lease
from chatserver.cluster.follower import START_S, Follower
from chatserver.cluster.link import Link
from chatserver.cluster.postgres import VERSION, Postgres, WrongVersion
from chatserver.cluster.shared_log import SharedLog
from chatserver.cluster.steps import Steps, drive
from chatserver.cluster.tenure import Tenure
from chatserver.cluster.watch import Watch
from chatserver.net.reactor import Reactor
from chatserver.settings import Settings
from chatserver.store.shared import NOWHERE, Place
from chatserver.store.store import Store
from chatserver.turn.flusher import Flusher
from chatserver.turn.log import LocalLog, Owner
from chatserver.turn.log import Loop as LogLoop

log = logging.getLogger(__name__)

CHECKPOINTS = 4  # in the time for which the log is kept, at least, so that a quiet chat's log is forgotten too
CLOCKS_WARN_S, CLOCKS_MAX_S = 5, 3600


@dataclass
class Writer:
    """What a node writes with, once it has the lease."""

    tenure: Tenure
    link: Link
    folder: str

    def make_log(self, store: Store, flusher: Flusher, owner: Owner, loop: LogLoop) -> LocalLog:
        """The log of its server."""
        return SharedLog(self.tenure, self.link, self.folder, store, flusher, owner, loop)


def name_of(settings: Settings) -> str:
    """What this node is called: a name that stays, and that no other has."""
    return settings.cluster_node or f"{socket.gethostname()}:{os.path.abspath(settings.store)}"


def connect(settings: Settings, reactor: Reactor) -> Link:
    """A link to the engine, not connected yet. Raises ClusterError with a sentence."""
    try:
        return Link(settings.cluster, reactor)
    except ImportError as error:
        raise ClusterError(
            "a cluster needs psycopg, which is not installed: pip install 'pipechat[cluster]'"
            " (or apt-get install python3-psycopg)"
        ) from error
    except ValueError as error:
        raise ClusterError(
            "--cluster cannot be read: write it as for psql, host=10.0.0.5,10.0.0.6 dbname=chat user=chat"
        ) from error


def watch_of(settings: Settings, store: Store, reactor: Reactor) -> Watch:
    """What those who watch over this node are told."""
    return Watch(name_of(settings), lambda: store.shared.place, reactor.clock)


def stand_by(
    settings: Settings,
    store: Store,
    reactor: Reactor,
    wall_ms: Callable[[], int],
    ready: Callable[[str], None],
    watch: Watch,
) -> Writer:
    """Follow until this node may write. It turns the loop until then, and returns or raises ClusterError.

    `ready` hears once that the node's store belongs to the cluster and follows.
    """
    link = connect(settings, reactor)
    node = _Node(settings, store, reactor, Postgres(link), wall_ms, ready, watch)
    writers: list[Writer] = []
    faults: list[Exception | None] = []

    def ended(error: Exception | None) -> None:
        faults.append(error)
        reactor.stop()

    def live() -> Steps[None]:
        writers.append((yield from node.live()))

    drive(live(), ended)
    if not faults:
        reactor.run()
    if not writers:
        link.close()
        raise faults[0] if faults and faults[0] else ClusterError("standing by has ended")
    return writers[0]


class _Node:
    def __init__(
        self,
        settings: Settings,
        store: Store,
        reactor: Reactor,
        engine: Postgres,
        wall_ms: Callable[[], int],
        ready: Callable[[str], None],
        watch: Watch,
    ) -> None:
        self._watch = watch
        self._settings = settings
        self._store = store
        self._reactor = reactor
        self._engine = engine
        self._wall_ms = wall_ms
        self._ready = ready
        self._name = name_of(settings)
        self._copied_s = reactor.clock()
        self._run = secrets.token_hex(8)
        address = f"{settings.host}:{settings.port}"
        self._lease = Lease(secrets.token_hex(16), self._name, address, settings.cluster_lease_s)

    def live(self) -> Steps[Writer]:
        """From the first question to the lease."""
        yield from self._begin()
        state = self._store.load(self._settings.limits())
        log.info("this node stands by, and holds all up to entry %d", self._store.shared.place.position)
        self._ready("Standing by")
        del state
        keep_s = self._settings.cluster_log_keep_s
        follower = Follower(
            self._engine, self._store, self._lease, self._attendance, self._reactor, keep_s, self._watch
        )
        place = yield from follower.follow()
        self._watch.took()
        self._watch.kept(START_S)
        log.info("this node writes for the cluster from entry %d on", place.position + 1)
        tenure = Tenure(self._engine, self._lease, place, self._reactor, self._attendance, self._watch)
        return Writer(tenure, self._engine.link, os.path.dirname(os.path.abspath(self._settings.store)))

    def _attendance(self) -> Attendance:
        """The file is made durable now and then, however little is new: the log is kept for what is not."""
        shared, now_s = self._store.shared, self._reactor.clock()
        if now_s - self._copied_s >= self._settings.cluster_log_keep_s / CHECKPOINTS:
            self._copied_s = now_s
            self._store.ask_checkpoint()
        return Attendance(self._name, self._run, shared.place.position, shared.safe, FORMAT)

    # Whether the store and the tables belong together.

    def _begin(self) -> Steps[None]:
        engine = self._engine
        try:
            fsync, commit, standbys, clock_s, has_tables = yield from engine.settings()
            self._judge(clock_s)
            for warning in engine_warnings(fsync, commit, standbys):
                log.warning("%s", warning)
            if not has_tables:
                yield from engine.make_tables()
            head = yield from engine.head()
            if head is None:
                head = yield from self._found()
            self._engine.cluster = head.cluster
            self._join(head)
            yield from engine.claim(self._attendance())
        except EngineError as error:
            raise ClusterError(refusal(error)) from error
        except WrongVersion as error:
            raise ClusterError(
                f"the cluster's tables are of version {error}, and this program knows version {VERSION}:"
                " install the version that the other nodes have"
            ) from error

    def _judge(self, clock_s: float) -> None:
        """Stamps of messages come from whichever node writes."""
        apart_s = abs(clock_s - self._wall_ms() / 1000)
        if apart_s > CLOCKS_MAX_S:
            raise ClusterError(
                f"the clocks of this machine and of the engine are {apart_s:.0f} s apart: set them, by NTP for example"
            )
        if apart_s > CLOCKS_WARN_S:
            log.warning("the clocks of this machine and of the engine are %.0f s apart: have NTP set both", apart_s)

    def _found(self) -> Steps[Head]:
        """The first node begins the log. Of two, one does, and the other joins."""
        shared, is_empty = self._store.shared, self._is_empty()
        if shared.cluster:
            raise ClusterError(
                f"{self._settings.store} belongs to a cluster, and the database holds none: check --cluster, or begin"
                f" anew from this store: python3 -m chatserver cluster leave --store {self._settings.store}"
            )
        first = NOWHERE if is_empty else Place(0, secrets.token_bytes(32))
        cluster = secrets.token_hex(16)
        yield from self._engine.found(cluster, self._store.name.identity, first, began_empty=is_empty)
        head = yield from self._engine.head()
        if head is None:
            raise ClusterError("the cluster's tables lose what is written to them: look at the engine")
        if head.cluster == cluster:
            log.info("the cluster begins with this store")
        return head

    def _join(self, head: Head) -> None:
        shared, path = self._store.shared, self._settings.store
        if shared.cluster == head.cluster:
            return
        if shared.cluster:
            raise ClusterError(
                f"{path} belongs to another cluster: check --cluster and --store, or take it out of that one with:"
                f" python3 -m chatserver cluster leave --store {path}"
            )
        is_founder = head.epoch == 0 and head.identity == self._store.name.identity
        if is_founder:
            self._store.join(head.cluster, head.place, head.identity)
        elif self._is_empty() and head.began_empty:
            self._store.join(head.cluster, NOWHERE, head.identity)
        else:
            raise ClusterError(
                f"{path} is not of this cluster: start with a copy of another node's store (admin backup there, then"
                " restore here), or name a file that is not there yet if the cluster began empty"
            )

    def _is_empty(self) -> bool:
        return not self._store.load(self._settings.limits()).users


def engine_warnings(fsync: str, commit: str, standbys: str) -> list[str]:
    """What an OK means with the engine's settings, where it is less than it could be."""
    if fsync != "on":
        return ["the engine has fsync off: an OK survives no power cut of its machine; set fsync on"]
    if commit in ("off", "local"):
        return [
            f"the engine has synchronous_commit {commit}: what was answered OK is lost when it fails over; set it on"
        ]
    if not standbys:
        return ["the engine has no synchronous standby: an OK means one disk; set synchronous_standby_names"]
    return []


def refusal(error: EngineError) -> str:
    """What the operator reads where the engine cannot be used."""
    if error.state == "42501":
        return (
            f"the engine refuses this user ({error}): make it the database's owner, or let it create tables in its"
            " schema (GRANT CREATE, USAGE ON SCHEMA) and use pipechat_head, pipechat_log and pipechat_member"
        )
    if error.state:
        return f"the engine refuses ({error}): look at what is in that database, and at --cluster"
    if "read-only" in str(error):
        return f"no host of --cluster takes writes now ({error}): wait for a fail-over to end, or name the primary too"
    return f"the cluster's engine cannot be reached ({error}): check --cluster, and that PostgreSQL runs there"


class Stamps:
    """The wall clock, which never goes behind what was stamped before, also by another node."""

    def __init__(self, wall_ms: Callable[[], int], last_ms: int) -> None:
        self._wall_ms = wall_ms
        self._last_ms = last_ms

    def __call__(self) -> int:
        """Milliseconds since 1970."""
        self._last_ms = max(self._last_ms, self._wall_ms())
        return self._last_ms
