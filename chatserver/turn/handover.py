"""Which messages have been handed to whose sockets; marks are kept in memory and stored about once a second.

A message counts as delivered when its frame has been handed in full to the socket of one session.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from chatserver.core.events import Delivered
from chatserver.core.evolve import evolve
from chatserver.core.id_ranges import IdRanges, after_delivery
from chatserver.core.state import State, User
from chatserver.sessions.peer import Peer

Marks = tuple[int, IdRanges]
"""Up to which id all is delivered, and the gaps below it."""

REMEMBERED_PER_USER = 8  # steps of a mark, of which one a second can come
REMEMBERED_USERS = 10_000  # some 10 MB with the above


class Delivery(NamedTuple):
    """That messages were handed to a session: when it was noticed (0: not remembered), and since when that is open.

    `was_seen` is false where the user was invisible, so that others must not learn of it.
    """

    time_ms: int
    session_since_ms: int
    was_seen: bool


class Handover:
    """Collects what sessions have been handed, and turns it into events."""

    def __init__(self, state: Callable[[], State], wall_ms: Callable[[], int]) -> None:
        self._state = state
        self._wall_ms = wall_ms
        self._remembered: dict[int, deque[tuple[Marks, Marks, Delivery]]] = {}  # user → its latest steps
        self.handed: dict[Peer, int] = {}  # since the last settling: up to which id
        self._unstored: dict[int, Delivered] = {}  # user → the latest mark that the store does not have yet

    def progressed(self, peer: Peer) -> None:
        """A slow peer has been handed some more."""
        if peer.outbox is not None and peer.user:
            handed_id = peer.outbox.handed_id(peer.connection.unsent)
            if handed_id:
                self.handed[peer] = handed_id

    def settle(self) -> None:
        """Bring State's marks up to what has been handed."""
        handed, self.handed = self.handed, {}
        for peer, upto in handed.items():
            self._settle(peer, upto)

    def _settle(self, peer: Peer, upto: int) -> None:
        state = self._state()
        user = state.users.get(peer.user)
        if user is None:
            return
        mark, gaps = user.delivered_id, user.gaps
        for after, passed in peer.synced:
            mark, gaps = after_delivery(mark, gaps, after, passed, None)
        peer.synced.clear()
        if peer.heard_until is not None:
            upto = min(upto, peer.heard_until)
        mark, gaps = after_delivery(mark, gaps, 0, upto, peer.hole)
        before = user.delivered_id, user.gaps
        if (mark, gaps) != before:
            event = Delivered(mark, gaps, user.id)
            evolve(state, event)
            self._unstored[user.id] = event
            self._remember(user, peer, before)

    def _remember(self, user: User, peer: Peer, before: Marks) -> None:
        steps = self._remembered.pop(user.id, None)
        if steps is None:
            steps = deque(maxlen=REMEMBERED_PER_USER)
            if len(self._remembered) >= REMEMBERED_USERS:
                del self._remembered[next(iter(self._remembered))]
        self._remembered[user.id] = steps  # at the end: the one that was not handed anything for longest is forgotten
        delivery = Delivery(self._wall_ms(), peer.since_ms, user.status != "invisible")
        steps.append((before, (user.delivered_id, user.gaps), delivery))

    def delivery(self, user: User, message_id: int) -> Delivery | None:
        """When a message to a user was first handed to a session, as far as that is remembered; None if it waits."""
        self.settle()
        if not _include((user.delivered_id, user.gaps), message_id):
            return None
        for before, after, delivery in self._remembered.get(user.id, ()):
            if _include(after, message_id) and not _include(before, message_id):
                return delivery
        return Delivery(0, 0, user.status != "invisible")

    def take(self) -> Iterable[Delivered]:
        """The marks to store now."""
        taken, self._unstored = self._unstored, {}
        return taken.values()

    def give_back(self, events: Iterable[object]) -> None:
        """These events could not be stored: keep the marks among them, and put all of them into the new State."""
        for event in events:
            if isinstance(event, Delivered):
                self._unstored.setdefault(event.user, event)
        for mark in self._unstored.values():
            evolve(self._state(), mark)


def _include(marks: Marks, message_id: int) -> bool:
    delivered_id, gaps = marks
    return message_id <= delivered_id and not any(first <= message_id <= last for first, last in gaps)
