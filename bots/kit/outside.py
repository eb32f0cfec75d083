"""A bot outside the server: an ordinary user, which answers what is written to it, and nothing twice.

The server's SYNC is the one source of what was said, in the order of ids; events only say that it is
worth asking. What was dealt with and what is still to be said is in the diary. It knows no socket.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Protocol

from bots.kit.bot import Bot
from bots.kit.diary import SHARED, Diary, Due, Result
from bots.kit.event import Event, addressed
from bots.kit.faults import place_of
from bots.kit.fetching import Fetcher
from bots.kit.running import Step, begin, resume
from chatserver.protocol.names import name_key

log = logging.getLogger(__name__)

FAULTS_MAX = 5
WAIT_S_MAX = 60.0  # a look at the clock in between, which may have been set
FAULT = "Sorry, something went wrong with me, and nothing has changed. Say help for what I can do."
LATER_CODES = ("UNAVAILABLE", "INTERNAL", "THROTTLED")


@dataclass(frozen=True, slots=True)
class Said:
    """A message as SYNC shows it."""

    id: int
    sender: str
    to: str
    text: str


class Lost(Exception):
    """The connection broke before the answer came; there will be another."""


class Over(Exception):
    """There is no connection and will be none; the text says why."""


class Chat(Protocol):
    """What is needed of a client. Every method but `wait` may raise Lost, and every one Over."""

    @property
    def name(self) -> str:
        """The user who is logged in."""

    def wait(self, timeout_s: float) -> None:
        """Return when something may have happened, or the time is over."""

    def sync(self, after_id: int) -> tuple[list[Said], bool]:
        """What this user sent or received after an id, oldest first, and whether there is more."""

    def send(self, tag: str, to: str, text: str) -> str:
        """Send a message under a tag; the code of the refusal, empty if it is stored."""

    def accept_friends(self) -> None:
        """Say yes to every friend request."""

    def bots(self) -> dict[str, str]:
        """The server's own bots: name → help."""


class Outside:
    """One bot, its diary and its connection; whatever varies is passed in."""

    def __init__(
        self,
        bot: Bot,
        diary: Diary,
        chat: Chat,
        fetch: Fetcher,
        wall_ms: Callable[[], int],
        random: Random,
        config: Mapping[str, str],
    ) -> None:
        self._bot = bot
        self._diary = diary
        self._chat = chat
        self._fetch = fetch
        self._wall_ms = wall_ms
        self._random = random
        self._config = config
        self._bots: dict[str, str] = {}
        self._faults = 0

    def serve(self) -> None:
        """Answer until Over is raised, or the bot has failed too often."""
        while self._faults < FAULTS_MAX:
            try:
                self.turn()
            except Lost:
                log.info("the connection was lost; going on when there is another")
                self._bots = {}  # it may be another server by then
            self._chat.wait(self._seconds_to_next())
        raise Over(f"{self._bot.name} failed {FAULTS_MAX} times in a row: mend it, and run it again")

    def turn(self) -> None:
        """Deal with everything that there is now."""
        self._bots = self._bots or self._chat.bots()
        self._deliver()
        self._chat.accept_friends()
        self._catch_up()
        while (due := self._diary.next_timer()) and due.due_ms <= self._wall_ms():
            self._fire(due)
            self._deliver()

    def _catch_up(self) -> None:
        more = True
        while more:
            said, more = self._chat.sync(self._diary.heard_id or 0)
            for message in said:
                self._hear(message)
                self._deliver()

    def _hear(self, message: Said) -> None:
        room = message.to if message.to.startswith("#") else None
        text = self._meant(message, room)
        if text is None:
            self._diary.hear(message.id)
            return
        event = Event(text, message.sender, room=room)
        self._diary.keep(self._step(event), heard_id=message.id)

    def _meant(self, message: Said, room: str | None) -> str | None:
        """What of a message is for the bot; None if nothing is. It hears neither itself nor the server's bots."""
        if name_key(message.sender) == name_key(self._chat.name) or message.sender in self._bots:
            return None
        if room is None or self._bot.in_rooms == "all":
            return message.text.strip()
        return addressed(self._chat.name, message.text)

    def _fire(self, due: Due) -> None:
        event = Event("", due.user, room=due.room, timer=due.name)
        self._diary.keep(self._step(event), fired=due.name)

    def _step(self, event: Event) -> Result:
        event.time_ms, event.random, event.config = self._wall_ms(), self._random, self._config
        event.bots = {**self._bots, self._chat.name: self._bot.help}
        says: list[str] = []
        try:
            step = begin(self._bot, event, self._diary.state(event.sender), self._diary.state(SHARED))
            says += step.says
            while step.fetch:
                step = resume(step, self._fetch(step.fetch))
                says += step.says
        except Exception as error:  # the edge of a bot: its user gets a sentence, its author a place
            self._faults += 1
            log.error("fault %d of %d: %s", self._faults, FAULTS_MAX, place_of(error))
            step, says = Step(), [FAULT]
        else:
            self._faults = 0
        return Result(event.sender, event.room, says, step.state, step.shared, step.timers, event.time_ms)

    def _deliver(self) -> None:
        """Send what waits; what the server will never take (it was blocked, say) is dropped."""
        for letter in self._diary.unsent():
            code = self._chat.send(letter.tag, letter.recipient, letter.text)
            if code in LATER_CODES:
                return
            if code:
                log.warning("an answer to %s was refused: %s", letter.recipient, code)
            self._diary.sent(letter)

    def _seconds_to_next(self) -> float:
        due = self._diary.next_timer()
        if due is None:
            return WAIT_S_MAX
        return min(WAIT_S_MAX, max(0.0, (due.due_ms - self._wall_ms()) / 1000))
