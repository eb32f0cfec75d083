"""Makes the record of a failing run short: steps are left out, then draws, then numbers are made small."""

from collections.abc import Callable

from tests.simulation.choices import Record

TRIES_MAX = 600


class Shrinker:
    """Tries shorter records as long as they still fail, so many of them at most."""

    def __init__(self, record: Record, fails: Callable[[Record], bool], tries_max: int = TRIES_MAX) -> None:
        self.record = record
        self._fails = fails
        self.tries_left = tries_max

    def shrink(self) -> Record:
        """The shortest that was found."""
        self._cut_end()
        self._leave_out()
        self._simplify()
        self._leave_out()
        return self.record

    def _accepts(self, record: Record) -> bool:
        if self.tries_left <= 0 or record == self.record:
            return False
        self.tries_left -= 1
        if self._fails(record):
            self.record = record
            return True
        return False

    def _cut_end(self) -> None:
        """Halve the part that may go, behind the first step."""
        low, high = 1, len(self.record)
        while low < high and self.tries_left > 0:
            middle = (low + high) // 2
            if self._accepts(self.record[:middle]):
                high = middle
            else:
                low = middle + 1

    def _leave_out(self) -> None:
        """Take runs of steps out, long ones first. The first step, which draws the settings, is only emptied."""
        size = max(1, len(self.record) // 2)
        while size:
            at = 1
            while at < len(self.record):
                if not self._accepts(self.record[:at] + self.record[at + size :]):
                    at += size
            size //= 2
        self._accepts([[], *self.record[1:]])

    def _simplify(self) -> None:
        """Make what is drawn within steps nothing, then 0, then smaller."""
        for at in range(len(self.record)):
            size = len(self.record[at])
            while size and self._with(at, self.record[at][: size // 2]):
                size = len(self.record[at])
            for place in range(len(self.record[at]) - 1, -1, -1):
                self._lower(at, place)

    def _lower(self, at: int, place: int) -> None:
        step = self.record[at]
        if place < len(step) and step[place]:
            for value in (0, step[place] // 2, step[place] - 1):
                if self._with(at, [*step[:place], value, *step[place + 1 :]]):
                    return

    def _with(self, at: int, step: list[int]) -> bool:
        while step and not step[-1]:
            step = step[:-1]
        return self._accepts([*self.record[:at], step, *self.record[at + 1 :]])
