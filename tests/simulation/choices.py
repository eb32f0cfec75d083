"""What chance decides in a run: small integers, of which 0 is always the harmless one, recorded step by step.

A run is its record: played again from it, it goes the same way. A shorter record is a run too, since whatever is asked
for behind its end is 0. So a failing one can be made short (see `shrink`).
"""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Value = TypeVar("Value")
Record = list[list[int]]
"""For each step of a run, what was drawn in it."""


class Choices:
    """Draws from a seed and records, or replays a record."""

    def __init__(self, seed: int = 0, record: Sequence[Sequence[int]] | None = None) -> None:
        """With a record, the seed has no meaning."""
        self._random = None if record is not None else Random(seed)
        self.is_replay = record is not None
        self.steps = len(record or ()) - 1  # of a replay; the first draws the settings
        self._left = [list(step) for step in reversed(record or ())]
        self._step: list[int] = []  # what is left of the step that is replayed, its begin last
        self.record: Record = []
        self.is_calm = True  # nothing is drawn: all goes well

    def begin_step(self) -> None:
        """What is drawn from here on belongs to the next step."""
        self.record.append([])
        self._step = self._left.pop()[::-1] if self._left else []

    def below(self, count: int) -> int:
        """A number from 0 to `count` - 1."""
        if self.is_calm or count <= 1:
            return 0
        return self._note(self._random.randrange(count) if self._random else self._next() % count)

    def happens(self, odds: float) -> bool:
        """Whether something that is no good happens this time."""
        if self.is_calm:
            return False
        return bool(self._note(int(self._random.random() < odds) if self._random else self._next() % 2))

    def pick(self, values: Sequence[Value]) -> Value:
        """One of these, the first of which is harmless."""
        return values[self.below(len(values))]

    def _next(self) -> int:
        return self._step.pop() if self._step else 0

    def _note(self, drawn: int) -> int:
        self.record[-1].append(drawn)
        return drawn
