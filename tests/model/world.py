"""A server in a simulated world: its sockets are queues, its clocks stand still until the test moves them.

Server, sessions, turns, core and store are the real ones, the store on a real file. Nothing runs but in `settle`,
so that after it everything that had to be sent has been sent.
"""

import logging
import socket
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector, SelectorKey
from typing import Any, TypeVar, cast

from bots import Bot
from chatserver.bothost.setup import start_bots
from chatserver.core.state import snapshot
from chatserver.fronts.pipe.front import Pipe
from chatserver.net.reactor import Reactor
from chatserver.net.workers import Result, WorkerPool
from chatserver.server import Pools, Server
from chatserver.sessions.reception import Door
from chatserver.settings import build
from chatserver.store.errors import StoreUnavailable
from chatserver.store.store import Store
from chatserver.turn.log import LocalLog, MakeLog
from tests.harness import SETTINGS

PASSWORD = "correct horse"
FLUSH_TURNS_MAX = 4  # of the loop that a flush takes: batches are in flight while others gather
START_MS = 1_796_212_800_000
Value = TypeVar("Value")
_LOGGER = logging.getLogger("chatserver")


class Line:
    """The server's end of a simulated connection."""

    def __init__(self) -> None:
        self.incoming = b""
        self.outgoing = b""
        self.ended = False  # the client has closed its side
        self.is_cut = False  # the connection was reset
        self.closed = False
        self.address = "127.0.0.1"  # where it comes from
        self.room: int | None = None  # bytes that it still takes; None for all

    def setblocking(self, flag: bool) -> None:
        """It never blocks."""

    def recv(self, size: int) -> bytes:
        if self.is_cut:
            raise ConnectionResetError
        data, self.incoming = self.incoming[:size], self.incoming[size:]
        return data

    def send(self, data: bytes) -> int:
        if self.is_cut:
            raise ConnectionResetError
        taken = len(data) if self.room is None else min(self.room, len(data))
        if not taken:
            raise BlockingIOError
        if self.room is not None:
            self.room -= taken
        self.outgoing += bytes(data[:taken])
        return taken

    def shutdown(self, how: int) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True

    @property
    def is_ready(self) -> bool:
        return bool(self.incoming or self.ended or self.is_cut)


class Entrance:
    """A simulated listening socket."""

    def __init__(self) -> None:
        self.waiting: deque[Line] = deque()

    def accept(self) -> tuple[Line, tuple[str, int]]:
        if not self.waiting:
            raise BlockingIOError
        line = self.waiting.popleft()
        return line, (line.address, 0)

    def getsockname(self) -> tuple[str, int]:
        return "here", 0

    def close(self) -> None:
        self.waiting.clear()

    @property
    def is_ready(self) -> bool:
        return bool(self.waiting)


class Selector(BaseSelector):
    """Never sleeps; `is_quiet` tells whether the last look would have."""

    def __init__(self) -> None:
        self._keys: dict[Any, SelectorKey] = {}
        self.is_quiet = False

    def register(self, fileobj: Any, events: int, data: Any = None) -> SelectorKey:
        self._keys[fileobj] = SelectorKey(fileobj, 0, events, data)
        return self._keys[fileobj]

    def unregister(self, fileobj: Any) -> SelectorKey:
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        ready = [(key, key.events & _events(key.fileobj)) for key in self._keys.values()]
        ready = [(key, events) for key, events in ready if events]
        self.is_quiet = not ready and (timeout is None or timeout > 0)
        return ready

    def get_map(self) -> dict[Any, SelectorKey]:
        return self._keys


def _events(file: object) -> int:
    """What a simulated socket is ready for."""
    if not isinstance(file, Line | Entrance):
        return 0
    can_write = isinstance(file, Line) and file.room != 0
    return (EVENT_READ if file.is_ready else 0) | (EVENT_WRITE if can_write else 0)


class Pool:
    """Does each job at once, and brings the result in the next turn."""

    free = 1

    def __init__(self, call_soon: Callable[[Callable[[], None]], None]) -> None:
        self._call_soon = call_soon

    def submit(self, job: Callable[[], Value], done: Callable[[Result[Value]], None]) -> None:
        outcome = Result(job(), None)
        self._call_soon(lambda: done(outcome))

    def close(self, within_s: float = 0.0) -> None:
        """There is nothing to wait for."""


class Flusher:
    """Does each job at once, and tells of it some turns later, or when the test lets go of it."""

    def __init__(self, call_soon: Callable[[Callable[[], None]], None]) -> None:
        """A job takes up to FLUSH_TURNS_MAX turns of the loop, by a chance with a seed."""
        self._call_soon = call_soon
        self._chance = Random(FLUSH_TURNS_MAX)
        self._is_held = False
        self._tell: Callable[[], None] | None = None  # of the job under way

    def submit(self, job: Callable[[], None], done: Callable[[Exception | None], None]) -> None:
        error = None
        try:
            job()
        except Exception as raised:
            error = raised
        assert self._tell is None, "the job before has not been told"
        tell = self._tell = partial(done, error)
        if not self._is_held:
            self._bring(tell, self._chance.randint(1, FLUSH_TURNS_MAX))

    def wait(self, within_s: float | None = None) -> None:
        """The loop does not wait for this one, unless it must."""
        if within_s is None and self._tell is not None:
            self._end(self._tell)

    def _bring(self, tell: Callable[[], None], turns: int) -> None:
        self._call_soon(partial(self._end, tell) if turns == 1 else lambda: self._bring(tell, turns - 1))

    def _end(self, tell: Callable[[], None]) -> None:
        if tell is self._tell:  # else it was waited for
            self._tell = None
            tell()

    def hold(self) -> None:
        """Tell of nothing: batches stay in flight."""
        self._is_held = True

    def let_go(self) -> None:
        """Tell of what was kept back, and of all that comes."""
        self._is_held = False
        if self._tell is not None:
            self._call_soon(partial(self._end, self._tell))

    def close(self, within_s: float = 0.0) -> None:
        """There is nothing to wait for."""


class Session:
    """A client's end of a simulated connection."""

    def __init__(self, line: Line, name: str) -> None:
        self.line = line
        self.name = name
        self.token = ""
        self.known: dict[str, str] = {}  # friend → status and text, as this client has been told
        self.told_s: dict[str, float] = {}  # friend → when a STATUS came last

    def frames(self) -> list[str]:
        """What has come in since the last look."""
        data, self.line.outgoing = self.line.outgoing, b""
        return data.decode().splitlines()


class _Defects(logging.Handler):
    """Keeps what the server logs as a defect of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.found.append(self.format(record))


class Disk(Store):
    """A store whose commits fail while the test says so, as on a disk that is full."""

    is_full = False

    def commit(self) -> None:
        if self.is_full and self._connection.in_transaction:
            raise StoreUnavailable("the tests' disk is full")
        super().commit()


class World:
    """A server that can be restarted, its clocks and its clients."""

    def __init__(self, folder: Path, bots: Sequence[Bot] = (), **settings: int | str) -> None:
        self.now_s = 1000.0
        self._bots = bots
        self._moved_ms = 0
        self._path = folder / "chat.db"
        given = {
            "store": str(self._path),
            "bot_step_ms_max": 0,
            **SETTINGS,
            **settings,
        }  # here is no clock to break off by
        self._settings = build(file={}, environment={}, given=given)
        self._numbers = count(1)
        self._log = _Defects()
        _LOGGER.addHandler(self._log)
        _LOGGER.propagate = False  # a thousand worlds would bury the story of one that fails
        self._start()

    @property
    def defects(self) -> list[str]:
        """What the server has logged with a trace."""
        return self._log.found

    @property
    def now_ms(self) -> int:
        return START_MS + round(self.now_s * 1000) + self._moved_ms

    def connect(self, name: str) -> Session:
        """A connection, its `HELLO` read."""
        line = Line()
        self._door.waiting.append(line)
        self.settle()
        session = Session(line, name)
        (hello,) = session.frames()
        assert hello.startswith("HELLO|")
        return session

    def say(self, session: Session, text: str) -> None:
        session.line.incoming += f"{text}\n".encode()
        self.settle()

    def hang_up(self, session: Session) -> None:
        session.line.ended = True
        self.settle()

    def appoint(self, names: str) -> None:
        """Let these accounts administer the server."""
        desk = self.server.administration.desk
        desk.change(replace(desk.settings, admins=names))

    def user(self, name: str) -> Session:
        """A new user, signed up and logged in, with nothing left to read."""
        session = self.connect(name)
        self.say(session, f"SIGNUP|{name}|{PASSWORD}\nLOGIN|{name}|{PASSWORD}")
        session.token = session.frames()[1].split("|")[3]
        return session

    def login(self, name: str) -> list[str]:
        """What one more session of a user is sent at its login; it goes at once."""
        session = self.connect(name)
        self.say(session, f"LOGIN|{name}|{PASSWORD}\nQUIT")
        return session.frames()

    def befriend(self, *sessions: Session) -> None:
        """Make all friends of each other."""
        for at, one in enumerate(sessions):
            for other in sessions[:at]:
                self.say(one, f"ADDFRIEND|{one.name}|{other.name}")
                self.say(other, f"ACCEPTFRIEND|{other.name}|{one.name}")
        for session in sessions:
            session.frames()

    def cut(self, session: Session) -> None:
        """The connection is reset."""
        session.line.is_cut = True
        self.settle()

    def settle(self) -> None:
        """Turn until there is nothing to do but to wait."""
        self._selector.is_quiet = False
        while not self._selector.is_quiet:
            self.reactor.turn()

    def pass_time(self, seconds: float) -> None:
        self.now_s += seconds
        self.settle()

    def move_wall_clock(self, hours: float) -> None:
        self._moved_ms += round(hours * 3_600_000)
        self.settle()

    def restart(self) -> None:
        """Stop, check that the file holds what was in memory, and start again."""
        self._stop()
        self._start()

    def close(self) -> None:
        self.unwatch_log()
        self._stop()

    def unwatch_log(self) -> None:
        """Leave the server's log to others."""
        _LOGGER.removeHandler(self._log)
        _LOGGER.propagate = True

    def _stop(self) -> None:
        state = self.server.state
        self.server.close()
        assert not self.server.failure
        store = Store(str(self._path), "off")
        try:
            loaded = store.load(self._settings.limits())
        finally:
            store.close()
        assert snapshot(loaded) == snapshot(state)

    def _start(self) -> None:
        self._build()
        self.settle()

    def _build(self) -> None:
        self._selector, self._door = self._make_selector(), self._make_entrance()
        self.disk = self._make_disk()
        self.reactor = Reactor(self._selector, lambda: self.now_s)
        self.flusher, pool = self._make_threads()
        self.server = Server(
            self._settings,
            self.disk,
            self.reactor,
            Pools(self.flusher, pool, pool),
            self._make_doors(),
            lambda: self.now_ms,
            lambda size: next(self._numbers).to_bytes(size, "big"),
            partial(start_bots, self._bots, self._settings, self.reactor, cast(WorkerPool, pool), Random(0)),
            self._make_log(),
        )

    # Its parts, of which tests.simulation has worse ones.

    def _make_selector(self) -> Selector:
        return Selector()

    def _make_entrance(self) -> Entrance:
        return Entrance()

    def _make_disk(self) -> Disk:
        return Disk(str(self._path), "off")  # here is no power cut

    def _make_threads(self) -> tuple[Flusher, Pool]:
        return Flusher(self.reactor.call_soon), Pool(self.reactor.call_soon)

    def _make_log(self) -> MakeLog:
        return LocalLog

    def _make_doors(self) -> list[Door]:
        return [Door(cast(socket.socket, self._door), Pipe())]
