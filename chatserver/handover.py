"""Which messages have been handed to whose sockets; marks are kept in memory and stored about once a second.

A message counts as delivered when its frame has been handed in full to the socket of one session.
"""

from collections.abc import Callable, Iterable

from chatserver.core.events import Delivered
from chatserver.core.evolve import evolve
from chatserver.core.marks import after_delivery
from chatserver.core.state import State
from chatserver.peer import Peer


class Handover:
    """Collects what sessions have been handed, and turns it into events."""

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state
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
        if (mark, gaps) != (user.delivered_id, user.gaps):
            event = Delivered(mark, gaps, user.id)
            evolve(state, event)
            self._unstored[user.id] = event

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
