"""So much of each turn for all who do one kind of work: who finds it used up comes first in the next turns.

Each of them is bounded by itself, and that is not enough: hundreds who do what is allowed make a turn that holds
everybody up. It knows no HTTP.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol


class Loop(Protocol):
    """What a share needs of the loop."""

    def clock(self) -> float:
        """Monotonic seconds."""

    def turn_began_s(self) -> float:
        """When this turn began, by that clock."""

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call when those who are ready have been heard."""


class Share:
    """The time of one kind of work, and those who wait for it."""

    def __init__(self, loop: Loop, most_s: float) -> None:
        self._loop = loop
        self._most_s = most_s
        self._turn_s = -1.0  # in which time was spent last
        self._spent_s = 0.0
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_due = False  # `_work` will be called
        self._goes_on = False  # one of those who waited is at work: it need not wait behind the others

    def has_time(self) -> bool:
        """Whether somebody who comes now may begin."""
        return self._is_left() and (self._goes_on or not self._waiting)

    def spend(self, since_s: float) -> None:
        """Somebody has worked since then."""
        began_s = self._loop.turn_began_s()
        if began_s != self._turn_s:
            self._turn_s, self._spent_s = began_s, 0.0
        self._spent_s += self._loop.clock() - since_s

    def put_off(self, go_on: Callable[[], None]) -> None:
        """Call in a turn that has time, once those have been called who wait already."""
        self._waiting.append(go_on)
        self._come_again()

    def _come_again(self) -> None:
        if self._waiting and not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._work)

    def _is_left(self) -> bool:
        return self._spent_s < self._most_s or self._turn_s != self._loop.turn_began_s()

    def _work(self) -> None:
        self._is_due, self._goes_on = False, True
        try:
            for _ in range(len(self._waiting)):
                if not self._is_left():
                    break
                self._waiting.popleft()()
        finally:
            self._goes_on = False
            self._come_again()
