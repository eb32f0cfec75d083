"""What the host of bots and its parts need of the rest of the server, so that tests can give them something else."""

from collections.abc import Callable
from typing import Protocol

from bots import Fetch, Reply
from chatserver.core.commands import Command
from chatserver.core.outcome import Outcome
from chatserver.core.state import State
from chatserver.net.workers import Result
from chatserver.turn.batch import Batch

Done = Callable[[Reply], None]


class Timer(Protocol):
    """A call to come."""

    def cancel(self) -> None:
        """Forget it."""


class Loop(Protocol):
    """Of the reactor."""

    @property
    def clock(self) -> Callable[[], float]:
        """Monotonic seconds."""

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call in the next turn, which then does not sleep."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call after so many seconds."""


class Pool(Protocol):
    """Of the worker pool: it runs jobs in threads, and `done` in the loop."""

    @property
    def free(self) -> int:
        """How many more jobs would run at once."""

    def submit(self, job: Callable[[], Reply], done: Callable[[Result[Reply]], None]) -> None:
        """Run a job."""

    def close(self, within_s: float) -> None:
        """Let the threads end, and wait for them so long."""


class Chat(Protocol):
    """Of the server's turn."""

    @property
    def state(self) -> State:
        """The chat as it is now."""

    @property
    def unavailable(self) -> bool:
        """Whether the store cannot write."""

    @property
    def batch(self) -> Batch:
        """What gathers now: what a bot takes in hand goes back with it."""

    def execute(self, origin: None, command: Command) -> Outcome:
        """Decide a command and make its events so, in this turn."""

    def stamp(self) -> int:
        """The wall clock of this turn, in milliseconds."""


class PageSource(Protocol):
    """Of `Pages`."""

    def get(self, bot: str, wanted: Fetch, done: Done) -> None:
        """Fetch a page; `done` is called once, in the loop."""

    def close(self) -> None:
        """Fetch no more."""
