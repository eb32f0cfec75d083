"""Processor time by stage. It knows nothing of what it times."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import process_time

TARE_RUNS = 2000


class Stopwatch:
    """Adds up the processor time of stages by name, in seconds; `tare_s` is what timing itself takes."""

    def __init__(self, tare_s: float = 0.0) -> None:
        self.seconds: dict[str, float] = {}
        self._tare_s = tare_s

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time the body, in addition to what the stage has taken before."""
        begun = process_time()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + process_time() - begun - self._tare_s


def weigh_tare_s() -> float:
    """What an empty stage takes: the clock is a system call, dear beside one `recv`."""
    watch = Stopwatch()
    for _ in range(TARE_RUNS):
        with watch("nothing"):
            pass
    return watch.seconds["nothing"] / TARE_RUNS
