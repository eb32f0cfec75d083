"""The wiring: who is connected, what a line leads to, and what a turn does in which order.

Lines become requests (`session`), requests become commands and queries, commands change State and stage
frames (`turn`); at the end of the turn they are committed and sent. It holds no rule of the chat.
"""

import logging
import socket
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chatserver.bothost.host import BotHost
from chatserver.core.commands import (
    Command,
    DeleteMessage,
    EditMessage,
    KeepTokens,
    LogOut,
    MarkRead,
    React,
    SendBurst,
)
from chatserver.core.events import BurstSent, MessageSent, UserSignedUp
from chatserver.core.outcome import Outcome, Refused
from chatserver.core.state import State
from chatserver.net.connection import Connect, Connection
from chatserver.net.listener import FULL, Listener
from chatserver.net.reactor import Reactor
from chatserver.net.workers import WorkerPool
from chatserver.ops.housekeeping import Housekeeping
from chatserver.protocol.names import name_key
from chatserver.protocol.render import err, hello, items, ok, oks
from chatserver.queries import answers, long_answers
from chatserver.queries.requests import (
    Answer,
    AskDeleteAccount,
    AskLogIn,
    AskQuit,
    AskResume,
    AskSetPassword,
    AskSignUp,
    LongQuery,
    Query,
    ShowFriends,
    ShowMembers,
)
from chatserver.sessions.logins import Logins
from chatserver.sessions.pacing import Lines
from chatserver.sessions.peer import Peer
from chatserver.sessions.sessions import LEFT, Sessions
from chatserver.sessions.slices import Slices
from chatserver.sessions.throttle import LoginThrottle
from chatserver.settings import Settings
from chatserver.store.errors import StoreBroken, StoreUnavailable
from chatserver.store.store import Store
from chatserver.turn.failure import UNAVAILABLE
from chatserver.turn.outbox import Aside
from chatserver.turn.turn import Turn

log = logging.getLogger(__name__)

TICK_S = 1.0
KEEP_TOKENS_TICKS = 3600
FORGET_FAILURES_TICKS = 60
QUERY_BYTES = 50_000  # what a query weighs beside its answer: it may take ms, so a client gets a few of them a turn
_HELLO = hello("Welcome. HELP lists the commands; SIGNUP|username|password makes an account")
_INTERNAL = Refused("INTERNAL", "The server has a defect and could not do this: nothing has changed, please report it")


class Server:
    """One server; whatever varies is passed in. It closes what it was given."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        reactor: Reactor,
        pool: WorkerPool,
        listening: socket.socket,
        wall_ms: Callable[[], int],
        random_bytes: Callable[[int], bytes],
        host_bots: Callable[[Turn], BotHost],
        connect: Connect = Connection,
    ) -> None:
        self.settings = settings
        self.reactor = reactor
        self.turn = Turn(store, settings.limits(), wall_ms, self._too_slow, reactor, settings.presence_ms / 1000)
        self._bots = host_bots(self.turn)
        # By place: a named field costs 25 ns, and this is the path of a message.
        self.turn.effects[MessageSent] = lambda origin, event: self._bots.hear(event[2], event[3], event[4:5])
        self.turn.effects[BurstSent] = lambda origin, event: self._bots.hear(event[2], event[3], event[4])
        if settings.greet_new_users:
            self.turn.effects[UserSignedUp] = lambda origin, event: self._bots.welcome(event)
        self.turn.reloaded = self._bots.attach
        self._bots.attach()
        self.turn.now_ms = 0  # the first turn is later than this
        self.port: int = listening.getsockname()[1]
        self.failure = ""  # why the process has to end with an error
        self._store = store
        self._pool = pool
        self._peers: dict[Peer, None] = {}
        self._addresses: dict[str, int] = {}  # address → connections from it
        self._stopping = False
        self._ticks = 0
        lines = Lines(self, settings, reactor, self.turn.stamp)
        self.run_line, self.run_lines = lines.run_line, lines.run_lines  # without a call between: the path of a message
        self._sessions = Sessions(self, self.turn, reactor, settings, random_bytes)
        self._housekeeping = Housekeeping(reactor, store, self.turn, self._break)
        self._throttle = LoginThrottle(settings.logins_per_minute, reactor.clock)
        self._logins = Logins(self, pool, self._throttle, settings.password_hash_cost, random_bytes)
        self._slices = Slices(self, reactor.clock, reactor.call_soon)
        self._connect = connect
        farewell = b"" if settings.tls_certificate else FULL  # with TLS nothing can be said before the handshake
        self._listener = Listener(reactor, listening, self._welcome, self._has_place, farewell)
        self._routes = self._make_routes()
        reactor.before_sleep = self._end_turn
        reactor.call_later(TICK_S, self._tick)

    def _make_routes(self) -> dict[type, Callable[[Peer, str, Any], None]]:  # Any: each row takes its own request
        """What answers each request; those that are not here are commands of the core."""
        return {
            Refused: self.answer,
            Answer: self.answer,
            AskSignUp: self._logins.sign_up,
            AskLogIn: self._logins.log_in,
            AskSetPassword: self._logins.set_password,
            AskDeleteAccount: self._logins.delete_account,
            AskResume: self._resume,
            AskQuit: self._quit,
            LogOut: self._sessions.log_out,
            **dict.fromkeys((EditMessage, DeleteMessage, React), self._change),
            **dict.fromkeys(answers.TABLE, self._query),
            **dict.fromkeys(long_answers.TABLE, self._long_query),
            **dict.fromkeys((ShowFriends, ShowMembers), self._show_presence),
        }

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
        self._listener.close()
        self.turn.sessions.clear()  # nobody needs to hear that everybody goes
        for peer in list(self._peers):
            self._sessions.end(peer, "SHUTDOWN")
        self.reactor.call_later(self.settings.shutdown_s, self.reactor.stop)

    def close(self) -> None:
        """Close everything at once; `run` does it at its end."""
        if not self._stopping:
            self._listener.close()
        self._stopping = True
        for peer in list(self._peers):
            peer.connection.abort()
        try:
            if not self.failure:
                self.turn.close()
        except (StoreUnavailable, StoreBroken) as error:
            log.error("what was not acknowledged could not be stored: %s", error)
        self._store.close()
        self._pool.close()
        self._bots.close()
        self.reactor.close()

    # Clients come and go.

    def _has_place(self, address: str) -> bool:
        most = self.settings.connections_per_address_max
        if len(self._peers) >= self.settings.connections_max:
            return False
        return not most or self._addresses.get(address, 0) < most

    def _welcome(self, connected: socket.socket, address: str) -> None:
        peer = Peer(self, address)
        peer.connection = self._connect(self.reactor, connected, peer, self.settings.read_bytes_per_turn)
        self._peers[peer] = None
        self._addresses[address] = self._addresses.get(address, 0) + 1
        self._sessions.expect_login(peer)
        self.turn.stage(peer, _HELLO)

    def peer_lost(self, peer: Peer) -> None:
        """A connection is closed: its place is free now; friends hear of it in the next turn."""
        del self._peers[peer]
        self._sessions.forget(peer)
        self._addresses[peer.address] -= 1
        if not self._addresses[peer.address]:
            del self._addresses[peer.address]
        if not self._stopping:
            self.reactor.call_soon(lambda: self._gone(peer))

    def _gone(self, peer: Peer) -> None:
        self.turn.handover.progressed(peer)
        peer.outbox = None
        self._sessions.leave(peer)

    def peer_drained(self, peer: Peer) -> None:
        """A slow client has caught up: its commands go on."""
        self.turn.handover.progressed(peer)
        peer.outbox = None
        self.run_lines(peer)

    # Lines become requests.

    def do_line(self, peer: Peer, line: str, now_ms: int) -> None:
        """Do what one line says, and answer it."""
        echo = "?"
        try:
            echo, request = peer.session.read(line, now_ms)
            route = self._routes.get(type(request))
            if route is None:
                self.answer(peer, echo, self.turn.execute(peer, request))  # type: ignore[arg-type]  # it is a Command
            else:
                route(peer, echo, request)
        except Exception as error:  # a session's edge: one client's command must not end the others
            self._failed(peer, echo, error)

    def do_burst(self, peer: Peer, lines: list[str], command: SendBurst) -> None:
        """Do lines that are one command. Where one cannot be sent none is, and each gets an answer of its own."""
        try:
            outcome = self.turn.execute(peer, command)
        except Exception as error:  # a session's edge
            self._failed(peer, "SENDMESSAGE", error)
            del lines[0]
        else:
            if not isinstance(outcome, Refused):
                self.turn.stage(peer, oks("SENDMESSAGE", outcome[1]))
                return
        for line in lines:
            self.do_line(peer, line, command.now_ms)

    def all_done(self, peer: Peer) -> None:
        """A client that sends no more is answered: it goes."""
        self._sessions.end(peer, LEFT)

    def attempt(self, peer: Peer, echo: str, action: Callable[[], None]) -> None:
        """Do something for a peer that did not come from a line just now."""
        try:
            action()
        except Exception as error:  # a session's edge
            self._failed(peer, echo, error)

    def _failed(self, peer: Peer, echo: str, error: Exception) -> None:
        try:
            if isinstance(error, StoreBroken):
                self._break(error)
            elif isinstance(error, StoreUnavailable):
                self.turn.unavailable = True
                self.turn.fail(str(error))
                self.answer(peer, echo, UNAVAILABLE)
            else:
                log.error("a defect in %s", echo.partition("#")[0], exc_info=error)
                self.turn.defect()
                self.answer(peer, echo, _INTERNAL)
        except (StoreBroken, sqlite3.Error) as unreadable:  # State cannot be loaded again
            self._break(unreadable)

    # Requests become answers.

    def answer(self, peer: Peer, echo: str, outcome: Outcome | Answer) -> None:
        """Stage the reply to a command, and the good-byes that the command has brought about."""
        if peer.connection.closed:
            return
        if type(outcome) is tuple:  # the usual case first
            frame = ok(echo, outcome[1])
        elif type(outcome) is Refused:
            frame = err(echo, outcome.code, outcome.text)
        elif isinstance(outcome, Answer):
            frame = ok(echo, outcome.fields) if outcome.rows is None else items(echo, outcome.rows, outcome.fields)
            peer.staged_bytes += len(frame)
            if outcome.marks:
                peer.staged_bytes += len(outcome.marks)
                self.turn.stage(peer, Aside(outcome.marks))
        self.turn.stage(peer, frame)
        self._sessions.answered()

    def proceed(self, peer: Peer) -> None:
        """Go on with the lines that waited for an answer."""
        if not peer.connection.closed:
            self.run_lines(peer)

    def now_ms(self) -> int:
        """The wall clock of this turn."""
        return self.turn.stamp()

    def execute(self, origin: Peer | None, command: Command) -> Outcome:
        """Do a command in this turn."""
        return self.turn.execute(origin, command)

    def _query(self, peer: Peer, echo: str, query: Query) -> None:
        answer = answers.answer(self.state, self.turn.history(), peer.session.user, query)
        peer.staged_bytes += QUERY_BYTES
        self.answer(peer, echo, answer)

    def _long_query(self, peer: Peer, echo: str, query: LongQuery) -> None:
        self._slices.start(peer, echo, long_answers.job(self.turn, peer.session.user, query))

    def finish(self, peer: Peer, echo: str, result: Answer | Refused | MarkRead) -> None:
        """Answer a long query; one that has found what a command needs becomes that command."""
        if isinstance(result, Answer) and result.passed is not None:
            peer.synced.append(result.passed)
        self.answer(peer, echo, self.turn.execute(peer, result) if isinstance(result, MarkRead) else result)

    def _change(self, peer: Peer, echo: str, command: EditMessage | DeleteMessage | React) -> None:
        found = self.turn.history().changes.found(command.id, command.user)
        self.answer(peer, echo, self.turn.execute(peer, replace(command, found=found)))

    def _show_presence(self, peer: Peer, echo: str, query: ShowFriends | ShowMembers) -> None:
        self.turn.presence.shown(peer.session.user)
        self._query(peer, echo, query)

    def open_session(self, peer: Peer, echo: str, user: int) -> Outcome:
        """Log a peer in with a new token."""
        return self._sessions.open_session(peer, echo, user)

    def _resume(self, peer: Peer, echo: str, ask: AskResume) -> None:
        key = name_key(ask.name)
        outcome = self._logins.throttled(peer.address, key)
        if outcome is None:
            tried = self._sessions.resume(peer, echo, ask.name, ask.token)
            if not isinstance(tried, Refused):
                return
            self._logins.failed(peer.address, key)
            outcome = tried
        self.answer(peer, echo, outcome)

    def _quit(self, peer: Peer, echo: str, ask: AskQuit) -> None:
        self.turn.stage(peer, ok(echo))
        self._sessions.end(peer, "QUIT")

    # The end of a turn, and what happens by the clock.

    def _too_slow(self, peer: Peer) -> None:
        """A client that does not read the events it is sent is closed; what it asked for itself does not count."""
        replies = peer.outbox.replies if peer.outbox else 0
        if peer.connection.unsent - replies <= self.settings.send_bytes_max or not peer.session.reads:
            return
        self.turn.handover.progressed(peer)
        self.turn.handover.settle()
        peer.heard_until = 0  # what is dropped now is not delivered
        peer.connection.drop_unsent()
        self.reactor.call_soon(lambda: self._sessions.end(peer, "TOO_SLOW"))

    def _end_turn(self) -> None:
        if self.failure:
            return  # nothing that is staged may leave
        try:
            self._work_bots()
            stored = self.turn.end()
        except (StoreBroken, sqlite3.Error) as error:
            self._break(error)
            return
        self._slices.turn_ended()
        self._sessions.turn_ended()
        self._housekeeping.turn_ended(stored, self.turn.answered)
        if self._stopping and not any(peer.connection.unsent for peer in self._peers):
            self.reactor.stop()

    def _work_bots(self) -> None:
        try:
            self._bots.work()
        except Exception:
            log.exception("a defect in the work of bots")
            self.turn.defect()

    def _break(self, error: Exception) -> None:
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
            self._throttle.forget_old()
        if self._ticks % KEEP_TOKENS_TICKS == 0:
            self.turn.execute(None, KeepTokens(self._sessions.tokens_in_use(), self.now_ms()))
