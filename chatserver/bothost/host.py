"""Gives messages to bots, performs what they want of the world, and survives their faults.

A bot is a user: its answers are `SendMessage` commands, decided like anybody's. What a step says and what the
bot then remembers go into one turn, and so into one commit. Handlers run in the loop, a bounded number of
steps a turn; what takes time (`Fetch`) happens elsewhere, and comes back as one more step. It knows no sockets.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random
from time import perf_counter
from typing import Any

from bots import After, Bot, BotError, Event, Fetch, Whisper
from bots.kit.event import addressed, mentions
from bots.kit.faults import place_of
from bots.kit.running import Step, begin, resume
from bots.kit.texts import messages
from bots.kit.watchdog import Overdue, Watchdog
from chatserver.bothost.alarms import Alarm, Alarms
from chatserver.bothost.faults import SWITCHED_OFF, Faults
from chatserver.bothost.floods import FloodGate, Verdict
from chatserver.bothost.forgetting import without_rooms, without_user
from chatserver.bothost.hooks import Hooks
from chatserver.bothost.mail import Arrived, Due, Heard, Mail, Note, Talk, Work
from chatserver.bothost.surroundings import Chat, Loop, PageSource
from chatserver.core.bots import EVERYBODY
from chatserver.core.commands import AnswerForBot, BotTimer, KeepForBot, StartBot, StopBot
from chatserver.core.events import AccountDeleted, BurstSent, MessageSent, RoomEnded, UserSignedUp
from chatserver.core.outcome import Refused
from chatserver.core.sanctions import DISABLED, is_kept_from_writing
from chatserver.core.state import NO_PASSWORD, Room

log = logging.getLogger(__name__)

SLOW_STEP_S = 0.020
STEPS_PER_TURN = 64  # about 2 ms of bots before it is the others' turn
WAITING_MAX = 5  # messages of one user that wait while the bot waits for a page for that user
TIMERS_MAX = 50  # of one bot for one user
RETRY_S = 1.0  # where the store cannot write

FAULT = "Sorry, something went wrong with me, and nothing has changed. Say help for what I can do."
TOO_LONG = "Sorry, that took me too long, and nothing has changed. Say help for what I can do."
TOO_FAST = "That is too fast for me: I answer again in a moment, and pass over what you send until then."
NOT_HERE = "I am not in {0}, and hear nothing of what is said there. Any member can let me in: /invite {0} {1}"
BUSY = "One thing at a time, please: I still wait for what you asked before, and pass over what you send until then."

_NOTHING: Mapping[int, str] = {}


@dataclass(slots=True)
class _Running:
    """One bot that runs, and what its faults led to."""

    bot: Bot
    faults: Faults


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
        watchdog: Watchdog,
        stopwatch: Callable[[], float] = perf_counter,
    ) -> None:
        self._bots = [_Running(bot, Faults(loop.clock)) for bot in bots]
        self._chat = chat
        self._loop = loop
        self._pages = pages
        self._floods = floods
        self._random = random
        self._config = config
        self.watchdog = watchdog
        self._stopwatch = stopwatch
        self._running: dict[int, _Running] = {}  # by the bot's user id
        self._directory: dict[str, str] = {}  # name → help, as bots see it
        self._mail = Mail(chat)
        self._asked = 0  # the message that is being answered
        self._ended_rooms: list[int] = []  # in this turn
        self._gone: list[str] = []  # names of accounts that were deleted in it
        self.hooks = Hooks(chat, loop.clock)
        self._alarms = Alarms(loop, chat.stamp, self._ring)

    def attach(self) -> None:
        """Let the bots run in State, as it was just loaded."""
        former, self._running = self._running, {}
        for running in self._bots:
            bot = running.bot
            outcome = self._chat.execute(None, StartBot(bot.name, bot.help, self._chat.stamp()))
            user = self._chat.state.find(bot.name)
            if isinstance(outcome, Refused) or user is None:
                log.error("the bot %s does not run: %s", bot.name, outcome[1])
            else:
                self._running[user.id] = running
        for gone in former.keys() - self._running.keys():
            self._chat.execute(None, StopBot(gone))
        users = self._chat.state.users
        self._directory = {users[bot].name: running.bot.help for bot, running in self._running.items()}
        timers = self._chat.state.bot_timers.items()
        self._alarms.load(
            (due_ms, bot, user, name) for user, mine in timers for (bot, name), (due_ms, _) in mine.items()
        )

    @property
    def bots(self) -> list[Bot]:
        """Those that it was given."""
        return [running.bot for running in self._bots]

    def replace(self, bots: Sequence[Bot], *, keeps_faults: bool = False) -> None:
        """Run these bots in the place of those that run. What somebody said to one that is gone is not answered.

        What failed is forgotten, but where it `keeps_faults` for those that are the same.
        """
        former = {id(running.bot): running for running in self._bots if keeps_faults}
        self._chat.batch.undo.append(partial(setattr, self, "_bots", self._bots))  # `attach` is called behind that
        self._bots = [former.get(id(bot)) or _Running(bot, Faults(self._loop.clock)) for bot in bots]
        self.attach()

    def list_bots(self) -> list[tuple[str, bool, str]]:
        """Of each bot: name, whether it answers, what it does."""
        users = self._chat.state.users
        return [
            (users[user].name, not (running.faults.is_off or self._is_disabled(user)), running.bot.help)
            for user, running in self._running.items()
        ]

    def _refusal(self, running: _Running, talk: Talk, text: str | None) -> str | None:
        """What a user reads in place of an answer, for faults or because an administrator has switched the bot off."""
        return SWITCHED_OFF if self._is_disabled(talk[0]) else running.faults.refusal(talk[1], text)

    def _is_disabled(self, bot: int) -> bool:
        sanctions = self._chat.state.users[bot].sanctions
        return sanctions is not None and DISABLED in sanctions

    def close(self) -> None:
        """Let go of what fetches pages, and of what watches."""
        self._pages.close()
        self.watchdog.close()

    def hear_message(self, origin: object, event: MessageSent) -> None:
        """A message was sent. By place: a named field costs 25 ns, and this is the path of a message."""
        recipient = event[3]
        if recipient < 0 or recipient in self._running:
            self.hear(event[2], recipient, event[4:5], event[0])

    def hear_burst(self, origin: object, event: BurstSent) -> None:
        """Several were sent."""
        self.hear(event[2], event[3], event[4], event[0])

    def hear(self, sender: int, recipient: int, texts: Sequence[str], first_id: int = 0) -> None:
        """Something was said to a user or in a room; if it is for bots, `work` deals with it. Bots hear no bots."""
        if recipient in self._running:
            if sender not in self._running:
                for message, text in enumerate(texts, first_id):
                    self._take((recipient, sender), Heard(text, None, message))
        elif recipient < 0:
            room = self._chat.state.rooms[recipient]
            present = [bot for bot in self._running if bot in room.members]
            for message, text in enumerate(texts, first_id):
                if present:
                    self.hear_in_room(sender, present, room.name, text, message)
                if text[:1] == "@" and sender not in self._running:
                    self._hear_of_absent(sender, room, text, message)

    def welcome(self, event: UserSignedUp) -> None:
        """Somebody is new; bots that greet hear a hello."""
        for bot, running in self._running.items():
            if running.bot.greets and event.password_hash != NO_PASSWORD:
                self._mail.add((bot, event.user), Heard("hello", None))

    def end_room(self, origin: object, event: RoomEnded) -> None:
        """A room is no more; what bots know of it goes with it."""
        self._ended_rooms.append(event.room)
        self._chat.batch.undo.append(partial(_drop, self._ended_rooms, event.room))

    def forget_user(self, origin: object, event: AccountDeleted) -> None:
        """An account is deleted; what bots tell others of its user goes with it."""
        name = self._chat.state.deleted[event.user]
        self._gone.append(name)
        self._chat.batch.undo.append(partial(_drop, self._gone, name))

    def hear_in_room(self, sender: int, members: Sequence[int], room: str, text: str, message: int = 0) -> None:
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
                self._take((member, sender), Heard(meant, room, message))

    def _hear_of_absent(self, sender: int, room: Room, text: str, message: int) -> None:
        """Who calls a bot that is not in the room is told so, alone: nobody would answer."""
        for name in mentions(text):
            bot = self._chat.state.find(name)
            if bot is not None and bot.id in self._running:
                if bot.id not in room.members and not self._is_disabled(bot.id):
                    self._take((bot.id, sender), Note(NOT_HERE.format(room.name, bot.name), None, message))
                return

    def work(self) -> None:
        """Do a slice of what there is to do; what is left makes the loop turn again at once.

        While the store cannot write nothing is done: no answer could be given.
        """
        if self._chat.unavailable:
            return
        if self._ended_rooms or self._gone:
            self._forget()
        for _ in range(STEPS_PER_TURN):
            if not self._mail.is_ready:
                return
            talk, work = self._mail.take()
            waits = False
            try:
                waits = not self._do(talk, work)
            finally:  # a defect in one talk must not hold up what comes after it
                self._asked = 0
                if not waits:
                    self._mail.done(talk)
        if self._mail.is_ready:
            self._loop.call_soon(_nothing)

    def _forget(self) -> None:
        """Take what bots remember of all that belongs to rooms that have ended, and to users who have gone."""
        places, names = {str(room) for room in self._ended_rooms}, self._gone[:]
        self._ended_rooms.clear()
        self._gone.clear()
        for bot, memory in list(self._chat.state.bot_memory.get(EVERYBODY, {}).items()):
            kept = without_rooms(memory, places)
            for name in names:
                kept = without_user(kept, name)
            if kept is not memory:
                self._chat.execute(None, KeepForBot(bot, EVERYBODY, None, kept, ()))

    # What comes in, in the order of each talk.

    def _take(self, talk: Talk, work: Heard | Note) -> None:
        verdict = self._floods.judge(talk)
        if verdict is Verdict.PASS:
            return
        waiting = self._mail.waiting(talk)
        if verdict is Verdict.TELL:
            self._mail.add(talk, Note(TOO_FAST, work.room, work.message))
        elif waiting < WAITING_MAX:
            self._mail.add(talk, work)
        elif waiting == WAITING_MAX:
            self._mail.add(talk, Note(BUSY, work.room, work.message))

    def _await_page(self, running: _Running, talk: Talk, room: str | None, step: Step, fetch: Fetch) -> None:
        arrived = partial(self._mail.arrived, talk, self._mail.wait(talk), step, room, self._asked)
        self._pages.get(running.bot.name, fetch, arrived)

    def _ring(self, alarm: Alarm) -> None:
        due_ms, bot, user, name = alarm
        if bot in self._running:
            self._mail.add((bot, user), Due(name, due_ms))

    # What is done. Each of these tells whether the talk can go on at once.

    def _do(self, talk: Talk, work: Work) -> bool:
        running = self._running.get(talk[0])
        if running is None or talk[1] not in self._chat.state.users:
            return True  # one of them has gone meanwhile
        self._asked = 0 if isinstance(work, Due) else work.message
        if isinstance(work, Note):
            self._say(talk, work.room, work.text)
            return True
        if isinstance(work, Due):
            return self._fire(running, talk, work)
        text = work.text.strip() if isinstance(work, Heard) else None
        refusal = self._refusal(running, talk, text)
        if refusal:
            self._say(talk, work.room, refusal)
            return True
        if isinstance(work, Arrived):
            return self._step(running, talk, work.room, None, partial(resume, work.step, work.reply))
        return self._begin(running, talk, work.text.strip(), work.room, None)

    def _fire(self, running: _Running, talk: Talk, due: Due) -> bool:
        bot, user = talk
        found = self._chat.state.bot_timers.get(user, {}).get((bot, due.name))
        if found is None or found[0] != due.due_ms:
            return True  # taken back, or moved
        gone = self._chat.execute(None, KeepForBot(bot, user, None, None, (BotTimer(due.name, None, ""),)))
        if isinstance(gone, Refused):  # the store cannot write now
            self._loop.call_later(RETRY_S, lambda: self._mail.add(talk, due))
            return True
        if self._refusal(running, talk, None):
            return True
        return self._begin(running, talk, "", found[1] if self._is_among(found[1], talk) else None, due.name)

    def _is_among(self, name: str, talk: Talk) -> bool:
        """Whether a bot can still speak in the room that its user means."""
        room = self._chat.state.find_room(name, talk[1]) if name and self._may_write(talk[1]) else None
        return room is not None and talk[0] in room.members

    def _may_write(self, user: int) -> bool:
        return not is_kept_from_writing(self._chat.state.users[user], self._chat.stamp())

    def _begin(self, running: _Running, talk: Talk, text: str, room: str | None, timer: str | None) -> bool:
        bot, user = talk
        chat = self._chat
        sender = chat.state.users[user].name
        found = chat.state.find_room(room, user) if room else None  # as its user means it: there may be several
        place = str(found.id) if found else ""
        owns = found is not None and found.owner == user
        event = Event(text, sender, chat.stamp(), room, timer, self._random, self._config, self._directory, place, owns)
        memory = chat.state.bot_memory
        mine, shared = (memory.get(of, _NOTHING).get(bot, "{}") for of in (user, EVERYBODY))
        return self._step(
            running, talk, room, text, partial(begin, running.bot, event, mine, shared, partial(self._friends, talk))
        )

    def _friends(self, talk: Talk) -> dict[str, str]:
        """The user's friends, with what the bot remembers of each."""
        bot, user = talk
        users, memory = self._chat.state.users, self._chat.state.bot_memory
        return {users[friend].name: memory.get(friend, _NOTHING).get(bot, "{}") for friend in users[user].friends}

    def _step(self, running: _Running, talk: Talk, room: str | None, text: str | None, run: Callable[[], Step]) -> bool:
        started = self._stopwatch()
        try:
            self.watchdog.begin(running.bot.name)
            try:
                step = run()
            finally:
                self.watchdog.end()
            timers = self._timers(talk, room, step)
        except (Exception, Overdue) as error:  # the edge of a bot: its user gets a sentence, the log a place
            self.watchdog.end()  # also where it was broken off at its end
            self._fault(running, talk, room, text, error)
            return True
        took_s = self._stopwatch() - started
        if took_s > SLOW_STEP_S:
            log.warning("the bot %s held everybody up for %d ms in one step", running.bot.name, took_s * 1000)
        if running.faults.known.users:
            self._may_go_back(running.faults)
            running.faults.worked()
        for text in step.says:
            self._say(talk, None if isinstance(text, Whisper) else room, text)
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
        """Answer where the user has asked; for one who is kept from writing a bot says nothing in a room either."""
        chat = self._chat
        if room and not self._may_write(talk[1]):
            room = None
        found = chat.state.find_room(room, talk[1]) if room else None  # as its user means it: there may be several
        to: str | int = found.id if found and talk[0] in found.members else room or chat.state.users[talk[1]].name
        for part in messages(text, chat.state.limits.message_chars_max):
            outcome = chat.execute(None, AnswerForBot(talk[0], to, part, self._asked, talk[1], chat.stamp()))
            if isinstance(outcome, Refused):  # the user blocks the bot, the room is gone, the store cannot write
                log.info("an answer of the bot %s was refused: %s", chat.state.users[talk[0]].name, outcome.code)
                return

    def _fault(self, running: _Running, talk: Talk, room: str | None, text: str | None, error: BaseException) -> None:
        name = running.bot.name
        log.error("the bot %s failed: %s", name, place_of(error))
        self._may_go_back(running.faults)
        follows = running.faults.failed(talk[1], text)
        if follows:
            log.error("the bot %s: %s", name, follows)
        self._say(talk, room, TOO_LONG if isinstance(error, Overdue) else FAULT)

    def _may_go_back(self, faults: Faults) -> None:
        """What is counted now does not count if this turn fails: the step is done again."""
        self._chat.batch.undo.append(partial(setattr, faults, "known", faults.known))

    def enable(self, name: str) -> bool:
        """Let a bot that was switched off begin again; False if there is none of that name."""
        user = self._chat.state.find(name)
        running = self._running.get(user.id) if user else None
        if running is not None:
            self._may_go_back(running.faults)
            running.faults.reset()
        return running is not None


def _drop(gone: list[Any], one: object) -> None:
    """`Any`: a list of rooms, or of names."""
    with suppress(ValueError):  # it has been dealt with
        gone.remove(one)


def _nothing() -> None:
    """Only makes the loop turn."""
