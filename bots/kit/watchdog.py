"""Breaks off a handler that runs too long: bots share the loop's thread, and one that hangs would hang everybody.

A timer of the kernel ticks while bots are at work. Its signal reaches the main thread between two instructions, and
also in the middle of a sleep, a read or a regular expression, where no other thread could do anything, as none has the
interpreter. If a step is overdue then, `Overdue` is raised in the bot's own code. What does not come back even so, a
library of C that runs on, leaves the places of all threads on stderr.
"""

import atexit
import faulthandler
import logging
import signal
import sys
from collections.abc import Callable
from threading import current_thread, main_thread
from time import monotonic
from types import FrameType
from typing import Any

from bots.kit.faults import place_in

log = logging.getLogger(__name__)

Handler = Callable[[int, FrameType | None], Any] | int | signal.Handlers | None
TICKS_PER_LIMIT = 4
HANGS_LIMITS = 20  # after so many times the limit without a tick, nothing helps


class Overdue(BaseException):
    """The step has run over its time. No `Exception`: a bot that catches all of these is broken off too."""


class Watchdog:
    """Watches one step at a time; a step costs two clock readings. Only a loop in the main thread can be watched."""

    def __init__(self, limit_s: float, clock: Callable[[], float] = monotonic) -> None:
        """With a limit of 0 it watches nothing."""
        self._limit_s = limit_s
        self._clock = clock
        self._bot = ""
        self._ends_at: float | None = None  # of the step that runs
        self._has_begun = False  # a step, since the last tick
        self._is_ticking = False
        self._handled_before: Handler = None

    def begin(self, bot: str) -> None:
        """A step of a bot begins: Overdue is raised in it once its time is over."""
        if self._limit_s:
            self._bot, self._has_begun = bot, True
            self._ends_at = self._clock() + self._limit_s
            if not self._is_ticking and current_thread() is main_thread():
                self._start()

    def end(self) -> None:
        """The step has ended."""
        self._ends_at = None

    def close(self) -> None:
        """Watch nothing any more."""
        if self._is_ticking:
            self._stop()

    def _start(self) -> None:
        self._is_ticking = True
        atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)  # at its end Python lets go of handlers, not of timers
        self._handled_before = signal.signal(signal.SIGALRM, self._tick)
        tick_s = self._limit_s / TICKS_PER_LIMIT
        signal.setitimer(signal.ITIMER_REAL, tick_s, tick_s)

    def _stop(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._handled_before)
        _cancel_cry()
        atexit.unregister(signal.setitimer)
        self._is_ticking = False

    def _tick(self, number: int, frame: FrameType | None) -> None:
        if self._ends_at is None and not self._has_begun:
            self._stop()  # the bots are idle
            return
        self._has_begun = False
        _cry_in(HANGS_LIMITS * self._limit_s)
        if self._ends_at is not None and self._clock() >= self._ends_at:
            place = place_in(frame)
            log.error("the bot %s runs for over %g s, and is broken off: %s", self._bot, self._limit_s, place)
            raise Overdue


def _cry_in(seconds: float) -> None:
    """Unless there is another tick: a thread of C, which needs no Python, writes where everything stands."""
    if hasattr(sys.stderr, "fileno"):
        faulthandler.dump_traceback_later(seconds)


def _cancel_cry() -> None:
    faulthandler.cancel_dump_traceback_later()
