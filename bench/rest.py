"""Waiting until the server has done what it puts off under load (its indexes), so that it is not in the figures.

A server that uses next to no processor time is at rest. It does not say how far it is, but its file does.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from time import perf_counter

from bench.context import Bench
from bench.process import cpu_seconds

LOOK_S = 0.5
REST_SHARE = 0.02  # of a core: a server that uses less is at rest
WAIT_S_MAX = 120.0
WAIT_S_MAX_PER_MESSAGE = 300e-6  # the index of SEARCH takes 30 µs a message on the machine of bench/RESULTS.md
BEHIND_MAX = 1_000  # messages that wait for more of them to come


def rest(bench: Bench, messages: int = 0) -> None:
    """Wait, for a store of so many messages; a note tells how long, and whether it was in vain."""
    if cpu_seconds(bench.server.pid) is None:
        return
    begun = perf_counter()
    most_s = WAIT_S_MAX + WAIT_S_MAX_PER_MESSAGE * messages
    at_rest = False
    while not at_rest and (passed := perf_counter() - begun) < most_s:
        _show(bench, passed)
        at_rest = _is_at_rest(bench)
    waited = perf_counter() - begun
    if not at_rest:
        bench.notes.append(f"the server was still at work on its indexes after {most_s:.0f} s")
    elif waited > 2 * LOOK_S:
        bench.notes.append(f"waited {waited:.1f} s until the server was at rest")
    _check(bench)


def _show(bench: Bench, passed: float) -> None:
    found = indexed(bench.server.store)
    if found is None:
        bench.progress.step(f"the server indexes, {passed:.0f} s")
    else:
        bench.progress.step("the server indexes", found[0] / max(1, found[1]))


def _is_at_rest(bench: Bench) -> bool:
    span = bench.measure(lambda: bench.loop.run_for(LOOK_S))
    return span.server_cpu_s is None or span.server_cpu_s < LOOK_S * REST_SHARE


def _check(bench: Bench) -> None:
    """Say so if the index is not what a question would expect: it may be at rest because it cannot go on."""
    found = indexed(bench.server.store)
    if found is not None and found[1] - found[0] > BEHIND_MAX:
        bench.notes.append(f"SEARCH has an index up to message {found[0]:,} of {found[1]:,}: the rest is read through")


def indexed(store: Path | None) -> tuple[int, int] | None:
    """Up to which message there is an index for SEARCH, and the last message; None if no file says so."""
    if store is None:
        return None
    try:
        with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            searched = connection.execute("SELECT value FROM meta WHERE name = 'searched_id'").fetchone()
            last = connection.execute("SELECT max(id) FROM messages").fetchone()
    except sqlite3.Error:
        return None
    return (searched[0], last[0] or 0) if searched else None
