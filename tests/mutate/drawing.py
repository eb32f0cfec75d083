"""Which mutants are tried: drawn from a seed, as many of each folder as of any other.

Of a folder each kind of change is drawn as often as any other, so that numbers and comparisons, which are many, do not
leave out the guards and events, which are few. The first mutants of a seed are the same whatever the count.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

from tests.mutate.changes import Change, changes

PACKAGE = "chatserver"


class NothingToDrawError(Exception):
    """No such folder, or no code in it; the text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One file of the tree, wrong in one place. `path` is relative to the tree's root."""

    path: Path
    line: int
    what: str
    before: bytes
    after: bytes

    @property
    def folder(self) -> str:
        return self.path.parent.as_posix()

    def __str__(self) -> str:
        return f"{self.path.as_posix()}:{self.line}: {self.what}"

    def diff(self) -> str:
        """The change as a small diff, without a line of what is around it."""
        before, after = self.before.decode().splitlines(), self.after.decode().splitlines()
        lines = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]  # without the names of the two files
        return "\n".join(line for line in lines if not line.startswith("@@"))


def draw(root: Path, seed: int, count: int, folder: str = PACKAGE) -> list[Mutant]:
    """So many mutants of a folder and those in it, or all that there are. Raises NothingToDrawError."""
    folders = _folders(root, folder.rstrip("/"))
    if not folders:
        raise NothingToDrawError(f"{folder} holds no code to change: name {PACKAGE} or a folder in it")
    names = sorted(folders)
    Random(seed).shuffle(names)  # else a small count would always meet the same folders
    return list(islice(_in_turns([_of_folder(root, folders[name], f"{seed} {name}") for name in names]), count))


def _folders(root: Path, folder: str) -> dict[str, list[Path]]:
    """Folder → its modules, of those that are asked for."""
    found: dict[str, list[Path]] = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        relative = path.relative_to(root)
        name = relative.parent.as_posix()
        if (name == folder or name.startswith(f"{folder}/")) and path.name != "__init__.py":
            found.setdefault(name, []).append(relative)
    return found


def _in_turns(sources: list[Iterator[Mutant]]) -> Iterator[Mutant]:
    while sources:
        for source in list(sources):
            mutant = next(source, None)
            if mutant is None:
                sources.remove(source)
            else:
                yield mutant


def _of_folder(root: Path, paths: list[Path], seed: str) -> Iterator[Mutant]:
    """All of its mutants, in an order that the seed fixes; of two changes of one place just one."""
    chance = Random(seed)
    texts = {path: (root / path).read_bytes() for path in paths}
    kinds: dict[str, list[tuple[Path, Change]]] = {}
    for path in paths:
        for change in changes(texts[path]):
            kinds.setdefault(change.what, []).append((path, change))
    met: set[tuple[Path, int]] = set()
    while kinds:
        what = chance.choice(list(kinds))
        path, change = kinds[what].pop(chance.randrange(len(kinds[what])))
        if not kinds[what]:
            del kinds[what]
        after = change.of(texts[path])
        if (path, change.start) not in met and _compiles(after):
            met.add((path, change.start))
            line = texts[path].count(b"\n", 0, change.start) + 1
            yield Mutant(path, line, what, texts[path], after)


def _compiles(text: bytes) -> bool:
    try:
        compile(text, "mutant", "exec")
    except SyntaxError:
        return False
    return True
