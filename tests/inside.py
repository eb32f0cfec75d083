"""A server in a thread of the tests' own process: quick to start, and its State can be looked at when it has ended.

Its wall clock is the tests' to move, so that a day passes at once.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from chatserver.core.state import snapshot
from chatserver.fronts.pipe.front import Pipe
from chatserver.fronts.web.lobby import open_lobby
from chatserver.launch.build import build_server
from chatserver.net.listener import listen
from chatserver.sessions.reception import Door
from chatserver.settings import build
from chatserver.store import search, store, unread
from chatserver.store.store import Store
from tests.harness import SETTINGS, Running
from tests.wire import WAIT_S


class InThread(Running):
    """A server on a real socket and a real file, which is stopped like a process but not killed."""

    def __init__(self, store_path: Path, settings: Mapping[str, int | str]) -> None:
        """Start it; it listens when this returns."""
        super().__init__()
        self.store_path = store_path
        self._moved_ms = 0
        self._stopped_ms: int | None = None
        self._serves_page = "web" in settings  # only where it is asked for: most tests start a server of their own
        own = {"store": str(store_path), "sync": "normal"}
        self._settings = build(file={}, environment={}, given={**own, **SETTINGS, **settings})
        self._start()

    def appoint(self, names: str) -> None:
        """Let these accounts administer the server from now on: nobody can sign up by a name that is one already."""
        done, desk = Event(), self._server.administration.desk
        self._settings = replace(self._settings, admins=names)

        def change() -> None:
            desk.change(self._settings)
            done.set()

        self._server.reactor.post(change)
        assert done.wait(WAIT_S), "the server does not turn"

    def move_clock(self, *, hours: float) -> None:
        """Set the server's wall clock forward, or back where it is negative."""
        self._moved_ms += int(hours * 3_600_000)

    def stop_clock(self) -> None:
        """Let the server's wall clock stand still, but for `move_clock`."""
        self._stopped_ms = time.time_ns() // 1_000_000

    def wall_ms(self) -> int:
        """What the server's wall clock shows."""
        now_ms = time.time_ns() // 1_000_000 if self._stopped_ms is None else self._stopped_ms
        return now_ms + self._moved_ms

    def restart(self) -> None:
        """Stop it and start it again on the same file, on a new port. Clients of the earlier life are closed."""
        self.close()
        self._start()

    def restart_after_failure(self) -> str:
        """Wait until it has given up, and start it again on the same file; why it gave up."""
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive(), "the server goes on"
        failure = self._server.failure
        self.close_clients()
        self._start()
        return failure

    def close(self) -> None:
        """Stop it, and check that its file holds what it had in memory."""
        self.close_clients()
        self._server.stop()
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive(), "the server does not stop"
        assert not self._server.failure
        self._check_file()

    def keep_house(self) -> None:
        """Do now all that the server would do when nobody asks it anything, and index even a single message."""
        done = Event()

        def work() -> None:
            self._server.turn.log.settle()
            with pytest.MonkeyPatch.context() as patch:
                for module in (search, unread):
                    patch.setattr(module, "PENDING_MIN", 1)
                patch.setattr(store, "UNLISTED_IDLE", 1)
                while self._store.keep_house():
                    pass
            done.set()

        self._server.reactor.post(work)
        assert done.wait(WAIT_S), "the store has too much to do"

    def _start(self) -> None:
        settings = self._settings
        self._store = Store(settings.store, settings.sync)
        listening = listen(settings.host, 0, settings.listen_backlog, settings.vanished_s)
        doors = [Door(listening, Pipe())]
        if self._serves_page:
            at = listen(settings.host, 0, settings.listen_backlog, settings.vanished_s)
            front, lobby = open_lobby(settings, is_local=True, has_tls=False)
            doors.append(Door(at, front, lobby=lobby))
            self.web_address = at.getsockname()
        self._server = build_server(settings, self._store, doors, self.wall_ms)
        self.address = (settings.host, self._server.port)
        self._thread = Thread(target=self._server.run)
        self._thread.start()

    def _check_file(self) -> None:
        """State loaded from the file equals the live State."""
        live = snapshot(self._server.state)
        store = Store(str(self.store_path))
        try:
            stored = snapshot(store.load(self._settings.limits()))
        finally:
            store.close()
        for part in live:
            difference = _difference(stored[part], live[part])
            assert stored[part] == live[part], f"{part} of the file and of the live State differ: {difference}"


def _difference(stored: object, live: object) -> str:
    """What is not the same, of two dicts entry by entry."""
    if not isinstance(stored, dict) or not isinstance(live, dict):
        return f"{stored!r} and {live!r}"
    keys = [key for key in {**stored, **live} if stored.get(key) != live.get(key)]
    return "; ".join(f"{key!r}: {stored.get(key)!r} and {live.get(key)!r}" for key in keys)
