"""Make the server wrong in small ways, drawn from a seed, and see which of them no test notices.

    python3 -m tests.mutate --record
    python3 -m tests.mutate --seed 1 --count 200
    python3 -m tests.mutate --seed 1 --count 50 --folder chatserver/core --resume

A mutant is one small change: a comparison turned, a guard or a statement taken out, `and` for `or`, a `not` dropped,
an event left out of a tuple, a number off by one. Each is put into a copy of the tree, and tests run there until one
fails: those that mirror the module, then those that were seen to execute the line (`--record` writes that down once,
in `.mutants/`). One that survives is a line of the server that could be wrong unnoticed: it asks for a test, unless
the change makes no difference. The same seed and the same tree give the same mutants.
"""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

from tests.harness import ROOT
from tests.mutate.drawing import PACKAGE, Mutant, NothingToDrawError, draw
from tests.mutate.nearness import RECORDED, Nearness, record
from tests.mutate.results import Results, Tried, report
from tests.mutate.trying import SURVIVED, BadTreeError, Bench


def try_all(bench: Bench, mutants: list[Mutant], jobs: int, results: Results) -> list[Tried]:
    """Try each that has no verdict yet, so many at a time, and say so as it is known."""
    tried = [(mutant, verdict) for mutant in mutants if (verdict := results.of(mutant))]
    with ThreadPoolExecutor(jobs) as pool:
        waiting = {pool.submit(bench.try_out, mutant): mutant for mutant in mutants if not results.of(mutant)}
        try:
            for done in as_completed(waiting):
                mutant, verdict = waiting[done], done.result()
                results.add(mutant, verdict)
                tried.append((mutant, verdict))
                word = verdict.word.upper() if verdict.word == SURVIVED else f"{verdict.word}: {verdict.by}"
                print(f"{len(tried)}/{len(mutants)} {mutant}: {word} ({verdict.seconds:.0f} s)", flush=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return tried


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m tests.mutate", description="see what the tests do not notice")
    parser.add_argument("--record", action="store_true", help="run the tests once and note the lines of each; then end")
    parser.add_argument("--seed", type=int, default=1, help="it fixes which mutants are made (default 1)")
    parser.add_argument("--count", type=int, default=20, help="how many mutants (default 20)")
    parser.add_argument("--folder", default=PACKAGE, help=f"of which folder (default all of {PACKAGE})")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time (default: the cores)")
    parser.add_argument("--budget", type=float, default=60, help="seconds of recorded tests for one (default 60)")
    parser.add_argument("--seconds", type=float, default=300, help="for one; it has timed out then (default 300)")
    parser.add_argument("--all", action="store_true", help="then run all other tests too, which takes long")
    parser.add_argument("--resume", action="store_true", help="try only those that have no verdict of an earlier run")
    parser.add_argument("--again", action="store_true", help="the same, but try those that survived again")
    parser.add_argument("--list", action="store_true", help="show the mutants, and try none")
    return parser.parse_args()


def main() -> int:
    """The command. Its status is 0 if none survived, 1 if one did, 2 if none could be tried."""
    chosen = options()
    if chosen.record:
        print(f"{record(ROOT, chosen.jobs)} files of tests are in {RECORDED}")
        return 0
    bench: Bench | None = None
    try:
        mutants = draw(ROOT, chosen.seed, chosen.count, chosen.folder)
        if chosen.list:
            print("\n\n".join(f"{mutant}\n{mutant.diff()}" for mutant in mutants))
            return 0
        if not (ROOT / RECORDED).exists():
            print("only tests that mirror a module are run: `--record` finds the others that execute it", flush=True)
        kept = [SURVIVED] if chosen.again else []
        results = Results(ROOT, forget=kept if chosen.resume or chosen.again else None)
        bench = Bench(ROOT, Nearness(ROOT, chosen.budget), chosen.seconds, has_all=chosen.all)
        print(f"the tests without a mutant: {bench.check(mutants):.0f} s", flush=True)
        tried = try_all(bench, mutants, chosen.jobs, results)
    except (NothingToDrawError, BadTreeError) as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        if bench:
            bench.close()
    print(report(tried))
    return 0 if all(verdict.word != SURVIVED for _, verdict in tried) else 1


if __name__ == "__main__":
    raise SystemExit(main())
