"""What stands around a turn in tests: a connection that takes so many bytes, and a flusher that works when told."""

from typing import cast

from chatserver.net.connection import Connection
from chatserver.turn.flusher import Done, Job
from chatserver.turn.receiver import Receiver


class FakeConnection:
    """Takes as many bytes as there is room for (None: all); the rest waits, as in a real one."""

    def __init__(self) -> None:
        self.room: int | None = None
        self.taken = b""
        self.sends: list[bytes] = []  # each piece that was handed over
        self.closed = False
        self.committed = 0
        self.word: tuple[int, int] | None = None
        self._waiting = b""

    @property
    def unsent(self) -> int:
        return len(self._waiting)

    def progress(self) -> tuple[int, int] | None:
        """All that was taken has arrived, unless the test says otherwise."""
        return self.word

    def send(self, data: bytes) -> bool:
        if self.closed:
            return False
        self.sends.append(data)
        self._waiting += data
        self.take(0)
        return not self._waiting

    def take(self, more: int | None) -> None:
        """There is room for so many bytes more; None for all that come."""
        self.room = None if more is None or self.room is None else self.room + more
        taken = len(self._waiting) if self.room is None else min(self.room, len(self._waiting))
        self.taken += self._waiting[:taken]
        self._waiting = self._waiting[taken:]
        if self.room is not None:
            self.room -= taken

    def abort(self) -> None:
        self.closed = True

    def text(self) -> str:
        """What has left since the last look."""
        taken, self.taken = self.taken, b""
        return taken.decode()


def receiver() -> tuple[Receiver, FakeConnection]:
    """A receiver, and the connection that takes what it is sent."""
    made, connection = Receiver(), FakeConnection()
    made.connection = cast(Connection, connection)
    return made, connection


class FakeFlusher:
    """Keeps a job until it is told to work. `is_fast`: whoever waits for a job need not wait long."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Job, Done]] = []
        self.is_fast = False
        self.waits: list[float | None] = []

    def submit(self, job: Job, done: Done) -> None:
        assert not self.jobs, "the one before has not been told"
        self.jobs.append((job, done))

    def wait(self, within_s: float | None = None) -> None:
        self.waits.append(within_s)
        if self.jobs and (self.is_fast or within_s is None):
            self.work()

    def work(self) -> None:
        """Do the job, and tell the loop of it."""
        job, done = self.jobs.pop(0)
        error = None
        try:
            job()
        except Exception as raised:
            error = raised
        done(error)

    def close(self, within_s: float = 5.0) -> None:
        """There is nothing to wait for."""
