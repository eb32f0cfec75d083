"""When a client's lines are run: as many as a turn, its rate and its unsent answers allow, the rest later.

It decides when, and whether more is read meanwhile; what a line does is the host's.
"""

import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

from chatserver.core.commands import SendBurst
from chatserver.net.reactor import DEFECT, Reactor
from chatserver.sessions.client import NO_LINES, Client
from chatserver.sessions.phases import OPEN
from chatserver.settings import Settings

log = logging.getLogger(__name__)

SLOW_DOWN_S = 0.02  # how often a client that is over its rate is looked at
TURN_S = 0.02  # after which lines wait for the next turn, however many clients send ahead
LINE_BYTES = 512  # what a command weighs until its answer has left: so 512 of a client may wait for a slow disk


class Host(Protocol):
    """What pacing needs of the server."""

    def do_line(self, client: Client, line: str, now_ms: int) -> None:
        """Do what one line says."""

    def do_burst(self, client: Client, command: SendBurst) -> int:
        """Do lines that are one command; return how many are answered, the others are to be run by themselves."""

    def all_done(self, client: Client) -> None:
        """A client that sends no more has had all its lines run."""

    def wait_for_disk(self, client: Client) -> bool:
        """Have a client wait until its answers leave, if they depend on something that is not stored yet."""


class Pacing:
    """The lines of all clients, and whose turn it is."""

    def __init__(self, host: Host, settings: Settings, reactor: Reactor, now_ms: Callable[[], int]) -> None:
        """`now_ms` is the wall clock of a turn."""
        self._host = host
        self._now_ms = now_ms
        self._settings = settings
        self._reactor = reactor
        self._again: dict[Client, None] = {}  # with lines left for the next turn
        self._slowed: set[Client] = set()  # over their rate, with a timer

    def run_line(self, client: Client, line: str) -> None:
        """Run the only line of a client, or have it wait. As `run_lines` would, which takes 0.6 µs more."""
        settings, receiver = self._settings, client.receiver
        can_run = client.reads and (client.allowance >= 1 or not settings.commands_per_s)
        if can_run and receiver.staged_bytes + receiver.connection.unsent <= settings.send_bytes_high:
            client.allowance -= 1
            receiver.staged_bytes += LINE_BYTES
            now_ms = client.seen_ms = self._now_ms()
            self._host.do_line(client, line, now_ms)
        else:
            client.lines = deque((line,))
            self.run_lines(client)

    def run_lines(self, client: Client) -> None:
        """Run the lines that have come in, as far as the limits of one turn allow."""
        if self._is_late():
            self._look_ahead(client)
        else:
            self._run(client)

    def _run(self, client: Client) -> None:
        """A defect ends its client alone: the others have their turn all the same."""
        try:
            self._run_some(client)
        except Exception:
            log.exception(DEFECT)
            client.receiver.connection.abort()

    def _run_some(self, client: Client) -> None:
        receiver = client.receiver
        most = left = client.commands_left(self._settings, self._reactor.clock)
        now_ms = client.seen_ms = self._now_ms()
        room = self._settings.send_bytes_high - receiver.connection.unsent
        alone = 0  # lines that could not be run as one command
        while left > 0 and client.reads and receiver.staged_bytes <= room and (client.lines or client.has_lines()):
            lines = client.lines
            burst = None
            if alone:
                alone -= 1
            elif len(lines) > 1:
                burst = client.front.read_burst(client, lines, left, now_ms)
            if burst is None:
                left -= 1
                receiver.staged_bytes += LINE_BYTES
                self._host.do_line(client, lines.popleft(), now_ms)
            else:
                done = self._host.do_burst(client, burst)
                alone = len(burst.texts) - done
                left -= done
                receiver.staged_bytes += LINE_BYTES * done
                _drop(lines, done)
            if not alone and self._is_late():
                break
        client.allowance -= most - left
        self._look_ahead(client)

    def _look_ahead(self, client: Client) -> None:
        """Say when the client's next line is run, and whether more is read meanwhile."""
        receiver = client.receiver
        if not client.has_lines():
            client.lines = NO_LINES
            if client.allowance < 0 and self._settings.commands_per_s and client.phase in OPEN:
                # It has sent much that says nothing.
                receiver.connection.pause()
                self._slow_down(client)
                return
            receiver.connection.resume()
            if client.at_end and client.reads:
                self._host.all_done(client)
            return
        receiver.connection.pause()  # so that lines waiting here are never more than one read brings
        unsent, high = receiver.connection.unsent, self._settings.send_bytes_high
        if not client.reads or unsent > high:
            return  # the end of its wait or the drained socket goes on
        if receiver.staged_bytes + unsent > high and self._host.wait_for_disk(client):
            return
        rate = self._settings.commands_per_s
        if rate and client.allowance < 1:
            self._slow_down(client)
            return
        if not self._again:
            self._reactor.call_soon(self._run_again)
        self._again[client] = None

    def _slow_down(self, client: Client) -> None:
        """Look again when it has gained some allowance."""
        if client not in self._slowed:  # a drained socket comes here too: one timer is enough
            self._slowed.add(client)
            wait_s = (1 - client.allowance) / self._settings.commands_per_s
            self._reactor.call_later(max(wait_s, SLOW_DOWN_S), lambda: self._run_slowed(client))

    def _run_slowed(self, client: Client) -> None:
        self._slowed.discard(client)
        self.run_lines(client)

    def _run_again(self) -> None:
        """Go on with those who have lines left. Whom this turn has no time for comes first in the next one."""
        again, self._again = iter(self._again), {}
        for client in again:
            self._run(client)
            if self._is_late():
                break
        waiting = dict.fromkeys(again)
        if waiting and not self._again:
            self._reactor.call_soon(self._run_again)
        self._again = waiting | self._again

    def _is_late(self) -> bool:
        return self._reactor.clock() - self._reactor.began_s > TURN_S


def _drop(lines: deque[str], count: int) -> None:
    """Take out the first ones."""
    if count == len(lines):
        lines.clear()
    else:
        for _ in range(count):
            lines.popleft()
