"""Where a server's turns are stored: in its own file, or in a cluster's log first, once this node may write there."""

import logging
from collections.abc import Callable
from typing import NamedTuple

from chatserver.doors import METRICS, Inherited, listen_for_figures
from chatserver.launch.build import wall_ms
from chatserver.launch.options import FAILED, Failure
from chatserver.net.reactor import Reactor
from chatserver.ops.figures import render_log
from chatserver.ops.health import HealthDoor
from chatserver.ops.notify import Notify
from chatserver.settings import Settings
from chatserver.store.errors import StoreError
from chatserver.store.opening import MEMORY
from chatserver.store.store import Store
from chatserver.turn.log import LocalLog, MakeLog

log = logging.getLogger("chatserver")


class TurnLog(NamedTuple):
    """What makes the log of a server, and the clock of its stamps."""

    make: MakeLog = LocalLog
    wall_ms: Callable[[], int] = wall_ms


def open_store(settings: Settings) -> Store:
    """In a cluster an OK means that the engine has it on disk; the file here can be brought up to that again."""
    if not settings.cluster:
        return Store(settings.store, settings.sync)
    if settings.store == MEMORY:
        raise StoreError(f"a cluster's node needs a file, and --store is {MEMORY}: name one")
    return Store(settings.store, "normal", in_cluster=True)


def stand_by(settings: Settings, store: Store, reactor: Reactor, inherited: Inherited) -> TurnLog:
    """Follow the node that writes, until this one does. Raises Failure and DoorError.

    Those who watch over the server are answered meanwhile, on a socket that is handed on to the server then.
    """
    from chatserver.cluster.engine import ClusterError  # nothing of a cluster is loaded without one
    from chatserver.cluster.node import Stamps, watch_of
    from chatserver.cluster.node import stand_by as follow

    notify, watch = Notify(), watch_of(settings, store, reactor)
    listening = listen_for_figures(settings, inherited)
    door = None
    if listening is not None:
        door = HealthDoor(reactor, listening, lambda: watch.why_not_ready, lambda: render_log(watch.figures()))

    def show_life() -> None:
        notify.alive()
        reactor.call_later(notify.watchdog_s / 3, show_life)

    def ready(status: str) -> None:
        notify.ready(status)
        if notify.watchdog_s:
            show_life()

    try:
        writer = follow(settings, store, reactor, wall_ms, ready, watch)
    except ClusterError as error:
        raise Failure(str(error), FAILED) from error
    except KeyboardInterrupt:
        log.info("pipechat has stopped")
        raise
    if door is not None:
        inherited[METRICS] = door.let_go()
    return TurnLog(writer.make_log, Stamps(wall_ms, store.last_stamp_ms))
