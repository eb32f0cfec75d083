"""A turn on a real store, with a flusher that works when it is told; and what to say in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatserver.core.commands import Command, SendMessage, SetStatus, SignUp
from chatserver.core.events import FriendAdded
from chatserver.core.outcome import Refused
from chatserver.core.state import Limits, snapshot
from chatserver.store.errors import StoreUnavailable
from chatserver.store.store import Store
from chatserver.turn.receiver import Receiver
from chatserver.turn.records import UNAVAILABLE, Reply
from chatserver.turn.turn import Turn
from tests.bots.fakes import FakeLoop
from tests.turn.fakes import FakeFlusher, receiver

ANN, BEN = 1, 2
NOW_MS = 1_796_212_801_000


class Disk(Store):
    """A store whose writes and commits fail with `error` while there is one."""

    error: Exception | None = None
    write_error: Exception | None = None
    written = 0  # events

    def write(self, events: Any) -> None:
        if self.write_error is not None and events:
            raise self.write_error
        self.written += len(events)
        super().write(events)

    def commit(self) -> None:
        if self.error is not None and self._connection.in_transaction:
            raise self.error
        super().commit()


class World:
    """A turn, its disk, its flusher and its loop; Ann and Ben are friends, and stored."""

    def __init__(self, path: Path) -> None:
        self.disk = Disk(str(path), "off")
        self.loop, self.flusher = FakeLoop(), FakeFlusher()
        self.broken: list[Exception] = []
        self.turn = Turn(
            self.disk,
            self.flusher,
            Limits(),
            lambda: NOW_MS,
            lambda receiver: None,
            self.broken.append,
            self.loop,
            0.0,
        )
        self.turn.execute(None, SignUp("ann", "hash", NOW_MS))
        self.turn.execute(None, SignUp("ben", "hash", NOW_MS))
        self.turn.batch.events.append(FriendAdded(ANN, BEN, NOW_MS))
        for user, friend in ((ANN, BEN), (BEN, ANN)):
            self.turn.state.users[user].friends.add(friend)
        self.store_all()
        self.turn.has_stored = False

    def store_all(self) -> None:
        """End turns until nothing waits."""
        self.turn.end()
        while self.flusher.jobs:
            self.flusher.work()
            self.turn.end()

    def fail(self, error: Exception | None = None) -> None:
        """What is in flight fails."""
        self.disk.error = error or StoreUnavailable("full")
        self.flusher.work()
        self.disk.error = None

    def hear(self, user: int) -> tuple[Receiver, Callable[[], str]]:
        """Somebody who hears what a user hears, and a look at what has come since the last one."""
        made, connection = receiver()
        self.turn.hearers.setdefault(user, []).append(made)
        self.turn.state.users[user].sessions = len(self.turn.hearers[user])
        return made, connection.text

    def do(self, origin: Receiver | None, command: Command, echo: str = "DO") -> None:
        """As a line does it: the command, and its answer staged."""
        outcome = self.turn.execute(origin, command)
        if origin is not None:
            said = f"ERR|{echo}|{outcome.code}\n" if isinstance(outcome, Refused) else f"OK|{echo}\n"
            self.turn.stage(origin, Reply(said.encode(), 0, echo, 1))

    def loaded(self) -> dict[str, object]:
        """State as the file has it."""
        return snapshot(self.disk.load(Limits()))


def message(text: str) -> SendMessage:
    return SendMessage(ANN, "ben", text, "", NOW_MS)


def busy(text: str = "") -> SetStatus:
    return SetStatus(ANN, "busy", text)


def is_unavailable(outcome: object) -> bool:
    return outcome is UNAVAILABLE
