"""What the tests of an upgrade share: asking for one, the processes that come of it, and clients that resume."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import ClassVar

from tests.harness import PASSWORD, ROOT, Process
from tests.wire import WAIT_S


def ask(server: Process, *words: str) -> subprocess.Popen[str]:
    """`admin …` to the server on this store, whichever process that is."""
    line = [sys.executable, "-m", "chatserver", "admin", "--store", str(server.store_path), *words]
    return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def answer(asking: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status, and what was said."""
    said = asking.communicate(timeout=WAIT_S)[0]
    return asking.returncode, said.strip()


class Gone:
    """A process that may be no child of ours, and whether it is over."""

    all: ClassVar[list["Gone"]] = []

    def __init__(self, number: int) -> None:
        self.number = number
        self._handle = os.pidfd_open(number)
        self.all.append(self)

    def wait(self) -> None:
        """Until it is over."""
        assert select.select([self._handle], [], [], WAIT_S)[0], f"process {self.number} goes on"

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, and wait until it has."""
        signal.pidfd_send_signal(self._handle, number)
        self.wait()

    @classmethod
    def end_all(cls) -> None:
        """Leave none of them behind, whatever a test has come to."""
        while cls.all:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(cls.all[-1]._handle, signal.SIGKILL)
            os.close(cls.all.pop()._handle)


def upgrade(server: Process, *words: str) -> Gone:
    """Have it done; the process that serves now."""
    status, said = answer(ask(server, "upgrade", *words))
    found = re.fullmatch(r"Process (\d+) is ready, and takes over now", said)
    assert status == 0, (said, server.stderr)
    assert found, said
    return Gone(int(found[1]))


def logged(server: Process, pattern: str) -> re.Match[str]:
    """What the log says once it does."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        found = re.search(pattern, server.stderr)
        if found:
            return found
        select.select([], [], [], 0.01)
    raise AssertionError(f"no {pattern}: {server.stderr}")


class Writer(Thread):
    """A client that sends one tagged message after another, and resumes whenever it is shown out."""

    def __init__(self, server: Process, user: str, token: str, to: str) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.user, self.token, self.to = user, token, to
        self.stop = Event()
        self.acknowledged = 0
        self.byes: list[str] = []
        self.gaps_s: list[float] = []
        self.failure = ""

    def run(self) -> None:
        """Until `stop`, after an answer."""
        parted_s = 0.0
        try:
            while not self.stop.is_set():
                with socket.create_connection(self.server.address, WAIT_S) as connected:
                    parted_s = self._talk(connected, parted_s)
        except OSError as error:
            self.failure = str(error) or type(error).__name__

    def has_come_back(self, times: int) -> None:
        """Wait until it has, so often."""
        end = time.monotonic() + WAIT_S
        while len(self.gaps_s) < times and not self.failure and time.monotonic() < end:
            self.join(0.01)

    def _talk(self, connected: socket.socket, parted_s: float) -> float:
        """Until the connection ends, and when that was."""
        with connected.makefile("r", encoding="utf-8", newline="\n") as wire:
            try:
                connected.sendall(f"RESUME|{self.user}|{self.token}\n".encode())
                for frame in wire:
                    if frame.startswith("BYE|"):
                        self.byes.append(frame.split("|")[1])
                        return time.monotonic()
                    if frame.startswith("ERR|"):
                        raise OSError(frame)
                    if frame.startswith("OK|RESUME|") and parted_s:
                        self.gaps_s.append(time.monotonic() - parted_s)
                    if frame.startswith("OK|SENDMESSAGE"):
                        self.acknowledged += 1
                    if frame.startswith("OK|"):
                        if self.stop.is_set():
                            break
                        number = self.acknowledged + 1
                        line = f"SENDMESSAGE#t{number}|{self.user}|{self.to}|{number}\n"
                        connected.sendall(line.encode())
            except (ConnectionResetError, BrokenPipeError):
                self.byes.append("reset")
                return time.monotonic()
        if not self.stop.is_set():
            self.byes.append("end")
        return time.monotonic()


def writers(server: Process, count: int) -> list[Writer]:
    """Users who write to one who is away; the server has to allow that."""
    server.user("sink").says("LOGOUT|sink", "OK|LOGOUT|…")
    made = []
    for at in range(count):
        client = server.user(f"writer{at}", PASSWORD)
        made.append(Writer(server, client.name, client.token, "sink"))
    return made


def program(folder: Path, *lines: str) -> str:
    """A program that is no server: it gets what a successor gets."""
    path = folder / "program.py"
    path.write_text("\n".join(["import os, socket, sys, time", *lines, ""]))
    return str(path)


LINE = 'line = socket.socket(fileno=3 + os.environ["LISTEN_FDNAMES"].split(":").index("upgrade"))'
