"""Clients that do not read what they are sent: how much may wait for one of them, and for all together.

A client over its own bound is closed, or one of whose bytes none has left for a time; where all together are over
theirs, those for whom most waits are. What is dropped then counts as not delivered. Bytes are counted when some begin
to wait, and reckoned anew before anybody is closed for the sum: what was read meanwhile is not told here.
"""

from collections.abc import Callable, Mapping

from chatserver.net.round import Round
from chatserver.sessions.client import Client
from chatserver.sessions.phases import OPEN
from chatserver.settings import Settings
from chatserver.turn.receiver import Receiver

ROOM = 1 / 8  # of the bound for all, made at once: else the next frame would have all of them counted again


class SlowReaders:
    """Those for whom bytes wait."""

    def __init__(
        self,
        clients: Mapping[Receiver, Client],
        settings: Settings,
        end: Callable[[Client, str], None],
        call_soon: Callable[[Callable[[], None]], None],
        clock: Callable[[], float],
    ) -> None:
        """`end` says good-bye to a client and closes it. `clock` counts seconds."""
        self._clients = clients
        self._settings = settings
        self._end = end
        self._call_soon = call_soon
        self._clock = clock
        self._waiting: dict[Receiver, int] = {}  # bytes, as of the last look
        self._sum = 0
        self._round = Round(self._end_unread, call_soon)
        self._left: dict[Receiver, tuple[int, float]] = {}  # bytes that have left, and since when there are no more

    def look(self, receiver: Receiver) -> None:
        """A connection has not taken all. What its client asked for itself counts towards the sum alone."""
        client, book = self._clients.get(receiver), receiver.book
        if client is None or book is None:
            return
        self._note(receiver)
        if book.event_bytes > self._settings.send_bytes_max and client.phase in OPEN:
            self._close(receiver)
        if self._sum > self._settings.send_bytes_total_max:
            self._make_room()

    def forget(self, receiver: Receiver) -> None:
        """Nothing waits for it any more."""
        self._sum -= self._waiting.pop(receiver, 0)
        self._left.pop(receiver, None)

    def end_unread(self) -> None:
        """Close those who have not read a byte for too long, whatever it is that waits; called once a second."""
        self._round.begin(self._waiting)

    def _end_unread(self, receiver: Receiver) -> None:
        if receiver.book is None or receiver not in self._waiting:
            return
        now_s, left = self._clock(), receiver.book.left(receiver.connection.unsent)
        before, since_s = self._left.setdefault(receiver, (left, now_s))
        if left > before:
            self._left[receiver] = left, now_s
        elif now_s - since_s >= self._settings.unread_s and self._clients[receiver].phase in OPEN:
            self._close(receiver)

    def _note(self, receiver: Receiver) -> None:
        waits = receiver.connection.unsent + (receiver.book.own_bytes if receiver.book else 0)
        self._sum += waits - self._waiting.get(receiver, 0)
        self._waiting[receiver] = waits

    def _make_room(self) -> None:
        for receiver in self._waiting:
            self._note(receiver)
        enough = self._settings.send_bytes_total_max * (1 - ROOM)
        for receiver in sorted(self._waiting, key=self._waiting.__getitem__, reverse=True):
            if self._sum <= enough:
                break
            self._close(receiver)

    def _close(self, receiver: Receiver) -> None:
        """Finish the frame that has begun, drop the rest, and say good-bye; who is going already just goes."""
        client, book, connection = self._clients[receiver], receiver.book, receiver.connection
        self.forget(receiver)
        if client.phase not in OPEN or book is None:
            self._call_soon(connection.abort)
            return
        connection.drop_unsent(book.rest_of_frame(connection.unsent, connection.committed))
        receiver.book = None  # what is dropped now is not delivered
        receiver.over = True  # nor must what gathers behind it leave: its credit would count for all up to its id
        self._call_soon(lambda: self._end(client, "TOO_SLOW"))
