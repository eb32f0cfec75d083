"""One life of a server: it opens what it needs, or ends with a sentence; says that it serves; and runs to its end."""

import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from bots import Bot
from chatserver import __version__
from chatserver.admin.door import socket_path
from chatserver.bothost.folder import BotFolder
from chatserver.bothost.setup import reload_bots
from chatserver.doors import DoorError, Doors, Inherited, Tls, load_tls, open_doors, warn
from chatserver.launch.build import bots_of, build_server
from chatserver.launch.options import FAILED, USAGE, Failure
from chatserver.launch.signals import catch_signals, leave_by_signals
from chatserver.launch.takeover import Predecessor, look_around
from chatserver.launch.turn_log import TurnLog, open_store, stand_by
from chatserver.launch.upgrade import Upgrade
from chatserver.net.reactor import Reactor
from chatserver.net.selector import best_selector
from chatserver.ops.garbage import collect_as_usual, collect_in_bites
from chatserver.ops.notify import Notify
from chatserver.server import Server
from chatserver.settings import SettingError, Settings
from chatserver.store.errors import StoreBroken, StoreError, StoreUnavailable
from chatserver.store.opening import MEMORY
from chatserver.store.store import Store

log = logging.getLogger("chatserver")

PROGRESS_S = 2.0  # between two words about work that keeps the server from starting
SWITCH_S = 0.0005  # how long a thread may have to wait for Python: the flusher's few steps must not wait for a turn
_SPARE_DESCRIPTORS = 64  # for the store, the log and the rest


def serve(settings: Settings, read_again: Callable[[], Settings]) -> int:
    """Serve until the end; the exit status. Raises Failure where it cannot start or go on."""
    if settings.bots and not os.path.isdir(settings.bots):
        raise Failure(f"there is no folder {settings.bots}: check --bots", USAGE)
    try:
        tls = load_tls(settings)
    except SettingError as error:
        raise Failure(str(error), USAGE) from error
    _raise_descriptor_limit(settings.connections_max)
    inherited, predecessor = look_around()
    while True:
        leave_by_signals()
        upgrade = _live(settings, tls, read_again, inherited, predecessor)
        collect_as_usual()
        if upgrade.succeeds():
            break
        inherited = upgrade.take_back()
    log.info("pipechat has stopped")
    return 0


def _live(
    settings: Settings,
    tls: Tls | None,
    read_again: Callable[[], Settings],
    inherited: Inherited,
    predecessor: Predecessor,
) -> Upgrade:
    """One life, from what it opens to the end; what may have come to take over at the end."""
    reactor, is_handed_on = Reactor(best_selector()), bool(inherited)
    if predecessor.is_there:
        store, turn_log, doors, bots = _take_over(settings, tls, inherited, predecessor)
    else:
        store, turn_log, doors = _open(settings, tls, reactor, inherited)
        bots = None
    for name, unused in inherited.items():
        log.warning("the socket handed on as %s is not used: no setting asks for such a door", name)
        unused.close()
    parts, hooks = (settings, store, list(doors), turn_log.wall_ms), doors.hooks_address
    server = build_server(*parts, reactor=reactor, make_log=turn_log.make, bots=bots, hooks_at=hooks)
    upgrade = Upgrade(server, doors.sockets())
    try:
        _prepare(server, store, read_again, tls, doors, upgrade)
        _tell(server, doors, must_be_heard=not is_handed_on)
        predecessor.serving()
    except BaseException:  # Ctrl-C too
        server.close()
        raise
    server.run()
    if tls is not None:
        tls.connect.close()
    if server.failure:
        upgrade.abandon()
        raise Failure(server.failure, FAILED)
    return upgrade


def _take_over(
    settings: Settings, tls: Tls | None, inherited: Inherited, predecessor: Predecessor
) -> tuple[Store, TurnLog, Doors, list[Bot]]:
    """All that can be done, and go wrong, comes before the store, which another server still serves from."""
    if settings.cluster:
        raise Failure("a cluster's node cannot take over by an upgrade: drain that one, and start this", USAGE)
    try:
        doors = open_doors(settings, tls, inherited)
    except DoorError as error:
        raise Failure(str(error), FAILED) from error
    try:
        bots = bots_of(settings)
        predecessor.wait_for_store()
        return open_store(settings), TurnLog(), doors, bots
    except StoreError as error:
        raise Failure(str(error), FAILED) from error


def _open(settings: Settings, tls: Tls | None, reactor: Reactor, inherited: Inherited) -> tuple[Store, TurnLog, Doors]:
    """In a cluster this takes until the node may write: nobody is let in before."""
    try:
        store = open_store(settings)
    except StoreError as error:
        raise Failure(str(error), FAILED) from error
    try:
        turn_log = TurnLog()
        if settings.cluster:
            _catch_up(store)
            turn_log = stand_by(settings, store, reactor, inherited)
        return store, turn_log, open_doors(settings, tls, inherited)
    except DoorError as error:
        store.close()
        raise Failure(str(error), FAILED) from error
    except BaseException:  # Ctrl-C too
        store.close()
        raise


def _prepare(
    server: Server,
    store: Store,
    read_again: Callable[[], Settings],
    tls: Tls | None,
    doors: Doors,
    upgrade: Upgrade,
) -> None:
    _catch_up(store)
    collect_in_bites(server.reactor)
    sys.setswitchinterval(SWITCH_S)
    if doors.figures is not None:
        server.open_health_door(doors.figures)
    _open_administration(server, read_again)
    server.administration.desk.certificates = None if tls is None else tls.load_again
    server.administration.desk.upgrade = upgrade.begin
    catch_signals(server, upgrade.begin_by_signal)


def _tell(server: Server, doors: Doors, *, must_be_heard: bool) -> None:
    """Say what is risky, and where it listens: to the terminal, the log and the service manager."""
    settings = server.settings
    if settings.password_hash_cost < 14:
        log.warning("password_hash_cost=%d is for load tests: passwords are easy to guess", settings.password_hash_cost)
    warn(doors)
    try:
        _announce(settings, doors)
    except Failure:
        if must_be_heard:  # doors that were handed on are known, and whoever read stdout may be gone
            raise
    where = doors.lines()[0].removeprefix("listening on ")
    log.info("pipechat %s serves on %s, with the store %s", __version__, where, settings.store)
    server.tell(Notify(), f"Listening on {where}")


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
        raise Failure(f"{error}: make room, or start with another --store", FAILED) from error


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


def _open_administration(server: Server, read_again: Callable[[], Settings]) -> None:
    """Let the machine's owner in, beside the store; and say what administrators there are."""
    settings, desk = server.settings, server.administration.desk

    def read() -> Settings:
        try:
            return read_again()
        except Failure as failure:
            raise SettingError(str(failure)) from failure

    desk.read_again = read
    with_hooks = settings.hooks_port is not None
    desk.load_bots = partial(reload_bots, settings.bots, with_hooks=with_hooks) if settings.bots else None
    if settings.bots and settings.bots_reload == "on":
        BotFolder(Path(settings.bots), desk.bots, server.reactor, desk.turn)
    for key in sorted(settings.admin_keys - server.state.by_key.keys()):
        log.warning("admins names %s, who has no account, and nobody can sign up by it: admin user create %s", key, key)
    if settings.store == MEMORY:
        return
    path = socket_path(settings.store)
    try:
        server.open_admin_door(path)
    except OSError as error:
        log.warning("%s cannot be opened (%s): admin commands do not work from this machine", path, error.strerror)


def _announce(settings: Settings, doors: Doors) -> None:
    ready = "\n".join(doors.lines())
    in_memory = settings.store == MEMORY
    where = "in memory alone, and is gone at the end" if in_memory else f"in {os.path.abspath(settings.store)}"
    banner = f"""pipechat {__version__}
{ready}
everything is kept {where}
now type in another terminal:  {doors.to_type()}
and there:  HELP
Ctrl-C here ends the server"""
    try:
        print(banner if sys.stdout.isatty() else ready, flush=True)
    except (OSError, AttributeError) as error:  # closed or full
        raise Failure("stdout cannot be written, where the server says that it listens: give it one", FAILED) from error
