"""What a running process costs: processor time, memory, system calls; and which core it may use.

Linux alone has all of it; elsewhere, and for a server on another machine, the
answer is None, and the report leaves the figure out.
"""

import os
import re
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import AnyStr

STOP_S_MAX = 20.0

_CPUCLOCK_SCHED = 2
_STRACE_ROW = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$")


def tree(pid: int) -> list[int]:
    """A process and all that descend from it, for a server may have a writer of its own."""
    found = [pid]
    for parent in found:  # grows while it is walked
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found.extend(map(int, children.read_text().split()))
            except OSError:
                continue  # a thread that ended meanwhile
    return found


def cpu_seconds(pid: int | None) -> float | None:
    """Processor time of a process and its children so far, in seconds, to the nanosecond.

    It reads the process's own CPU clock (clock_getcpuclockid(3)): the same sum as utime + stime in
    /proc/PID/stat, which counts in hundredths of a second only, and other than /proc/PID/schedstat
    it holds all threads, also those that have ended.
    """
    if pid is None or not Path("/proc").is_dir():
        return None
    try:
        return sum(time.clock_gettime((~each << 3) | _CPUCLOCK_SCHED) for each in tree(pid))
    except OSError:
        return None


def rss_bytes(pid: int | None) -> int | None:
    """Resident memory of a process and its children, in bytes."""
    if pid is None:
        return None
    try:
        pages = sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in tree(pid))
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def allow_files() -> None:
    """Let this process, and what it starts, have as many open files as the system allows."""
    with suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def cores() -> list[int]:
    """The cores this process may use; empty where the system cannot tell."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Run the body, and start what it starts, on one core; None leaves all as it is."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def stop(process: "subprocess.Popen[AnyStr]") -> None:
    """End a process that was started here, with force if it does not end by itself."""
    process.terminate()
    try:
        process.wait(STOP_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def count_system_calls(pid: int, work: Callable[[], None]) -> dict[str, int] | None:
    """Run `work` while `strace -c` watches the process; return its calls by name, None where strace cannot."""
    if shutil.which("strace") is None:
        return None
    command = ["strace", "-c", "-f", "-p", str(pid)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        attached = strace.stderr.readline()  # "strace: Process N attached", or why not
        if "attached" in attached:
            work()
        strace.send_signal(signal.SIGINT)
        summary = strace.stderr.read()
    if "attached" not in attached:
        return None
    return parse_strace(summary) or None


def parse_strace(summary: str) -> dict[str, int]:
    """The calls by name, out of the table that `strace -c` prints."""
    rows = map(_STRACE_ROW.match, summary.splitlines())
    return {row[2]: int(row[1]) for row in rows if row and row[2] != "total"}
