"""Takes clients in at the doors: counts them, in all and of an address, greets them, and lets go of them.

What comes in at a door with a lobby, as the page's is, becomes a client later, or never.
"""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from chatserver.core import bans
from chatserver.core.outcome import Refused
from chatserver.net.connection import Connect, Connection, Owner, Stream
from chatserver.net.listener import Listener
from chatserver.net.reactor import Reactor
from chatserver.sessions.client import Client, Front
from chatserver.sessions.pacing import Pacing
from chatserver.sessions.sessions import Sessions
from chatserver.sessions.slow_readers import SlowReaders
from chatserver.settings import Settings
from chatserver.turn.receiver import Receiver
from chatserver.turn.records import standing
from chatserver.turn.turn import Turn

Deliver = Callable[[str, Callable[[], str], Callable[[Refused | None], None]], None]
"""Say what a call gives in the room of a hook's token; the other one is told what was refused, or None once stored."""


class Lobby(Protocol):
    """Where those who came in at a door are until they are clients. They count as connections."""

    def attend(self, host: "Reception") -> None:
        """Learn whom it is for."""

    def expects_many(self, address: str) -> bool:
        """Whether those who come from an address may do so for many others."""

    def welcome(self, connect: Callable[[Owner, int], Connection], address: str, host: str) -> None:
        """Somebody came in, who counts as of an address, from a host. Connect with so many bytes to read a turn."""

    def go_round(self) -> None:
        """Once a second."""

    def close(self) -> None:
        """The server goes down."""


@dataclass(frozen=True)
class Door:
    """A listening socket, how those who come in speak, and what their connections are."""

    listening: socket.socket
    front: Front
    connect: Connect = Connection
    lobby: Lobby | None = None  # None: who comes in is a client at once


class Reception:
    """All who are connected. It is what clients and lobbies tell of what becomes of them."""

    def __init__(
        self,
        clients: dict[Receiver, Client],
        turn: Turn,
        sessions: Sessions,
        pacing: Pacing,
        slow_readers: SlowReaders,
        settings: Settings,
        reactor: Reactor,
        deliver_hook: Deliver,
        greeted_as: str,
    ) -> None:
        """`clients` are kept here, for others to look at; `greeted_as` is the store's name."""
        self._clients = clients
        self._turn = turn
        self._sessions = sessions
        self._slow_readers = slow_readers
        self._settings = settings
        self._reactor = reactor
        self.deliver_hook = deliver_hook
        self._greeted_as = greeted_as
        self.run_line, self.run_lines = pacing.run_line, pacing.run_lines  # without a call between: a message's path
        self.clock = reactor.clock
        self.call_soon, self.call_later = reactor.call_soon, reactor.call_later
        self._connections = 0
        self._addresses: dict[str, int] = {}  # address → connections from it
        self._lobbies: list[Lobby] = []
        self._listeners: list[Listener] = []
        self._is_closed = False

    def open(self, doors: Sequence[Door]) -> None:
        """Take in who comes."""
        self._lobbies = [door.lobby for door in doors if door.lobby is not None]
        for lobby in self._lobbies:
            lobby.attend(self)
        self._listeners = [
            Listener(
                self._reactor,
                door.listening,
                partial(self._welcome, door),
                partial(self._has_place, door),
                door.front.farewell,
            )
            for door in doors
        ]

    def go_round(self) -> None:
        """Once a second: those who are in no hurry are shown out."""
        self._sessions.end_late()
        self._slow_readers.end_unread()
        for lobby in self._lobbies:
            lobby.go_round()

    def close(self) -> None:
        """Take in nobody more."""
        if self._is_closed:
            return
        self._is_closed = True
        for listener in self._listeners:
            listener.close()
        for lobby in self._lobbies:
            lobby.close()

    def turn_began_s(self) -> float:
        """When this turn began, by the clock."""
        return self._reactor.began_s

    # Places.

    def _has_place(self, door: Door, address: str) -> bool:
        if self._connections >= self._settings.connections_max:
            return False
        many = door.lobby is not None and door.lobby.expects_many(address)
        return many or self._has_place_for(address)

    def _has_place_for(self, address: str) -> bool:
        most = self._settings.connections_per_address_max
        return not most or self._addresses.get(address, 0) < most

    def _take_place(self, address: str) -> None:
        self._connections += 1
        self._addresses[address] = self._addresses.get(address, 0) + 1

    def give_back(self, address: str) -> None:
        """A connection from an address is gone."""
        self._connections -= 1
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]

    # Clients come and go.

    def _welcome(self, door: Door, connected: socket.socket, address: str) -> None:
        self._take_place(address)
        read_bytes = self._settings.read_bytes_per_turn

        def connect(owner: Owner, read_bytes_max: int) -> Connection:
            return door.connect(self._reactor, connected, owner, min(read_bytes, read_bytes_max))

        if door.lobby is not None:
            try:
                host = connected.getpeername()[0]
            except OSError:  # it has gone already
                host = address
            door.lobby.welcome(connect, address, host)
            return
        client = Client(self, door.front, address)
        client.receiver.connection = connect(client, read_bytes)
        self._greet(client)

    def admit(self, front: Front, stream: Stream, address: str, came_from: str) -> Client | None:
        """Make a client of somebody who came in from one address, and counts as of another now.

        None if there is no place for that one; else its place is the client's now, and the stream its connection.
        """
        if address != came_from:
            if not self._has_place_for(address):
                return None
            self.give_back(came_from)
            self._take_place(address)
        client = Client(self, front, address)
        client.receiver.connection = stream
        self._greet(client)
        return client

    def _greet(self, client: Client) -> None:
        self._clients[client.receiver] = client
        client.since_ms = client.seen_ms = self._turn.stamp()
        self._sessions.expect_login(client)
        banned = bans.banned(self._turn.state, client.address, client.since_ms)
        if banned:
            self._sessions.end(client, "BANNED", banned)
            return
        self._turn.stage_behind(client.receiver, standing(client.front.greeting(self._greeted_as)), None)

    def client_lost(self, client: Client) -> None:
        """A connection is closed: its place is free now; friends hear of it in the next turn."""
        self._slow_readers.forget(client.receiver)
        del self._clients[client.receiver]
        self._sessions.forget(client)
        self.give_back(client.address)
        if not self._is_closed:
            self._reactor.call_soon(lambda: self._gone(client))

    def _gone(self, client: Client) -> None:
        self._turn.credit.progressed(client.receiver)
        client.receiver.book = None
        hearers = self._turn.hearers.get(client.receiver.user, ())
        self._turn.credit.lost(client.receiver, [each for each in hearers if each is not client.receiver])
        self._sessions.leave(client)

    def client_drained(self, client: Client) -> None:
        """A slow client has caught up: its commands go on."""
        self._slow_readers.forget(client.receiver)
        self._turn.credit.progressed(client.receiver)
        client.receiver.book = None
        self.run_lines(client)

    def go_on(self, client: Client) -> None:
        """Run lines that have waited."""
        if not client.receiver.connection.closed:
            self._sessions.waited(client)
            self.run_lines(client)
