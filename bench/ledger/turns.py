"""A turn of messages through the server's own functions, one stage for all messages at a time.

It takes the path that the server takes: what a client sends together to one party is one command
and one event, a message that comes alone is itself. It knows the server's inside, and no loop.
"""

import socket
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from time import time_ns
from types import TracebackType
from typing import Self

from bench import BenchError
from bench.ledger.stopwatch import Stopwatch, weigh_tare_s
from chatserver.core.audience import TABLE as DELIVER
from chatserver.core.audience import Delivery
from chatserver.core.commands import AcceptFriend, AddFriend, Command, SendBurst, SendMessage, SignUp
from chatserver.core.decide import TABLE as DECIDE
from chatserver.core.events import BurstSent, MessageSent
from chatserver.core.evolve import TABLE as EVOLVE
from chatserver.core.outcome import Outcome, Refused
from chatserver.fronts.pipe.front import Pipe
from chatserver.net.reactor import Reactor
from chatserver.protocol.frames import LineReader
from chatserver.protocol.render import ok, oks
from chatserver.sessions.client import Client
from chatserver.settings import build
from chatserver.store.store import UNLISTED_BUSY, UNLISTED_IDLE, Store
from chatserver.turn.flusher import FlusherThread
from chatserver.turn.receiver import Receiver
from chatserver.turn.records import Record, Reply
from chatserver.turn.turn import Turn

TEXT = "x" * 64
RECEIVE_BYTES = 65536
WINDOW_MAX = 256
"""The server runs no more commands of one client in a turn (`commands_per_turn`, by itself)."""
TURNS_MAX = 200
"""Turns that are run for one slice of what is done later; a small load has less in it than a busy server's."""

STAGES = (
    *("read", "frame", "parse, session", "decide", "evolve", "deliver, render", "render the OK", "stage"),
    *("store", "send"),
)
"""What is done in the turn of a message."""
LIST, CHECKPOINT = LATER = ("list, later", "checkpoint, later")
"""What a busy server does behind the messages: many turns' posting lists at a time; moving the log to the tables."""


Written = SendMessage | SendBurst


class _Nobody:
    """The host of clients that are never run."""

    def run_line(self, client: Client, line: str) -> None:
        """Nothing runs here."""

    def run_lines(self, client: Client) -> None:
        """Nothing runs here."""

    def client_drained(self, client: Client) -> None:
        """Nothing waits."""

    def client_lost(self, client: Client) -> None:
        """Nothing is lost."""


class Turns:
    """A server's inside without its loop: pairs of friends, their sessions, and a socket to send through."""

    def __init__(self, pairs: int, window: int, store_path: str, sync: str) -> None:
        self._stack = ExitStack()
        settings = build(file={}, environment={}, given={})
        self._store = Store(store_path, sync)
        self._stack.callback(self._store.close)
        reactor = Reactor()
        self._stack.callback(reactor.close)
        flusher = FlusherThread(reactor.post)
        self._stack.callback(flusher.close)
        self._turn = Turn(
            self._store, flusher, settings.limits(), _wall_ms, lambda receiver: None, _give_up, reactor, 0.0
        )
        self._socket, self._far = self._stack.enter_context(_connected())
        self._window = window
        self._tare_s = weigh_tare_s()
        self._routes = [self._befriend(number) for number in range(pairs)]
        self._readers = [LineReader() for _ in self._routes]
        self._end_turn()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def run(self) -> dict[str, float]:
        """One turn: every pair's window of messages through every stage. Returns seconds by stage."""
        watch = Stopwatch(self._tare_s)
        state, now = self._turn.state, self._turn.stamp()
        senders = [sender for sender, _, _ in self._routes]
        received = [self._receive(watch, chunk) for _, _, chunk in self._routes]
        with watch("frame"):
            lines = [reader.feed(chunk) for reader, chunk in zip(self._readers, received, strict=True)]
        with watch("parse, session"):
            asked = [_understood(sender, run, now) for sender, run in zip(senders, lines, strict=True)]
        with watch("decide"):
            outcomes = [DECIDE[type(command)](state, command) for command in asked]
        events = self._numbered(outcomes)
        with watch("evolve"):
            for event in events:
                EVOLVE[type(event)](state, event)
        with watch("deliver, render"):
            heard = [DELIVER[type(event)](state, event) for event in events]
        render = oks if isinstance(events[0], BurstSent) else ok
        with watch("render the OK"):
            replies = [render("SENDMESSAGE", outcome[1]) for outcome in outcomes]
        with watch("stage"):
            self._stage(senders, events, heard, replies)
        with watch("store"):
            self._store.write(events)
            self._store.seal()
            self._store.commit()
            self._store.committed()
        for sender, receiver, _ in self._routes:
            self._send(watch, sender.receiver)
            self._send(watch, receiver.receiver)
        self._turn.batch.dirty.clear()
        return watch.seconds

    def later(self, sweeps: int) -> dict[str, float]:
        """What a busy server puts off, while more turns run: seconds a message, by stage.

        Lists are stored once as much waits as a busy server lets wait. They have commits of their own here, which the
        server saves; that is some 50 µs for hundreds of lists.
        """
        watch, state, postings = Stopwatch(self._tare_s), self._turn.state, self._store.history.postings
        enough = max(UNLISTED_IDLE, min(UNLISTED_BUSY, TURNS_MAX * self._window * len(self._routes)))
        before = state.last_message_id
        for _ in range(sweeps):
            while state.last_message_id - postings.indexed_id < enough:
                self.run()
                with watch(CHECKPOINT):
                    if self._store.needs_checkpoint(idle=False):
                        self._store.checkpoint()
            while postings.indexed_id < state.last_message_id:
                with watch(LIST):
                    self._store.has_chore(busy=False)
                    self._store.commit()
                    self._store.committed()
        written = state.last_message_id - before
        return {stage: max(0.0, watch.seconds[stage]) / written for stage in (LIST, CHECKPOINT)}

    def _befriend(self, number: int) -> tuple[Client, Client, bytes]:
        """Two users who are friends, with a session each; and what the first sends in a turn."""
        clients = []
        for name in (f"a{number}", f"b{number}"):
            self._do(SignUp(name, "", _wall_ms()))
            user = self._turn.state.find(name)
            assert user is not None
            client = Client(_Nobody(), Pipe(), "")
            client.log_in(user.id, name, b"")
            self._turn.hearers[user.id] = [client.receiver]
            clients.append(client)
        one, other = clients
        self._do(AddFriend(one.user, other.name, _wall_ms()))
        self._do(AcceptFriend(other.user, one.name, _wall_ms()))
        for client in clients:
            client.receiver.staged.clear()
        self._turn.batch.dirty.clear()
        line = f"SENDMESSAGE|{one.name}|{other.name}|{TEXT}\n".encode()
        return one, other, line * self._window

    def _do(self, command: Command) -> None:
        outcome = self._turn.execute(None, command)
        if isinstance(outcome, Refused):
            raise BenchError(f"The ledger could not make its users: {outcome.text}")

    def _receive(self, watch: Stopwatch, chunk: bytes) -> bytes:
        self._far.sendall(chunk)
        with watch("read"):
            return self._socket.recv(RECEIVE_BYTES)

    def _numbered(self, outcomes: Sequence[Outcome]) -> list[MessageSent | BurstSent]:
        """The events with ids in their order: all were decided on one state, so all got the same."""
        numbered: list[MessageSent | BurstSent] = []
        next_id = self._turn.state.last_message_id + 1
        for event in (event for outcome in outcomes for event in outcome[0]):
            if isinstance(event, BurstSent):
                numbered.append(event._replace(first_id=next_id))
                next_id += len(event.texts)
            elif isinstance(event, MessageSent):
                numbered.append(event._replace(id=next_id))
                next_id += 1
        return numbered

    def _stage(
        self,
        senders: Sequence[Client],
        events: Sequence[MessageSent | BurstSent],
        heard: Sequence[Collection[Delivery]],
        replies: Sequence[bytes],
    ) -> None:
        """As the turn does: to everybody who hears it but the sender, and the reply to the sender."""
        tell, stage = self._turn.tell, self._turn.stage
        for deliveries, event, reply, sender in zip(heard, events, replies, senders, strict=True):
            for users, frame in deliveries:
                tell(users, (frame, event[0], event), sender.receiver)
            stage(sender.receiver, Reply(reply, 0, "SENDMESSAGE", 1))

    def _send(self, watch: Stopwatch, receiver: Receiver) -> None:
        with watch("send"):
            records: list[Record] = receiver.staged
            data = records[0][0] if len(records) == 1 else b"".join([record[0] for record in records])
            sent = self._socket.send(data)
        receiver.staged = []
        while sent:
            sent -= len(self._far.recv(sent))

    def _end_turn(self) -> None:
        """What makes the users is stored, and waits for nobody."""
        self._turn.end()
        self._turn.log.settle()


def _understood(client: Client, lines: Sequence[str], now_ms: int) -> Written:
    """What `Server.run_line` and `Server.run_lines` make of what a client sent: one command in either case."""
    if len(lines) == 1:
        return client.front.read(client, lines[0], now_ms)[1]  # type: ignore[return-value]  # it is a SENDMESSAGE
    waiting = deque(lines)
    burst = client.front.read_burst(client, waiting, WINDOW_MAX, now_ms)
    assert burst is not None
    for _ in burst.texts:
        waiting.popleft()
    return burst


def _give_up(error: Exception) -> None:
    raise BenchError(f"The ledger's store failed: {error}")


def _wall_ms() -> int:
    return time_ns() // 1_000_000


@contextmanager
def _connected() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of one TCP connection over the loopback, as a client's is."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        far = socket.create_connection(listener.getsockname())
        near, _ = listener.accept()
    with near, far:
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield near, far
