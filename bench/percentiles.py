"""Latencies and their percentiles. It knows no clock: seconds come in, milliseconds go out.

What never came took infinitely long: a percentile that it reaches is infinite, and told as "never".
"""

from collections.abc import Sequence
from math import ceil, inf

SHOWN = {"p50_ms": 50.0, "p90_ms": 90.0, "p99_ms": 99.0, "p999_ms": 99.9}


class Latencies:
    """How long things took. One entry may stand for several messages of one run, which took equally long."""

    __slots__ = ("_entries", "add")

    def __init__(self) -> None:
        self._entries: list[tuple[float, int]] = []
        self.add = self._entries.append  # ((seconds, how many)): bound once, for it is called for every run of messages

    def clear(self) -> None:
        """Forget what was measured so far (the warm-up)."""
        self._entries.clear()

    def merge(self, other: "Latencies") -> None:
        """Take in another's entries."""
        self._entries.extend(other._entries)

    def add_lost(self, count: int) -> None:
        """So many never came."""
        if count > 0:
            self._entries.append((inf, count))

    def since(self, place: int) -> "tuple[Latencies, int]":
        """What was added behind a place, and the place behind that."""
        found = Latencies()
        found._entries.extend(self._entries[place:])
        return found, len(self._entries)

    def entries(self) -> list[tuple[float, int]]:
        """All of it, rising."""
        return sorted(self._entries)

    @property
    def count(self) -> int:
        """How many messages were timed."""
        return sum(count for _, count in self._entries)

    def percentiles(self, wanted: Sequence[float]) -> list[float]:
        """The wanted percentiles in seconds, by nearest rank; zeros if nothing was timed."""
        entries = sorted(self._entries)
        total = sum(count for _, count in entries)
        if not total:
            return [0.0 for _ in wanted]
        found: list[float] = []
        for percentage in wanted:
            rank = max(1, ceil(total * percentage / 100 - 1e-9))
            found.append(_at_rank(entries, rank))
        return found

    def in_short(self) -> str:
        """Two percentiles for a line that is drawn over itself."""
        if not self._entries:
            return "nothing came"
        middle, late = self.percentiles([50.0, 99.0])
        return f"p50 {middle * 1000:.2f} p99 {late * 1000:.2f} ms"

    def metrics(self) -> dict[str, float]:
        """p50, p90, p99, p99.9 and the maximum, in milliseconds."""
        if not self._entries:
            return {}
        values = self.percentiles([*SHOWN.values(), 100.0])
        return {name: value * 1000 for name, value in zip([*SHOWN, "max_ms"], values, strict=True)}


def _at_rank(entries: list[tuple[float, int]], rank: int) -> float:
    seen = 0
    for value, count in entries:
        seen += count
        if seen >= rank:
            return value
    return entries[-1][0]
