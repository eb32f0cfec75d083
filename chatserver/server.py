"""The server: composes its parts, says in which order things happen, and when."""

import logging
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from chatserver.admin import machine
from chatserver.admin.administration import Administration
from chatserver.admin.desk import Desk
from chatserver.admin.door import AdminDoor
from chatserver.bothost.host import BotHost
from chatserver.core.commands import KeepTokens, Sweep
from chatserver.core.events import (
    AccountDeleted,
    BurstSent,
    FriendAdded,
    MessageDeleted,
    MessageSent,
    OtherSessionsEnded,
    PresenceChanged,
    RoomEnded,
    UserRemoved,
    UserSignedUp,
)
from chatserver.core.outcome import Refused
from chatserver.core.state import State
from chatserver.net.reactor import Reactor
from chatserver.net.workers import Pool, WorkerPool
from chatserver.ops.figures import Figures
from chatserver.ops.health import HealthDoor
from chatserver.ops.housekeeping import Housekeeping
from chatserver.ops.leaps import Leaps
from chatserver.ops.notify import Notify
from chatserver.sessions.backlogs import Backlogs
from chatserver.sessions.client import Client
from chatserver.sessions.departure import Departure
from chatserver.sessions.dispatch import Dispatch
from chatserver.sessions.pacing import Pacing
from chatserver.sessions.reception import Door, Reception
from chatserver.sessions.slow_readers import SlowReaders
from chatserver.settings import Settings
from chatserver.store.errors import StoreBroken, StoreUnavailable
from chatserver.store.store import Store
from chatserver.turn.flusher import Flusher
from chatserver.turn.log import LocalLog, MakeLog
from chatserver.turn.receiver import Receiver
from chatserver.turn.turn import Turn

log = logging.getLogger(__name__)

TICK_S = 1.0
KEEP_TOKENS_TICKS = 3600
FORGET_FAILURES_TICKS = 60


@dataclass(frozen=True)
class Pools:
    """Threads for what would block: a flusher for the log, others for passwords and for long reading."""

    flusher: Flusher
    hashers: Pool
    readers: Pool

    def close(self) -> None:
        """Let them end."""
        self.hashers.close()
        self.readers.close()
        self.flusher.close()


class Server:
    """One server; whatever varies is passed in. It closes what it was given."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        reactor: Reactor,
        pools: Pools,
        doors: Sequence[Door],
        wall_ms: Callable[[], int],
        random_bytes: Callable[[int], bytes],
        host_bots: Callable[[Turn], BotHost],
        make_log: MakeLog = LocalLog,
    ) -> None:
        self.settings = settings
        self.reactor = reactor
        self.failure = ""  # why the process has to end with an error
        self._store = store
        self._pools = pools
        self._clients: dict[Receiver, Client] = {}
        self._stopping = False
        self.going_down: list[Callable[[], None]] = []  # called when it is to end for good, or can go on no more
        self._ticks = 0
        presence_s = settings.presence_ms / 1000
        self.turn = Turn(
            *(store, pools.flusher, settings.limits(), wall_ms, self._look_at_slow, self._break_off, reactor),
            *(presence_s, make_log),
        )
        self._bots = host_bots(self.turn)
        self._dispatch = Dispatch(
            self.turn, reactor, settings, random_bytes, pools.hashers, pools.readers, self._go_on, self._break_off
        )
        self._sessions = self._dispatch.sessions
        self._slow_readers = SlowReaders(self._clients, settings, self._sessions.end, reactor.call_soon, reactor.clock)
        self.reception = Reception(
            self._clients,
            self.turn,
            self._sessions,
            Pacing(self._dispatch, settings, reactor, self.turn.stamp),
            self._slow_readers,
            settings,
            reactor,
            self._bots.hooks.deliver,
            str(store.name),
        )
        self.departure = Departure(self._clients, self._sessions, self.turn, reactor, settings)
        last_ms = max((token.used_ms for token in self.state.tokens.values()), default=0)
        self._leaps = Leaps(wall_ms, reactor.clock, last_ms)
        self._housekeeping = Housekeeping(reactor, store, self.turn, self._break_off)
        self.turn.release.read_backlog = Backlogs(self.turn, reactor).read
        self._subscribe()
        self._bots.attach()
        self.turn.now_ms = 0  # the first turn is later than this
        self.port: int = doors[0].listening.getsockname()[1] if doors else 0
        self.reception.open(doors)
        self.admin_door: AdminDoor | None = None
        self._health_door: HealthDoor | None = None
        self.notify, self._status = Notify({}), ""
        self.administration = Administration(self._desk(random_bytes, live=bool(doors)))
        self._dispatch.administer = self.administration.from_client
        reactor.call_later(TICK_S, self._tick)

    def _subscribe(self) -> None:
        """Who is told of what, in which order."""
        bots, sessions, presence = self._bots, self._sessions, self.turn.presence
        self.turn.subscribers = {
            MessageSent: [bots.hear_message],
            BurstSent: [bots.hear_burst],
            MessageDeleted: [self.turn.tell_origin],
            RoomEnded: [bots.end_room],
            PresenceChanged: [lambda origin, event: presence.changed(event.user)],
            FriendAdded: [lambda origin, event: presence.befriended(event.user, event.friend)],
            OtherSessionsEnded: [sessions.end_others],
            AccountDeleted: [sessions.end_all, bots.forget_user],
            UserRemoved: [sessions.remove],
            UserSignedUp: [lambda origin, event: bots.welcome(event)] if self.settings.greet_new_users else [],
        }
        self.turn.reloaded = [bots.attach]
        self.reactor.before_sleep = [
            self._work_bots,  # what bots answer goes with what they were asked
            self._end_turn,
            self._dispatch.jobs.turn_ended,
            sessions.close_sent,
            self._keep_house,
            self._stop_when_done,
        ]

    def _desk(self, random_bytes: Callable[[int], bytes], *, live: bool) -> Desk:
        """What administrators work with. It has a thread of its own, which starts with the first long command."""
        self._helpers = WorkerPool(1, self.reactor.post)
        return Desk(
            self.turn,
            self._dispatch,
            self.settings,
            self._store,
            self._bots,
            self._clients.values,
            self.reactor.clock,
            random_bytes,
            self._helpers,
            self.stop,
            self.reactor.clock(),
            live,
        )

    def tell(self, notify: Notify, status: str) -> None:
        """Tell a service manager that it serves, and from now on that the loop turns."""
        self.notify, self._status = notify, status
        notify.ready(status)
        if notify.watchdog_s:
            self._show_life()

    def _show_life(self) -> None:
        self.notify.alive()
        self.reactor.call_later(self.notify.watchdog_s / 3, self._show_life)

    def read_again(self) -> None:
        """Read settings and certificates again, as SIGHUP asks."""
        self.notify.reloading()
        outcome = machine.read_again(self.administration.desk)
        log.log(logging.ERROR if isinstance(outcome, Refused) else logging.INFO, "reload: %s", outcome.text)
        self.notify.ready(self._status)

    def open_admin_door(self, path: str) -> None:
        """Let the machine's owner in. Raises OSError where that cannot be."""
        self.admin_door = AdminDoor(self.administration, self.reactor, path)

    def open_health_door(self, listening: socket.socket) -> None:
        """Tell those who watch over the server how it is; only then are figures counted."""
        figures = Figures(self.settings, self.turn, self._dispatch, self.reactor, self._clients.values)
        self._health_door = HealthDoor(self.reactor, listening, self._why_not_ready, figures.render)

    def _why_not_ready(self) -> str:
        if self._stopping:
            return "The server is going down"
        return "The store cannot be written" if self.turn.unavailable or self.failure else ""

    @property
    def state(self) -> State:
        """The chat as it is now."""
        return self.turn.state

    # The life of the server.

    def run(self) -> None:
        """Serve until `stop` is carried out, or until `failure` says why it cannot go on."""
        try:
            self.reactor.run()
        finally:
            self.close()

    def stop(self) -> None:
        """Say good-bye to everybody and end; safe in any thread and in a signal handler."""
        self.reactor.post(self._stop)

    def hand_over(self) -> None:
        """Say good-bye to everybody for a moment, and end: another process serves from then on."""
        self.reactor.post(partial(self._leave, "RESTART"))

    @property
    def is_stopping(self) -> bool:
        """Whether it takes no more clients."""
        return self._stopping

    @property
    def is_in_memory(self) -> bool:
        """Whether all is gone at the end."""
        return self._store.is_in_memory

    def _stop(self) -> None:
        for each in self.going_down:
            each()
        if not self._stopping:
            self.notify.stopping()
            self._leave("SHUTDOWN")

    def _leave(self, reason: str) -> None:
        if self._stopping:
            return
        self._stopping = True
        if self.admin_door is not None:
            self.admin_door.close()
        self.reception.close()
        self.departure.begin(reason)

    def _stop_when_done(self) -> None:
        if self._stopping and not (self.admin_door is not None and self.admin_door.is_busy):
            self.departure.end_when_done()

    def close(self) -> None:
        """Close everything at once; `run` does it at its end."""
        self._stopping = True
        self.reception.close()
        if self.admin_door is not None:
            self.admin_door.close()
        for client in list(self._clients.values()):
            client.receiver.connection.abort()
        try:
            if not self.failure:
                self.turn.close()
                self._store.note_ids(self.turn.stored_message_id)
        except (StoreUnavailable, StoreBroken) as error:
            log.error("what was not acknowledged could not be stored: %s", error)
        if self._health_door is not None:
            self._health_door.close()
        self.notify.close()
        self._pools.close()
        self._helpers.close()
        self._store.close()
        self._bots.close()
        self.reactor.close()

    def _look_at_slow(self, receiver: Receiver) -> None:
        self._slow_readers.look(receiver)

    def _go_on(self, client: Client) -> None:
        self.reception.go_on(client)

    # The end of a turn, and what happens by the clock.

    def _work_bots(self) -> None:
        if self.failure:
            return
        try:
            self._bots.work()
        except Exception:
            log.exception("a defect in the work of bots")
            self.turn.defect()

    def _end_turn(self) -> None:
        if not self.failure:  # else nothing that is staged may leave
            self._housekeeping.make_room()
            self.turn.end()

    def _keep_house(self) -> None:
        if not self.failure and not self._stopping:  # one chore behind another would keep the server from ending
            self._housekeeping.turn_ended()

    def _break_off(self, error: Exception) -> None:
        """Go no further: what is on the disk is not known, and nothing that is staged may leave."""
        self.failure = str(error)
        log.critical("the server ends: %s", error)
        self.reactor.stop()

    def _tick(self) -> None:
        """Once a second: whatever goes by the clock."""
        if self.failure:
            return  # nothing more is tried with a disk that has not confirmed a write
        self.reactor.call_later(TICK_S, self._tick)
        self._ticks += 1
        self.reception.go_round()
        self._housekeeping.tick()
        self._leaps.look()
        if self._ticks % FORGET_FAILURES_TICKS == 0:
            self._dispatch.throttle.forget_old()
        if self._leaps.is_trusted:
            self._remove_old()

    def _remove_old(self) -> None:
        """Once an hour: what is over by the wall clock."""
        if self._ticks % KEEP_TOKENS_TICKS == 0:
            self.turn.execute(None, KeepTokens(self._sessions.tokens_in_use(), self.turn.stamp()))
            self.turn.execute(None, Sweep(self.turn.stamp()))
        if self._ticks % KEEP_TOKENS_TICKS == 1:
            machine.keep_history(self.administration.desk)
