"""A client without a server: its host notes what it is told, and its connection what it is sent."""

from typing import Any, cast

from chatserver.fronts.pipe.front import Pipe
from chatserver.net.connection import Connection
from chatserver.sessions.client import Client
from tests.turn.fakes import FakeConnection


class FakeHost:
    """What a client tells, in order: words, and the lines it had then."""

    def __init__(self) -> None:
        self.told: list[tuple[str, list[str]]] = []

    def run_line(self, client: Client, line: str) -> None:
        self.told.append(("line", [line]))

    def run_lines(self, client: Client) -> None:
        self.told.append(("lines", list(client.lines)))

    def client_drained(self, client: Client) -> None:
        self.told.append(("drained", []))

    def client_lost(self, client: Client) -> None:
        self.told.append(("lost", list(client.lines)))


def connected(host: Any = None, address: str = "here") -> Client:
    """A client that has just come."""
    client = Client(host or FakeHost(), Pipe(), address)
    client.receiver.connection = cast(Connection, FakeConnection())
    return client


def logged_in(host: Any = None, user: int = 1, name: str = "ann", address: str = "here") -> Client:
    """A session of a user."""
    client = connected(host, address)
    client.log_in(user, name, b"a token's hash")
    return client
