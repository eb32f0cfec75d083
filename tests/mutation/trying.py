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

from tests.mutation.drawing import Mutant

NOT_COPIED = (".git", ".venv", ".hypothesis", ".pytest_cache", ".mypy_cache", ".ruff_cache", "*.egg-info", "*.db*")
SOONER = ("core", "protocol", "store", "queries", "sessions", "turn", "net", "bothost", "server", "scenarios", "model")
"""Folders of tests in the order in which they are likely to tell, and quick; others follow, by name."""

LEFT_OUT = ("bench", "mutation")  # they test tools, not the server
OWN_TEST = "tests/tree/test_mutate.py"
NO_TESTS = 5  # pytest's status where there was nothing to run
MEMORY_BYTES_MAX = 4 << 30  # a mutant that never ends may want all there is
FILE_BYTES_MAX = 1 << 30


class BadTreeError(Exception):
    """The tests fail without any mutant; the text is a sentence that says which."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the tests noticed, by which of them, and after how many seconds."""

    is_killed: bool
    by: str
    seconds: float


class Bench:
    """A copy of the tree to make copies of, which has its bytecode already."""

    def __init__(self, root: Path, seconds_max: float) -> None:
        """`seconds_max` is for all tests of one mutant; one that takes longer counts as killed."""
        self._seconds_max = seconds_max
        self._folder = TemporaryDirectory(prefix="mutants-")
        self._base = Path(self._folder.name) / "base"
        shutil.copytree(root, self._base, ignore=shutil.ignore_patterns(*NOT_COPIED))

    def close(self) -> None:
        """Remove the copies."""
        self._folder.cleanup()

    def check(self, *, just_collect: bool = False) -> float:
        """Run the tests without a mutant; how long they take. Raises BadTreeError, as then nothing would be told."""
        begun = monotonic()
        stage = ["--collect-only"] if just_collect else []
        verdict = self._run(self._base, [[*stage, *_wider(self._base)]])
        shutil.rmtree(self._base / ".hypothesis", ignore_errors=True)
        if verdict.is_killed:
            raise BadTreeError(
                f"the tests fail without a mutant ({verdict.by}): make them pass, or give more --seconds"
            )
        return monotonic() - begun

    def try_out(self, mutant: Mutant) -> Verdict:
        """Run the tests against a mutant."""
        with TemporaryDirectory(dir=self._folder.name, ignore_cleanup_errors=True) as folder:
            tree = Path(folder) / "tree"
            shutil.copytree(self._base, tree)
            (tree / mutant.path).write_bytes(mutant.after)
            return self._run(tree, stages(tree, mutant.path))

    def _run(self, tree: Path, each: list[list[str]]) -> Verdict:
        begun = monotonic()
        for stage in each:
            failed = _pytest(tree, stage, begun + self._seconds_max - monotonic())
            if failed:
                return Verdict(True, failed, monotonic() - begun)
        return Verdict(False, "", monotonic() - begun)


def stages(tree: Path, path: Path) -> list[list[str]]:
    """Arguments of pytest, one run after another: the file that mirrors a module, its folder, and all the others."""
    inner = path.parts[1:-1] or ("server",)  # the modules of no folder have their tests in tests/server
    folder = Path("tests", *inner)
    own = folder / f"test_{path.stem}.py"
    found: list[list[str]] = []
    if (tree / own).is_file():
        found.append([str(own)])
    if (tree / folder).is_dir():
        found.append([str(folder), f"--ignore={own}"])
    wider = [name for name in _wider(tree) if name != str(folder)]
    return [*found, [*wider, f"--ignore={folder}"]] if wider else found


def _wider(tree: Path) -> list[str]:
    names = [each.name for each in sorted((tree / "tests").iterdir()) if list(each.glob("test_*.py"))]
    kept = [name for name in names if name not in LEFT_OUT]
    kept.sort(key=lambda name: SOONER.index(name) if name in SOONER else len(SOONER))
    return [f"tests/{name}" for name in kept]


def _pytest(tree: Path, arguments: list[str], within_s: float) -> str:
    """Run tests until one fails; its name, or why they were ended, or nothing if all passed."""
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", "-p", "no:cacheprovider", f"--ignore={OWN_TEST}"]
    process = subprocess.Popen(
        [*words, f"--basetemp={tree.parent / 'temporary'}", *arguments],
        cwd=tree,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # so that it is ended with the servers it has started
    )
    _limit(process.pid)
    try:
        said, _ = process.communicate(timeout=max(within_s, 0))
    except subprocess.TimeoutExpired:
        return "the time limit"
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return "" if process.returncode in (0, NO_TESTS) else _failed(said.decode(errors="replace"), process.returncode)


def _limit(pid: int) -> None:
    if hasattr(resource, "prlimit"):
        resource.prlimit(pid, resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (FILE_BYTES_MAX, FILE_BYTES_MAX))


def _failed(said: str, status: int) -> str:
    found = re.search(r"^(?:FAILED|ERROR) (tests/.+?)(?: - .*)?$", said, re.MULTILINE)
    return found[1] if found else f"pytest ended with {status}"
