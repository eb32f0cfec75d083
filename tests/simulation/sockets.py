"""Sockets as bad networks have them: bytes come and go in pieces, readiness lies, peers reset, freeze and vanish."""

import errno
from collections import Counter, deque
from selectors import EVENT_READ, EVENT_WRITE, SelectorKey
from typing import Any

from tests.model.world import Entrance, Line, Selector
from tests.simulation.choices import Choices

ELSEWHERE = "203.0.113.9"  # from where the page's users come
SHORT, NOTHING, LIE, LATE, NO_DESCRIPTOR = 0.2, 0.02, 0.01, 0.08, 0.1
"""How often a call gives a part, or nothing; readiness is claimed falsely, or kept back; accept fails."""


class Wire(Line):
    """The server's end of a connection. Whatever is done to it once it is closed is a defect of the server."""

    def __init__(self, choices: Choices, fired: Counter[str]) -> None:
        super().__init__()
        self._choices = choices
        self._fired = fired
        self.said_end = False  # the server sends no more
        self.caller: Any = None  # whose it is
        self.was_full = False  # the server could not write all it had
        self.misuse = ""
        self.bytes_read = 0  # in this turn of the loop

    def recv(self, size: int) -> bytes:
        self._used("read")
        if self.is_cut:
            raise ConnectionResetError
        if not self.is_ready or self._happens("no bytes in spite of readiness", NOTHING):
            raise BlockingIOError
        if len(self.incoming) > 1 and self._happens("a short read", SHORT):
            size = 1 + self._choices.below(min(size, len(self.incoming)) - 1)
        data = super().recv(size)
        self.bytes_read += len(data)
        return data

    def send(self, data: bytes) -> int:
        self._used("written to")
        if self.said_end:
            self.misuse = "written to behind its end"
        if self.is_cut:
            raise BrokenPipeError
        if self._happens("a write that blocks", NOTHING):
            self.was_full = True
            raise BlockingIOError
        whole, room = len(data), self.room
        if whole > 1 and self._happens("a short write", SHORT):
            data = data[: 1 + self._choices.below(whole - 1)]
        self.was_full |= len(data) < whole
        taken = super().send(data)
        if room is not None and taken < whole:
            self._fired["a full send buffer"] += 1
        return taken

    def shutdown(self, how: int) -> None:
        self._used("shut down")
        if self.is_cut:
            raise OSError(errno.ENOTCONN, "not connected")
        self.said_end = True

    def fileno(self) -> int:
        return -1 if self.closed else 0

    def getpeername(self) -> tuple[str, int]:
        return self.address, 0

    def getsockopt(self, *_: int) -> int:
        return 0

    def setsockopt(self, *_: Any) -> None:
        """It has none."""

    def _used(self, how: str) -> None:
        if self.closed:
            self.misuse = f"{how} after its close"

    def _happens(self, what: str, odds: float) -> bool:
        happens = self._choices.happens(odds)
        self._fired[what] += happens
        return happens


class Gate(Entrance):
    """A listening socket for which there is no descriptor now and then."""

    def __init__(self, choices: Choices, fired: Counter[str]) -> None:
        super().__init__()
        self._choices = choices
        self._fired = fired
        self.turned_away: deque[Line] = deque()
        self._is_tight = False

    def accept(self) -> tuple[Line, tuple[str, int]]:
        if self._is_tight:  # the spare descriptor was given up
            self._is_tight = False
            line, address = super().accept()
            self.turned_away.append(line)
            return line, address
        if self.waiting and self._choices.happens(NO_DESCRIPTOR):
            self._fired["no descriptor left"] += 1
            self._is_tight = True
            raise OSError(errno.EMFILE, "too many open files")
        return super().accept()

    def fileno(self) -> int:
        return 0


class Poll(Selector):
    """A selector that says what is not so, and keeps to itself for a turn what is."""

    def __init__(self, choices: Choices, fired: Counter[str]) -> None:
        super().__init__()
        self._choices = choices
        self._fired = fired

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        ready = super().select(timeout)
        for key, _ in ready:
            if isinstance(key.fileobj, Wire):
                key.fileobj.bytes_read = 0
        if self._choices.is_calm:
            return ready
        if ready and self._choices.happens(LATE):
            self._fired["readiness told late"] += 1
            del ready[self._choices.below(len(ready))]
        idle = [key for key in self._keys.values() if isinstance(key.fileobj, Wire) and key.events & EVENT_READ]
        if idle and self._choices.happens(LIE):
            self._fired["readiness that is none"] += 1
            key = self._choices.pick(idle)
            if all(key is not other for other, _ in ready):
                ready.append((key, EVENT_READ))
        if len(ready) > 1 and self._choices.happens(LATE):
            self._fired["readiness in another order"] += 1
            ready.reverse()
        return ready

    def wants_to_write(self, wire: Wire) -> bool:
        """Whether the server waits until it can write there."""
        key = self._keys.get(wire)
        return key is not None and bool(key.events & EVENT_WRITE)
