"""A year of an operator's life, in minutes.

    python3 -m tests.year --weeks 52 --seed 1

Each week the operator does one thing, while writers over the pipe, TLS and WebSocket go on: upgrades the server,
renews its certificate, bans and unbans, restores a backup, rotates the log, fills the disk, purges, loses the server to
a kill. After each, every writer has to get on with its messages. At the end the file must hold whatever was
acknowledged, as it was answered, and once; but for what was said between a backup and its restore. Nobody may have been
refused while the server was not down.
"""

import argparse
import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from chatserver.protocol.times import format_time
from tests.harness import PASSWORD
from tests.year.crowd import SINK, WINDOW, Broken, Writer
from tests.year.life import Life
from tests.year.tasks import OLD, OLD_MS, TASKS, Year

DOORS = ("pipe", "pipe", "tls", "tls", "web", "web")
OLD_ROWS = 1_000


def play(
    folder: Path, weeks: int, seed: int, say: Callable[[str], None], tasks: Sequence[Callable[[Year], None]] = TASKS
) -> str:
    """Play that many weeks; what came of it. Raises Broken with the promise that was not kept."""
    life = Life(folder)
    crowd: list[Writer] = []
    try:
        crowd += _begin(life)
        year = Year(life, crowd)
        chance = random.Random(seed)
        for week in range(weeks):
            if week % len(tasks) == 0:
                order = chance.sample(tasks, len(tasks)) if seed else list(tasks)
            task = order[week % len(tasks)]
            before = [len(writer.book.answered) for writer in crowd]
            task(year)
            for writer, answers in zip(crowd, before, strict=True):
                writer.goes_on(answers + 2 * WINDOW)
            done = sum(len(writer.book.answered) for writer in crowd)
            say(f"week {week + 1} of {weeks}: the operator {task.__doc__}; {done} messages acknowledged")
        _end(year)
        return _judge(year)
    finally:
        for writer in crowd:
            writer.stop.set()
        life.close()


def _begin(life: Life) -> list[Writer]:
    """A store with messages of long ago, and a crowd that writes."""
    life.start()
    tokens = {name: _sign_up(life, name) for name in (SINK, *(f"writer{at}" for at in range(len(DOORS))))}
    with closing(life.connect("pipe")) as client:
        client.expect("HELLO|chatserver|1|…")
        client.says(f"RESUME|writer0|{tokens['writer0']}", "OK|…")
        client.send(*[f"SENDMESSAGE|writer0|{SINK}|{OLD}"] * OLD_ROWS)
        for _ in range(OLD_ROWS):
            client.answers("OK|…")
    life.end()
    with closing(sqlite3.connect(life.store)) as file:
        file.execute("UPDATE messages SET time_ms = time_ms - ?", (OLD_MS,))
        file.commit()
    life.start()
    crowd = [
        Writer(f"writer{at}", tokens[f"writer{at}"], partial(life.connect, door), life.is_down)
        for at, door in enumerate(DOORS)
    ]
    for writer in crowd:
        writer.start()
    return crowd


def _sign_up(life: Life, name: str) -> str:
    with closing(life.connect("pipe")) as client:
        client.expect("HELLO|chatserver|1|…")
        client.says(f"SIGNUP|{name}|{PASSWORD}", "OK|…")
        (frame,) = client.says(f"LOGIN|{name}|{PASSWORD}", "OK|…")
        return frame.split("|")[3]


def _end(year: Year) -> None:
    for writer in year.crowd:
        writer.stop.set()
    for writer in year.crowd:
        writer.join()
        if writer.fault:
            raise Broken(writer.fault)
    year.life.end()


def _judge(year: Year) -> str:
    """The file against what was acknowledged."""
    with closing(sqlite3.connect(year.life.store)) as file:
        rows = file.execute(
            "SELECT u.name, m.id, m.text, m.time_ms FROM messages m JOIN users u ON u.id = m.sender WHERE text <> ?",
            (OLD,),
        ).fetchall()
    acknowledged = excused = 0
    for writer in year.crowd:
        mine = [(int(text), (number, format_time(ms))) for name, number, text, ms in rows if name == writer.user]
        stored = dict(mine)
        if len(stored) < len(mine):
            raise Broken(f"{writer.user}: {len(mine) - len(stored)} messages are there twice")
        for number, stamp in writer.book.answered.items():
            acknowledged += 1
            if any(stamp[0] in gone for gone in year.lost):
                excused += 1
            elif stored.get(number) != stamp:
                raise Broken(
                    f"{writer.user}'s message {number} was answered as {stamp}, stored as {stored.get(number)}"
                )
    log = "".join(path.read_text() for path in year.life.folder.glob("chat.log*"))
    if "Traceback" in log:
        raise Broken(f"a traceback in the log: {log[-3000:]}")
    waits = sum(writer.book.refused_connections for writer in year.crowd)
    return (
        f"{acknowledged} messages acknowledged: none lost but {excused} behind a backup that was restored,"
        f" none doubled, each as it was answered; {waits} connections waited for a server that was down,"
        " none was refused while it was up"
    )


def main() -> int:
    """The command. Its status is 0 if every promise was kept."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.year", description="a year of an operator's life")
    parser.add_argument("--weeks", type=int, default=52, help="how long (default 52); each has one task")
    parser.add_argument("--seed", type=int, default=1, help="fixes the order of the tasks (default 1)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            print(play(Path(folder), options.weeks, options.seed, partial(print, flush=True)))
        except AssertionError as broken:
            print(f"BROKEN: {broken}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
