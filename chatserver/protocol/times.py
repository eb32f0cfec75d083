"""Times on the wire: UTC with milliseconds, `2026-11-22T14:39:05.123Z`."""

from datetime import datetime
from functools import lru_cache
from time import gmtime, strftime


@lru_cache(maxsize=4096)  # a turn stamps all its messages with one time, and a page of history shares seconds
def _second(seconds: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(seconds))


@lru_cache(maxsize=256)
def format_time(time_ms: int) -> str:
    """Write a wall-clock time, in milliseconds since 1970, as the wire shows it."""
    seconds, milliseconds = divmod(time_ms, 1000)
    return f"{_second(seconds)}.{milliseconds:03d}Z"


def parse_time(text: str) -> int:
    """Read such a time back, in milliseconds since 1970. Raises ValueError if it is none."""
    whole = datetime.fromisoformat(text)
    if whole.tzinfo is None:
        raise ValueError(f"a time without its Z: {text!r}")
    return round(whole.timestamp() * 1000)
