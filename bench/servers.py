"""The servers under load: our own, started for the run; one that runs already; the baselines; IRC servers if installed.

Each is started as a process of its own on a free port and stopped at the end. Of a
server it knows how to start it, when it is ready, and which dialect it speaks.
"""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TextIO

from bench import BenchError, cluster, irc_servers, postgres
from bench.loop import CONNECTING_MAX
from bench.process import on_core, stop, tree
from bench.secure import certificate

ROOT = Path(__file__).resolve().parent.parent
READY = "listening on "
PAGE = "page on http://"
DOORS = {"pipe": READY, "tls": "tls on "}
"""What the line begins with that says where a front is; all others come by the page."""
GREETING_S_MAX = 5.0
"""How long a target may take for its first line."""

FAST_SETTINGS = {
    "password_hash_cost": "1",  # a password is hashed twice per account made; the load is messages, not hashing
    "commands_per_s": "0",
    "logins_per_minute": "0",
    "connections_per_address_max": "0",
    "login_timeout_s": "60",
}

BASELINES: dict[str, tuple[str, ...]] = {
    "threads": ("bench.baselines.threads",),
    "streams": ("bench.baselines.streams",),
    "protocol": ("bench.baselines.protocol",),
    "protocol-batched": ("bench.baselines.protocol", "--batched"),
    "uvloop": ("bench.baselines.protocol", "--uvloop"),
    "uvloop-batched": ("bench.baselines.protocol", "--uvloop", "--batched"),
    "bare": ("bench.baselines.bare",),
}


@dataclass(frozen=True)
class ServerOptions:
    """How the server under load is chosen and started."""

    target: str = ""  # HOST:PORT of a server that runs already
    against: str = "chatserver"  # or the name of a baseline or of an IRC server
    pid: int | None = None  # of the target, if it runs on this machine
    store: str = ":memory:"  # ":memory:", "file" (one that is removed again) or a path, which is kept
    sync: str = ""  # "", "normal" or "full"
    python: str = sys.executable
    settings: tuple[str, ...] = ()  # name=value, on top of FAST_SETTINGS
    core: int | None = None
    front: str = "pipe"  # how clients speak: "pipe", "tls", "web" or "web-single"
    clean_up: bool = False  # accounts are deleted again
    root: Path = ROOT  # the checkout our own server is started from
    cluster: str = ""  # or over which engine two of our own are one chat: "one" or "quorum" (bench/cluster)


@dataclass
class Server:
    """A server that takes connections now."""

    address: tuple[str, int]
    pid: int | None
    name: str
    dialect: str = "pipe"
    front: str = "pipe"
    ready_s: float = 0.0  # from start to its first word
    connecting_max: int = CONNECTING_MAX  # clients that may knock at one time
    notes: dict[str, str] = field(default_factory=dict)
    store: Path | None = None  # its file, where there is one here
    is_target: bool = False  # it was not started here, and may have limits
    nodes: Sequence[cluster.Node] = ()  # of a cluster: the first one writes


@contextmanager
def serving(options: ServerOptions) -> Iterator[Server]:
    """Start the chosen server, or find the one that runs; stop it at the end if it was started here."""
    if options.front != "pipe" and options.against != "chatserver":
        raise BenchError(f"{options.against} speaks over the plain pipe alone: leave --front out")
    if options.cluster and (options.target or options.against != "chatserver"):
        raise BenchError("A cluster is of our own servers, started for the run: leave --target and --against out")
    if options.pid is not None and not (options.target and _runs(options.pid)):
        raise BenchError(f"--pid is the process of a --target on this machine, and {options.pid} is none: leave it out")
    if options.target:
        address = _reachable(options.target, greets=options.front == "pipe")
        yield Server(address, options.pid, f"target {options.target}", front=options.front, is_target=True)
    elif said := lacking(options):
        raise BenchError(said)
    elif options.against in irc_servers.CONFIGURATIONS:
        with irc_servers.started(options.against, options.core) as (port, pid):
            at_a_time = irc_servers.CONFIGURATIONS[options.against].connecting_max
            yield Server(("127.0.0.1", port), pid, options.against, "irc", connecting_max=at_a_time)
    elif options.against in BASELINES:
        module = BASELINES[options.against]
        with _started(["-m", *module], options) as server:
            yield server
    elif options.against == "chatserver":
        start = _clustered if options.cluster else _alone
        with tempfile.TemporaryDirectory(prefix="bench-store-") as folder, start(options, Path(folder)) as server:
            if options.front != "pipe":
                server.notes["front"] = server.front = options.front
            yield server
    else:
        known = ", ".join(["chatserver", *BASELINES, *irc_servers.CONFIGURATIONS])
        raise BenchError(f"There is no server called {options.against}: choose one of {known}")


@contextmanager
def _alone(options: ServerOptions, folder: Path) -> Iterator[Server]:
    store = str(folder / "chat.db") if options.store == "file" else options.store
    with _started(_own_arguments(options, store, folder), options) as server:
        server.store = Path(store) if store != ":memory:" else None
        server.notes = {"store": Path(options.store).name, "sync": options.sync or "default"}
        yield server


@contextmanager
def _clustered(options: ServerOptions, folder: Path) -> Iterator[Server]:
    if options.store not in (":memory:", "file") or options.sync:
        raise BenchError(
            "A cluster's nodes keep files of their own, which are removed again: leave --store and --sync out"
        )
    words = [options.python, *_own_arguments(options, "STORE", folder), "--set", "NAME", "--set", "web_port=0"]
    words += ["--set", "tls_port=0"] if options.front == "tls" else []
    words[words.index("0")] = "PORT"
    ready = DOORS.get(options.front, PAGE)
    begun = perf_counter()
    with cluster.started(words, options.cluster, folder, options.root, options.core, ready) as (nodes, line):
        address, ready_s = _address_in(line, ready), perf_counter() - begun
        notes = {"cluster": cluster.ENGINES[options.cluster]}
        yield Server(
            *(address, nodes[0].pid, options.against), ready_s=ready_s, notes=notes, store=nodes[0].store, nodes=nodes
        )


def available(against: str) -> bool:
    """Tell whether a server can be started here: IRC servers and uvloop are extras."""
    if against in irc_servers.CONFIGURATIONS:
        return irc_servers.program(against) is not None
    if against.startswith("uvloop"):
        with suppress(ImportError):
            import uvloop  # noqa: F401 — only whether it is there

            return True
        return False
    return True


def lacking(options: ServerOptions) -> str:
    """The sentence for a server that is not available; empty for one that is."""
    against = options.against
    if options.cluster and not postgres.is_here():
        return postgres.MISSING
    if available(against):
        return ""
    what = f"your system's package {against}" if against in irc_servers.CONFIGURATIONS else "pip install -e '.[bench]'"
    return f"{against} is not installed here: get it with {what}, or leave it out"


def _own_arguments(options: ServerOptions, store: str, folder: Path) -> list[str]:
    chosen = FAST_SETTINGS | (certificate(folder) if options.front == "tls" else {})
    for setting in options.settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise BenchError(f"--set takes name=value, not {setting}")
        chosen[name] = value
    arguments = ["-m", "chatserver", "0", "--store", store]
    if options.sync:
        arguments += ["--sync", options.sync]
    for name, value in chosen.items():
        arguments += ["--set", f"{name}={value}"]
    return arguments


def _runs(pid: int) -> bool:
    """Whether there is such a process, which is neither this one nor one that this one comes from."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass  # somebody else's
    except (OSError, OverflowError):
        return False
    return pid > 0 and os.getpid() not in tree(pid)


def _address(target: str) -> tuple[str, int]:
    host, _, port = target.rpartition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise BenchError(f"--target takes HOST:PORT, for example 127.0.0.1:5000, not {target}")
    return host.strip("[]") or "127.0.0.1", int(port)


def _reachable(target: str, *, greets: bool) -> tuple[str, int]:
    """Where a target listens, once it has greeted as a server of the pipe protocol does; a page's port is silent."""
    address = _address(target)
    try:
        with socket.create_connection(address, timeout=GREETING_S_MAX) as connection:
            said = _first_line(connection) if greets else b"HELLO|"
    except (OSError, UnicodeError) as error:  # the second for what cannot be a host's name
        raise BenchError(
            f"Nothing answers on {target} ({error}): start a server there, or leave --target out"
        ) from None
    if not said.startswith(b"HELLO|"):
        told = said[:80].decode(errors="replace").strip() or f"nothing for {GREETING_S_MAX:.0f} s"
        raise BenchError(f"{target} does not greet as a chat server does; it said {told!r}: name another --target")
    return address


def _first_line(connection: socket.socket) -> bytes:
    """What the other side says first; what there is of it once the time is over."""
    said, end = b"", perf_counter() + GREETING_S_MAX
    with suppress(TimeoutError):
        while b"\n" not in said and (left := end - perf_counter()) > 0:
            connection.settimeout(left)
            data = connection.recv(4096)
            if not data:
                break
            said += data
            said = said[:4096]
    return said


@contextmanager
def _started(arguments: list[str], options: ServerOptions) -> Iterator[Server]:
    """Start a Python program that says `listening on HOST:PORT`, on its core; end it with SIGTERM."""
    with tempfile.TemporaryFile("w+") as log:
        begun = perf_counter()
        with on_core(options.core):
            process = subprocess.Popen(
                [options.python, *arguments],
                cwd=options.root if options.against == "chatserver" else ROOT,
                stdout=subprocess.PIPE,
                stderr=log,
                stdin=subprocess.DEVNULL,
                text=True,
            )
        try:
            address = _wait_ready(process, log, DOORS.get(options.front, PAGE))
            yield Server(address, process.pid, options.against, ready_s=perf_counter() - begun)
        finally:
            stop(process)


def _wait_ready(process: "subprocess.Popen[str]", log: TextIO, ready: str) -> tuple[str, int]:
    """Read the line that says where it listens. A server that ends instead has said why in its log."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if line.startswith(READY) and ready != READY:  # that is said in the next line
        line = process.stdout.readline()
    if not line.startswith(ready):
        stop(process)
        log.seek(0)
        said = (line + log.read()).strip() or "nothing"
        raise BenchError(f"The server did not start; it said: {said}")
    return _address_in(line, ready)


def _address_in(line: str, ready: str) -> tuple[str, int]:
    return _address(line.removeprefix(ready).strip().rstrip("/"))
