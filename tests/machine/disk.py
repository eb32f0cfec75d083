"""A server process on a disk that a test can slow, hold up, break or fill while it runs, and can watch.

Two libraries of C are compiled once a session and preloaded into the server: `slow_flush.c` and `record.c`. Nothing
of the server's own code is touched. They need gcc; without it a test fails and says so.
"""

import atexit
import errno
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.harness import Process, command_line
from tests.wire import WAIT_S

HERE = Path(__file__).resolve().parent
NUMBERS = ("flush_ms", "hold", "fail_flush", "skip", "fail_write", "fail_read", "held", "begun")
"""What the control file holds, 32 bits each: the same list is in slow_flush.c."""
NUMBER = struct.Struct("=i")
POLL_S = 0.001


@cache
def compiled(name: str) -> Path:
    """The library made from a C file beside this one. Raises AssertionError with a sentence where that fails."""
    compiler = shutil.which("gcc")
    assert compiler, "gcc is missing, with which the tests make a disk slow: apt-get install gcc libc6-dev"
    library = _folder() / f"{name}.so"
    words = [compiler, "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC"]
    words += ["-o", str(library), str(HERE / f"{name}.c"), "-ldl", "-pthread"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, f"gcc cannot compile {name}.c (has it libc6-dev?): {done.stderr}"
    return library


@cache
def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="machine")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


class Disk:
    """What the disk under a server does, from now on; it goes on over restarts of the server."""

    def __init__(self, control: Path) -> None:
        """Make the control file. The disk is a good one until something is changed."""
        control.write_bytes(bytes(NUMBER.size * len(NUMBERS)))
        with control.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), 0)
        self.path = control

    def close(self) -> None:
        """Let go of the control file. A server that still waits for a flush is not released by this."""
        self._shared.close()

    def slow(self, flush_ms: int) -> None:
        """Make each flush take so much longer; 0 for none."""
        self._set("flush_ms", flush_ms)

    def hold(self) -> None:
        """Let no flush go on until `release`."""
        self._set("hold", 1)

    def release(self) -> None:
        """Let the flushes that were held up, and later ones, go on."""
        self._set("hold", 0)

    def skip_flushes(self) -> None:
        """Let flushes do nothing and succeed: where a record tells what is durable, it need not be so."""
        self._set("skip", 1)

    @contextmanager
    def failing_flushes(self) -> Iterator[None]:
        """Within it each flush fails with EIO."""
        self._set("fail_flush", 1)
        try:
            yield
        finally:
            self._set("fail_flush", 0)

    @contextmanager
    def failing_writes(self, error: int = errno.ENOSPC) -> Iterator[None]:
        """Within it each write to the store fails with this error: the disk is full, broken, or may only be read."""
        self._set("fail_write", error)
        try:
            yield
        finally:
            self._set("fail_write", 0)

    @contextmanager
    def failing_reads(self) -> Iterator[None]:
        """Within it each read of the store fails with EIO, but for what is in memory."""
        self._set("fail_read", errno.EIO)
        try:
            yield
        finally:
            self._set("fail_read", 0)

    @property
    def flushes(self) -> int:
        """How many have begun so far."""
        return self._get("begun")

    def wait_until_held(self) -> None:
        """Wait until a flush is held up: what it is to flush has been written."""
        ends = time.monotonic() + WAIT_S
        while not self._get("held"):
            assert time.monotonic() < ends, f"no flush in {WAIT_S:g} s"
            time.sleep(POLL_S)

    def forget_held(self) -> None:
        """The server was killed with its flushes held up: count from 0 again."""
        self._set("held", 0)

    def _set(self, name: str, value: int) -> None:
        NUMBER.pack_into(self._shared, NUMBERS.index(name) * NUMBER.size, value)

    def _get(self, name: str) -> int:
        value: int = NUMBER.unpack_from(self._shared, NUMBERS.index(name) * NUMBER.size)[0]
        return value


class DiskServer(Process):
    """A server on such a disk. With `record`, each life leaves a record at that path, `.0`, `.1`, … behind it."""

    def __init__(
        self,
        store_path: Path,
        settings: Mapping[str, int | str] | None = None,
        *more: str,
        record: Path | None = None,
        flush_ms: int = 0,
    ) -> None:
        """Start it on a new or an earlier file; `more` are words for its command line."""
        store_path = store_path.resolve()  # so that it is what the system says of an open file
        self.disk = Disk(store_path.with_suffix(".control"))
        self.disk.slow(flush_ms)
        libraries = [compiled("slow_flush")]
        environment = {"STORE_PATH": str(store_path), "DISK_CONTROL": str(self.disk.path)}
        if record is not None:
            libraries.insert(0, compiled("record"))  # the outer one: it sees what the slow one lets happen
            environment["RECORD"] = str(record)
        preloaded = [str(library) for library in libraries]
        environment["LD_PRELOAD"] = ":".join([*filter(None, [os.environ.get("LD_PRELOAD")]), *preloaded])
        super().__init__(command_line(store_path, settings or {}, *more), store_path, environment=environment)

    def kill_while_held(self) -> None:
        """Kill it where a flush is held up: what it has written is in the page cache, and not on the disk."""
        self.disk.wait_until_held()
        self.kill()
        self.disk.forget_held()
        self.disk.release()

    def close(self) -> None:
        """End it, whatever state it is in."""
        super().close()
        self.disk.close()
