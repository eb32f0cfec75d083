"""When a client's lines are run: as many as a turn, its rate and its unsent answers allow, the rest later.

It decides when, and whether more is read meanwhile; what a line does is the host's.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from chatserver.core.commands import SendBurst
from chatserver.net.reactor import Reactor
from chatserver.sessions.peer import NO_LINES, Peer
from chatserver.settings import Settings

SLOW_DOWN_S = 0.02  # how often a client that is over its rate is looked at


class Host(Protocol):
    """What lines need of the server."""

    def do_line(self, peer: Peer, line: str, now_ms: int) -> None:
        """Do what one line says."""

    def do_burst(self, peer: Peer, lines: list[str], command: SendBurst) -> None:
        """Do lines that are one command."""

    def all_done(self, peer: Peer) -> None:
        """A client that sends no more has had all its lines run."""


class Lines:
    """The lines of all clients, and whose turn it is."""

    def __init__(self, host: Host, settings: Settings, reactor: Reactor, now_ms: Callable[[], int]) -> None:
        """`now_ms` is the wall clock of a turn."""
        self._host = host
        self._now_ms = now_ms
        self._settings = settings
        self._reactor = reactor
        self._again: list[Peer] = []  # with lines left for the next turn

    def run_line(self, peer: Peer, line: str) -> None:
        """Run the only line of a peer, or have it wait. As `run_lines` would, which takes 0.6 µs more."""
        settings = self._settings
        can_run = peer.session.reads and (peer.allowance >= 1 or not settings.commands_per_s)
        if can_run and peer.staged_bytes + peer.connection.unsent <= settings.send_bytes_high:
            peer.allowance -= 1
            self._host.do_line(peer, line, self._now_ms())
        else:
            peer.lines = deque((line,))
            self.run_lines(peer)

    def run_lines(self, peer: Peer) -> None:
        """Run the lines that have come in, as far as the limits of one turn allow."""
        lines, session = peer.lines, peer.session
        most = left = peer.commands_left(self._settings, self._reactor.clock)
        now_ms = self._now_ms()
        room = self._settings.send_bytes_high - peer.connection.unsent
        while lines and left > 0 and session.reads and peer.staged_bytes <= room:
            run = session.read_burst(lines, left, now_ms) if len(lines) > 1 else None
            if run is None:
                left -= 1
                self._host.do_line(peer, lines.popleft(), now_ms)
            else:
                left -= len(run.texts)
                self._host.do_burst(peer, [lines.popleft() for _ in run.texts], run)
        peer.allowance -= most - left
        self._look_ahead(peer)

    def _look_ahead(self, peer: Peer) -> None:
        """Say when the peer's next line is run, and whether more is read meanwhile."""
        if not peer.lines:
            peer.lines = NO_LINES
            peer.connection.resume()
            if peer.at_end and peer.session.reads:
                self._host.all_done(peer)
            return
        peer.connection.pause()  # so that lines waiting here are never more than one read brings
        if not peer.session.reads or peer.connection.unsent > self._settings.send_bytes_high:
            return  # the worker's answer or the drained socket goes on
        rate = self._settings.commands_per_s
        if rate and peer.allowance < 1:
            self._reactor.call_later(max(1 / rate, SLOW_DOWN_S), lambda: self.run_lines(peer))
            return
        if not self._again:
            self._reactor.call_soon(self._run_again)
        self._again.append(peer)

    def _run_again(self) -> None:
        again, self._again = self._again, []
        for peer in again:
            self.run_lines(peer)
