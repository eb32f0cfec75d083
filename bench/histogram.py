"""All percentiles of a run in the text form of HdrHistogram, which its plotter reads. Values are milliseconds.

Between two lines the share of what is slower halves step by step, so that the tail, which matters, has most lines.
"""

import os
from collections.abc import Iterator
from itertools import accumulate
from math import isfinite, sqrt
from pathlib import Path

from bench import BenchError
from bench.percentiles import Latencies

STEPS_PER_HALF = 5  # lines until half of the rest is reached
HEAD = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"


def write_histogram(file: Path, latencies: Latencies) -> None:
    """Write it. Raises BenchError where the file cannot be written."""
    try:
        file.write_text(histogram(latencies), encoding="utf-8")
    except OSError as error:
        raise BenchError(f"{file} cannot be written: {os.strerror(error.errno or 0)}") from None


def histogram(latencies: Latencies) -> str:
    """The text. What never came stands at the end, as "Infinity"."""
    entries = latencies.entries()
    total = sum(count for _, count in entries)
    if not total:
        return HEAD + "#[Total count    =            0]\n"
    lines = [_line(value * 1000, seen, total) for value, seen in _steps(entries, total)]
    return HEAD + "".join(lines) + _foot(entries, total)


def _steps(entries: list[tuple[float, int]], total: int) -> Iterator[tuple[float, int]]:
    """A value, and how many are no slower, at each of the percentiles that are told."""
    counts = list(accumulate(count for _, count in entries))
    at, rest, told = 0, 1.0, 0
    while told < total:
        wanted = max(1, total - round(total * rest))
        while counts[at] < wanted:
            at += 1
        if counts[at] > told:
            told = counts[at]
            yield entries[at][0], told
        rest *= 0.5 ** (1 / STEPS_PER_HALF)


def _line(value_ms: float, seen: int, total: int) -> str:
    shown = f"{value_ms:12.3f}" if isfinite(value_ms) else "    Infinity"
    rest = f"{total / (total - seen):14.2f}" if seen < total else ""
    return f"{shown} {seen / total:14.12f} {seen:10d} {rest}".rstrip() + "\n"


def _foot(entries: list[tuple[float, int]], total: int) -> str:
    came = [(value, count) for value, count in entries if isfinite(value)]
    count = sum(count for _, count in came) or 1
    mean = sum(value * count for value, count in came) / count
    deviation = sqrt(sum((value - mean) ** 2 * count for value, count in came) / count)
    slowest = f"{1000 * entries[-1][0]:12.3f}" if isfinite(entries[-1][0]) else "    Infinity"
    return (
        f"#[Mean    = {1000 * mean:12.3f}, StdDeviation   = {1000 * deviation:12.3f}]\n"
        f"#[Max     = {slowest}, Total count    = {total:12d}]\n"
    )
