"""The command line: `python3 -m chatserver [PORT] …`, a contract for scripts.

Exit status 0 after SIGTERM or SIGINT, 2 for a word that makes no sense, 1 where the server cannot
start or go on; each with one sentence on stderr.
"""

import argparse
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from random import Random
from typing import NoReturn

from chatserver import __version__
from chatserver.bothost.setup import load_bots, start_bots
from chatserver.fronts.pipe.front import Pipe
from chatserver.net.connection import Connect, Connection
from chatserver.net.listener import listen
from chatserver.net.reactor import Reactor
from chatserver.net.selector import best_selector
from chatserver.net.workers import WorkerPool
from chatserver.protocol.verbs import nearest
from chatserver.server import Door, Pools, Server
from chatserver.settings import SettingError, Settings, build, describe
from chatserver.store.errors import StoreBroken, StoreError, StoreUnavailable
from chatserver.store.store import MEMORY, Store

log = logging.getLogger("chatserver")

USAGE, FAILED = 2, 1
GARBAGE_THRESHOLD = 20_000  # new objects until a look for circles of them, of which a turn makes none
PROGRESS_S = 2.0  # between two words about work that keeps the server from starting
READERS = 1  # threads that read what takes SQLite long: they share its one connection
SWITCH_S = 0.0005  # how long a thread may have to wait for Python: the flusher's few steps must not wait for a turn
_SPARE_DESCRIPTORS = 64  # for the store, the log and the rest


class _Failure(Exception):
    """The sentence to print, and the exit status."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            near = nearest(unknown.strip().partition(" ")[0].partition("=")[0], list(self._option_string_actions))
            message = f"there is no option {unknown}" + (f": did you mean {near}?" if near else "")
        raise _Failure(f"{message}; --help says more", USAGE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server; returns the exit status."""
    try:
        settings = _settings(sys.argv[1:] if arguments is None else arguments, os.environ)
        _start_logging(settings.log_level)
        return _serve(settings)
    except _Failure as failure:
        print(f"chatserver: {failure}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:  # before the loop runs; then signals are the server's
        return 0


def _settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    parsed = _parser().parse_args(arguments)
    given: dict[str, object] = {}
    for pair in parsed.set:
        name, equals, value = pair.partition("=")
        if not equals:
            raise _Failure(f"--set takes name=value, not '{pair}'", USAGE)
        given[name] = value
    named = ("port", "host", "store", "sync", "bots", "log_level")
    given |= {name: getattr(parsed, name) for name in named if getattr(parsed, name) is not None}
    try:
        file = _read_file(parsed.config)
        return build(file=file, file_name=str(parsed.config), environment=environment, given=given)
    except SettingError as error:
        raise _Failure(str(error), USAGE) from error


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="chatserver",
        usage="python3 -m chatserver [PORT] [options]",
        description="A chat server with bots. It keeps everything in one file, and an OK means on disk.",
        epilog="settings, for --set, the TOML file and the environment (CHATSERVER_NAME), with default and unit:\n"
        + describe(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("port", nargs="?", metavar="PORT", help="0 to 65535, default 5000; 0 takes a free one")
    parser.add_argument("--host", metavar="ADDRESS", help="where to listen, default 127.0.0.1; :: for everywhere")
    parser.add_argument("--store", metavar="FILE", help=f"default ./chat.db; {MEMORY} keeps nothing")
    parser.add_argument("--sync", metavar="full|normal", help="full (default) survives a power cut, normal a crash")
    parser.add_argument("--config", metavar="FILE", help="a TOML file of settings")
    parser.add_argument(
        "--set", metavar="name=value", action="append", default=[], help="a setting from the list below"
    )
    parser.add_argument("--bots", metavar="DIR", help="a folder of bot files to run beside the built-in bots (BOTS.md)")
    parser.add_argument("--log-level", metavar="L", help="debug, info (default), warning or error")
    parser.add_argument("--version", action="version", version=f"pipechat {__version__}")
    return parser


def _read_file(path: str | None) -> Mapping[str, object]:
    if path is None:
        return {}
    import tomllib  # only who has a file pays for it: 5 ms of the start

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise _Failure(f"{path} cannot be read ({error.strerror}): check --config", USAGE) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _Failure(f"{path} is no TOML ({error}): write one name = value a line", USAGE) from error


def _start_logging(level: str) -> None:
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)


def _serve(settings: Settings) -> int:
    if settings.bots and not os.path.isdir(settings.bots):
        raise _Failure(f"there is no folder {settings.bots}: check --bots", USAGE)
    connect = _connect(settings)
    front = Pipe(farewell=b"") if settings.tls_certificate else Pipe()
    _raise_descriptor_limit(settings.connections_max)
    _leave_by_signals()
    try:
        store = Store(settings.store, settings.sync)
    except StoreError as error:
        raise _Failure(str(error), FAILED) from error
    try:
        listening = _listen(settings)
    except _Failure:
        store.close()
        raise
    server = build_server(settings, store, [Door(listening, front, connect)])
    try:
        _catch_up(store)
    except BaseException:  # Ctrl-C too
        server.close()
        raise
    gc.collect()
    gc.freeze()  # State lives as long as the process: looking through it again and again costs 5 % of a message
    gc.set_threshold(GARBAGE_THRESHOLD)
    sys.setswitchinterval(SWITCH_S)
    _catch_signals(server)
    if settings.password_hash_cost < 14:
        log.warning("password_hash_cost=%d is for load tests: passwords are easy to guess", settings.password_hash_cost)
    try:
        _announce(settings, listening)
    except _Failure:
        server.close()
        raise
    server.run()
    if server.failure:
        raise _Failure(server.failure, FAILED)
    return 0


def _connect(settings: Settings) -> Connect:
    """What makes the connections: with a certificate, TLS."""
    certificate, key = settings.tls_certificate, settings.tls_key
    if not certificate and not key:
        return Connection
    if not certificate or not key:
        raise _Failure("TLS needs both a certificate and its key: set tls_certificate and tls_key, or none", USAGE)
    from chatserver.net.tls import TlsConnection, TlsFileError, tls_context

    try:
        return partial(TlsConnection, context=tls_context(certificate, key))
    except TlsFileError as error:
        raise _Failure(str(error), USAGE) from error


def _catch_up(store: Store) -> None:
    """An older file is brought up to date before anybody asks; that is told where it takes long."""
    told_s = time.monotonic()

    def tell(done: float) -> None:
        nonlocal told_s
        if time.monotonic() - told_s > PROGRESS_S:
            told_s = time.monotonic()
            log.info("listing the conversations of an older file: %d %%", 100 * done)

    try:
        store.catch_up(tell)
    except (StoreUnavailable, StoreBroken) as error:
        raise _Failure(f"{error}: make room, or start with another --store", FAILED) from error


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


def build_server(
    settings: Settings, store: Store, doors: Sequence[Door], wall_ms: Callable[[], int] = _wall_ms
) -> Server:
    """A server with the real selector, monotonic clock, threads and randomness."""
    reactor = Reactor(best_selector())
    pools = Pools(
        flusher=WorkerPool(1, reactor.post),
        hashers=WorkerPool(settings.password_workers, reactor.post),
        readers=WorkerPool(READERS, reactor.post),
    )
    page_pool = WorkerPool(settings.bot_page_threads, reactor.post)
    host_bots = partial(start_bots, load_bots(settings.bots), settings, reactor, page_pool, Random())
    return Server(settings, store, reactor, pools, doors, wall_ms, os.urandom, host_bots)


def _listen(settings: Settings) -> socket.socket:
    try:
        return listen(settings.host, settings.port, settings.listen_backlog)
    except (OSError, UnicodeError) as error:
        where, why = f"{settings.host} port {settings.port}", getattr(error, "strerror", "no host has such a name")
        raise _Failure(f"cannot listen on {where} ({why}): choose another PORT or --host", FAILED) from error


def _raise_descriptor_limit(connections_max: int) -> None:
    """Each connection is a descriptor; take as many as the system lets this process have."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections_max + _SPARE_DESCRIPTORS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _leave_by_signals() -> None:
    """From now on a signal stops the start too: an older file may take minutes to list.

    SIGINT also where whoever started the server had it ignored, as a script's shell does for what it puts into the
    background: README.md promises that it stops the server, and a server that heeds it only later would be worse.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _catch_signals(server: Server) -> None:
    def stop(number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second one ends it at once; what was acknowledged is on disk
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        server.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _announce(settings: Settings, listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    ready = f"listening on [{host}]:{port}" if ":" in host else f"listening on {host}:{port}"
    in_memory = settings.store == MEMORY
    where = "in memory alone, and is gone at the end" if in_memory else f"in {os.path.abspath(settings.store)}"
    typed = f"openssl s_client -quiet -connect {ready.split()[-1]}" if settings.tls_certificate else f"nc {host} {port}"
    banner = f"""pipechat {__version__}
{ready}
everything is kept {where}
now type in another terminal:  {typed}
and there:  HELP
Ctrl-C here ends the server"""
    try:
        print(banner if sys.stdout.isatty() else ready, flush=True)
    except (OSError, AttributeError) as error:  # closed or full
        raise _Failure(
            "stdout cannot be written, where the server says that it listens: give it one", FAILED
        ) from error
