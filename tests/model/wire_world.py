"""The same chat over real sockets: a server in a thread, whose clock by which it keeps house is always due.

It has what `World` has, so that a play can be played in either. Its wall clock stands still until the test moves it.
Nobody waits for presence here: who hears of it, hears of it at once.
"""

import random
from contextlib import suppress

import pytest

from chatserver.store.errors import StoreUnavailable
from chatserver.store.store import Store
from tests.inside import InThread
from tests.model.world import Line, Session
from tests.wire import Client, Ended

LOOK = "PING|what has come?"


class WireSession(Session):
    """A client's end of a real connection, in the place of a line."""

    def __init__(self, client: Client, name: str) -> None:
        super().__init__(Line(), name)
        self.client = client

    def frames(self) -> list[str]:
        """What has come in since the last look: what the server has told stands before the answer to this one.

        It looks twice: where a commit fails, what is true of presence is told anew, behind the answer to the first.
        """
        frames: list[str] = []
        with suppress(Ended, BrokenPipeError, ConnectionResetError):
            for _ in range(2):
                self.client.send(LOOK)
                while (frame := self.client.frame()) != f"OK|{LOOK}":
                    frames.append(frame)
        return frames


class FlakyDisk:
    """Makes commits fail now and then, as a disk does that is full; what they held is undone."""

    def __init__(self, patch: pytest.MonkeyPatch, seed: int) -> None:
        self.odds = 0.0
        self._chance = random.Random(seed)
        self._commit = Store.commit
        patch.setattr(Store, "commit", lambda store: self.commit(store))

    def commit(self, store: Store) -> None:
        if store._connection.in_transaction and self._chance.random() < self.odds:
            raise StoreUnavailable("the tests' disk is full")
        self._commit(store)


class WireWorld:
    """A server that can be restarted, its wall clock and its clients."""

    def __init__(self, server: InThread, disk: FlakyDisk | None = None) -> None:
        self.server = server
        self.disk = disk
        self.now_s = 0.0
        self.defects: list[str] = []  # those of a server in a thread are looked for when the test is over
        server.stop_clock()

    @property
    def now_ms(self) -> int:
        return self.server.wall_ms()

    def connect(self, name: str) -> WireSession:
        """A connection, its `HELLO` read."""
        return WireSession(self.server.connect(name), name)

    def say(self, session: Session, text: str) -> None:
        assert isinstance(session, WireSession)
        session.client.send(text)

    def hang_up(self, session: Session) -> None:
        """Close this side, and wait until the server has closed the other one, with nothing more to say."""
        assert isinstance(session, WireSession)
        with suppress(OSError):  # it has closed both already
            session.client.end_sending()
        session.client.expect_end()
        session.client.close()

    def pass_time(self, seconds: float) -> None:
        self.now_s += seconds
        self.move_wall_clock(seconds / 3600)

    def move_wall_clock(self, hours: float) -> None:
        self.server.move_clock(hours=hours)

    def restart(self) -> None:
        """Stop, check that the file holds what was in memory, and start again."""
        if self.disk is not None:
            self.disk.odds = 0.0
        self.server.restart()
