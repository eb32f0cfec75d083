"""What deploy/Dockerfile says, done in a folder in the place of the root, without an engine and not by root."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.harness import ROOT
from tests.wire import WAIT_S

NOBODY = 65_534
STUBS = {  # what only root can do is noted, or done for whoever asks
    "useradd": 'for name; do :; done; echo "$name" >> "$ROOT/users"',
    "install": 'shift; test "$1" = -o && grep -qx "$2" "$ROOT/users" && shift 2 && exec /usr/bin/install -d "$@"',
}


class Image:
    """The steps of a Dockerfile, one after the other; what its containers would start with."""

    def __init__(self, dockerfile: Path, root: Path) -> None:
        self.root = root
        self.said: dict[str, str] = {}
        tools = root / "tools"
        tools.mkdir(parents=True)
        for name, does in STUBS.items():
            (tools / name).write_text(f"#!/bin/sh\n{does}\n")
            (tools / name).chmod(0o755)
        (tools / "python3").symlink_to(_python())
        self.environment = {"PATH": f"{tools}:/usr/bin:/bin", "ROOT": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
        self._give(root)
        text = re.sub(r"^#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
        for step in filter(None, text.splitlines()):
            name, _, rest = step.partition(" ")
            self._do(name, rest.strip())

    def words(self, name: str) -> list[str]:
        """A step's list of words, with the folder in the place of the root."""
        words = json.loads(self.said[name].partition("CMD ")[2] if name == "HEALTHCHECK" else self.said[name])
        return [self._placed(word) for word in words]

    def run(self, words: list[str]) -> "subprocess.CompletedProcess[str]":
        """As the user, in the folder, and to its end."""
        return subprocess.run(words, **self.as_user(), capture_output=True, text=True, timeout=WAIT_S, check=False)  # type: ignore[call-overload, no-any-return]

    def as_user(self) -> dict[str, object]:
        """What starts a process so."""
        cwd = self._placed(self.said.get("WORKDIR", "/"))
        return {"cwd": cwd, "env": self.environment, "stdin": subprocess.DEVNULL, **_somebody()}

    def _do(self, name: str, rest: str) -> None:
        if name == "COPY":
            source, target = rest.split()
            shutil.copytree(ROOT / source, self._placed(target), ignore=shutil.ignore_patterns("__pycache__"))
            self._give(self.root)
        elif name == "RUN":
            done = self.run(["sh", "-euc", self._placed(rest)])
            assert done.returncode == 0, (rest, done)
        elif name == "USER":
            assert rest in (self.root / "users").read_text().splitlines(), f"no step makes the user {rest}"
        elif name in ("WORKDIR", "VOLUME"):
            assert os.path.isdir(self._placed(rest)), f"no step makes {rest}"
        else:
            assert name in ("FROM", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT", "CMD"), name
        self.said[name] = rest

    def _placed(self, text: str) -> str:
        return re.sub(r"(^|(?<=[\s\"'=]))/(?=\w|$)", f"{self.root}/", text)

    @staticmethod
    def _give(root: Path) -> None:
        if os.geteuid() == 0:
            for path in (root, *root.rglob("*")):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def _somebody() -> dict[str, object]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": ()} if os.geteuid() == 0 else {}


def _python() -> str:
    """One that somebody else may start: the tests' own may stand in a folder of root's."""
    check = "import sqlite3, sys; sys.exit(sys.version_info < (3, 11))"
    for path in (os.path.realpath(sys.executable), "/usr/local/bin/python3", "/usr/bin/python3"):
        try:
            done = subprocess.run([path, "-c", check], cwd="/", check=False, **_somebody())  # type: ignore[call-overload]
        except OSError:
            continue
        if done.returncode == 0:
            return path
    raise AssertionError("no Python 3.11 that a user who is not root may start")
