"""Live many lives, replay one, make a failing one short, or show that planted defects are found.

python3 -m tests.simulation --seeds 1000+2000
python3 -m tests.simulation --replay 1234
python3 -m tests.simulation --shrink 1234 > tests/simulation/corpus/what_it_was.json
python3 -m tests.simulation --planted

With --cluster each is a life of a cluster's nodes on a shared log that fails, too.
"""

import argparse
import sys

from tests.simulation.campaign import find_planted, live, live_part, plant_one
from tests.simulation.choices import Choices, Record
from tests.simulation.corpus import as_text, read
from tests.simulation.every_planted import PLANTED, SEEDS_MAX
from tests.simulation.life import Life
from tests.simulation.lives import STEPS, Outcome, prepare, run
from tests.simulation.planted_shared import SHARED_PLANTED
from tests.simulation.shared import SharedLife
from tests.simulation.shrink import Shrinker


def main() -> int:
    """The command. Its status is 0 if nothing was as it must not be."""
    options = _parser().parse_args()
    prepare()
    make = SharedLife if options.cluster else Life
    if options.part:
        return live_part(options.part, make)
    if options.plant:
        return plant_one(options.plant, options.seeds or (0, SEEDS_MAX))
    if options.planted is not None:
        names = options.planted or list(SHARED_PLANTED if options.cluster else PLANTED)
        return find_planted(names, options.seeds or (0, SEEDS_MAX), options.jobs)
    if options.replay or options.shrink:
        choices = _choices(options.replay or options.shrink)
        return _shrink(choices, make) if options.shrink else _replay(choices, make)
    return live(options.seeds or (0, 200), options.jobs, is_twice=options.twice, is_shared=options.cluster)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.simulation", description="the server in a hostile world that is played again from a seed"
    )
    parser.add_argument("--seeds", type=_range, metavar="FIRST+COUNT", help="which lives (default 0+200)")
    parser.add_argument("--twice", action="store_true", help="each once more, with other hashes: it must be the same")
    parser.add_argument("--cluster", action="store_true", help="of nodes that share a log which fails, too")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--replay", metavar="SEED|FILE", help="tell the story of one life")
    parser.add_argument("--shrink", metavar="SEED|FILE", help="make a failing life short, and print its record")
    parser.add_argument("--planted", nargs="*", metavar="NAME", help="plant defects, and see each found")
    parser.add_argument("--part", type=_range, help=argparse.SUPPRESS)
    parser.add_argument("--plant", choices=[*PLANTED, *SHARED_PLANTED], help=argparse.SUPPRESS)
    return parser


def _range(text: str) -> tuple[int, int]:
    first, _, count = text.partition("+")
    return int(first), int(count or 1)


def _choices(named: str) -> Choices:
    return Choices(int(named)) if named.isdigit() else Choices(record=read(named))


def _again(record: Record, make: type[Life]) -> Outcome:
    return run(Choices(record=record), len(record) - 1, make)


def _replay(choices: Choices, make: type[Life]) -> int:
    outcome = run(choices, choices.steps if choices.is_replay else STEPS, make)
    print("\n".join(outcome.story))
    for violation in outcome.violations:
        print(f"BROKEN: {violation}", file=sys.stderr)
    return 1 if outcome.violations else 0


def _shrink(choices: Choices, make: type[Life]) -> int:
    outcome = run(choices, choices.steps if choices.is_replay else STEPS, make)
    if not outcome.violations:
        print("this life is as it must be: there is nothing to make short", file=sys.stderr)
        return 1
    record = Shrinker(outcome.record, lambda shorter: bool(_again(shorter, make).violations)).shrink()
    print(as_text(record, _again(record, make).violations[0]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
