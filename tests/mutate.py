"""Make the server wrong in small ways, drawn from a seed, and see which of them no test notices.

    python3 -m tests.mutate --seed 1 --count 50
    python3 -m tests.mutate --seed 1 --count 20 --folder chatserver/core

A mutant is one small change: a comparison turned, a guard or a statement taken out, `and` for `or`, a `not` dropped,
an event left out of a tuple, a number off by one. Each is put into a copy of the tree, and the tests run there, the
nearest first, until one fails: that has killed it. One that survives is a line of the server that could be wrong
unnoticed: it asks for a test, unless the change makes no difference. The same seed and the same tree give the same
mutants.
"""

import argparse
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from tests.harness import ROOT
from tests.mutation.drawing import PACKAGE, Mutant, NothingToDrawError, draw
from tests.mutation.trying import BadTreeError, Bench, Verdict

Tried = tuple[Mutant, Verdict]


def try_all(bench: Bench, mutants: list[Mutant], jobs: int) -> list[Tried]:
    """Try each, so many at a time, and say so as it is known."""
    tried: list[Tried] = []
    with ThreadPoolExecutor(jobs) as pool:
        verdicts = pool.map(bench.try_out, mutants) if jobs > 1 else map(bench.try_out, mutants)
        for mutant, verdict in zip(mutants, verdicts, strict=True):
            tried.append((mutant, verdict))
            word = f"killed by {verdict.by}" if verdict.is_killed else "SURVIVED"
            print(f"{len(tried)}/{len(mutants)} {mutant} {word} ({verdict.seconds:.0f} s)", flush=True)
    return tried


def report(tried: Iterable[Tried]) -> str:
    """How many were killed, of each folder, and what survived."""
    folders: dict[str, list[bool]] = {}
    survivors: list[Mutant] = []
    for mutant, verdict in tried:
        folders.setdefault(mutant.folder, []).append(verdict.is_killed)
        if not verdict.is_killed:
            survivors.append(mutant)
    lines = ["", "killed / made"]
    lines += [f"{sum(killed):5} / {len(killed):<5} {folder}" for folder, killed in sorted(folders.items())]
    every = [killed for each in folders.values() for killed in each]
    lines += [f"{sum(every):5} / {len(every):<5} in all"]
    for mutant in sorted(survivors, key=lambda each: (each.path, each.line)):
        lines += ["", f"survived: {mutant}", mutant.diff()]
    return "\n".join(lines)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m tests.mutate", description="see what the tests do not notice")
    parser.add_argument("--seed", type=int, default=1, help="it fixes which mutants are made (default 1)")
    parser.add_argument("--count", type=int, default=20, help="how many mutants (default 20)")
    parser.add_argument("--folder", default=PACKAGE, help=f"of which folder (default all of {PACKAGE})")
    parser.add_argument("--seconds", type=float, default=900, help="for the tests of one; more is killed (default 900)")
    parser.add_argument("--jobs", type=int, default=1, help="mutants tried at a time (default 1)")
    parser.add_argument("--list", action="store_true", help="show the mutants, and try none")
    parser.add_argument("--trust", action="store_true", help="do not run all tests without a mutant first")
    return parser.parse_args()


def main() -> int:
    """The command. Its status is 0 if every mutant was killed, 1 if one survived, 2 if none could be tried."""
    chosen = options()
    bench: Bench | None = None
    try:
        mutants = draw(ROOT, chosen.seed, chosen.count, chosen.folder)
        if chosen.list:
            print("\n\n".join(f"{mutant}\n{mutant.diff()}" for mutant in mutants))
            return 0
        bench = Bench(ROOT, chosen.seconds)
        print("the tests without a mutant: ", end="", flush=True)
        print(f"{bench.check(just_collect=chosen.trust):.0f} s", flush=True)
        tried = try_all(bench, mutants, chosen.jobs)
    except (NothingToDrawError, BadTreeError) as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        if bench:
            bench.close()
    print(report(tried))
    return 0 if all(verdict.is_killed for _, verdict in tried) else 1


if __name__ == "__main__":
    raise SystemExit(main())
