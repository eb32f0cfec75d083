"""Fuzz the parsers or whole sessions, from a seed, for so many frames.

python3 -m tests.fuzz parsers --frames 10000000
python3 -m tests.fuzz sessions --frames 1000000 --seed 1000
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz import parsers, sessions
from tests.fuzz.grammar import Grammar

PROGRESS_S = 10.0
LINES = 60  # of a session


def fuzz_parsers(seed: int) -> int:
    """A stream for each parser; how many frames that was. Raises AssertionError with where the bytes are kept."""
    grammar = Grammar(seed)
    done = 0
    for name in parsers.PARSERS:
        data = parsers.made_for(name, grammar)
        pieces = grammar.cuts(data)
        try:
            done += 2 * parsers.check(name, data, pieces)
        except Exception as error:
            raise _kept(f"{name}-{seed}", data, error) from error
    return done


def fuzz_session(seed: int) -> int:
    """A session, every fifth of somebody who is not logged in; how many frames it was answered. Raises as above."""
    grammar = Grammar(seed)
    data = grammar.stream(LINES)
    pieces = grammar.cuts(data)
    try:
        return sessions.check(data, pieces, is_stranger=seed % 5 == 0)
    except Exception as error:
        raise _kept(f"session-{seed}", data, error) from error


def _kept(name: str, data: bytes, error: Exception) -> AssertionError:
    path = Path(tempfile.gettempdir()) / f"{name}.bin"
    path.write_bytes(data)
    return AssertionError(
        f"{name}: {type(error).__name__}: {error}; the bytes are in {path}: keep them in tests/fuzz/corpus"
    )


def main() -> int:
    """The command. Its status is 0 if nothing has failed."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.fuzz", description="bytes that nobody would send in earnest"
    )
    parser.add_argument("what", choices=("parsers", "sessions"))
    parser.add_argument("--frames", type=int, default=100_000, help="until so many were read (default 100,000)")
    parser.add_argument("--seed", type=int, default=1, help="the first one (default 1)")
    options = parser.parse_args()
    fuzz = fuzz_parsers if options.what == "parsers" else fuzz_session
    seed, done, started_s = options.seed, 0, time.monotonic()
    told_s = started_s
    while done < options.frames:
        try:
            done += fuzz(seed)
        except AssertionError as broken:
            print(f"BROKEN: {broken}", file=sys.stderr)
            return 1
        seed += 1
        if time.monotonic() - told_s > PROGRESS_S or done >= options.frames:
            told_s = time.monotonic()
            print(f"{done:,} frames, seeds {options.seed} to {seed - 1}, {told_s - started_s:.0f} s", flush=True)
    print(f"{options.what}: {done:,} frames, none of them read otherwise in pieces, no defect")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
