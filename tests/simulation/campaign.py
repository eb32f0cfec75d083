"""Many lives in several processes, and what came of them in one summary."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.simulation.choices import Choices
from tests.simulation.every_planted import lives_until_found
from tests.simulation.life import Life
from tests.simulation.lives import FAULTS, run
from tests.simulation.planted_shared import SHARED_PLANTED, shared_lives_until_found
from tests.simulation.shared import SHARED_FAULTS

Seeds = tuple[int, int]
"""The first, and how many."""

PART = 100  # lives of one process: to start one takes as long as ten lives
ENOUGH = 200  # lives in which every kind of fault must have happened


def live(seeds: Seeds, jobs: int, *, is_twice: bool = False, is_shared: bool = False) -> int:
    """Live so many lives; the status of the command."""
    first, count = seeds
    started_s, fired, done, broken = time.monotonic(), Counter[str](), 0, 0
    parts = [(at, min(PART, first + count - at)) for at in range(first, first + count, PART)]
    with ThreadPoolExecutor(jobs) as pool:
        for rows in pool.map(lambda part: _part(part, is_twice=is_twice, is_shared=is_shared), parts):
            for row in rows:
                done += 1
                fired.update(row["fired"])
                if row["violations"]:
                    broken += 1
                    print(f"BROKEN: seed {row['seed']}, step {row['steps']}: {row['violations'][0]}")
            print(f"{done} of {count} lives, {broken} broken, {time.monotonic() - started_s:.0f} s", flush=True)
    faults = (*FAULTS, *SHARED_FAULTS) if is_shared else FAULTS
    never = [fault for fault in faults if not fired[fault]] if count >= ENOUGH else []
    for fault in faults:
        print(f"  {fired[fault]:>8} {fault}")
    for fault in never:
        print(f"BROKEN: this never happened: {fault}")
    if broken:
        print("tell a story: python3 -m tests.simulation --replay SEED; make it short: --shrink SEED")
    return 1 if broken or never else 0


def _part(seeds: Seeds, *, is_twice: bool, is_shared: bool) -> list[dict[str, Any]]:
    rows = list(_lives(seeds, "1", is_shared=is_shared))
    if is_twice:
        for row, other in zip(rows, _lives(seeds, "2", is_shared=is_shared), strict=True):
            if row["trace"] != other["trace"]:
                row["violations"].append("it goes another way with other hashes (PYTHONHASHSEED)")
    return rows


def _lives(seeds: Seeds, hashes: str, *, is_shared: bool) -> Iterator[dict[str, Any]]:
    first, count = seeds
    words = [sys.executable, "-m", "tests.simulation", "--part", f"{first}+{count}"]
    words += ["--cluster"] if is_shared else []
    environment = {**os.environ, "PYTHONHASHSEED": hashes}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert len(lines) == count, f"lives {first}+{count} ended with {done.returncode}: {done.stderr[-2000:]}"
    return map(json.loads, lines)


def live_part(seeds: Seeds, make: type[Life]) -> int:
    """In a process of its own: a line for each life."""
    for seed in range(seeds[0], sum(seeds)):
        outcome = run(Choices(seed), make=make)
        row = {
            "seed": seed,
            "steps": outcome.steps,
            "violations": outcome.violations[:3],
            "fired": outcome.fired,
            "trace": hashlib.sha256("\n".join(outcome.story).encode()).hexdigest(),
        }
        print(json.dumps(row), flush=True)
    return 0


def find_planted(names: Sequence[str], seeds: Seeds, jobs: int) -> int:
    """Plant defects, one in each process; the status of the command is 0 if all are found."""
    missed = []
    with ThreadPoolExecutor(jobs) as pool:
        for name, found in zip(names, pool.map(lambda name: _plant(name, seeds), names), strict=True):
            print(f"{name}: {found or f'NOT FOUND in {seeds[1]} lives'}", flush=True)
            if not found:
                missed.append(name)
    print(f"{len(names) - len(missed)} of {len(names)} planted defects are found")
    return 1 if missed else 0


def _plant(name: str, seeds: Seeds) -> str:
    words = [sys.executable, "-m", "tests.simulation", "--plant", name, "--seeds", f"{seeds[0]}+{seeds[1]}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert not done.stderr, f"{name} could not be planted: {done.stderr[-2000:]}"
    return done.stdout.strip()


def plant_one(name: str, seeds: Seeds) -> int:
    """In a process of its own: when a planted defect is found, and by what."""
    look = shared_lives_until_found if name in SHARED_PLANTED else lives_until_found
    found = look(name, range(seeds[0], sum(seeds)))
    if found is not None:
        print(f"life {found[0]}: {found[1]}")
    return 0 if found is not None else 1
