"""Replay a life of the server from a seed: the real server in a simulated world, beside a naive model.

    python3 -m tests.simulate --seed 7 --plays 100

Each play is a number: it fixes who says what and when, how time passes, when the disk is full and when the server is
restarted. The server's own code runs, with the selector, sockets, clocks and random numbers of a simulated world
(`tests/model/world.py`) and a real SQLite file. What every client sees is compared with what the model says. A play
that fails prints its story and the command that plays it again.
"""

import argparse
import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from chatserver.store import store
from tests.model.beside import simulated
from tests.model.play import Play

DRAWN = 2**24  # a step's number is below it
LISTED_FROM = 3  # messages that wait for the posting lists: a play is too short for hundreds


def run_play(seed: int, steps: int) -> tuple[list[str], AssertionError | None]:
    """Play one; its story, and what was not as it should be."""
    chance = Random(seed)
    with TemporaryDirectory() as folder:
        world = simulated(Path(folder))
        play = Play(world)
        try:
            play.begin()
            for _ in range(steps):
                play.step(chance.randrange(1, DRAWN))
            play.let_a_second_pass()
        except AssertionError as broken:
            return play.story, broken
        finally:
            world.close()
    return play.story, None


def main() -> int:
    """The command. Its status is 0 if server and model agreed to the end."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.simulate", description="replay lives of the server from a seed"
    )
    parser.add_argument("--seed", type=int, default=1, help="the first play's number (default 1)")
    parser.add_argument("--plays", type=int, default=20, help="how many, each with the next number (default 20)")
    parser.add_argument("--steps", type=int, default=300, help="what happens in each (default 300)")
    parser.add_argument("--story", action="store_true", help="print what happened")
    options = parser.parse_args()
    store.UNLISTED_IDLE = LISTED_FROM
    for seed in range(options.seed, options.seed + options.plays):
        story, broken = run_play(seed, options.steps)
        if options.story or broken:
            print("\n".join(story))
        if broken:
            print(f"BROKEN: {broken}", file=sys.stderr)
            print(f"again: python3 -m tests.simulate --seed {seed} --plays 1 --steps {options.steps}", file=sys.stderr)
            return 1
        print(f"play {seed}: {len(story)} things happened, and everybody saw what they should")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
