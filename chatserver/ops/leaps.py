"""Notices when the wall clock leaps, so that nothing is thrown away for an age that it may not have."""

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)

LEAP_MS = 3_600_000
AWAY_MS = 30 * 86_400_000  # a server that was left for longer looks like one whose clock is ahead
TRUST_S = 86_400.0


class Leaps:
    """Compares the wall clock with one that cannot be set. A leap is believed after a day, or when it is taken back."""

    def __init__(self, wall_ms: Callable[[], int], clock: Callable[[], float], last_ms: int) -> None:
        """`clock` is monotonic, in seconds; `last_ms` is when somebody was here last, 0 if nobody was."""
        self._wall_ms = wall_ms
        self._clock = clock
        self._believed_ms = self._apart_ms()  # how far the two are apart
        self._leapt_s: float | None = None
        away_ms = wall_ms() - last_ms
        if last_ms and away_ms > AWAY_MS:
            self._believed_ms -= away_ms
            self._doubt("by the machine's clock nobody was here for %d h", away_ms)

    @property
    def is_trusted(self) -> bool:
        """Whether what is over by the wall clock may be removed for good."""
        return self._leapt_s is None

    def look(self) -> None:
        """Compare them; called once a second."""
        apart_ms, now_s = self._apart_ms(), self._clock()
        leap_ms = apart_ms - self._believed_ms
        if abs(leap_ms) <= LEAP_MS or (self._leapt_s is not None and now_s - self._leapt_s >= TRUST_S):
            self._believed_ms, self._leapt_s = apart_ms, None
        elif self._leapt_s is None:
            self._doubt("the machine's clock leapt by %+d h", leap_ms)

    def _doubt(self, what: str, ms: int) -> None:
        self._leapt_s = self._clock()
        log.warning(what + ": nothing is removed for its age for a day; set it, if it is wrong", ms // LEAP_MS)

    def _apart_ms(self) -> int:
        return self._wall_ms() - round(self._clock() * 1000)
