"""Commands applied to State, and what they bring about gathered in a batch; what the log says of batches.

The rule of the house lives here: no byte leaves before the events that it could show are on the disk.
A turn's work goes into the open batch. When the log is ready, it takes it; meanwhile the next one gathers, and State
runs ahead of the disk. A batch that fails takes all with it that is not stored: State is read from the disk again.
"""

import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from chatserver.core.accounts import lasting
from chatserver.core.audience import TABLE as HEARD_BY
from chatserver.core.audience_changes import change_frame
from chatserver.core.commands import CloseSession, Command, KeepTokens, LogIn, Resume
from chatserver.core.decide import TABLE as DECIDE
from chatserver.core.events import PASSING, BurstSent, Event, MessageDeleted, MessageSent, PresenceChanged
from chatserver.core.evolve import TABLE as EVOLVE
from chatserver.core.evolve import evolve
from chatserver.core.facts import Fact
from chatserver.core.id_ranges import Delivery
from chatserver.core.outcome import Outcome, Refused
from chatserver.core.state import Limits, State, User
from chatserver.store.errors import StoreBroken, StoreUnavailable
from chatserver.store.history import History
from chatserver.store.store import Store
from chatserver.turn.batch import Batch
from chatserver.turn.credit import CreditBook
from chatserver.turn.flusher import Flusher
from chatserver.turn.log import LocalLog, MakeLog
from chatserver.turn.presence import Loop, Presence
from chatserver.turn.receiver import Receiver
from chatserver.turn.records import UNAVAILABLE, Heard, Record, is_special
from chatserver.turn.release import Release

log = logging.getLogger(__name__)

_WHEN_STORE_FAILS = (LogIn, Resume, CloseSession, KeepTokens)
"""Commands that go on in memory while the store cannot write; their events are stored once it can."""
_WHEN_LOG_FAILS = (CloseSession,)
"""The same in a cluster, where another node may have the next word on who is logged in."""
_MESSAGES = frozenset((MessageSent, BurstSent))

Subscriber = Callable[[Receiver | None, Any], None]  # Any: each takes its own type of event


class Turn:
    """State, the batch that gathers, and those that the log has not told of yet."""

    def __init__(
        self,
        store: Store,
        flusher: Flusher,
        limits: Limits,
        wall_ms: Callable[[], int],
        too_slow: Callable[[Receiver], None],
        break_off: Callable[[Exception], None],
        loop: Loop,
        presence_s: float,
        make_log: MakeLog = LocalLog,
    ) -> None:
        """`too_slow` is called for a receiver whose connection has not taken all; it decides.

        `break_off` ends the server: what is on the disk is not known. Friends hear of a user's presence once in
        `presence_s`.
        """
        self._store = store
        self._limits = limits
        self._wall_ms = wall_ms
        self._break_off = break_off
        self.state: State = store.load(limits)
        self.stored_message_id = self.state.last_message_id  # the last message, or change of one, that is on the disk
        self.hearers: dict[int, list[Receiver]] = {}  # user → who hears what the user hears
        self.credit = CreditBook(lambda: self.state, wall_ms)
        self.release = Release(self.credit, too_slow)
        self.presence = Presence(self, loop, presence_s)
        self.subscribers: Mapping[type, Sequence[Subscriber]] = {}  # event type → what else it brings about, in order
        self.reloaded: Sequence[Callable[[], None]] = ()  # called in order when State has come from the disk again
        self.unavailable = False  # the store cannot write
        self.is_suspended = False  # what became of a batch is not known, so the open one is not taken either
        self.has_stored = False  # since that was asked last
        self.now_ms = 0  # one time stamp a turn; 0 until somebody needs it
        self.batch = Batch(1, self.state.last_message_id)
        self._free: dict[Receiver, list[Record]] = {}  # what goes out at the end of the turn: it depends on nothing
        self._loop = loop
        self.log = make_log(store, flusher, self, loop)
        self._going_on = _WHEN_LOG_FAILS if self.log.is_shared else _WHEN_STORE_FAILS
        self._in_flight: deque[Batch] = deque()
        self._leaving: deque[Batch] = deque()  # over, but for what is sent in the next turns
        self._unsaved: list[Event] = []  # what happened while the store could not write
        self._saving: list[Event] = []  # of these, what a try to write again has in hand
        self._applying = False

    @property
    def history(self) -> History:
        """What the disk holds."""
        return self._store.history

    @property
    def long_reading(self) -> sqlite3.Connection | None:
        """A connection for reading in another thread; None for a store in memory."""
        return self._store.long_reading

    def delivery(self, user: User, message_id: int) -> Delivery | None:
        """When a message to a user was handed to a session; None if it waits."""
        return self.credit.delivery(user, message_id)

    def limit(self, limits: Limits) -> None:
        """Decide by other limits from now on."""
        self._limits = self.state.limits = limits

    def stamp(self) -> int:
        """The wall clock of this turn, in milliseconds."""
        self.now_ms = self.now_ms or self._wall_ms()
        return self.now_ms

    # What is staged.

    def stage(self, receiver: Receiver, record: Record) -> None:
        """Send a record once all that was decided so far is stored."""
        if not receiver.staged:
            self.batch.dirty.append(receiver)
        receiver.staged.append(record)

    def stage_behind(self, receiver: Receiver, record: Record, batch: Batch | None) -> None:
        """Send a record once a batch is stored (None: once the turn ends), and behind what was staged before."""
        receiver.special += is_special(record)
        if batch is self.batch or receiver.staged:
            self.stage(receiver, record)
            return
        awaited = [each for each in (receiver.depends, batch) if each is not None and each.holds_back(receiver)]
        if awaited:
            max(awaited, key=_position).put(receiver, record)
        else:
            self._free.setdefault(receiver, []).append(record)

    def tell(self, users: Iterable[int], record: Heard, origin: Receiver | None) -> None:
        """Stage a record for every session of the users, but for the one that caused it."""
        hearers = self.hearers
        for user in users:
            for receiver in hearers.get(user, ()):
                if receiver is not origin:
                    if not receiver.staged:
                        self.batch.dirty.append(receiver)
                    receiver.staged.append(record)

    def tell_origin(self, origin: Receiver | None, event: MessageDeleted) -> None:
        """Who deletes a message learns from no answer which answers of bots went with it."""
        if origin is not None and event.sender in self.state.bots:
            if not origin.staged:
                self.batch.dirty.append(origin)
            origin.staged.append((change_frame(self.state, event), 0, event))

    def undurable(self, facts: Collection[Fact], message: int = 0) -> Batch | None:
        """The last batch not stored that changes one of these facts, or made a message; None if there is none."""
        for batch in (self.batch, *reversed(self._in_flight)):
            if batch.events:
                made = batch.after_id < message <= self.state.last_message_id
                if made or batch.changes(facts):
                    return batch
        return None

    def held_back(self, receiver: Receiver) -> Batch | None:
        """The batch that something waits for which was staged for a receiver; None if nothing does."""
        if receiver.staged:
            return self.batch
        depends = receiver.depends
        return depends if depends is not None and depends.holds_back(receiver) else None

    # What is done.

    def execute(self, origin: Receiver | None, command: Command) -> Outcome:
        """Decide a command, make its events so, and stage what others hear of it."""
        state = self.state
        outcome = DECIDE[type(command)](state, command)
        if type(outcome) is Refused:
            return outcome
        events = outcome[0]
        if self.unavailable and (self.is_suspended or not PASSING.issuperset(map(type, events))):
            if not isinstance(command, self._going_on):
                return UNAVAILABLE
            kept = self._unsaved
        else:
            kept = self.batch.events
        if events and type(events[-1]) is PresenceChanged:
            self.presence.note(events[-1].user)
            self.batch.note(events[-1].user)
        self._applying = True
        for event in events:  # the tables are used without decide(), evolve(), deliver(): this is the path of a message
            kind = type(event)
            EVOLVE[kind](state, event)
            if kind not in PASSING:
                kept.append(event)
            heard_by = HEARD_BY.get(kind)
            if heard_by:
                message_id = state.last_message_id if kind in _MESSAGES else 0
                for users, frame in heard_by(state, event):
                    self.tell(users, (frame, message_id, event), origin)
            for subscriber in self.subscribers.get(kind, ()):
                subscriber(origin, event)
        self._applying = False
        return outcome

    def end(self) -> None:
        """The end of a loop's turn: hand over what has gathered, and send what depends on nothing."""
        self.now_ms = 0
        batch = self.batch
        if self._free:
            self._send_free()
        if self._leaving and not self._let_leave():  # one that is followed by others would grow without an end
            return
        if not self.log.takes(batch):
            return
        if batch.events:
            self._append(batch)
        elif not self._in_flight:
            self._begin_batch(batch)
            self._finish(batch)

    def store_marks(self, receivers: Iterable[Receiver]) -> None:
        """Store with this batch's events which messages these have been handed, and what was settled before."""
        for receiver in receivers:
            self.credit.settle_one(receiver)
        if not self.unavailable:
            self.batch.events.extend(self.credit.take())

    def _begin_batch(self, closed: Batch) -> None:
        closed.close()
        closed.last_id = self.state.last_message_id
        self.batch = Batch(closed.position + 1, self.state.last_message_id)

    def _append(self, batch: Batch) -> None:
        self._begin_batch(batch)
        self._in_flight.append(batch)
        try:
            self.log.append(batch)
        except StoreUnavailable as error:
            self.failed(error)
        except StoreBroken as error:
            self._break_off(error)
        except Exception:
            log.exception("a defect in a batch's events")
            self._undo_all("a defect")

    # What the log says.

    def stored(self, batch: Batch) -> None:
        """A batch is on the disk: what waited for it goes out."""
        first = self._in_flight.popleft()
        assert batch is first, "the log tells of batches in their order"
        self.has_stored = True
        self.stored_message_id = batch.last_id
        self._finish(batch)

    def failed(self, error: Exception) -> None:
        """A commit failed: nothing holds that is not on the disk."""
        if isinstance(error, StoreBroken):
            self._break_off(error)
            return
        if isinstance(error, StoreUnavailable):
            self.unavailable = True
        else:
            log.error("a defect in a commit", exc_info=error)
        self._undo_all(str(error))

    def defect(self) -> None:
        """After an exception: State may be half changed, so it comes from the disk again."""
        if self._applying:
            try:
                self.log.settle()  # else what is in flight would have to be undone too, and nobody knows how it ends
            except StoreBroken as error:
                self._break_off(error)
                return
            if self._applying:
                self._undo_all("a defect in the middle of an event")

    def suspended(self) -> None:
        """Nobody knows yet what became of a batch: who waits for it is let go, and asks again with a tag."""
        self.unavailable = self.is_suspended = True
        log.error("whether the last turn is stored is not known yet: until it is, this server only reads")
        waiting = {receiver for batch in self._in_flight for receiver, _ in batch.staged}
        for receiver in waiting.union(self.batch.dirty):
            receiver.connection.abort()

    def resumed(self) -> None:
        """What was in doubt is stored, and was told."""
        self._go_on([*self.batch.events, *self._unsaved])

    def _send_free(self) -> None:
        free, self._free = self._free, {}
        self.release.send_all(free.items())

    def _finish(self, batch: Batch) -> None:
        if self._free:  # it was staged before what the same receivers get from a batch that is stored in this turn
            self._send_free()
        self._leaving.append(batch)
        if len(self._leaving) == 1:
            self._let_leave()

    def _let_leave(self) -> bool:
        """Send what has its way out free, as far as a turn goes; tell whether that was all."""
        while self._leaving:
            if not self.release.send_batch(self._leaving[0], self._loop.clock):
                self._loop.call_later(0, _nothing)  # the loop is not to sleep
                return False
            self._leaving.popleft().end()
        return True

    def _undo_all(self, reason: str) -> None:
        """Make it as if what is not stored had not been: State from the disk, UNAVAILABLE for those who asked."""
        log.error("a turn could not be stored (%s): its commands are answered UNAVAILABLE", reason)
        self._applying = False
        lost = [*self._in_flight, self.batch]
        self._in_flight.clear()
        self.batch = Batch(lost[-1].position + 1, 0)  # what the way back brings about goes there
        for batch in reversed(lost):
            batch.revert()
        events = [event for batch in lost for event in batch.events]
        try:
            self._reload(events)
        except Exception as error:  # State cannot be loaded again
            self._break_off(error)
            return
        self.batch.after_id = self.state.last_message_id
        self.presence.tell_truth()
        for batch in lost:
            self._finish(batch)
        for call in self.reloaded:
            call()

    def _reload(self, lost: Sequence[Event]) -> None:
        self._store.roll_back()
        self.state = self._store.load(self._limits)
        self.stored_message_id = self.state.last_message_id
        self.credit.give_back(lost)
        for event in (*self._saving, *self._unsaved):
            evolve(self.state, event)
        for user, receivers in self.hearers.items():
            self.state.users[user].sessions = len(receivers)

    # While the store cannot write, and at the end.

    def recover(self) -> None:
        """Try to write again, with what has happened meanwhile."""
        if not self.log.is_ready or self._saving:
            return
        if not self.log.is_shared:
            self._saving, self._unsaved = lasting(self._unsaved), []  # so an outage of days keeps no more than State
        try:
            self.log.check()
            self._store.write(self._saving)
            self._store.touch()
        except (StoreUnavailable, StoreBroken) as error:
            self._recovered(error)
        else:
            self.log.run(self._store.commit, self._recovered)

    def _recovered(self, error: Exception | None) -> None:
        saved, self._saving = self._saving, []
        if error is not None:
            self._unsaved[:0] = saved
            try:
                self._store.roll_back()
            except StoreBroken as broken:
                error = broken
            if not isinstance(error, StoreUnavailable):
                self._break_off(error)
            return
        self._go_on([*self._unsaved, *self.batch.events])

    def _go_on(self, events: list[Event]) -> None:
        """Take commands again; what has happened meanwhile is stored with the next batch."""
        self.batch.events = events
        self._unsaved = []
        self.unavailable = self.is_suspended = False
        log.warning("the store can be written again")
        for call in self.reloaded:
            call()

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits for the disk."""
        return self.log.is_ready and not self._in_flight and not self.batch.events and not self._leaving

    def close(self) -> None:
        """Store what is left. Raises StoreUnavailable or StoreBroken if that fails."""
        self.credit.settle()
        self.log.finish([*self._unsaved, *self.batch.events, *self.credit.take()])


def _nothing() -> None:
    """The loop only turns."""


def _position(batch: Batch) -> int:
    return batch.position
