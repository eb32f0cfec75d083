"""How sessions begin and end: logins with their backlog, logouts, good-byes, and who hears what a user hears.

What a turn has done here is undone if it cannot be committed. It knows no sockets but to have them closed.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections import deque
from collections.abc import Callable
from itertools import takewhile
from typing import Protocol

from chatserver.core import queries
from chatserver.core.commands import CloseSession, LogIn, LogOut, Resume
from chatserver.core.events import AccountDeleted, OtherSessionsEnded
from chatserver.core.id_ranges import undelivered
from chatserver.core.outcome import Outcome, Refused
from chatserver.fronts.pipe.builders import Phase
from chatserver.net.reactor import Reactor
from chatserver.protocol.render import bye, event, ok
from chatserver.queries import answers
from chatserver.sessions.peer import NO_LINES, Peer
from chatserver.settings import Settings
from chatserver.turn.turn import Turn

BACKLOG_MAX = 1000  # messages replayed at a login (PROTOCOL.md, "Backlog")
TOKEN_BYTES = 24
GONE_S = 60.0  # how long a client that has closed its side may take to read the rest
LEFT = ""  # in place of a BYE's reason: the client has gone by itself, and is told nothing
_FAREWELLS = {
    "QUIT": "Good-bye",
    "SHUTDOWN": "The server is going down: connect again in a moment",
    "TOO_SLOW": "You did not read what you were sent: connect again, nothing is lost",
    "LOGIN_TIMEOUT": "You did not log in in time: connect again",
    "KICKED": "Your password was changed in another session: log in with the new one",
    "DELETED": "This account has been deleted",
}


class Host(Protocol):
    """What sessions need of the server."""

    def answer(self, peer: Peer, echo: str, outcome: Outcome) -> None:
        """Stage a reply."""

    def run_lines(self, peer: Peer) -> None:
        """Run the lines that wait."""


class Sessions:
    """Everybody who is logged in, is expected to be, or is leaving."""

    def __init__(
        self, host: Host, turn: Turn, reactor: Reactor, settings: Settings, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._host = host
        self._turn = turn
        self._reactor = reactor
        self._settings = settings
        self._random_bytes = random_bytes
        self._unknown: dict[Peer, float] = {}  # not logged in → deadline; in the order of deadlines
        self._closing: dict[Peer, float] = {}  # once this turn is sent → within how many seconds
        self._ending: list[tuple[Peer, str]] = []  # told good-bye once the answer in hand is staged
        turn.effects |= {OtherSessionsEnded: self._end_others, AccountDeleted: self._end_all}

    def expect_login(self, peer: Peer) -> None:
        self._unknown[peer] = self._reactor.clock() + self._settings.login_timeout_s

    def forget(self, peer: Peer) -> None:
        """The connection is gone: nobody waits for its login any more."""
        self._unknown.pop(peer, None)

    def end_late(self) -> None:
        """Say good-bye to those who have not logged in in time."""
        now = self._reactor.clock()
        for peer in list(takewhile(lambda peer: self._unknown[peer] <= now, self._unknown)):
            if peer.session.phase is Phase.WAITING:  # it has sent its password: the queue for hashing is long
                del self._unknown[peer]
                self.expect_login(peer)
            else:
                self.end(peer, "LOGIN_TIMEOUT")

    def answered(self) -> None:
        """The answer in hand is staged: now come the good-byes that its command has brought about."""
        if self._ending:
            ending, self._ending = self._ending, []
            for peer, reason in ending:
                self.end(peer, reason)

    def turn_ended(self) -> None:
        """What was staged is sent: close those who were told good-bye."""
        closing, self._closing = self._closing, {}
        for peer, within_s in closing.items():
            peer.connection.close_when_sent(within_s)

    def tokens_in_use(self) -> frozenset[bytes]:
        """The hashes of all open sessions' tokens."""
        return frozenset(peer.session.token_hash for peers in self._turn.sessions.values() for peer in peers)

    def end(self, peer: Peer, reason: str) -> None:
        """Say good-bye and close, once what is staged is sent. Nothing more is read, nothing more is heard."""
        if peer.session.phase is Phase.CLOSING:
            return
        if reason in ("KICKED", "DELETED"):
            lines = peer.lines
            self._turn.undo.append(lambda: self._reopen(peer, lines))
        peer.session.close()
        peer.lines = NO_LINES
        self._unknown.pop(peer, None)
        self.leave(peer)
        if reason != LEFT:
            self._turn.stage(peer, bye(reason, _FAREWELLS[reason]))
        self._closing[peer] = GONE_S if reason == LEFT else self._settings.goodbye_s

    def _reopen(self, peer: Peer, lines: deque[str]) -> None:
        """What was to end this session did not hold."""
        if not peer.connection.closed:
            peer.session.reopen()
            peer.lines = lines
            del self._closing[peer]
            self._enter(peer)
            self._reactor.call_soon(lambda: self._host.run_lines(peer))

    def leave(self, peer: Peer) -> None:
        """The peer is no session of its user any more."""
        if self._stop_hearing(peer):
            self._turn.execute(None, CloseSession(peer.session.user, peer.session.token_hash, self._turn.stamp()))

    def _stop_hearing(self, peer: Peer) -> bool:
        """Take a peer from those that hear what its user hears; tell whether it was one."""
        heard = self._turn.sessions.get(peer.session.user)
        if heard is None or peer not in heard:
            return False
        heard.remove(peer)
        if not heard:
            del self._turn.sessions[peer.session.user]
        if peer.heard_until is None:
            peer.heard_until = self._turn.state.last_message_id
        return True

    def _enter(self, peer: Peer) -> None:
        self._turn.sessions.setdefault(peer.session.user, []).append(peer)
        peer.user, peer.heard_until, peer.since_ms = peer.session.user, None, self._turn.stamp()
        self._unknown.pop(peer, None)

    def resume(self, peer: Peer, echo: str, name: str, token: str) -> Outcome:
        """Log a peer in with an old token, and stage its reply and backlog; a refusal is the caller's to answer."""
        token_hash = hashlib.sha256(token.encode()).digest()
        outcome = self._turn.execute(peer, Resume(name, token_hash, self._turn.stamp()))
        if not isinstance(outcome, Refused):
            self._opened(peer, echo, self._turn.state.tokens[token_hash].user, token, token_hash)
        return outcome

    def open_session(self, peer: Peer, echo: str, user: int) -> Outcome:
        """Log a peer in with a new token, and stage its reply and backlog."""
        token = urlsafe_b64encode(self._random_bytes(TOKEN_BYTES)).decode()
        token_hash = hashlib.sha256(token.encode()).digest()
        outcome = self._turn.execute(peer, LogIn(user, token_hash, self._turn.stamp()))
        if isinstance(outcome, Refused):
            self._host.answer(peer, echo, outcome)
        else:
            self._opened(peer, echo, user, token, token_hash)
        return outcome

    def _opened(self, peer: Peer, echo: str, user: int, token: str, token_hash: bytes) -> None:
        self._turn.handover.settle()
        name = self._turn.state.users[user].name
        peer.session.log_in(user, name, token_hash)
        peer.hole, peer.synced = None, []
        self._enter(peer)
        self._turn.undo.append(lambda: self._close_again(peer))
        frame = ok(echo, (name, token)) + self._backlog(peer)
        peer.staged_bytes += len(frame)
        self._turn.stage(peer, frame)

    def _close_again(self, peer: Peer) -> None:
        """The login did not hold."""
        self._stop_hearing(peer)
        peer.user = 0  # its backlog is taken back with the login: nothing of it counts as handed over
        peer.session.log_out()
        self.expect_login(peer)

    def _backlog(self, peer: Peer) -> bytes:
        """What has waited for a user: requests, then the oldest messages that no session has got."""
        state = self._turn.state
        user = state.users[peer.session.user]
        frames = [event("FRIENDREQUEST", name) for _, name in queries.requests_in(state, user)]
        frames += [event("INVITED", *row) for row in queries.invitations(state, user)]
        received_id = max((state.rooms[room].received_id for room in user.rooms), default=user.received_id)
        if user.gaps or max(user.received_id, received_id) > user.delivered_id:
            runs = undelivered(user.delivered_id, user.gaps, state.last_message_id)
            found = self._turn.history().received(user.id, runs, BACKLOG_MAX + 1)
            if len(found) > BACKLOG_MAX:
                peer.hole = (found[BACKLOG_MAX].id, state.last_message_id)
            frames += [event("MISSED", *answers.message_row(state, message)) for message in found[:BACKLOG_MAX]]
        return b"".join(frames)

    def log_out(self, peer: Peer, echo: str, command: LogOut) -> None:
        outcome = self._turn.execute(peer, command)
        if not isinstance(outcome, Refused):
            session = peer.session
            who = (session.user, session.name, session.token_hash)
            self._turn.undo.append(lambda: self._come_back(peer, *who))
            self._stop_hearing(peer)
            session.log_out()
            self.expect_login(peer)
        self._host.answer(peer, echo, outcome)

    def _come_back(self, peer: Peer, user: int, name: str, token_hash: bytes) -> None:
        """The logout did not hold."""
        peer.session.log_in(user, name, token_hash)
        self._enter(peer)

    def _end_others(self, origin: Peer | None, event: OtherSessionsEnded) -> None:
        self._ending += [(peer, "KICKED") for peer in self._turn.sessions.get(event.user, ()) if peer is not origin]

    def _end_all(self, origin: Peer | None, event: AccountDeleted) -> None:
        self._ending += [(peer, "DELETED") for peer in self._turn.sessions.get(event.user, ())]
