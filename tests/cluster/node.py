"""A node of a cluster as a process of its own: it may stand by for as long as the test likes."""

import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.harness import ROOT, Running, command_line

WAIT_S = 40.0


class Node(Running):
    """Started at once; `listens` waits until it writes."""

    def __init__(
        self,
        store: Path,
        conninfo: str,
        settings: Mapping[str, int | str] | None = None,
        *,
        planted: str = "",
        inside: Sequence[str] = (),
    ) -> None:
        """`planted` is a defect that it has (`tests/cluster/planted`), `inside` what starts it in another network."""
        super().__init__()
        self.store = store
        given: dict[str, int | str] = {"web": "off", "cluster_node": store.stem, **(settings or {})}
        self._words = command_line(store, given, "--cluster", conninfo)
        if planted:
            self._words[2:3] = ["tests.cluster.planted", planted]
        self._words[:0] = inside
        self._log = store.with_suffix(".log")
        self._out = store.with_suffix(".out")
        self.start()

    def start(self) -> None:
        self.close_clients()
        self._seen = len(self.stderr)
        with self._log.open("a") as log, self._out.open("w") as out:
            self.process = subprocess.Popen(self._words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=log)

    @property
    def stderr(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    @property
    def said(self) -> str:
        """What it has logged since it was started last."""
        return self.stderr[self._seen :]

    @property
    def is_listening(self) -> bool:
        found = re.search(r"^listening on (.+):(\d+)$", self._out.read_text(), re.MULTILINE)
        if found:
            self.address = found[1], int(found[2])
        return found is not None

    def listens(self) -> "Node":
        self.wait_until(lambda: self.is_listening, "it writes")
        return self

    def stands_by(self) -> "Node":
        self.wait_until(lambda: "follows" in self.said or "writes for the cluster" in self.said, "it follows")
        return self

    def says(self, words: str) -> "Node":
        """Wait until it has logged this."""
        self.wait_until(lambda: words in self.said, words)
        return self

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ends(self) -> int:
        return self.process.wait(WAIT_S)

    def stop(self) -> None:
        self.send(signal.SIGTERM)
        assert self.ends() == 0, self.said

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.close_clients()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for that to hold; the process may end with it, and not before."""
        until_s = time.monotonic() + WAIT_S
        while not holds():
            assert self.process.poll() is None or holds(), f"it ended before {what}: {self.said}"
            assert time.monotonic() < until_s, f"not in time: {what}: {self.said}"
            time.sleep(0.02)
