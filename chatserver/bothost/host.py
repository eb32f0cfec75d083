"""Gives messages to bots, performs what they want of the world, and survives their faults.

A bot is a user: its answers are `SendMessage` commands, decided like anybody's. What a step says and what the
bot then remembers go into one turn, and so into one commit. Handlers run in the loop, a bounded number of
steps a turn; what takes time (`Fetch`) happens elsewhere, and comes back as one more step. It knows no sockets.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from time import perf_counter

from bots import After, Bot, BotError, Event, Fetch, Reply
from bots.kit.event import addressed
from bots.kit.faults import place_of
from bots.kit.running import Step, begin, resume
from bots.kit.texts import messages
from chatserver.bothost.alarms import Alarm, Alarms
from chatserver.bothost.floods import FloodGate, Verdict
from chatserver.bothost.surroundings import Chat, Loop, PageSource
from chatserver.core.bots import EVERYBODY
from chatserver.core.commands import BotTimer, KeepForBot, SendMessage, StartBot
from chatserver.core.events import BurstSent, MessageSent, UserSignedUp
from chatserver.core.outcome import Refused
from chatserver.core.state import NO_PASSWORD

log = logging.getLogger(__name__)

FAULTS_MAX = 5  # in a row; then the bot is switched off
SLOW_STEP_S = 0.020
STEPS_PER_TURN = 64  # about 2 ms of bots before it is the others' turn
WAITING_MAX = 5  # messages of one user that wait while the bot waits for a page for that user
TIMERS_MAX = 50  # of one bot for one user
RETRY_S = 1.0  # where the store cannot write

FAULT = "Sorry, something went wrong with me, and nothing has changed. Say help for what I can do."
SWITCHED_OFF = "Sorry, I am switched off: I failed too often. Whoever runs this server finds the reason in its log."
TOO_FAST = "That is too fast for me: I answer again in a moment, and pass over what you send until then."
BUSY = "One thing at a time, please: I still wait for what you asked before, and pass over what you send until then."

Talk = tuple[int, int]
"""Ids of a bot and a user: what belongs to one talk is done in its order."""
_NOTHING: Mapping[int, str] = {}


@dataclass(slots=True)
class _Running:
    """One bot that runs, and how often it has failed in a row."""

    bot: Bot
    faults: int = 0


@dataclass(slots=True)
class _Heard:
    """Something that was said to a bot."""

    text: str
    room: str | None


@dataclass(slots=True)
class _Note:
    """Something that the host says in the bot's name."""

    text: str
    room: str | None


@dataclass(slots=True)
class _Due:
    """A timer whose time has come."""

    name: str
    due_ms: int


@dataclass(slots=True)
class _Arrived:
    """The page that a step waited for."""

    awaited: "_Awaited"
    step: Step
    room: str | None
    reply: Reply


Work = _Heard | _Note | _Due | _Arrived


@dataclass(slots=True, eq=False)
class _Awaited:
    """A page that a talk waits for: one that comes for another wait is passed over."""


class BotHost:
    """All bots of one server; whatever varies is passed in. Call `attach` when State was loaded, `work` every turn."""

    def __init__(
        self,
        bots: Sequence[Bot],
        chat: Chat,
        loop: Loop,
        pages: PageSource,
        floods: FloodGate,
        random: Random,
        config: Mapping[str, str],
        stopwatch: Callable[[], float] = perf_counter,
    ) -> None:
        self._bots = [_Running(bot) for bot in bots]
        self._chat = chat
        self._loop = loop
        self._pages = pages
        self._floods = floods
        self._random = random
        self._config = config
        self._stopwatch = stopwatch
        self._running: dict[int, _Running] = {}  # by the bot's user id
        self._directory: dict[str, str] = {}  # name → help, as bots see it
        self._mail: dict[Talk, deque[Work]] = {}  # what is to be done, for each talk that has something
        self._ready: deque[Talk] = deque()  # talks whose first piece of work can be done now
        self._waiting: dict[Talk, _Awaited] = {}  # talks that wait for a page
        self._alarms = Alarms(loop, chat.stamp, self._ring)

    def attach(self) -> None:
        """Let the bots run in State, as it was just loaded."""
        self._running = {}
        for running in self._bots:
            bot = running.bot
            outcome = self._chat.execute(None, StartBot(bot.name, bot.help, self._chat.stamp()))
            user = self._chat.state.find(bot.name)
            if isinstance(outcome, Refused) or user is None:
                log.error("the bot %s does not run: %s", bot.name, outcome[1])
            else:
                self._running[user.id] = running
        users = self._chat.state.users
        self._directory = {users[bot].name: running.bot.help for bot, running in self._running.items()}
        timers = self._chat.state.bot_timers.items()
        self._alarms.load(
            (due_ms, bot, user, name) for user, mine in timers for (bot, name), (due_ms, _) in mine.items()
        )

    def close(self) -> None:
        """Let go of what fetches pages."""
        self._pages.close()

    def hear_message(self, origin: object, event: MessageSent) -> None:
        """A message was sent. By place: a named field costs 25 ns, and this is the path of a message."""
        recipient = event[3]
        if recipient < 0 or recipient in self._running:
            self.hear(event[2], recipient, event[4:5])

    def hear_burst(self, origin: object, event: BurstSent) -> None:
        """Several were sent."""
        self.hear(event[2], event[3], event[4])

    def hear(self, sender: int, recipient: int, texts: Sequence[str]) -> None:
        """Something was said to a user or in a room; if it is for bots, `work` deals with it. Bots hear no bots."""
        if recipient in self._running:
            if sender not in self._running:
                for text in texts:
                    self._take((recipient, sender), text, None)
        elif recipient < 0:
            room = self._chat.state.rooms[recipient]
            present = [bot for bot in self._running if bot in room.members]
            if present:
                for text in texts:
                    self.hear_in_room(sender, present, room.name, text)

    def welcome(self, event: UserSignedUp) -> None:
        """Somebody is new; bots that greet hear a hello."""
        for bot, running in self._running.items():
            if running.bot.greets and event.password_hash != NO_PASSWORD:
                self._add((bot, event.user), _Heard("hello", None))

    def hear_in_room(self, sender: int, members: Sequence[int], room: str, text: str) -> None:
        """Something was said in a room; the bots among its members hear what is for them."""
        if sender in self._running:
            return
        for member in members:
            running = self._running.get(member)
            if running is None:
                continue
            name = self._chat.state.users[member].name
            meant = text if running.bot.in_rooms == "all" else addressed(name, text)
            if meant is not None:
                self._take((member, sender), meant, room)

    def work(self) -> None:
        """Do a slice of what there is to do; what is left makes the loop turn again at once.

        While the store cannot write nothing is done: no answer could be given.
        """
        if self._chat.unavailable:
            return
        for _ in range(STEPS_PER_TURN):
            if not self._ready:
                return
            talk = self._ready.popleft()
            waits = False
            work = self._mail[talk].popleft()
            self._chat.batch.undo.append(partial(self._put_back, talk, work))
            try:
                waits = not self._do(talk, work)
            finally:  # a defect in one talk must not hold up what comes after it
                if not waits:
                    self._end_work(talk)
        if self._ready:
            self._loop.call_soon(_nothing)

    def _end_work(self, talk: Talk) -> None:
        """One piece of work is done; one that waits for a page is made ready by its arrival."""
        if self._mail[talk]:
            self._ready.append(talk)
        else:
            del self._mail[talk]

    def _put_back(self, talk: Talk, work: Work) -> None:
        """What was done of this did not hold: it is to be done again."""
        mail = self._mail.setdefault(talk, deque())
        mail.appendleft(work)
        self._make_ready(talk)

    def _make_ready(self, talk: Talk) -> None:
        if talk not in self._waiting and talk not in self._ready:
            self._ready.append(talk)

    # What comes in, in the order of each talk.

    def _take(self, talk: Talk, text: str, room: str | None) -> None:
        verdict = self._floods.judge(talk)
        if verdict is Verdict.PASS:
            return
        waiting = len(self._mail[talk]) if talk in self._waiting else 0
        if verdict is Verdict.TELL:
            self._add(talk, _Note(TOO_FAST, room))
        elif waiting < WAITING_MAX:
            self._add(talk, _Heard(text, room))
        elif waiting == WAITING_MAX:
            self._add(talk, _Note(BUSY, room))

    def _add(self, talk: Talk, work: Work) -> None:
        mail = self._mail.get(talk)
        if mail is None:
            mail = self._mail[talk] = deque()
        if not mail and talk not in self._waiting:
            self._ready.append(talk)
        mail.append(work)
        self._chat.batch.undo.append(partial(self._take_out, talk, work))

    def _take_out(self, talk: Talk, work: Work) -> None:
        """What brought this did not happen."""
        mail = self._mail.get(talk)
        if mail is None:
            return
        for at, other in enumerate(mail):
            if other is work:
                del mail[at]
                break
        if not mail and talk not in self._waiting:
            del self._mail[talk]
            self._ready = deque(ready for ready in self._ready if ready != talk)

    def _await_page(self, running: _Running, talk: Talk, room: str | None, step: Step, fetch: Fetch) -> None:
        awaited = self._waiting[talk] = _Awaited()
        self._chat.batch.undo.append(partial(self._wait_no_more, talk, awaited))
        self._pages.get(running.bot.name, fetch, partial(self._arrived, talk, awaited, step, room))

    def _wait_no_more(self, talk: Talk, awaited: _Awaited) -> None:
        """The step that asked for a page did not hold; what it was asked is put back by itself."""
        if self._waiting.get(talk) is awaited:
            del self._waiting[talk]
        mail = self._mail.setdefault(talk, deque())
        for at, work in enumerate(mail):
            if isinstance(work, _Arrived) and work.awaited is awaited:
                del mail[at]
                break

    def _arrived(self, talk: Talk, awaited: _Awaited, step: Step, room: str | None, reply: Reply) -> None:
        if self._waiting.get(talk) is awaited:
            del self._waiting[talk]
            self._mail[talk].appendleft(_Arrived(awaited, step, room, reply))
            self._ready.append(talk)

    def _ring(self, alarm: Alarm) -> None:
        due_ms, bot, user, name = alarm
        if bot in self._running:
            self._add((bot, user), _Due(name, due_ms))

    # What is done. Each of these tells whether the talk can go on at once.

    def _do(self, talk: Talk, work: Work) -> bool:
        running = self._running.get(talk[0])
        if running is None or talk[1] not in self._chat.state.users:
            return True  # one of them has gone meanwhile
        if isinstance(work, _Note):
            self._say(talk, work.room, work.text)
            return True
        if isinstance(work, _Due):
            return self._fire(running, talk, work)
        if running.faults >= FAULTS_MAX:
            self._say(talk, work.room, SWITCHED_OFF)
            return True
        if isinstance(work, _Arrived):
            return self._step(running, talk, work.room, partial(resume, work.step, work.reply))
        return self._begin(running, talk, work.text.strip(), work.room, None)

    def _fire(self, running: _Running, talk: Talk, due: _Due) -> bool:
        bot, user = talk
        found = self._chat.state.bot_timers.get(user, {}).get((bot, due.name))
        if found is None or found[0] != due.due_ms:
            return True  # taken back, or moved
        gone = self._chat.execute(None, KeepForBot(bot, user, None, None, (BotTimer(due.name, None, ""),)))
        if isinstance(gone, Refused):  # the store cannot write now
            self._loop.call_later(RETRY_S, lambda: self._add(talk, due))
            return True
        if running.faults >= FAULTS_MAX:
            return True
        return self._begin(running, talk, "", found[1] or None, due.name)

    def _begin(self, running: _Running, talk: Talk, text: str, room: str | None, timer: str | None) -> bool:
        bot, user = talk
        chat = self._chat
        sender = chat.state.users[user].name
        event = Event(text, sender, chat.stamp(), room, timer, self._random, self._config, self._directory)
        memory = chat.state.bot_memory
        mine, shared = (memory.get(of, _NOTHING).get(bot, "{}") for of in (user, EVERYBODY))
        return self._step(running, talk, room, partial(begin, running.bot, event, mine, shared))

    def _step(self, running: _Running, talk: Talk, room: str | None, run: Callable[[], Step]) -> bool:
        started = self._stopwatch()
        try:
            step = run()
            timers = self._timers(talk, room, step)
        except Exception as error:  # the edge of a bot: its user gets a sentence, the log a place
            self._fault(running, talk, room, error)
            return True
        took_s = self._stopwatch() - started
        if took_s > SLOW_STEP_S:
            log.warning("the bot %s held everybody up for %d ms in one step", running.bot.name, took_s * 1000)
        running.faults = 0
        for text in step.says:
            self._say(talk, room, text)
        if step.state is not None or step.shared is not None or timers:
            self._keep(talk, step, timers)
        if step.fetch is None:
            return True
        self._await_page(running, talk, room, step, step.fetch)
        return False

    def _timers(self, talk: Talk, room: str | None, step: Step) -> list[BotTimer]:
        """The step's timers with their times. Raises BotError if the user would have too many."""
        if not step.timers:
            return []
        now_ms = self._chat.stamp()
        set_now = [
            BotTimer(effect.name, now_ms + round(effect.seconds * 1000), room or "")
            if isinstance(effect, After)
            else BotTimer(effect.name, None, "")
            for effect in step.timers
        ]
        had = {name for bot, name in self._chat.state.bot_timers.get(talk[1], {}) if bot == talk[0]}
        if len(had | {timer.name for timer in set_now if timer.due_ms is not None}) > TIMERS_MAX:
            raise BotError(f"a bot has at most {TIMERS_MAX} timers for one user")
        return set_now

    def _keep(self, talk: Talk, step: Step, timers: Sequence[BotTimer]) -> None:
        outcome = self._chat.execute(None, KeepForBot(*talk, step.state, step.shared, tuple(timers)))
        if isinstance(outcome, Refused):
            log.warning("what a bot remembers could not be kept: %s", outcome.code)
            return
        if timers:
            self._alarms.add((timer.due_ms, *talk, timer.name) for timer in timers if timer.due_ms is not None)

    def _say(self, talk: Talk, room: str | None, text: str) -> None:
        chat = self._chat
        to = room or chat.state.users[talk[1]].name
        for part in messages(text, chat.state.limits.message_chars_max):
            outcome = chat.execute(None, SendMessage(talk[0], to, part, "", chat.stamp()))
            if isinstance(outcome, Refused):  # the user blocks the bot, the room is gone, the store cannot write
                log.info("an answer of the bot %s was refused: %s", chat.state.users[talk[0]].name, outcome.code)
                return

    def _fault(self, running: _Running, talk: Talk, room: str | None, error: Exception) -> None:
        running.faults += 1
        name = running.bot.name
        log.error("the bot %s failed (%d of %d in a row): %s", name, running.faults, FAULTS_MAX, place_of(error))
        if running.faults == FAULTS_MAX:
            log.error("the bot %s is switched off until the server starts again", name)
        self._say(talk, room, FAULT)


def _nothing() -> None:
    """Only makes the loop turn."""
