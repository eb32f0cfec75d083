"""PostgreSQL for a cluster: instances of their own in a folder of their own, on loopback, as a user who is not root."""

import glob
import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from bench import BenchError
from bench.ports import free_port

USERS = ("postgres", "nobody")  # one of these, where this runs as root, whom PostgreSQL refuses
MISSING = "A cluster needs PostgreSQL here: apt-get install postgresql, and pip install 'pipechat[cluster]'"


def is_here() -> bool:
    """Whether an instance can be started, and spoken to."""
    return bool(binaries()) and find_spec("psycopg") is not None


def binaries() -> str:
    """The folder of initdb and the others; empty where there is none."""
    found = max(glob.glob("/usr/lib/postgresql/*/bin/initdb"), default=shutil.which("initdb"))
    return str(Path(found).parent) if found else ""


class Instance:
    """One instance: a primary that goes alone, or one that a standby follows."""

    settings = ""
    listens_at = "127.0.0.1"

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.data = folder / f"data{port}"

    @property
    def conninfo(self) -> str:
        """How to reach it."""
        return f"host=127.0.0.1 port={self.port} user=chat dbname=postgres"

    def make(self) -> Self:
        """Make its files."""
        self._run("initdb", "-D", str(self.data), "-A", "trust", "-U", "chat", "--no-sync", "--locale=C.UTF-8")
        return self

    def make_standby(self, name: str, port: int = 0) -> Self:
        """One more instance that follows this one; it is started by the caller."""
        other = type(self)(self.folder, port or free_port())
        source = f"{self.conninfo} application_name={name}"
        self._run("pg_basebackup", "-D", str(other.data), "-d", source, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        return other

    def start(self) -> Self:
        """Start it, and wait until it can be asked."""
        options = (
            f"-p {self.port} -c listen_addresses={self.listens_at} -c unix_socket_directories={self.folder}"
            f" {self.settings}"
        )
        log = str(self.data) + ".log"
        self._run("pg_ctl", "-D", str(self.data), "-o", options, "-l", log, "-w", "-t", "60", "start")
        return self

    def kill(self) -> None:
        """At once, as a machine dies: nothing is told to anybody."""
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    @property
    def pids(self) -> list[int]:
        """Its processes."""
        first = int((self.data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]

    def close(self) -> None:
        """The same, if it runs."""
        if (self.data / "postmaster.pid").exists():
            self.kill()

    def promote(self) -> None:
        """Make a primary of a standby."""
        self._run("pg_ctl", "-D", str(self.data), "-w", "promote")

    def replicate_to(self, names: str) -> None:
        """From now on a commit is answered when these have it, as `synchronous_standby_names` says it."""
        self.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        self.execute("SELECT pg_reload_conf()")

    def execute(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""
        import psycopg

        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *words: str) -> None:
        user, group = owner()
        done = subprocess.run(
            [f"{binaries()}/{program}", *words],
            user=user,
            group=group,
            extra_groups=[] if os.geteuid() == 0 else None,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # pg_ctl's child keeps what it gets
            stderr=subprocess.PIPE if program in ("initdb", "pg_basebackup") else subprocess.DEVNULL,
            cwd="/",
        )
        if done.returncode:
            said = (done.stderr or b"").decode().strip() or f"see {self.data}.log"
            raise BenchError(f"{program} of PostgreSQL failed: {said}")


def owner() -> tuple[int, int]:
    """As whom instances run."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    for name in USERS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return found.pw_uid, found.pw_gid
    raise BenchError(f"PostgreSQL does not run as root, and there is no user {' or '.join(USERS)}: make one")


def make_folder() -> Path:
    """A folder that belongs to that user; the caller removes it."""
    folder = Path(tempfile.mkdtemp(prefix="pipechat-engine-"))
    os.chown(folder, *owner())
    return folder
