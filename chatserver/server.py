"""The server: composes its parts, says in which order things happen, and takes clients in at its doors."""

import logging
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatserver.bothost.host import BotHost
from chatserver.core.commands import KeepTokens
from chatserver.core.events import (
    AccountDeleted,
    BurstSent,
    FriendAdded,
    MessageSent,
    OtherSessionsEnded,
    PresenceChanged,
    UserSignedUp,
)
from chatserver.core.state import State
from chatserver.net.connection import Connect, Connection
from chatserver.net.listener import Listener
from chatserver.net.reactor import Reactor
from chatserver.net.workers import Pool
from chatserver.ops.housekeeping import Housekeeping
from chatserver.sessions.backlogs import Backlogs
from chatserver.sessions.client import Client, Front
from chatserver.sessions.dispatch import Dispatch
from chatserver.sessions.pacing import Pacing
from chatserver.sessions.phases import OPEN
from chatserver.settings import Settings
from chatserver.store.errors import StoreBroken, StoreUnavailable
from chatserver.store.store import Store
from chatserver.turn.receiver import Receiver
from chatserver.turn.records import standing
from chatserver.turn.turn import Turn

log = logging.getLogger(__name__)

TICK_S = 1.0
KEEP_TOKENS_TICKS = 3600
FORGET_FAILURES_TICKS = 60


@dataclass(frozen=True)
class Door:
    """A listening socket, how those who come in speak, and what their connections are."""

    listening: socket.socket
    front: Front
    connect: Connect = Connection


@dataclass(frozen=True)
class Pools:
    """Threads for what would block: a flusher for the log, others for passwords and for long reading."""

    flusher: Pool
    hashers: Pool
    readers: Pool

    def close(self) -> None:
        """Let them end."""
        for pool in (self.hashers, self.readers, self.flusher):
            pool.close()


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
    ) -> None:
        self.settings = settings
        self.reactor = reactor
        self.failure = ""  # why the process has to end with an error
        self._store = store
        self._pools = pools
        self._clients: dict[Receiver, Client] = {}
        self._addresses: dict[str, int] = {}  # address → connections from it
        self._stopping = False
        self._ticks = 0
        presence_s = settings.presence_ms / 1000
        self.turn = Turn(
            store, pools.flusher, settings.limits(), wall_ms, self._too_slow, self._break_off, reactor, presence_s
        )
        self._bots = host_bots(self.turn)
        self._dispatch = Dispatch(
            self.turn, reactor, settings, random_bytes, pools.hashers, pools.readers, self._run_lines, self._break_off
        )
        self._sessions = self._dispatch.sessions
        pacing = Pacing(self._dispatch, settings, reactor, self.turn.stamp)
        self.run_line, self.run_lines = pacing.run_line, pacing.run_lines  # without a call between: a message's path
        self._housekeeping = Housekeeping(reactor, store, self.turn, self._break_off)
        self.turn.release.read_backlog = Backlogs(self.turn, reactor).read
        self._subscribe()
        self._bots.attach()
        self.turn.now_ms = 0  # the first turn is later than this
        self.port: int = doors[0].listening.getsockname()[1]
        self._listeners = [self._open(door) for door in doors]
        reactor.call_later(TICK_S, self._tick)

    def _subscribe(self) -> None:
        """Who is told of what, in which order."""
        bots, sessions, presence = self._bots, self._sessions, self.turn.presence
        self.turn.subscribers = {
            MessageSent: [bots.hear_message],
            BurstSent: [bots.hear_burst],
            PresenceChanged: [lambda origin, event: presence.changed(event.user)],
            FriendAdded: [lambda origin, event: presence.befriended(event.user, event.friend)],
            OtherSessionsEnded: [sessions.end_others],
            AccountDeleted: [sessions.end_all],
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

    def _open(self, door: Door) -> Listener:
        def welcome(connected: socket.socket, address: str) -> None:
            self._welcome(door, connected, address)

        return Listener(self.reactor, door.listening, welcome, self._has_place, door.front.farewell)

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

    def _stop(self) -> None:
        if self._stopping:
            return
        self._stopping = True
        for listener in self._listeners:
            listener.close()
        self.turn.hearers.clear()  # nobody needs to hear that everybody goes
        for client in list(self._clients.values()):
            self._sessions.end(client, "SHUTDOWN")
        self.reactor.call_later(self.settings.shutdown_s, self.reactor.stop)

    def _stop_when_done(self) -> None:
        if not self._stopping or not self.turn.is_settled:
            return
        if not any(receiver.connection.unsent or receiver.cork for receiver in self._clients):
            self.reactor.stop()

    def close(self) -> None:
        """Close everything at once; `run` does it at its end."""
        if not self._stopping:
            for listener in self._listeners:
                listener.close()
        self._stopping = True
        for client in list(self._clients.values()):
            client.receiver.connection.abort()
        try:
            if not self.failure:
                self.turn.close()
        except (StoreUnavailable, StoreBroken) as error:
            log.error("what was not acknowledged could not be stored: %s", error)
        self._pools.close()
        self._store.close()
        self._bots.close()
        self.reactor.close()

    # Clients come and go.

    def _has_place(self, address: str) -> bool:
        most = self.settings.connections_per_address_max
        if len(self._clients) >= self.settings.connections_max:
            return False
        return not most or self._addresses.get(address, 0) < most

    def _welcome(self, door: Door, connected: socket.socket, address: str) -> None:
        client = Client(self, door.front, address)
        receiver = client.receiver
        receiver.connection = door.connect(self.reactor, connected, client, self.settings.read_bytes_per_turn)
        self._clients[receiver] = client
        self._addresses[address] = self._addresses.get(address, 0) + 1
        self._sessions.expect_login(client)
        self.turn.stage_behind(receiver, standing(door.front.greeting), None)

    def client_lost(self, client: Client) -> None:
        """A connection is closed: its place is free now; friends hear of it in the next turn."""
        del self._clients[client.receiver]
        self._sessions.forget(client)
        self._addresses[client.address] -= 1
        if not self._addresses[client.address]:
            del self._addresses[client.address]
        if not self._stopping:
            self.reactor.call_soon(lambda: self._gone(client))

    def _gone(self, client: Client) -> None:
        self.turn.credit.progressed(client.receiver)
        client.receiver.book = None
        self._sessions.leave(client)

    def client_drained(self, client: Client) -> None:
        """A slow client has caught up: its commands go on."""
        self.turn.credit.progressed(client.receiver)
        client.receiver.book = None
        self.run_lines(client)

    def _run_lines(self, client: Client) -> None:
        """Go on with lines that have waited."""
        if not client.receiver.connection.closed:
            self.run_lines(client)

    def _too_slow(self, receiver: Receiver) -> None:
        """A client that does not read the events it is sent is closed; what it asked for itself does not count."""
        client, book = self._clients.get(receiver), receiver.book
        if client is None or book is None or book.event_bytes <= self.settings.send_bytes_max:
            return
        if client.phase not in OPEN:
            return  # it is going already
        connection = receiver.connection
        connection.drop_unsent(book.rest_of_frame(connection.unsent, connection.committed))
        receiver.book = None  # what is dropped now is not delivered
        receiver.over = True  # nor must what gathers behind it leave: its credit would count for all up to its id
        self.reactor.call_soon(lambda: self._sessions.end(client, "TOO_SLOW"))

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
        self.reactor.call_later(TICK_S, self._tick)
        self._ticks += 1
        self._sessions.end_late()
        self._housekeeping.tick()
        if self._ticks % FORGET_FAILURES_TICKS == 0:
            self._dispatch.throttle.forget_old()
        if self._ticks % KEEP_TOKENS_TICKS == 0:
            self.turn.execute(None, KeepTokens(self._sessions.tokens_in_use(), self.turn.stamp()))
