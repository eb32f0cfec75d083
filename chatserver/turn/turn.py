"""One turn's chat: commands applied to State, frames staged, events committed, and only then frames sent.

The rule of the house lives here: no byte leaves before the event behind it is on disk.
"""

import logging
from collections.abc import Callable, Collection, Iterable
from typing import Any

from chatserver.core.audience import TABLE as DELIVER
from chatserver.core.commands import CloseSession, Command, KeepTokens, LogIn, Resume
from chatserver.core.decide import TABLE as DECIDE
from chatserver.core.events import PASSING, Event, FriendAdded, PresenceChanged
from chatserver.core.evolve import TABLE as EVOLVE
from chatserver.core.evolve import evolve
from chatserver.core.outcome import Outcome, Refused
from chatserver.core.state import Limits, State
from chatserver.sessions.peer import Peer
from chatserver.store.errors import StoreBroken, StoreUnavailable
from chatserver.store.history import History
from chatserver.store.store import Store
from chatserver.turn.failure import UNAVAILABLE, unavailable_frames
from chatserver.turn.handover import Handover
from chatserver.turn.outbox import Outbox
from chatserver.turn.presence import Loop, Presence

log = logging.getLogger(__name__)

_WHEN_STORE_FAILS = (LogIn, Resume, CloseSession, KeepTokens)
"""Commands that go on in memory while the store cannot write; their events are stored once it can."""


class Turn:
    """State, and what has happened to it since the last commit."""

    def __init__(
        self,
        store: Store,
        limits: Limits,
        wall_ms: Callable[[], int],
        too_slow: Callable[[Peer], None],
        loop: Loop,
        presence_s: float,
    ) -> None:
        """`too_slow` is called for a peer with more unsent than it may have; it decides.

        Friends hear of a user's presence once in `presence_s`.
        """
        self._store = store
        self._limits = limits
        self._wall_ms = wall_ms
        self._too_slow = too_slow
        self.state: State = store.load(limits, wall_ms())
        self.sessions: dict[int, list[Peer]] = {}  # user → peers that hear what the user hears
        self.handover = Handover(lambda: self.state, wall_ms)
        self.presence = Presence(self, loop, presence_s)
        self.effects: dict[type, Callable[[Peer | None, Any], None]] = {  # event type → what else it brings about
            PresenceChanged: lambda origin, event: self.presence.changed(event.user),
            FriendAdded: lambda origin, event: self.presence.befriended(event.user, event.friend),
        }
        self.reloaded: Callable[[], None] = lambda: None  # called when State has come from the disk again
        self.undo: list[Callable[[], None]] = []  # of session changes, should the turn not hold
        self.unavailable = False  # the store cannot write
        self.answered = False  # somebody was sent something at the end of the last turn
        self.now_ms = 0  # one time stamp a turn; 0 until somebody needs it
        self._events: list[Event] = []
        self._written: list[Event] = []  # in the store's transaction already
        self._unsaved: list[Event] = []  # what happened while the store could not write
        self._dirty: list[Peer] = []
        self._applying = False

    def stamp(self) -> int:
        """The wall clock of this turn, in milliseconds."""
        self.now_ms = self.now_ms or self._wall_ms()
        return self.now_ms

    def stage(self, peer: Peer, frame: bytes) -> None:
        """Send a frame when this turn is on disk."""
        if not peer.staged:
            self._dirty.append(peer)
        peer.staged.append(frame)

    def tell(self, users: Iterable[int], frame: bytes, origin: Peer | None) -> None:
        """Stage a frame for every session of the users, but for the one that caused it."""
        sessions = self.sessions
        for user in users:
            for peer in sessions.get(user, ()):
                if peer is not origin:
                    if not peer.staged:
                        self._dirty.append(peer)
                    peer.staged.append(frame)

    def execute(self, origin: Peer | None, command: Command) -> Outcome:
        """Decide a command, make its events so, and stage what others hear of it."""
        outcome = DECIDE[type(command)](self.state, command)
        if type(outcome) is Refused:
            return outcome
        events = outcome[0]
        if self.unavailable and not PASSING.issuperset(map(type, events)):
            if not isinstance(command, _WHEN_STORE_FAILS):
                return UNAVAILABLE
            kept = self._unsaved
        else:
            kept = self._events
        if events and type(events[-1]) is PresenceChanged:
            self.presence.note(events[-1].user)
        self._applying = True
        for event in events:  # the tables are used without decide(), evolve(), deliver(): this is the path of a message
            kind = type(event)
            EVOLVE[kind](self.state, event)
            if kind not in PASSING:
                kept.append(event)
            heard_by = DELIVER.get(kind)
            if heard_by:
                for users, frame in heard_by(self.state, event):
                    self.tell(users, frame, origin)
            effect = self.effects.get(kind)
            if effect:
                effect(origin, event)
        self._applying = False
        return outcome

    def history(self) -> History:
        """The store's memory, with this turn's messages in it. Raises StoreUnavailable."""
        self._store.write(self._events)
        self._written += self._events
        self._events.clear()
        return self._store.history

    def defect(self) -> None:
        """After an exception: State may be half changed, so it comes from the disk again."""
        if self._applying:
            self.fail("a defect in the middle of an event")

    def end(self) -> bool:
        """Commit the turn and send what it staged; tell whether anything was stored. Raises StoreBroken."""
        wrote = bool(self._events or self._written)
        try:
            self._store.write(self._events)
            self._store.commit()
        except StoreUnavailable as error:
            self.unavailable = True
            self.fail(str(error))
        except StoreBroken:
            raise
        except Exception:
            log.exception("a defect in a turn's events")
            self.fail("a defect")
        else:
            self._forget()
        self.now_ms = 0
        self._release()
        return wrote

    def fail(self, reason: str) -> None:
        """Make it as if this turn's commands had not been: State from the disk, UNAVAILABLE for their askers."""
        log.error("a turn could not be stored (%s): its commands are answered UNAVAILABLE", reason)
        lost, self._applying = self._written + self._events, False
        for peer in self._dirty:
            peer.staged = unavailable_frames(peer.staged)
        for undo in reversed(self.undo):
            undo()
        self._store.roll_back()
        self.state = self._store.load(self._limits, self.stamp())
        self.handover.give_back(lost)
        for event in self._unsaved:
            evolve(self.state, event)
        for user, peers in self.sessions.items():
            self.state.users[user].sessions = len(peers)
        self.presence.turn_failed()
        self._forget()
        self.reloaded()

    def recover(self) -> None:
        """Try to write again, with what has happened meanwhile."""
        try:
            self._store.write(self._unsaved)
            self._store.probe()
        except StoreUnavailable:
            return
        self._unsaved.clear()
        self.unavailable = False
        log.warning("the store can be written again")
        self.reloaded()

    def store_marks(self) -> None:
        """Store which messages have been delivered, with this turn's events."""
        self.handover.settle()
        if not self.unavailable:
            self._events.extend(self.handover.take())

    def close(self) -> None:
        """Store what is left. Raises StoreUnavailable or StoreBroken if that fails."""
        self.handover.settle()
        self._store.write([*self._unsaved, *self._events, *self.handover.take()])
        self._store.commit()

    def _forget(self) -> None:
        """The turn is over, for good or bad."""
        self._events.clear()
        self._written.clear()
        self.undo.clear()
        self.presence.turn_held()

    def _release(self) -> None:
        dirty, self._dirty = self._dirty, []
        self.answered = bool(dirty)
        last_id = self.state.last_message_id
        handed = self.handover.handed
        for peer in dirty:
            frames = peer.staged
            if not frames:  # all of them were taken back
                continue
            peer.staged, peer.staged_bytes = [], 0
            data = frames[0] if len(frames) == 1 else b"".join(frames)
            if peer.connection.send(data):
                if peer.user:
                    handed[peer] = last_id
            elif not peer.connection.closed:
                self._wait_for_reader(peer, frames, data, last_id)

    def _wait_for_reader(self, peer: Peer, frames: Collection[bytes], data: bytes, last_id: int) -> None:
        if peer.outbox is None:
            peer.outbox = Outbox()
        peer.outbox.add(frames, data, last_id)
        self._too_slow(peer)
