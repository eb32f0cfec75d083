"""Trying a mutant: the tests run in a copy of the tree that has it, the nearest first, until one fails.

The tree itself is never changed. Each mutant has a fresh copy, so that it meets nothing that another has left.
"""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from tests.mutate.drawing import Mutant
from tests.mutate.nearness import Nearness, copy_tree, test_folders

NO_TESTS = 5  # pytest's status where there was nothing to run
MEMORY_BYTES_MAX = 4 << 30  # a mutant that never ends may want all there is
FILE_BYTES_MAX = 1 << 30
WAIT_S = 10  # for a frame: a mutant that never says it is met often, and the tests' own patience is for busy machines

KILLED, TIMED_OUT, SURVIVED = "killed", "timed out", "survived"


class BadTreeError(Exception):
    """The tests fail without any mutant; the text is a sentence that says which."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """KILLED, TIMED_OUT or SURVIVED; by which test, and after how many seconds."""

    word: str
    by: str
    seconds: float


class Bench:
    """A copy of the tree to make copies of."""

    def __init__(self, root: Path, nearness: Nearness, seconds_max: float, *, has_all: bool = False) -> None:
        """`seconds_max` is for the tests of one mutant; with `has_all` the others follow the nearest."""
        self._nearness = nearness
        self._seconds_max = seconds_max
        self._has_all = has_all
        self._folder = TemporaryDirectory(prefix="mutants-")
        self._base = Path(self._folder.name) / "base"
        copy_tree(root, self._base)

    def close(self) -> None:
        """Remove the copies."""
        self._folder.cleanup()

    def check(self, mutants: list[Mutant]) -> float:
        """Run what mirrors these without a mutant; how many seconds it takes. Raises BadTreeError if one fails."""
        names = sorted({name for each in mutants for name in self._nearness.of(each.path, each.line)[0]})
        verdict = self._run(self._base, [names])
        shutil.rmtree(self._base / ".hypothesis", ignore_errors=True)
        if verdict.word != SURVIVED:
            raise BadTreeError(f"the tests fail without a mutant ({verdict.by}): make them pass first")
        return verdict.seconds

    def try_out(self, mutant: Mutant) -> Verdict:
        """Run the tests against a mutant."""
        stages = list(self._nearness.of(mutant.path, mutant.line))
        if self._has_all:
            stages.append([*test_folders(self._base), *(f"--ignore={name}" for stage in stages for name in stage)])
        with TemporaryDirectory(dir=self._folder.name, ignore_cleanup_errors=True) as folder:
            tree = Path(folder) / "tree"
            shutil.copytree(self._base, tree)
            (tree / mutant.path).write_bytes(mutant.after)
            return self._run(tree, stages)

    def _run(self, tree: Path, stages: list[list[str]]) -> Verdict:
        begun = monotonic()
        word = by = ""
        for stage in filter(None, stages):
            word, by = _pytest(tree, stage, begun + self._seconds_max - monotonic())
            if word != SURVIVED:
                break
        return Verdict(word or SURVIVED, by, monotonic() - begun)


def _pytest(tree: Path, arguments: list[str], within_s: float) -> tuple[str, str]:
    """Run tests until one fails; a verdict's word, and which test it was."""
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", "-p", "no:cacheprovider", "-o", "timeout=60"]
    process = subprocess.Popen(
        [*words, f"--basetemp={tree.parent / 'temporary'}", *arguments],
        cwd=tree,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            "TESTS_WAIT_S": str(WAIT_S),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # so that it is ended with the servers it has started
    )
    _limit(process.pid)
    try:
        said, _ = process.communicate(timeout=max(within_s, 0))
    except subprocess.TimeoutExpired:
        return TIMED_OUT, "the time limit"
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode in (0, NO_TESTS):
        return SURVIVED, ""
    return failed(said.decode(errors="replace"), process.returncode)


def _limit(pid: int) -> None:
    if hasattr(resource, "prlimit"):
        resource.prlimit(pid, resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (FILE_BYTES_MAX, FILE_BYTES_MAX))


def failed(said: str, status: int) -> tuple[str, str]:
    """The verdict's word, and which test it was, of what pytest has said. Its last lines are cut to a width."""
    found = re.search(r"^(?:FAILED|ERROR) (tests/.+?)(?: - .*)?$", said, re.MULTILINE)
    word = TIMED_OUT if re.search(r"^E +Failed: Timeout \(>", said, re.MULTILINE) else KILLED
    return word, found[1] if found else f"pytest ended with {status}"
