"""How a server ends in good order: good-byes, the last answers, what is stored last, and for how long others matter."""

import socket
from collections.abc import Collection, Mapping

from chatserver.net.reactor import Reactor
from chatserver.sessions.client import Client
from chatserver.sessions.sessions import Sessions
from chatserver.settings import Settings
from chatserver.turn.receiver import Receiver
from chatserver.turn.turn import Turn

HAND_OVER_S = 0.2  # that slow readers may hold up a new program, and so everybody: what they miss is not delivered


class Departure:
    """The end of a server, once it has begun. Nobody more is let in by then."""

    def __init__(
        self, clients: Mapping[Receiver, Client], sessions: Sessions, turn: Turn, reactor: Reactor, settings: Settings
    ) -> None:
        self._clients = clients
        self._sessions = sessions
        self._turn = turn
        self._reactor = reactor
        self._settings = settings
        self._patience_s = 0.0  # until when readers are waited for
        self._has_stored_marks = False  # of the last deliveries
        self.left_open: list[socket.socket] = []  # of clients, so that a good-bye is read before the connection breaks

    def begin(self, reason: str) -> None:
        """Say good-bye to everybody, for a reason."""
        patience_s = HAND_OVER_S if reason == "RESTART" else self._settings.shutdown_s
        self._patience_s = self._reactor.clock() + patience_s
        if reason == "RESTART":
            self._reactor.outlived_by = self.left_open
        self._turn.hearers.clear()  # nobody needs to hear that everybody goes
        for client in list(self._clients.values()):
            self._sessions.end(client, reason)
        self._reactor.call_later(patience_s, lambda: None)
        self._reactor.call_later(self._settings.shutdown_s, self._reactor.stop)

    def end_when_done(self) -> None:
        """End the loop once all is stored and, while there is patience, read."""
        if not self._turn.is_settled:
            return
        if self._reactor.clock() < self._patience_s and _has_unread(self._clients):
            return
        if self._turn.log.is_shared and not self._has_stored_marks:  # others must have the last marks too
            self._has_stored_marks = True
            self._turn.store_marks(list(self._turn.credit.handed))
            self._reactor.call_soon(lambda: None)
            return
        self._reactor.stop()


def _has_unread(receivers: Collection[Receiver]) -> bool:
    return any(receiver.connection.unsent or receiver.cork for receiver in receivers)
