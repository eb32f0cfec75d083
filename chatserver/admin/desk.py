"""What commands of the administration work with, and who asks."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bots import Bot
from chatserver.admin.result import Outcome as Answer
from chatserver.bothost.host import BotHost
from chatserver.core.commands import Command
from chatserver.core.outcome import Outcome
from chatserver.core.state import State
from chatserver.net.workers import Pool
from chatserver.sessions.client import Client
from chatserver.sessions.dispatch import Dispatch
from chatserver.settings import Settings
from chatserver.store.store import Store
from chatserver.turn.turn import Turn

WayBack = Callable[[], None]


class Actor(NamedTuple):
    """Who asks: a user, or the machine's owner."""

    name: str
    is_machine: bool


@dataclass(slots=True)
class Desk:
    """The parts of the server that can be administered."""

    turn: Turn
    dispatch: Dispatch
    settings: Settings
    store: Store
    bots: BotHost
    clients: Callable[[], Collection[Client]]
    clock: Callable[[], float]
    random_bytes: Callable[[int], bytes]
    helpers: Pool  # a thread for what would block
    drain: Callable[[], None]
    started_s: float
    live: bool  # clients can connect: it is no look at the file alone
    read_again: Callable[[], Settings] | None = None  # as the start read them. Raises SettingError
    certificates: Callable[[], tuple[str, WayBack]] | None = None  # load them again; what was done. Raises SettingError
    upgrade: Callable[[str, Callable[[Answer], None]], None] | None = None  # have another program take over
    load_bots: Callable[[], list[Bot]] | None = None  # those of the files now. Raises SettingError

    @property
    def state(self) -> State:
        """The chat as it is now."""
        return self.turn.state

    def change(self, other: Settings) -> tuple[list[str], list[str]]:
        """Take over what differs and may change; the names of that, and of what needs a restart."""
        taken, left = self.settings.take(other)
        self._apply(taken)
        return taken, left

    def change_back(self, before: Settings, names: Sequence[str]) -> None:
        """These settings are as they were."""
        self.settings.take_some(before, names)
        self._apply(names)

    def _apply(self, names: Sequence[str]) -> None:
        self.turn.limit(self.settings.limits())
        if "log_level" in names:
            logging.getLogger().setLevel(self.settings.log_level.upper())

    def undo(self, way_back: WayBack) -> None:
        """What was just changed outside State goes back so, should the batch not be stored."""
        self.turn.batch.undo.append(way_back)

    def when_stored(self, act: Callable[[], None]) -> None:
        """Do what has no way back once the batch is on the disk, and not at all if it fails."""
        self.turn.batch.when_over(lambda stored: act() if stored else None)

    def now_ms(self) -> int:
        """Wall clock of this turn."""
        return self.turn.stamp()

    def execute(self, command: Command) -> Outcome:
        """Decide a command and make it so. Those whom it shows out are told good-bye behind the answer."""
        return self.turn.execute(None, command)
