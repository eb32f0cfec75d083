"""The disk and the threads: slow, full, failing, and all that a crash or a power cut leaves of the files."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chatserver.core.events import PASSING
from chatserver.net.workers import Result
from chatserver.store.errors import StoreBroken, StoreUnavailable
from tests.model.world import Disk as PlainDisk
from tests.model.world import Flusher as PlainFlusher
from tests.model.world import Pool as PlainPool
from tests.model.world import Value
from tests.simulation.choices import Choices

SECTOR_BYTES = 512
SLOW, LATE = 0.1, 0.25
FLUSH_S = (0.0, 0.003, 0.02, 0.3)  # how long a flush may take


class Disk(PlainDisk):
    """A store that knows what it has made durable, and fails when the run says so."""

    in_cluster = False

    def __init__(self, path: str, choices: Choices, fired: Counter[str], wait: Callable[[float], None]) -> None:
        """`wait` lets time pass."""
        self._choices = choices
        self._fired = fired
        self._wait = wait
        self._written: list[Any] = []  # in the open transaction
        self.commits: list[list[Any]] = [[]]  # the events of each, by its number
        self._durable: dict[int, Any] = {}
        self.trouble = ""  # "commit", "write": no room there. "flush": the next one is not confirmed
        super().__init__(
            path, "off", in_cluster=self.in_cluster
        )  # the disk's caprices are played here, not by the kernel

    def holds(self, events: Sequence[Any]) -> bool:
        """Whether all of these, but for those that are never stored, are on the disk."""
        return all(id(event) in self._durable or type(event) in PASSING for event in events)

    def has_message(self, number: int) -> bool:
        """Whether the file holds it, as another process would see it."""
        row = self._reading.execute("SELECT 1 FROM messages WHERE id = ?", (number,)).fetchone()
        return row is not None

    def write(self, events: Sequence[Any]) -> None:
        if self.trouble == "write" and events:
            self._fired["a write that fails"] += 1
            super().write(events[: self._choices.below(len(events) + 1)])  # so many of them first
            full = sqlite3.OperationalError("database or disk is full")
            full.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise self._failed(full)
        super().write(events)
        self._written += events

    def roll_back(self) -> None:
        super().roll_back()
        self._written = []

    def commit(self) -> None:
        if not self._connection.in_transaction:
            super().commit()
            return
        if self._choices.happens(SLOW):
            self._fired["a slow flush"] += 1
            self._wait(self._choices.pick(FLUSH_S))
        if self.trouble == "commit":
            self._fired["a commit that fails"] += 1
            raise StoreUnavailable("the simulated disk is full")
        broken = self.trouble == "flush"
        if broken and not self._choices.below(2):
            self._fired["a flush that fails"] += 1
            raise StoreBroken("the simulated disk did not confirm a write")
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES ('simulated', ?)", (len(self.commits),))
        super().commit()
        self.commits.append(self._written)
        self._durable |= {id(event): event for event in self._written}
        self._written = []
        if broken:
            self._fired["a flush that fails, though all was written"] += 1
            raise StoreBroken("the simulated disk did not confirm a write")

    def last_commit(self) -> int:
        """The number of the last commit that the file holds, whoever made it."""
        row = self._connection.execute("SELECT value FROM meta WHERE name = 'simulated'").fetchone()
        return int(row[0]) if row else 0

    def begin_again(self, before: "Disk") -> None:
        """It goes on with what another life's disk has left."""
        self.commits = before.commits[: self.last_commit() + 1]
        self._durable = {id(event): event for events in self.commits for event in events}


class Flusher(PlainFlusher):
    """Works as late as the disk does, and can be stopped by a crash before or in the middle of its job."""

    def __init__(self, call_soon: Callable[[Callable[[], None]], None], choices: Choices, fired: Counter[str]) -> None:
        super().__init__(call_soon)
        self._choices = choices
        self._fired = fired
        self._job: tuple[Callable[[], None], Callable[[Exception | None], None]] | None = None

    def submit(self, job: Callable[[], None], done: Callable[[Exception | None], None]) -> None:
        assert self._job is None, "the job before has not been told"
        self._job = job, done
        if not self._is_held:
            self._call_soon(self._look)

    def wait(self, within_s: float | None = None) -> None:
        if self._job is not None and (within_s is None or not (self._is_held or self._choices.happens(0.5))):
            self._finish()

    def hold(self) -> None:
        self._fired["a disk that hangs"] += 1
        super().hold()

    def let_go(self) -> None:
        self._is_held = False
        if self._job is not None:
            self._call_soon(self._look)

    def die(self) -> None:
        """The process is killed: what the job has begun the kernel brings to its end, and nobody hears of it."""
        if self._job is not None:
            try:
                self._job[0]()
            except Exception:
                self._fired["a crash in a commit that fails"] += 1
        self._job = None

    @property
    def works(self) -> bool:
        """Whether there is a job."""
        return self._job is not None

    def _look(self) -> None:
        if self._job is None or self._is_held:
            return
        if self._choices.happens(LATE):
            self._fired["a flush while the loop goes on"] += 1
            self._call_soon(self._look)
        else:
            self._finish()

    def _finish(self) -> None:
        assert self._job is not None
        job, done = self._job
        error = None
        try:
            job()
        except Exception as raised:
            error = raised
        self._job = None
        done(error)


class Helpers(PlainPool):
    """Threads whose results come back late, and not in the order of the jobs."""

    def __init__(self, call_soon: Callable[[Callable[[], None]], None], choices: Choices, fired: Counter[str]) -> None:
        super().__init__(call_soon)
        self._choices = choices
        self._fired = fired

    def submit(self, job: Callable[[], Value], done: Callable[[Result[Value]], None]) -> None:
        outcome = Result(job(), None)
        self._bring(lambda: done(outcome))

    def _bring(self, tell: Callable[[], None]) -> None:
        if self._choices.happens(LATE):
            self._fired["a thread that takes its time"] += 1
            self._call_soon(lambda: self._bring(tell))
        else:
            self._call_soon(tell)


Files = dict[str, bytes]
"""The store's files, by what their names have behind the path."""


def read_files(path: Path) -> Files:
    """What the kernel has of a store's files. The shared memory of SQLite does not outlive a machine."""
    return {end: Path(f"{path}{end}").read_bytes() for end in ("", "-wal", "-mark") if Path(f"{path}{end}").exists()}


def write_files(path: Path, files: Files) -> None:
    """Put files to where the next life looks for them."""
    for end, content in files.items():
        Path(f"{path}{end}").write_bytes(content)


def after_power_cut(before: Files, after: Files, choices: Choices) -> Files:
    """What the disk may have, if the power went while `before` was being made into `after` and no flush had ended.

    SQLite flushes the tables before it cuts a log or writes over it: where both change, the tables come first.
    """
    both = before.get("", b"") != after.get("", b"") and before.get("-wal", b"") != after.get("-wal", b"")
    if both and choices.below(2):
        return {**before, "": _torn(before.get("", b""), after.get("", b""), choices)}
    tables = after.get("", b"") if both else _torn(before.get("", b""), after.get("", b""), choices)
    log = _torn(before.get("-wal", b""), after.get("-wal", b""), choices)
    return {"": tables, "-wal": log, "-mark": before.get("-mark", b"")}


def _torn(before: bytes, after: bytes, choices: Choices) -> bytes:
    """Nothing of what is new, its begin, any sectors of it, or these with some of them garbled.

    What was durable in a sector is kept while more is written to it, as SQLite takes for granted.
    """
    changed = [
        at
        for at in range(0, max(len(before), len(after)), SECTOR_BYTES)
        if before[at : at + SECTOR_BYTES] != after[at : at + SECTOR_BYTES]
    ]
    if not changed:
        return after
    mood = choices.pick(("lost", "torn", "mixed", "garbled"))
    upto = choices.below(len(changed) + 1)
    content = bytearray(before)
    for number, at in enumerate(changed):
        kept = number < upto if mood == "torn" else mood != "lost" and bool(choices.below(2))
        if not kept:
            continue
        sector = after[at : at + SECTOR_BYTES]
        if mood == "garbled" and choices.below(2):
            sector = bytes(
                byte if before[at + place : at + place + 1] == bytes((byte,)) else byte ^ 0x5A
                for place, byte in enumerate(sector)
            )
        content.extend(bytes(max(0, at - len(content))))
        content[at : at + len(sector)] = sector
    return bytes(content)
