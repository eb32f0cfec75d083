"""Power cuts at many points of a server's life, simulated from a record: whatever was told before must still hold.

    python3 -m tests.machine.power --rounds 20 --seed 1

Each round records a story (`story.py`) in which the server is killed, also between the write of a commit and its
flush, and started again. Then the power is cut at points of that record: the files are built as a disk may have them
then (`image.py`), a server is started on them, and is asked for all that clients were told before (`promises.py`).
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.harness import Process, command_line
from tests.machine.image import MOODS, Image, put
from tests.machine.keeping import check_kept
from tests.machine.promises import Broken, Promises
from tests.machine.record import SAID, Entry
from tests.machine.story import ENDS, tell

STEPS = 40  # of each life of a story
CUTS = 25  # of a round
NEAR = 40  # entries behind a place where damage would hurt that count as near to it


@dataclass(slots=True)
class Summary:
    """What a campaign went through."""

    rounds: int = 0
    cuts: int = 0
    promises: int = 0
    entries: int = 0


def places(entries: Sequence[Entry]) -> dict[str, list[int]]:
    """Where the power may be cut, before the entry of that number: anywhere, and where it would hurt most."""
    first = next(at for at, entry in enumerate(entries) if entry.kind == SAID) + 1
    restarts = [at for at in range(1, len(entries)) if entries[at].life != entries[at - 1].life]
    moved = [at for at, entry in enumerate(entries) if entry.name == "" and at > first]  # the log, to the tables
    return {
        "anywhere": list(range(first, len(entries) + 1)),
        "behind a restart": list(_after_frames(entries, restarts)),
        "at a checkpoint": sorted(
            {at + more for at in moved for more in (0, 1, NEAR // 4, NEAR) if at + more <= len(entries)}
        ),
    }


def _after_frames(entries: Sequence[Entry], restarts: Iterable[int]) -> Iterator[int]:
    """Just behind each of the first frames of a life, some of which are told from what it has found."""
    for restart in restarts:
        frames = [at + 1 for at in range(restart, len(entries)) if entries[at].kind == SAID]
        yield from frames[:NEAR]


def choose(entries: Sequence[Entry], count: int, chance: Random) -> list[tuple[int, str]]:
    """Points and moods of that many cuts, in order."""
    kinds = [each for each in places(entries).values() if each]
    return sorted((chance.choice(kinds[at % len(kinds)]), chance.choice(MOODS)) for at in range(count))


def cut_power(entries: Sequence[Entry], cuts: Sequence[tuple[int, str]], chance: Random, folder: Path) -> int:
    """Cut the power at each point, and check what then is there; how much had been promised. Raises Broken."""
    image, promises, done = Image(), Promises(), 0
    for number, (at, mood) in enumerate(cuts):
        for entry in entries[done:at]:
            image.follow(entry)
            promises.follow(entry)
        done = at
        store = folder / f"cut{number}.db"
        put(image.after_cut(chance, mood), store)
        try:
            _check(store, promises)
        except AssertionError as broken:
            what = f"cut before entry {at} of {len(entries)} (life {entries[at - 1].life}, mood {mood})"
            raise Broken(f"{what}: {broken}") from broken
        for path in folder.glob(store.name + "*"):
            path.unlink()
    return promises.count


def _check(store: Path, promises: Promises) -> None:
    with closing(Process(command_line(store, {}), store)) as server:
        check_kept(server, promises)
        assert "Traceback" not in server.stderr, server.stderr


def play_round(folder: Path, seed: int, ends: tuple[str, ...], cuts: int, *, steps: int, sync: str = "full") -> Summary:
    """Tell one story and cut its power so often. Raises Broken with the promise that was not kept."""
    chance = Random(seed)
    entries = tell(folder, seed, ends, steps, sync)
    try:
        promises = cut_power(entries, choose(entries, cuts, chance), chance, folder)
    except Broken as broken:
        raise Broken(f"seed {seed} ({', '.join(ends)}): {broken}") from broken
    return Summary(1, cuts, promises, len(entries))


def run_campaign(rounds: int, seed: int, cuts: int, say: Callable[[str], None], sync: str = "full") -> Summary:
    """Play that many rounds. Raises Broken with the promise that was not kept."""
    total = Summary()
    for number in range(seed, seed + rounds):
        chance = Random(number)
        ends = tuple(chance.choices(ENDS, k=chance.randint(1, 3)))
        with tempfile.TemporaryDirectory() as folder:
            done = play_round(Path(folder), number, ends, cuts, steps=STEPS, sync=sync)
        say(
            f"seed {number} ({', '.join(ends)}): {cuts} cuts among {done.entries} entries, everything promised is there"
        )
        total.rounds += 1
        total.cuts += done.cuts
        total.promises += done.promises
        total.entries += done.entries
    return total


def main() -> int:
    """The command. Its status is 0 if every promise was kept."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.machine.power", description="simulated power cuts")
    parser.add_argument("--rounds", type=int, default=20, help="how many stories (default 20)")
    parser.add_argument("--seed", type=int, default=1, help="of the first story; the next ones follow (default 1)")
    parser.add_argument("--cuts", type=int, default=CUTS, help=f"of each story (default {CUTS})")
    parser.add_argument("--sync", choices=["full", "normal"], default="full", help="as the server's (default full)")
    options = parser.parse_args()
    try:
        summary = run_campaign(options.rounds, options.seed, options.cuts, print, options.sync)
    except AssertionError as broken:
        print(f"BROKEN: {broken}", file=sys.stderr)
        return 1
    print(f"{summary.rounds} stories, {summary.cuts} power cuts, {summary.promises} promises: all kept")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
