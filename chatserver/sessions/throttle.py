"""How often a login may fail: per address and name, and ten times as often per address.

Only failures count, within the last minute, so that a right password from elsewhere still works.
"""

from collections import deque
from collections.abc import Callable
from math import ceil

WINDOW_S = 60.0
ADDRESS_FACTOR = 10
KEYS_MAX = 100_000  # of names and addresses that failed within the last minute; then the oldest are forgotten


Key = tuple[str, str | None]
"""An address and a name key; None for the address as a whole."""


class LoginThrottle:
    """Counts failures in a sliding minute. `clock` is monotonic, in seconds."""

    def __init__(self, failures_max: int, clock: Callable[[], float]) -> None:
        self._failures_max = failures_max  # a minute; 0 is no limit
        self._clock = clock
        self._failures: dict[Key, deque[float]] = {}

    def wait_s(self, address: str, name_key: str) -> int:
        """Whole seconds until the next try is taken; 0 if it is taken now."""
        if not self._failures_max:
            return 0
        return max(
            self._wait_s((address, name_key), self._failures_max),
            self._wait_s((address, None), self._failures_max * ADDRESS_FACTOR),
        )

    def failed(self, address: str, name_key: str) -> None:
        """Count a failure."""
        if not self._failures_max:
            return
        self._count((address, name_key), self._failures_max)
        self._count((address, None), self._failures_max * ADDRESS_FACTOR)

    def forget_old(self) -> None:
        """Drop what is over; called about once a minute."""
        now = self._clock()
        old = [key for key, times in self._failures.items() if times[-1] + WINDOW_S <= now]
        for key in old:
            del self._failures[key]

    def _count(self, key: Key, most: int) -> None:
        times = self._failures.pop(key, None) or deque(maxlen=most)
        times.append(self._clock())
        self._failures[key] = times  # last in the order of forgetting
        while len(self._failures) > KEYS_MAX:
            del self._failures[next(iter(self._failures))]

    def _wait_s(self, key: Key, most: int) -> int:
        times = self._failures.get(key)
        if times is None or len(times) < most:
            return 0
        return max(0, ceil(times[0] + WINDOW_S - self._clock()))
