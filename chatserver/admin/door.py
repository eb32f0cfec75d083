"""The machine owner's door: a Unix socket beside the store, a line of JSON in, a line of JSON out.

Only the user that the server runs as, and root, may use it: its rights say so, and whoever connects is asked for.
"""

import contextlib
import json
import logging
import os
import socket
import stat
import struct
from collections.abc import Callable, Iterator

from chatserver.admin.administration import Administration
from chatserver.admin.desk import Actor
from chatserver.admin.result import Outcome, Result
from chatserver.core.outcome import Refused
from chatserver.net.connection import Connection
from chatserver.net.listener import Listener
from chatserver.net.reactor import Reactor, Timer

log = logging.getLogger(__name__)

REQUEST_BYTES_MAX = 65_536
READ_BYTES = 65_536
CALLS_MAX = 32
CALL_S = 10.0  # for a command to come: who says nothing takes the place of somebody who would
WARNINGS_S = 60.0  # between two in the log: another user of this machine can knock thousands of times a second
ANSWER_S = 30.0
_CREDENTIALS = struct.Struct("3i")  # of the peer: process, user, group; unix(7)


def socket_path(store: str) -> str:
    """Where the door of a store is."""
    return f"{store}.admin"


@contextlib.contextmanager
def short_path(path: str) -> Iterator[str]:
    """The same place by a path that a socket's address has room for: it takes 107 bytes."""
    if len(os.fsencode(path)) <= 100:
        yield path
        return
    folder = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{os.path.basename(path)}"
    finally:
        os.close(folder)


class AdminDoor:
    """Listens beside the store. The store is locked by this process: a socket that is there already is an old one."""

    def __init__(self, administration: Administration, reactor: Reactor, path: str) -> None:
        """Raises OSError where it cannot listen there."""
        self._administration = administration
        self._reactor = reactor
        self._path = path
        self._calls: set[_Call] = set()
        self._warned_s = -WARNINGS_S  # when the log was last told that somebody may not
        self._listening = _listen(path)
        full = Refused("FULL", f"{CALLS_MAX} commands are under way: try again once one is answered")
        farewell = _rendered(full)
        self._listener = Listener(reactor, self._listening, self._welcome, self._has_place, farewell)

    def close(self) -> None:
        """Take no more calls, and leave nothing there. Answers under way are still sent."""
        if self._listening.fileno() < 0:
            return
        self._listener.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)

    @property
    def is_busy(self) -> bool:
        """Whether somebody still waits for an answer."""
        return bool(self._calls)

    def _has_place(self, address: str) -> bool:
        return len(self._calls) < CALLS_MAX

    def _welcome(self, connected: socket.socket, address: str) -> None:
        user = _peer(connected)
        if user not in (0, os.geteuid()):
            connected.close()
            self._warn_of(user)
            return
        call = _Call(self._administration, Actor(f"machine (user {user})", is_machine=True), self._calls.discard)
        self._calls.add(call)
        call.connection = Connection(self._reactor, connected, call, READ_BYTES)
        call.deadline = self._reactor.call_later(CALL_S, call.connection.abort)

    def _warn_of(self, user: int) -> None:
        now_s = self._reactor.clock()
        if now_s - self._warned_s >= WARNINGS_S:
            self._warned_s = now_s
            log.warning("user %d may not administer from this machine: only the one it runs as, and root", user)


class _Call:
    """One command, and its answer."""

    connection: Connection
    deadline: Timer

    def __init__(self, administration: Administration, actor: Actor, over: "Callable[[_Call], None]") -> None:
        self._administration = administration
        self._actor = actor
        self._over = over
        self._heard = b""
        self._is_asked = False

    def received(self, data: bytes) -> None:
        """A part of the line."""
        self._heard += data
        if self._is_asked or len(self._heard) > REQUEST_BYTES_MAX:
            self.connection.abort()
        elif b"\n" in self._heard:
            self._is_asked = True
            self.deadline.cancel()
            self._ask(self._heard.partition(b"\n")[0])

    def _ask(self, line: bytes) -> None:
        try:
            words = json.loads(line)["words"]
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise TypeError("words are texts")
        except (ValueError, KeyError, TypeError, RecursionError):
            self._answer(Refused("BAD_COMMAND", 'A command is a line like {"words": ["who"]}: write it so'))
            return
        try:
            self._administration.from_machine(self._actor, words, self._answer)
        except Exception:
            log.exception("a defect in a command of the administration")
            self._administration.desk.turn.defect()
            self._answer(Refused("INTERNAL", "The server has a defect and could not do this: see its log"))

    def _answer(self, outcome: Outcome) -> None:
        if not self.connection.closed:
            self.connection.send(_rendered(outcome))
            self.connection.close_when_sent(ANSWER_S)

    def ended(self) -> None:
        """The caller says no more; it still reads."""
        if not self._is_asked:
            self.connection.abort()

    def drained(self) -> None:
        """The answer has left."""

    def lost(self) -> None:
        """It is over."""
        self.deadline.cancel()
        self._over(self)


def _rendered(outcome: Outcome) -> bytes:
    return json.dumps(as_json(outcome)).encode() + b"\n"


def as_json(outcome: Outcome) -> dict[str, object]:
    """An answer for programs."""
    if isinstance(outcome, Result):
        return {"ok": True, "text": outcome.text, "columns": list(outcome.columns), "rows": outcome.records()}
    return {"ok": False, "code": outcome.code, "text": outcome.text}


def _peer(connected: socket.socket) -> int:
    """Which user connects, as the kernel says; where it does not, the socket's rights have to be enough."""
    if not hasattr(socket, "SO_PEERCRED"):
        return os.geteuid()
    return int(_CREDENTIALS.unpack(connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))[1])


def _listen(path: str) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise FileExistsError(0, "something that is no socket is there already", path)
        os.unlink(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        with short_path(path) as short:
            listening.bind(short)
        listening.listen(CALLS_MAX)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    finally:
        os.umask(before)
    return listening
