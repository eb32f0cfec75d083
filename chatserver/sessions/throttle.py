"""How often a login may fail, and how many accounts may be made from one address.

Failures count per address and name, and ten times as many per address: nobody is kept out by what others try from
elsewhere. Whoever goes on guessing waits twice as long each time, up to `longest_s`.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

WINDOW_S = 60.0
"""Within which so many are too many; as long is the first wait."""
ADDRESS_FACTOR = 10
KEYS_MAX = 100_000  # of names or addresses that are remembered; then those go that did nothing for longest
KEY_CHARS = 64  # of a name: what nobody is called may be longer, and need not be remembered whole

Key = tuple[str, str]
"""An address and a name key; an empty one for the address as a whole."""


@dataclass(slots=True)
class _Tries:
    """What one key did lately."""

    times: list[float] = field(default_factory=list)  # within the last minute, and since the last wait
    waits: int = 0  # so far
    until_s: float = 0.0  # when the last wait is over


class Throttle:
    """Lets each key do something so many times a minute; then it waits for a minute, for two, for four, …"""

    def __init__(self, most: int, longest_s: float, clock: Callable[[], float]) -> None:
        """`most` of 0 is no limit. `clock` is monotonic, in seconds."""
        self._most = most
        self._longest_s = max(longest_s, WINDOW_S)
        self._clock = clock
        self._tries: dict[Key, _Tries] = {}  # the one that did nothing for longest first

    def wait_s(self, key: Key) -> int:
        """Whole seconds until the next try is taken; 0 if it is taken now."""
        tries = self._tries.get(key)
        return max(0, ceil(tries.until_s - self._clock())) if tries else 0

    def count(self, key: Key) -> None:
        """Count a try."""
        if not self._most:
            return
        now_s = self._clock()
        tries = self._tries.pop(key, None) or _Tries()
        self._tries[key] = tries
        times = tries.times
        del times[: bisect_right(times, now_s - WINDOW_S)]
        times.append(now_s)
        if len(times) >= self._most:
            wait_s = min(WINDOW_S * 2.0 ** min(tries.waits, 30), self._longest_s)
            tries.until_s = max(tries.until_s, times[0] + wait_s)
            tries.waits += 1
            times.clear()
        while len(self._tries) > KEYS_MAX:
            del self._tries[next(iter(self._tries))]

    def forget_old(self) -> None:
        """Forget who has done nothing for as long as the longest wait; called about once a minute."""
        now_s = self._clock()
        for key, tries in list(self._tries.items()):
            last_s = max(tries.until_s, *tries.times[-1:], 0.0)
            if last_s + self._longest_s <= now_s:
                del self._tries[key]

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._tries)


class LoginThrottle:
    """Failed logins and sign-ups."""

    def __init__(self, failures_max: int, sign_ups_max: int, longest_s: float, clock: Callable[[], float]) -> None:
        """How many a minute; `failures_max` of 0 is no limit for either."""
        self._names = Throttle(failures_max, longest_s, clock)
        self._addresses = Throttle(failures_max * ADDRESS_FACTOR, longest_s, clock)
        self._sign_ups = Throttle(sign_ups_max if failures_max else 0, longest_s, clock)

    def wait_s(self, address: str, name_key: str) -> int:
        """Whole seconds until the next guess is taken; 0 if it is taken now."""
        return max(self._names.wait_s(_key(address, name_key)), self._addresses.wait_s((address, "")))

    def failed(self, address: str, name_key: str) -> None:
        """Count a wrong password or token."""
        self._names.count(_key(address, name_key))
        self._addresses.count((address, ""))

    def sign_up_wait_s(self, address: str) -> int:
        """Whole seconds until the next account may be made."""
        return self._sign_ups.wait_s((address, ""))

    def signed_up(self, address: str) -> None:
        """Count a sign-up."""
        self._sign_ups.count((address, ""))

    def forget_old(self) -> None:
        """Called about once a minute."""
        for throttle in (self._names, self._addresses, self._sign_ups):
            throttle.forget_old()


def _key(address: str, name_key: str) -> Key:
    return address, name_key[:KEY_CHARS]
