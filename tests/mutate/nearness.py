"""Which files of tests can notice a change of a line: those that were seen to execute it, recorded once.

The record holds for the tree that it was made of. Where a module has changed since, the function that a line lies in
is what counts; a line that runs at import (a table, a default) concerns all who use its module.
"""

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.mutate import lines, recorder

LEFT_OUT = ("bench", "mutate", "page")
"""They test tools, or the page: nothing that the server's other tests would not meet sooner."""
NOT_COPIED = (".*", "*.egg-info", "*.db*")
BEGINS = """
try:
    from tests.mutate import lines

    lines.begin()
except ImportError:  # a server that was started elsewhere
    pass
"""
RECORDED = Path(".mutants", "lines.json")  # in the tree that the record is of


def copy_tree(root: Path, to: Path) -> None:
    shutil.copytree(root, to, ignore=shutil.ignore_patterns(*NOT_COPIED))


def test_folders(root: Path) -> list[str]:
    """All folders of tests that test the server."""
    found = [each.name for each in sorted((root / "tests").iterdir()) if next(each.rglob("test_*.py"), None)]
    return [f"tests/{name}" for name in found if name not in LEFT_OUT]


def record(root: Path, jobs: int) -> int:
    """Run the tests once and write down which lines each file of them executes; how many files those are."""
    with TemporaryDirectory(prefix="mutants-") as folder:
        tree, met = Path(folder, "tree"), Path(folder, "met")
        met.mkdir()
        copy_tree(root, tree)
        with (tree / "chatserver/__init__.py").open("a") as module:
            module.write(
                "\ntry:\n    from tests.mutate import lines\n\n    lines.begin()\nexcept ImportError:\n    pass\n"
            )
        words = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            recorder.__name__,
            "-o",
            "timeout=300",
            *test_folders(tree),
        ]
        parallel = ["-n", str(jobs), "--dist", "loadfile"] if jobs > 1 else []
        subprocess.run([*words, *parallel], cwd=tree, env={**os.environ, recorder.FOLDER: str(met), lines.WHERE: ""})
        tests = {each.name.replace("+", "/"): _read(each) for each in sorted(met.iterdir())}
    modules = {path: _digest(root / path) for test in tests.values() for path in test["lines"]}
    (root / RECORDED).parent.mkdir(exist_ok=True)
    (root / RECORDED).write_text(json.dumps({"modules": modules, "tests": tests}))
    return len(tests)


def _read(written: Path) -> dict[str, Any]:
    found: dict[str, set[int]] = {}
    functions: dict[str, set[str]] = {}
    seconds = 0.0
    for row in written.read_text().splitlines():
        path, function, number = row.split("\t")
        if path:
            found.setdefault(path, set()).add(int(number))
            functions.setdefault(path, set()).add(function)
        else:
            seconds += float(number)
    return {
        "seconds": seconds,
        "lines": {path: sorted(numbers) for path, numbers in found.items()},
        "functions": {path: sorted(names) for path, names in functions.items()},
    }


class Nearness:
    """Files of tests for a change, the nearest first."""

    def __init__(self, root: Path, seconds_max: float) -> None:
        """`seconds_max` is what the files of one change may have taken together when they were recorded."""
        self._root = root
        self._seconds_max = seconds_max
        recorded = json.loads((root / RECORDED).read_text()) if (root / RECORDED).exists() else {}
        self._modules: dict[str, str] = recorded.get("modules", {})
        self._tests: dict[str, dict[str, Any]] = recorded.get("tests", {})

    def of(self, path: Path, line: int) -> tuple[list[str], list[str]]:
        """The files that mirror the module, and those that were seen to execute the line."""
        folder = Path("tests", *(path.parts[1:-1] or ("server",)))  # the modules of no folder: tests/server
        name = path.stem
        beside = [str(each.relative_to(self._root)) for each in sorted((self._root / folder).glob("test_*.py"))]
        own = [each for each in beside if Path(each).stem.startswith(f"test_{name}")]
        new = [each for each in beside if each not in self._tests]
        seen = [each for each in self._met_by(path, line) if (self._root / each).is_file()]
        seen.sort(key=lambda each: (each not in beside, self._tests[each]["seconds"]))
        rest = [each for each in dict.fromkeys([*new, *self._within(seen)]) if each not in own]
        return own, rest

    def _within(self, names: Iterable[str]) -> Iterable[str]:
        left_s = self._seconds_max
        for name in names:
            left_s -= self._tests[name]["seconds"]
            if left_s < 0:
                return
            yield name

    def _met_by(self, path: Path, line: int) -> list[str]:
        module = path.as_posix()
        function = _function_at(self._root / path, line)
        if not function:
            users = {name: len(test["lines"].get(module, ())) for name, test in self._tests.items()}
            return [name for name in users if users[name]]
        if self._modules.get(module) == _digest(self._root / path):
            exact = [name for name, test in self._tests.items() if line in test["lines"].get(module, ())]
            if exact:
                return exact
        return [name for name, test in self._tests.items() if function in test["functions"].get(module, ())]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _function_at(path: Path, line: int) -> str:
    """The outermost function around a line, as `Class.method`; empty where it runs at import."""
    names: list[str] = []
    node: ast.AST = ast.parse(path.read_bytes())
    while True:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef) and child.lineno <= line <= (child.end_lineno or 0):
                names.append(child.name)
                if isinstance(child, ast.FunctionDef):
                    return ".".join(names)
                node = child
                break
        else:
            return ""
