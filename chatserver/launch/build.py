"""A server with the real selector, clocks, threads and randomness, on a store that is open."""

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from bots import Bot
from chatserver.bothost.setup import load_bots, start_bots
from chatserver.net.reactor import Reactor
from chatserver.net.selector import best_selector
from chatserver.net.workers import WorkerPool
from chatserver.server import Pools, Server
from chatserver.sessions.reception import Door
from chatserver.settings import Settings
from chatserver.store.store import Store
from chatserver.turn.flusher import FlusherThread
from chatserver.turn.log import LocalLog, MakeLog

READERS = 1  # threads that read what takes SQLite long: they share its one connection


def wall_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def bots_of(settings: Settings) -> list[Bot]:
    """The bots that the settings ask for, loaded."""
    return load_bots(settings.bots, with_hooks=settings.hooks_port is not None)


def build_server(
    settings: Settings,
    store: Store,
    doors: Sequence[Door],
    clock_ms: Callable[[], int] = wall_ms,
    *,
    reactor: Reactor | None = None,
    make_log: MakeLog = LocalLog,
    bots: Sequence[Bot] | None = None,
    hooks_at: str = "",
) -> Server:
    """A server with the real selector, monotonic clock, threads and randomness. `hooks_at`: its hooks' addresses.

    `bots` are those to run, where not those of the settings.
    """
    reactor = reactor or Reactor(best_selector())
    pools = Pools(
        flusher=FlusherThread(reactor.post),
        hashers=WorkerPool(settings.password_workers, reactor.post),
        readers=WorkerPool(READERS, reactor.post),
    )
    page_pool = WorkerPool(settings.bot_page_threads, reactor.post)
    host_bots = partial(
        start_bots,
        bots_of(settings) if bots is None else bots,
        settings,
        reactor,
        page_pool,
        Random(),
        hooks_at=hooks_at,
    )
    return Server(settings, store, reactor, pools, doors, clock_ms, os.urandom, host_bots, make_log)
