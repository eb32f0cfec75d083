"""How fast one user may write to one bot: a bucket of answers that fills up again.

It says what to do with a message (answer, tell once that it is too fast, or pass over it),
and knows neither bots nor messages.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum

PLACES_KEPT = 10_000
"""Buckets are looked through for full ones, which tell nothing, whenever there are twice as many as this left."""


class Verdict(Enum):
    """What to do with a message."""

    ANSWER = "answer"
    TELL = "tell"  # the first of a flood: say that it is too fast
    PASS = "pass"


@dataclass(slots=True)
class _Bucket:
    answers: float
    at_s: float
    told: bool = False


class FloodGate:
    """`per_s` answers a second to each place, `burst` of them at once; 0 a second is no limit."""

    def __init__(self, per_s: int, burst: int, clock: Callable[[], float]) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._buckets: dict[Hashable, _Bucket] = {}
        self._look_at = 2 * PLACES_KEPT

    def judge(self, place: Hashable) -> Verdict:
        """Count a message to this place (who writes to whom)."""
        if not self._per_s:
            return Verdict.ANSWER
        now_s = self._clock()
        bucket = self._buckets.get(place)
        if bucket is None:
            bucket = self._add(place, now_s)
        bucket.answers = min(self._burst, bucket.answers + (now_s - bucket.at_s) * self._per_s)
        bucket.at_s = now_s
        if bucket.told and bucket.answers < self._burst / 2:
            return Verdict.PASS  # until it is half full: else a steady flood were told so again and again
        bucket.told = bucket.answers < 1
        if bucket.told:
            return Verdict.TELL
        bucket.answers -= 1
        return Verdict.ANSWER

    def _add(self, place: Hashable, now_s: float) -> _Bucket:
        if len(self._buckets) >= self._look_at:
            fills_s = self._burst / self._per_s
            self._buckets = {key: old for key, old in self._buckets.items() if now_s - old.at_s < fills_s}
            self._look_at = 2 * max(PLACES_KEPT, len(self._buckets))
        bucket = self._buckets[place] = _Bucket(self._burst, now_s)
        return bucket
