"""A bot outside the server: an ordinary user, which answers what is written to it, and nothing twice.

The server's SYNC is the one source of what was said, in the order of ids; events only say that it is
worth asking. What was dealt with and what is still to be said is in the diary. It knows no socket.
What the bot fails with twice, also if the program died of it, is set aside, and what comes behind it is answered.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Protocol

from bots.kit.bot import Bot
from bots.kit.diary import SHARED, Diary, Due, Result
from bots.kit.event import Event, addressed
from bots.kit.faults import place_of
from bots.kit.fetching import Fetcher
from bots.kit.running import Step, begin, resume
from bots.kit.watchdog import Overdue, Watchdog
from chatserver.protocol.names import name_key

log = logging.getLogger(__name__)

USERS_MAX = 5  # with whom the bot failed, and nothing that worked in between: it is broken for everybody
TIMES_MAX = 2  # a step is begun, and does not end well
STEP_S_MAX = 10.0  # nobody but the bot's own users waits for it
WAIT_S_MAX = 60.0  # a look at the clock in between, which may have been set
FAULT = "Sorry, something went wrong with me, and nothing has changed. Say help for what I can do."
SET_ASIDE = "Sorry, I have failed with just that before, and do not try it again. Say help for what I can do."
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

    @property
    def store(self) -> str:
        """The identity of what the server keeps: ids of another one are others."""

    def last_seen_id(self) -> int:
        """The id up to which somebody has dealt with what was written to this user."""

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
        self._failed_with: set[str] = set()  # since something worked
        self._store = ""
        self._watchdog = Watchdog(STEP_S_MAX)

    def serve(self) -> None:
        """Answer until Over is raised, or the bot has failed too often."""
        try:
            while len(self._failed_with) < USERS_MAX:
                try:
                    self.turn()
                except Lost:
                    log.info("the connection was lost; going on when there is another")
                    self._bots = {}  # it may be another server by then
                self._chat.wait(self._seconds_to_next())
        finally:
            self._watchdog.close()
        raise Over(f"{self._bot.name} failed with {USERS_MAX} users, one after another: mend it, and run it again")

    def turn(self) -> None:
        """Deal with everything that there is now."""
        self._bots = self._bots or self._chat.bots()
        self._meet()
        self._deliver()
        self._chat.accept_friends()
        self._catch_up()
        while (due := self._diary.next_timer()) and due.due_ms <= self._wall_ms():
            self._fire(due)
            self._deliver()

    def _meet(self) -> None:
        """Over a restore ids go on; where there is another store, what was heard of the former says nothing of it."""
        if self._chat.store != self._store:
            self._store = self._chat.store
            self._diary.meet(self._store)
            if self._diary.heard_id is None:
                self._diary.hear(self._chat.last_seen_id())

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
        step = f"said {name_key(message.sender)} {text}"
        result, worked = self._try(step, event)
        self._diary.keep(result, heard_id=message.id, worked=step if worked else None)

    def _meant(self, message: Said, room: str | None) -> str | None:
        """What of a message is for the bot; None if nothing is. It hears neither itself nor the server's bots."""
        if name_key(message.sender) == name_key(self._chat.name) or message.sender in self._bots:
            return None
        if room is None or self._bot.in_rooms == "all":
            return message.text.strip()
        return addressed(self._chat.name, message.text)

    def _fire(self, due: Due) -> None:
        event = Event("", due.user, room=due.room, timer=due.name)
        step = f"due {name_key(due.user)} {due.due_ms} {due.name}"
        result, worked = self._try(step, event)
        self._diary.keep(result, fired=due.name, worked=step if worked else None)

    def _try(self, step: str, event: Event) -> tuple[Result, bool]:
        """What a step comes to, and whether it went well. One that did not often enough is not begun any more."""
        if self._diary.begin(step, self._wall_ms()) >= TIMES_MAX:
            log.error("set aside, after it failed %d times: what %s sent", TIMES_MAX, event.sender)
            return Result(event.sender, event.room, [SET_ASIDE]), False
        return self._step(event)

    def _step(self, event: Event) -> tuple[Result, bool]:
        event.time_ms, event.random, event.config = self._wall_ms(), self._random, self._config
        event.bots = {**self._bots, self._chat.name: self._bot.help}
        says: list[str] = []
        try:
            state, shared = self._diary.state(event.sender), self._diary.state(SHARED)
            step = self._watched(partial(begin, self._bot, event, state, shared))
            says += step.says
            while step.fetch:
                step = self._watched(partial(resume, step, self._fetch(step.fetch)))
                says += step.says
        except (Exception, SystemExit, Overdue) as error:  # the edge of a bot: a sentence for its user, a place for us
            self._failed_with.add(event.sender)
            log.error("the bot %s failed: %s", self._bot.name, place_of(error))
            return Result(event.sender, event.room, [FAULT]), False
        self._failed_with.clear()
        return Result(event.sender, event.room, says, step.state, step.shared, step.timers, event.time_ms), True

    def _watched(self, work: Callable[[], Step]) -> Step:
        self._watchdog.begin(self._bot.name)
        try:
            return work()
        finally:
            self._watchdog.end()

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
