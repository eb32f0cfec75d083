"""When bots want to be woken: one timer of the loop for the first of all alarms.

State says which alarms hold, and the store keeps them; here is only the order in which they ring. One that was
moved or taken back rings all the same, and whoever hears it asks State.
"""

import heapq
from collections.abc import Callable, Iterable

from chatserver.bothost.surroundings import Loop, Timer

WAKE_S_MAX = 60.0  # a look at the wall clock in between, which may have been set

Alarm = tuple[int, int, int, str]
"""When it is due (milliseconds since 1970), ids of bot and user, the timer's name."""


class Alarms:
    """`ring` is called for each alarm that is due, in their order."""

    def __init__(self, loop: Loop, wall_ms: Callable[[], int], ring: Callable[[Alarm], None]) -> None:
        self._loop = loop
        self._wall_ms = wall_ms
        self._ring = ring
        self._due: list[Alarm] = []  # a heap
        self._wake: Timer | None = None

    def load(self, alarms: Iterable[Alarm]) -> None:
        """Begin anew, with these."""
        self._due = list(alarms)
        heapq.heapify(self._due)
        self._set_wake()

    def add(self, alarms: Iterable[Alarm]) -> None:
        """Some more."""
        for alarm in alarms:
            heapq.heappush(self._due, alarm)
        self._set_wake()

    def _set_wake(self) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if self._due:
            delay_s = (self._due[0][0] - self._wall_ms()) / 1000
            self._wake = self._loop.call_later(min(WAKE_S_MAX, max(0.0, delay_s)), self._woken)

    def _woken(self) -> None:
        self._wake = None
        now_ms = self._wall_ms()
        while self._due and self._due[0][0] <= now_ms:
            self._ring(heapq.heappop(self._due))
        self._set_wake()
