"""What became of the mutants: kept from run to run, so that one that was broken off can be resumed, and reported."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from tests.mutate.drawing import Mutant
from tests.mutate.trying import KILLED, SURVIVED, TIMED_OUT, Verdict

KEPT = Path(".mutants", "verdicts.jsonl")  # in the tree
Tried = tuple[Mutant, Verdict]


class Results:
    """Verdicts by mutant: a row of the file each, written at once."""

    def __init__(self, root: Path, forget: Iterable[str] | None) -> None:
        """Go on with what is there, but for the verdicts to `forget`; begin anew where that is None."""
        self._path = root / KEPT
        self._path.parent.mkdir(exist_ok=True)
        rows = self._path.read_text().splitlines() if forget is not None and self._path.exists() else []
        self._verdicts = {key: Verdict(*verdict) for key, *verdict in map(json.loads, rows)}
        for key in [key for key, verdict in self._verdicts.items() if verdict.word in (forget or ())]:
            del self._verdicts[key]
        self._path.write_text("".join(self._row(*each) for each in self._verdicts.items()))

    def of(self, mutant: Mutant) -> Verdict | None:
        return self._verdicts.get(self._key(mutant))

    def add(self, mutant: Mutant, verdict: Verdict) -> None:
        self._verdicts[self._key(mutant)] = verdict
        with self._path.open("a") as file:
            file.write(self._row(self._key(mutant), verdict))

    @staticmethod
    def _key(mutant: Mutant) -> str:
        """Another when the module has changed since."""
        return f"{mutant} {hashlib.sha256(mutant.after).hexdigest()[:16]}"

    @staticmethod
    def _row(key: str, verdict: Verdict) -> str:
        return json.dumps([key, verdict.word, verdict.by, verdict.seconds]) + "\n"


def report(tried: Iterable[Tried]) -> str:
    """How many were killed, of each folder, and what survived."""
    folders: dict[str, list[str]] = {}
    survivors: list[Mutant] = []
    for mutant, verdict in tried:
        folders.setdefault(mutant.folder, []).append(verdict.word)
        if verdict.word == SURVIVED:
            survivors.append(mutant)
    every = [word for words in folders.values() for word in words]
    lines = ["", "killed  timed out  survived"]
    for folder, words in [*sorted(folders.items()), ("in all", every)]:
        lines += [f"{words.count(KILLED):6} {words.count(TIMED_OUT):10} {words.count(SURVIVED):9}  {folder}"]
    for mutant in sorted(survivors, key=lambda each: (each.path, each.line)):
        lines += ["", f"survived: {mutant}", mutant.diff()]
    return "\n".join(lines)
