"""Clients that wait: for a password to be hashed, for a long answer, for the disk. One mechanism for all.

A client that waits holds a ticket, and reads nothing: so replies keep the order of the commands. Only that ticket ends
its wait, and only from a fresh call of the loop, never from within the running of lines: whatever is done at once,
however often, takes a turn of the loop and no stack. A ticket that was taken away (the client has gone, its login did
not hold) ends nothing.
"""

from collections.abc import Callable
from typing import Protocol

from chatserver.sessions.client import Client, Ticket
from chatserver.turn.batch import Batch


class Host(Protocol):
    """What waits need of the server."""

    def attempt(self, client: Client, echo: str, action: Callable[[], None]) -> None:
        """Do something for a client, whose faults end at its edge."""

    def run_lines(self, client: Client) -> None:
        """Go on with the lines that have waited."""


class Waits:
    """Begins waits and ends them."""

    def __init__(self, host: Host, call_soon: Callable[[Callable[[], None]], None]) -> None:
        self._host = host
        self._call_soon = call_soon

    def begin(self, client: Client, echo: str = "") -> Ticket:
        """Have a client wait. `echo` is of the command it waits for; empty where the next line is not read yet."""
        assert client.ticket is None, "who waits reads no line that could begin another wait"
        ticket = Ticket(client, echo)
        client.wait(ticket)
        return ticket

    def end(self, ticket: Ticket, action: Callable[[], None]) -> None:
        """Do what was waited for, and go on, in a call of its own."""
        self._call_soon(lambda: self.end_here(ticket, action))

    def end_here(self, ticket: Ticket, action: Callable[[], None]) -> None:
        """As `end`, for who is in such a call already, and whose action must follow before anything else happens."""
        client = ticket.client
        if client.ticket is not ticket:
            return
        client.wait(None)
        self._host.attempt(client, ticket.echo, action)
        self._host.run_lines(client)

    def for_batch(self, client: Client, batch: Batch) -> None:
        """Have a client wait before its next line until a batch is over."""
        ticket = self.begin(client)
        batch.waiting.append(lambda: self.end(ticket, _nothing))


def _nothing() -> None:
    """The client only goes on."""
