"""`bench ledger`: where the microseconds of one message go, stage by stage.

The one part of the bench that looks inside the server: it takes the server's own
functions for a turn of messages, one stage for all messages at a time, in this
process and on one core, and takes processor time: the wait for a disk is not in it.
The sum is set against the whole server's processor time for the same load; what is
left over is the loop, the wiring between the stages and what the kernel does when
it wakes somebody.
"""

import gc
import json
import socket
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import process_time, time_ns
from types import TracebackType
from typing import Self

from bench import BenchError
from bench.process import cores, on_core
from bench.progress import Progress
from bench.runner import run_scenario
from bench.servers import ServerOptions
from chatserver.core.commands import AcceptFriend, AddFriend, Command, SendMessage, SignUp
from chatserver.core.decide import TABLE as DECIDE
from chatserver.core.deliver import TABLE as DELIVER
from chatserver.core.deliver import Delivery
from chatserver.core.events import MessageSent
from chatserver.core.evolve import TABLE as EVOLVE
from chatserver.core.outcome import Outcome, Refused
from chatserver.peer import Peer
from chatserver.protocol.frames import LineReader
from chatserver.protocol.render import ok
from chatserver.reactor import Reactor
from chatserver.settings import build
from chatserver.store.store import Store
from chatserver.turn import Turn

TURNS = 15
WARM_TURNS = 3
TARE_RUNS = 2000
TEXT = "x" * 64
RECEIVE_BYTES = 65536
ORDER = (
    *("read", "frame", "parse, session", "decide", "evolve", "deliver, render", "render the OK", "stage"),
    *("store", "send"),
)
"""The stages in the order a message goes through them."""


@dataclass
class Ledger:
    """The best of each stage over several turns, in CPU µs a message, and the whole server's for the same load."""

    window: int
    store: str
    stages: dict[str, float]
    whole: float | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def rest(self) -> float | None:
        """What the stages do not explain."""
        return None if self.whole is None else self.whole - sum(self.stages.values())


class _Nobody:
    """The host of peers that are never run."""

    def run_line(self, peer: Peer, line: str) -> None:
        """Nothing runs here."""

    def run_lines(self, peer: Peer) -> None:
        """Nothing runs here."""

    def peer_drained(self, peer: Peer) -> None:
        """Nothing waits."""

    def peer_lost(self, peer: Peer) -> None:
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
        self._turn = Turn(self._store, settings.limits(), _wall_ms, lambda peer: None, reactor, 0.0)
        self._socket, self._far = self._stack.enter_context(_connected())
        self._window = window
        self._tare_s = _tare_s()
        self._routes = [self._befriend(number) for number in range(pairs)]
        self._readers = [LineReader() for _ in self._routes]
        self._turn.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def run(self) -> dict[str, float]:
        """One turn: every pair's window of messages through every stage. Returns seconds by stage."""
        watch = Stopwatch(self._tare_s)
        state, now = self._turn.state, self._turn.stamp()
        received = [self._receive(watch, chunk) for _, _, chunk in self._routes]
        with watch("frame"):
            lines = [reader.feed(chunk) for reader, chunk in zip(self._readers, received, strict=True)]
        with watch("parse, session"):
            asked = self._parse(lines, now)
        with watch("decide"):
            outcomes = [DECIDE[SendMessage](state, command) for command in asked]
        events = self._numbered(outcomes)
        with watch("evolve"):
            for event in events:
                EVOLVE[MessageSent](state, event)
        with watch("deliver, render"):
            heard = [DELIVER[MessageSent](state, event) for event in events]
        with watch("render the OK"):
            oks = [ok("SENDMESSAGE", outcome[1]) for outcome in outcomes]
        with watch("stage"):
            self._stage(heard, oks)
        with watch("store"):
            self._store.write(events)
            self._store.commit()
        for sender, receiver, _ in self._routes:
            self._send(watch, sender)
            self._send(watch, receiver)
        self._turn.end()
        return watch.seconds

    def _befriend(self, number: int) -> tuple[Peer, Peer, bytes]:
        """Two users who are friends, with a session each; and what the first sends in a turn."""
        peers = []
        for name in (f"a{number}", f"b{number}"):
            self._do(SignUp(name, "", _wall_ms()))
            user = self._turn.state.find(name)
            assert user is not None
            peer = Peer(_Nobody(), "")
            peer.session.log_in(user.id, name, b"")
            self._turn.sessions[user.id] = [peer]
            peers.append(peer)
        one, other = peers
        self._do(AddFriend(one.session.user, other.session.name, _wall_ms()))
        self._do(AcceptFriend(other.session.user, one.session.name, _wall_ms()))
        for peer in peers:
            peer.staged.clear()
        line = f"SENDMESSAGE|{one.session.name}|{other.session.name}|{TEXT}\n".encode()
        return one, other, line * self._window

    def _do(self, command: Command) -> None:
        outcome = self._turn.execute(None, command)
        if isinstance(outcome, Refused):
            raise BenchError(f"The ledger could not make its users: {outcome.text}")

    def _receive(self, watch: "Stopwatch", chunk: bytes) -> bytes:
        self._far.sendall(chunk)
        with watch("read"):
            return self._socket.recv(RECEIVE_BYTES)

    def _parse(self, lines: Sequence[Sequence[str]], now_ms: int) -> list[SendMessage]:
        asked: list[SendMessage] = []
        for (sender, _, _), run in zip(self._routes, lines, strict=True):
            read = sender.session.read
            asked += [read(line, now_ms)[1] for line in run]  # type: ignore[misc]  # each is a SENDMESSAGE
        return asked

    def _numbered(self, outcomes: Sequence[Outcome]) -> list[MessageSent]:
        """The events with ids in their order: all were decided on one state, so all got the same."""
        decided = [event for outcome in outcomes for event in outcome[0] if isinstance(event, MessageSent)]
        first = self._turn.state.last_message_id + 1
        return [event._replace(id=message_id) for message_id, event in enumerate(decided, first)]

    def _stage(self, heard: Sequence[Collection[Delivery]], oks: Sequence[bytes]) -> None:
        """As the turn does: to everybody who hears it but the sender, and the reply to the sender."""
        tell, stage = self._turn.tell, self._turn.stage
        senders = (sender for sender, _, _ in self._routes for _ in range(self._window))
        for deliveries, reply, sender in zip(heard, oks, senders, strict=True):
            for users, frame in deliveries:
                tell(users, frame, sender)
            stage(sender, reply)

    def _send(self, watch: "Stopwatch", peer: Peer) -> None:
        with watch("send"):
            data = b"".join(peer.staged)
            sent = self._socket.send(data)
        peer.staged = []
        while sent:
            sent -= len(self._far.recv(sent))


class Stopwatch:
    """Adds up the processor time of stages by name, in seconds; `tare_s` is what timing itself takes."""

    def __init__(self, tare_s: float = 0.0) -> None:
        self.seconds: dict[str, float] = {}
        self._tare_s = tare_s

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time the body, in addition to what the stage has taken before."""
        begun = process_time()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + process_time() - begun - self._tare_s


def _tare_s() -> float:
    """What an empty stage takes: the clock is a system call, dear beside one `recv`."""
    watch = Stopwatch()
    for _ in range(TARE_RUNS):
        with watch("nothing"):
            pass
    return watch.seconds["nothing"] / TARE_RUNS


def keep_ledger(pairs: int, window: int, options: ServerOptions, progress: Progress, whole: bool = True) -> Ledger:
    """Measure the stages, and unless `whole` is false the whole server under the same load."""
    mine = cores()
    with tempfile.TemporaryDirectory(prefix="bench-ledger-") as folder, on_core(mine[-1] if len(mine) > 1 else None):
        path = options.store if options.store == ":memory:" else str(Path(folder) / "chat.db")
        with Turns(pairs, window, path, options.sync or "full") as turns:
            runs = [_run(turns, progress, at) for at in range(WARM_TURNS + TURNS)][WARM_TURNS:]
    stages = {stage: 1e6 * min(run[stage] for run in runs) / (pairs * window) for stage in ORDER}
    ledger = Ledger(window, options.store, stages)
    if whole:
        chosen: dict[str, object] = {"pairs": pairs, "window": window, "seconds": 2.0, "syscalls": False}
        result = run_scenario("pairs", chosen, options, Progress(quiet=True))
        ledger.whole = result.metrics.get("server_cpu_us_per_message")
        ledger.notes = result.notes
    return ledger


def _run(turns: Turns, progress: Progress, at: int) -> dict[str, float]:
    progress.step("ledger", at / (WARM_TURNS + TURNS))
    gc.collect()
    gc.disable()
    try:
        return turns.run()
    finally:
        gc.enable()


def table(ledgers: Sequence[Ledger]) -> str:
    """A Markdown table, a stage a row, a ledger a column."""
    headings = [f"window {ledger.window}, {_store(ledger)}" for ledger in ledgers]
    lines = [f"| in-process, CPU µs a message | {' | '.join(headings)} |", f"| --- |{' ---: |' * len(ledgers)}"]
    rows: dict[str, Callable[[Ledger], float | None]] = {
        **{stage: partial(_cost, stage) for stage in ORDER},
        "**the stages**": lambda ledger: sum(ledger.stages.values()),
        "**the whole server**": lambda ledger: ledger.whole,
        "**not in a stage**": lambda ledger: ledger.rest,
    }
    for name, value in rows.items():
        figures = map(value, ledgers)
        lines.append(f"| {name} | {' | '.join('-' if each is None else f'{each:.2f}' for each in figures)} |")
    notes = dict.fromkeys(note for ledger in ledgers for note in ledger.notes)
    return "\n".join(lines) + "".join(f"\n\n- {note}" for note in notes)


def as_json(ledgers: Sequence[Ledger]) -> str:
    """All figures."""
    return json.dumps({"kind": "ledger", "ledgers": [vars(ledger) for ledger in ledgers]}, indent=1)


def _cost(stage: str, ledger: Ledger) -> float:
    return ledger.stages[stage]


def _store(ledger: Ledger) -> str:
    return "in memory" if ledger.store == ":memory:" else "on disk"


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
