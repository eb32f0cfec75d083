"""What is done for each of many by the clock, so many in a turn: thousands may have come at the same moment."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

IN_A_TURN = 100
One = TypeVar("One")


class Round(Generic[One]):
    """Goes through many, over as many turns as that takes."""

    def __init__(self, look: Callable[[One], None], call_soon: Callable[[Callable[[], None]], None]) -> None:
        """`look` is called for each, who may have changed or gone since the round began."""
        self._look = look
        self._call_soon = call_soon
        self._left: deque[One] = deque()

    def begin(self, many: Iterable[One]) -> None:
        """Go through these, unless the round before is still on its way: then it is their turn next time."""
        if not self._left:
            self._left.extend(many)
            self._go_on()

    def _go_on(self) -> None:
        left = self._left
        try:
            for _ in range(min(len(left), IN_A_TURN)):
                self._look(left.popleft())
        finally:  # one's defect is not the others'
            if left:
                self._call_soon(self._go_on)
