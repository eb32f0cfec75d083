"""The store's files as the disk has them, whatever the page cache says: what a power cut leaves of them.

A flush that has ended makes what was written to that file before its begin durable, and the flush of the folder does
so for names. Of everything later a cut may leave any part: each write by itself is there, lost, torn at a sector or
garbled, each new or removed name is there or not. That is more than most disks do, and no more than they may do.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.machine.record import (
    CREATED,
    FLUSH_BEGUN,
    FLUSH_ENDED,
    FOLDER,
    RENAMED,
    TRUNCATED,
    UNLINKED,
    WRITTEN,
    Entry,
)

SECTOR_BYTES = 512
MOODS = ("lost", "kept", "torn", "mixed", "garbled")
"""What becomes of all that is not durable: nothing is there; all of it; the first ones, the next one torn; each as it
happens; each, but half of them garbled."""


@dataclass(slots=True)
class Act:
    """Something done to a file's content, or to a name of the folder (then `file` is what it stands for now)."""

    number: int
    kind: str
    position: int = 0
    data: bytes = b""
    name: str = ""
    file: "File | None" = None


@dataclass(slots=True, eq=False)
class File:
    """One file: what is durable of it, and what has been done to it since."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Act] = field(default_factory=list)


class Image:
    """Follows a record, entry by entry."""

    def __init__(self) -> None:
        self._number = 0
        self._names: dict[str, File] = {}  # as the server sees them
        self._durable_names: dict[str, File] = {}
        self._pending_names: list[Act] = []
        self._flushes: dict[tuple[int, int], tuple[File | None, int]] = {}  # what each that goes on will have reached

    def follow(self, entry: Entry) -> None:
        """Take one more entry; what is no file's is passed over."""
        self._number += 1
        name = entry.name
        if entry.kind == CREATED:
            self._rename(name, File())
        elif entry.kind == UNLINKED:
            self._rename(name, None)
        elif entry.kind == RENAMED:
            self._rename(entry.data.decode(), self._names[name])
            self._rename(name, None)
        elif entry.kind in (WRITTEN, TRUNCATED):
            self._names[name].pending.append(Act(self._number, entry.kind, entry.position, entry.data))
        elif entry.kind == FLUSH_BEGUN:
            file = None if name == FOLDER else self._names[name]
            self._flushes[entry.life, entry.position] = (file, self._number)
        elif entry.kind == FLUSH_ENDED:
            self._flushed(*self._flushes.pop((entry.life, entry.position)))

    def cached(self) -> dict[str, bytes]:
        """The files as a process sees them: by name, with everything that was written."""
        return {name: bytes(_content(file, file.pending)) for name, file in self._names.items()}

    def after_cut(self, chance: Random, mood: str) -> dict[str, bytes]:
        """The files as they may be once the power is back, by name."""
        names = dict(self._durable_names)
        for act in self._pending_names:
            if mood == "kept" or (mood != "lost" and chance.random() < 0.5):
                _apply_name(names, act)
        return {name: bytes(_content(file, _left(file.pending, chance, mood))) for name, file in names.items()}

    def correct(self, life: int, actual: dict[str, bytes]) -> list[Entry]:
        """What a kill has kept out of the record: entries that lead from it to the files as they are."""
        missed = []
        for name, content in self.cached().items():
            if name not in actual:
                missed.append(Entry(life, UNLINKED, name, 0, b""))
            elif content != actual[name]:
                missed.append(Entry(life, TRUNCATED, name, len(actual[name]), b""))
                missed += _differences(life, name, content, actual[name])
        for name in actual.keys() - self._names.keys():
            missed += [Entry(life, CREATED, name, 0, b""), Entry(life, WRITTEN, name, 0, actual[name])]
        return missed

    def _rename(self, name: str, file: File | None) -> None:
        act = Act(self._number, "", name=name, file=file)
        _apply_name(self._names, act)
        self._pending_names.append(act)

    def _flushed(self, file: File | None, begun: int) -> None:
        if file is None:
            for act in _until(self._pending_names, begun):
                _apply_name(self._durable_names, act)
        else:
            for act in _until(file.pending, begun):
                _apply(file.durable, act.kind, act.position, act.data)


def _until(acts: list[Act], number: int) -> list[Act]:
    """Take the acts before a number out of a list."""
    taken = [act for act in acts if act.number < number]
    acts[:] = acts[len(taken) :]
    return taken


def _apply_name(names: dict[str, File], act: Act) -> None:
    if act.file is None:
        names.pop(act.name, None)
    else:
        names[act.name] = act.file


def _apply(content: bytearray, kind: str, position: int, data: bytes) -> None:
    if kind == TRUNCATED:
        del content[position:]
    if len(content) < position:
        content.extend(bytes(position - len(content)))
    content[position : position + len(data)] = data


def _content(file: File, acts: Iterable[Act]) -> bytearray:
    content = bytearray(file.durable)
    for act in acts:
        _apply(content, act.kind, act.position, act.data)
    return content


def _left(pending: list[Act], chance: Random, mood: str) -> list[Act]:
    """What a cut leaves of the acts that were not flushed."""
    if mood == "kept":
        return pending
    if mood == "lost":
        return []
    if mood == "torn":
        whole = chance.randint(0, len(pending))
        return pending[:whole] + [_torn(act, chance) for act in pending[whole : whole + 1]]
    left = []
    for act in pending:
        fate = chance.choice(("there", "lost", "torn", "garbled") if mood == "mixed" else ("there", "garbled"))
        if fate != "lost":
            left.append({"there": act, "torn": _torn(act, chance), "garbled": _garbled(act, chance)}[fate])
    return left


def _torn(act: Act, chance: Random) -> Act:
    """The begin of a write, up to the end of a sector of the disk."""
    if act.kind != WRITTEN:
        return act
    first = -act.position % SECTOR_BYTES
    ends = [0, *range(first, len(act.data), SECTOR_BYTES)]
    return Act(act.number, act.kind, act.position, act.data[: chance.choice(ends)])


def _garbled(act: Act, chance: Random) -> Act:
    """A write of whose sectors one, and the rest by chance, hold something else."""
    if act.kind != WRITTEN or not act.data:
        return act
    data = bytearray(act.data)
    sure = chance.randrange(0, len(data), SECTOR_BYTES)
    for begin in range(0, len(data), SECTOR_BYTES):
        if begin == sure or chance.random() < 0.3:
            end = min(begin + SECTOR_BYTES, len(data))
            data[begin:end] = chance.randbytes(end - begin)
    return Act(act.number, act.kind, act.position, bytes(data))


def _differences(life: int, name: str, before: bytes, after: bytes) -> list[Entry]:
    """Writes, sector by sector, that make one content the other."""
    begins = range(0, len(after), SECTOR_BYTES)
    parts = [(begin, after[begin : begin + SECTOR_BYTES]) for begin in begins]
    return [
        Entry(life, WRITTEN, name, begin, part) for begin, part in parts if before[begin : begin + len(part)] != part
    ]


def put(files: dict[str, bytes], store: Path) -> None:
    """Write the files of a store."""
    for name, content in files.items():
        store.with_name(store.name + name).write_bytes(content)


def files_of(store: Path) -> dict[str, bytes]:
    """The files of a store as they are now, but for its shared memory."""
    names = {path.name.removeprefix(store.name): path for path in store.parent.glob(store.name + "*")}
    return {name: path.read_bytes() for name, path in names.items() if name in ("", "-wal", "-journal", "-mark")}
