"""The server that runs starts the program that is to take over from it, and goes on if that does not get so far.

The new one inherits the listening sockets, so that whoever connects meanwhile waits in them and is not refused. It
opens the store only when this one has closed it; `takeover` is its side of the line between them.
"""

import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from chatserver.admin.result import Outcome, Result
from chatserver.core.outcome import Refused
from chatserver.launch.takeover import GO, READY, SERVING
from chatserver.net.inherited import UPGRADE, start_with
from chatserver.net.reactor import READ, Timer
from chatserver.ops.notify import Notify
from chatserver.server import Server

log = logging.getLogger(__name__)

GOES_ON = "this one goes on"
_INIT = 1  # a container ends with it


class Upgrade:
    """One life's way to its successor."""

    def __init__(self, server: Server, sockets: Mapping[str, socket.socket]) -> None:
        """`sockets` are what a successor is given, by the names of their doors."""
        self._server = server
        self._sockets = sockets
        self._kept: dict[str, socket.socket] = {}  # while a successor may still fail: what this one would go on with
        self._line: socket.socket | None = None
        self._process = 0
        self._timer = Timer(lambda: None)
        self._done: Callable[[Outcome], None] = _log
        self._was_told_to_end = False
        server.going_down.append(self.abandon)

    # While this one serves.

    def begin(self, program: str, done: Callable[[Outcome], None]) -> None:
        """Start the program, or the same as this one; `done` is told what comes of it."""
        why_not = self._why_not(program)
        if why_not:
            done(Refused("NOT_ALLOWED", f"{why_not}; {GOES_ON}"))
            return
        words = [sys.executable, program, *sys.argv[1:]] if program else [sys.executable, *sys.orig_argv[1:]]
        self._line, theirs = socket.socketpair()
        try:
            self._process = start_with(words, os.environ, {UPGRADE: theirs, **self._sockets})
        except (OSError, ValueError) as error:
            self._line.close()
            self._line = None
            done(Refused("NOT_ALLOWED", f"{words[0]} cannot be started ({error}); {GOES_ON}"))
            return
        finally:
            theirs.close()
        self._done = done
        self._line.setblocking(False)
        reactor, within_s = self._server.reactor, self._server.settings.upgrade_s
        reactor.register(self._line, READ, self._heard)
        self._timer = reactor.call_later(within_s, lambda: self._failed(f"was not ready within {within_s} s"))
        log.info("upgrade: process %d gets ready to take over", self._process)

    def begin_by_signal(self) -> None:
        """The same for SIGUSR2: the log says what comes of it."""
        self.begin("", _log)

    def _why_not(self, program: str) -> str:
        settings = self._server.settings
        if self._line is not None:
            return f"Process {self._process} gets ready already"
        if self._server.is_stopping:
            return "The server is going down"
        if self._server.turn.unavailable:
            return "The store cannot be written: make room first"
        if settings.cluster:
            return "In a cluster another machine takes over: admin drain, and start the new program"
        if self._server.is_in_memory:
            return "What is in memory alone would be gone: start with --store FILE"
        if os.getpid() == _INIT:
            return "A container ends with its first process: start another container on the same store"
        if program and not os.path.isfile(program):
            return f"There is no file {program[:200]}: name the new program"
        return ""

    def _heard(self, ready: int) -> None:
        assert self._line is not None
        try:
            word = self._line.recv(1)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            word = b""
        if word != READY:
            self._failed("ended before it was ready: the log says why")
            return
        self._timer.cancel()
        self._server.reactor.unregister(self._line)
        self._kept = {name: each.dup() for name, each in self._sockets.items()}
        log.info("upgrade: process %d is ready, and takes over", self._process)
        done, self._done = self._done, _log
        done(Result(f"Process {self._process} is ready, and takes over now"))
        self._server.hand_over()

    def _failed(self, why: str) -> None:
        process, done, self._done = self._process, self._done, _log
        self._give_up()
        if done is not _log:
            log.error("upgrade: process %d %s; %s", process, why, GOES_ON)
        done(Refused("NOT_ALLOWED", f"Process {process} {why}; {GOES_ON}"))

    def abandon(self) -> None:
        """The server is to end for good: so is who would take over."""
        if self._line is not None and not self._kept:
            self._failed("was given up, as the server ends")
        self._give_up()

    def _give_up(self) -> None:
        """End the successor, which has not opened the store or is of no use with it."""
        if self._line is None:
            return
        self._timer.cancel()
        with suppress(KeyError, ValueError):  # it is there only until the successor is ready
            self._server.reactor.unregister(self._line)
        self._line.close()
        self._line = None
        for each in self._kept.values():
            each.close()
        self._kept = {}
        _end(self._process)

    # When this one has closed the store.

    def succeeds(self) -> bool:
        """Let the successor open the store and wait until it serves; False: it did not, and this one has to go on."""
        if self._line is None:
            return True  # there is none: the server was to end
        self._await_signals()
        self._line.settimeout(self._server.settings.upgrade_s)
        with suppress(OSError):
            self._line.send(GO, socket.MSG_NOSIGNAL)
            if self._line.recv(1) == SERVING:
                Notify().hand_over(self._process)
                return True
        if self._was_told_to_end:
            return True
        log.error("upgrade: process %d did not come to serve; %s", self._process, GOES_ON)
        _end(self._process)
        return False

    def take_back(self) -> dict[str, socket.socket]:
        """The sockets of the doors, for this one to go on with; its former clients are let go."""
        for each in self._server.departure.left_open:
            each.close()
        return self._kept

    def _await_signals(self) -> None:
        def pass_on(number: int, frame: object) -> None:
            self._was_told_to_end = True
            with suppress(OSError):
                os.kill(self._process, number)

        signal.signal(signal.SIGTERM, pass_on)
        signal.signal(signal.SIGINT, pass_on)


def _end(process: int) -> None:
    with suppress(OSError):
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _log(outcome: Outcome) -> None:
    """What SIGUSR2 has led to, where no administrator waits for it."""
    log.log(logging.ERROR if isinstance(outcome, Refused) else logging.INFO, "upgrade: %s", outcome.text)
