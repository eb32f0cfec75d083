"""A cluster for a run: a PostgreSQL of its own, a node that writes and one that follows, all on this machine.

The engine and the node that follows have no core of their own, so that what is measured of the writer is the writer's:
where cores are shared out they run on the generator's.
"""

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep

from bench import BenchError
from bench.ports import free_port
from bench.postgres import Instance, make_folder
from bench.process import STOP_S_MAX, on_core

ENGINES = {"one": "one PostgreSQL", "quorum": "a PostgreSQL and a quorum of two standbys"}
"""What `--cluster` may name, and what a report calls it."""
NAMES = ("one", "two")  # of the nodes, and of standbys
READY_S_MAX = 60.0
LOOK_S = 0.01  # between two looks at what a node has said


class Node:
    """One machine's server. What it says goes into files, for it may say nothing for as long as another writes."""

    def __init__(self, words: Sequence[str], name: str, folder: Path, root: Path) -> None:
        """`words` start it; its port comes in the place of `PORT`."""
        self.port = free_port()
        self.store = folder / f"{name}.db"
        own = {"PORT": str(self.port), "STORE": str(self.store), "NAME": f"cluster_node={name}"}
        self._words = [own.get(word, word) for word in words]
        self._root = root
        self._said, self._log = folder / f"{name}.out", folder / f"{name}.log"
        self._seen = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process's id, once it has been started."""
        return self._process.pid if self._process else None

    def start(self, core: int | None = None) -> None:
        """Start it, on a core of its own if one is given."""
        self._seen = len(self.log)
        with self._said.open("wb") as said, self._log.open("ab") as log, on_core(core):
            self._process = subprocess.Popen(
                self._words, cwd=self._root, stdin=subprocess.DEVNULL, stdout=said, stderr=log
            )

    @property
    def lines(self) -> list[str]:
        """What it has said since it was started, as a script reads it: where it listens."""
        return self._said.read_text().split("\n")[:-1]

    @property
    def log(self) -> str:
        """What it has ever logged."""
        return self._log.read_text() if self._log.exists() else ""

    def line(self, begin: str) -> str:
        """The line that begins so, waited for."""
        found: list[str] = []

        def is_there() -> bool:
            found[:] = [line for line in self.lines if line.startswith(begin)]
            return bool(found)

        self._wait(is_there, "listen")
        return found[0]

    def follows(self) -> None:
        """Wait until it follows the one that writes."""
        self._wait(lambda: "follows" in self.log[self._seen :], "follow")

    def end(self, number: signal.Signals) -> None:
        """Send it a signal that ends it; `wait` waits for that."""
        if self._process is not None:
            self._process.send_signal(number)

    def wait(self) -> None:
        """Wait until it has ended, for which it was asked; with force if it does not."""
        if self._process is not None:
            try:
                self._process.wait(STOP_S_MAX)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def close(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self.end(signal.SIGTERM)
        self.wait()

    def _wait(self, holds: Callable[[], bool], what: str) -> None:
        assert self._process is not None
        end = perf_counter() + READY_S_MAX
        while not holds():
            if self._process.poll() is not None or perf_counter() > end:
                said = self.log[self._seen :].strip() or "nothing"
                raise BenchError(f"A node of the cluster did not {what}; it said: {said}")
            sleep(LOOK_S)


@contextmanager
def started(
    words: Sequence[str], engine: str, folder: Path, root: Path, core: int | None, ready: str
) -> Iterator[tuple[list[Node], str]]:
    """Two nodes of which the first writes, and the line beginning with `ready` that it said. Raises BenchError."""
    with _engine(engine) as conninfo:
        nodes = [Node([*words, "--cluster", conninfo], name, folder, root) for name in NAMES]
        try:
            nodes[0].start(core)
            line = nodes[0].line(ready)
            nodes[1].start()
            nodes[1].follows()
            yield nodes, line
        finally:
            for node in reversed(nodes):
                node.close()


@contextmanager
def _engine(kind: str) -> Iterator[str]:
    """How to reach one that is here for as long as this lasts."""
    folder = make_folder()
    instances = [Instance(folder, free_port())]
    try:
        instances[0].make().start()
        if kind == "quorum":
            instances += [instances[0].make_standby(name).start() for name in NAMES]
            instances[0].replicate_to(f"ANY 1 ({', '.join(NAMES)})")
        yield instances[0].conninfo
    finally:
        for instance in instances:
            instance.close()
        shutil.rmtree(folder, ignore_errors=True)
