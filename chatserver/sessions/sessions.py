"""How sessions begin and end: logins, logouts, good-byes, and who hears what a user hears.

What is changed here goes back with the batch if that cannot be stored. It knows no sockets but to have them closed.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import partial
from itertools import takewhile
from math import inf
from typing import Protocol

from chatserver.core import queries
from chatserver.core.commands import CloseSession, LogIn, LogOut, Resume
from chatserver.core.events import AccountDeleted, OtherSessionsEnded, UserRemoved
from chatserver.core.outcome import Outcome, Refused
from chatserver.net.reactor import Reactor
from chatserver.net.round import Round
from chatserver.protocol.render import event, ok
from chatserver.sessions.client import Client, Ticket
from chatserver.sessions.phases import OPEN, Phase
from chatserver.settings import Settings
from chatserver.turn.receiver import Receiver
from chatserver.turn.records import UNAVAILABLE, Opening, Reply, good_bye
from chatserver.turn.release import backlog_waits
from chatserver.turn.turn import Turn

TOKEN_BYTES = 24
GONE_S = 60.0  # how long a client that has closed its side may take to read the rest
LEFT = ""  # in place of a BYE's reason: the client has gone by itself, and is told nothing
_FAREWELLS = {
    "QUIT": "Good-bye",
    "SHUTDOWN": "The server is going down: connect again in a moment",
    "RESTART": "The server is renewed: connect again at once, nothing is lost",
    "TOO_SLOW": "You did not read what you were sent: connect again, nothing is lost",
    "LOGIN_TIMEOUT": "You did not log in in time: connect again",
    "WRONG_PROTOCOL": "Connect again and type HELP",
    "KICKED": "Your password was changed in another session: log in with the new one",
    "DELETED": "This account has been deleted",
}
_DECIDED = ("KICKED", "DELETED", "REMOVED", "SUSPENDED", "BANNED")
"""Reasons that are events: they may turn out not to have happened."""


class Host(Protocol):
    """What sessions need of the server."""

    def answer(self, client: Client, echo: str, outcome: Outcome) -> None:
        """Stage a reply."""

    def run_lines(self, client: Client) -> None:
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
        self._clients: dict[Receiver, Client] = {}  # of those who hear what a user hears
        self._unknown: dict[Client, float] = {}  # not logged in → deadline; in the order of deadlines
        self._round = Round(self._end_late, reactor.call_soon)
        self._late: set[Client] = set()  # whose deadline is over, while a last password is checked
        self._closing: dict[Client, float] = {}  # once what is staged is sent → within how many seconds
        self.ending: list[tuple[Client, str, str]] = []  # told good-bye once the answer in hand is staged

    def expect_login(self, client: Client) -> None:
        """A client is connected, or has logged out."""
        self._unknown[client] = self._reactor.clock() + self._settings.login_timeout_s

    def forget(self, client: Client) -> None:
        """The connection is gone: nobody waits for its login any more."""
        self._unknown.pop(client, None)
        self._late.discard(client)
        self._closing.pop(client, None)

    def end_late(self) -> None:
        """Say good-bye to those who have not logged in in time, whatever else they have said."""
        now = self._reactor.clock()
        self._round.begin(takewhile(lambda client: self._unknown[client] <= now, self._unknown))

    def _end_late(self, client: Client) -> None:
        if self._unknown.get(client, inf) > self._reactor.clock():
            return  # it has logged in at last
        if client.ticket is not None:  # it has sent its password: the queue for hashing is long
            del self._unknown[client]
            self._late.add(client)
        else:
            self.end(client, "LOGIN_TIMEOUT")

    def waited(self, client: Client) -> None:
        """A wait is over: if it was for a login in the last moment, and was refused, there is no other try."""
        if client in self._late:
            self._late.discard(client)
            self.end(client, "LOGIN_TIMEOUT")

    def answered(self) -> None:
        """The answer in hand is staged: now come the good-byes that its command has brought about."""
        ending, self.ending = self.ending, []
        for client, reason, text in ending:
            self.end(client, reason, text)

    def close_sent(self) -> None:
        """Close those who were told good-bye, once nothing of it waits for the disk."""
        for client in list(self._closing):
            if self._turn.held_back(client.receiver) is None and client.receiver.cork is None:
                client.receiver.connection.close_when_sent(self._closing.pop(client))

    def tokens_in_use(self) -> frozenset[bytes]:
        """The hashes of all open sessions' tokens."""
        return frozenset(client.token_hash for client in self._clients.values())

    # Ends.

    def end(self, client: Client, reason: str, text: str = "") -> None:
        """Say good-bye and close, once what is staged is sent. Nothing more is read, nothing more is heard."""
        if client.phase not in OPEN:
            return
        if reason in _DECIDED:
            self._turn.batch.undo.append(partial(self._reopen, client, client.ticket))
        client.close()
        self._unknown.pop(client, None)
        self.leave(client)
        if reason != LEFT:
            record = good_bye(reason, text or _FAREWELLS[reason], stands=reason not in _DECIDED)
            self._turn.stage_behind(client.receiver, record, self._turn.batch if reason in _DECIDED else None)
        self._closing[client] = GONE_S if reason == LEFT else self._settings.goodbye_s

    def _reopen(self, client: Client, ticket: Ticket | None) -> None:
        """What was to end this session did not hold; what it waited for may be over by now, and is taken as failed."""
        if client.phase is Phase.CLOSING:
            client.reopen()
            self._closing.pop(client, None)
            self._enter(client)
            if client.receiver.over:
                self.end(client, "TOO_SLOW")
            else:
                self._go_on(client, ticket)

    def leave(self, client: Client) -> None:
        """The client is no session of its user any more."""
        if self._stop_hearing(client):
            self._turn.execute(None, CloseSession(client.user, client.token_hash, self._turn.stamp()))

    def _stop_hearing(self, client: Client) -> bool:
        """Take a client from those that hear what its user hears; tell whether it was one."""
        heard = self._turn.hearers.get(client.user)
        if heard is None or client.receiver not in heard:
            return False
        heard.remove(client.receiver)
        if not heard:
            del self._turn.hearers[client.user]
        del self._clients[client.receiver]
        return True

    def _enter(self, client: Client) -> None:
        self._turn.hearers.setdefault(client.user, []).append(client.receiver)
        self._clients[client.receiver] = client
        self._unknown.pop(client, None)
        self._late.discard(client)

    # Logins.

    def resume(self, client: Client, echo: str, name: str, token: str) -> Outcome:
        """Log a client in with an old token, and stage its reply; a refusal is the caller's to answer."""
        token_hash = hashlib.sha256(token.encode()).digest()
        outcome = self._turn.execute(client.receiver, Resume(name, token_hash, self._turn.stamp()))
        if not isinstance(outcome, Refused):
            self._opened(client, echo, self._turn.state.tokens[token_hash].user, token, token_hash)
        return outcome

    def open_session(self, client: Client, echo: str, user: int) -> Outcome:
        """Log a client in with a new token, and stage its reply."""
        token = urlsafe_b64encode(self._random_bytes(TOKEN_BYTES)).decode()
        token_hash = hashlib.sha256(token.encode()).digest()
        outcome = self._turn.execute(client.receiver, LogIn(user, token_hash, self._turn.stamp()))
        if isinstance(outcome, Refused):
            self._host.answer(client, echo, outcome)
        else:
            self._opened(client, echo, user, token, token_hash)
        return outcome

    def _opened(self, client: Client, echo: str, user: int, token: str, token_hash: bytes) -> None:
        """Its backlog is read when the reply has left: by then all that was written so far is stored."""
        turn, state = self._turn, self._turn.state
        client.log_in(user, state.users[user].name, token_hash)
        self._enter(client)
        turn.batch.undo.append(partial(self._close_again, client))
        upto = state.last_message_id if backlog_waits(state, user) else 0
        asked = [event("FRIENDREQUEST", name) for _, name in queries.requests_in(state, state.users[user])]
        asked += [event("INVITED", *row) for row in queries.invitations(state, state.users[user])]
        now_ms = turn.stamp()
        asked += [event("NOTICE", text) for text, until_ms in state.notices.values() if until_ms > now_ms]
        opening = Opening(user, turn.stamp(), upto)
        self._stage_credit(client, Reply(b"".join((ok(echo, (client.name, token)), *asked)), opening, echo, 1))

    def _close_again(self, client: Client) -> None:
        """The login did not hold, nor does what the client has begun to wait for since."""
        self._stop_hearing(client)
        if client.phase is not Phase.LOGGED_IN:
            return
        ticket = client.ticket
        client.wait(None)
        client.log_out()
        self.expect_login(client)
        self._go_on(client, ticket)

    def log_out(self, client: Client, echo: str, command: LogOut) -> None:
        """LOGOUT."""
        outcome = self._turn.execute(client.receiver, command)
        if isinstance(outcome, Refused):
            self._host.answer(client, echo, outcome)
            return
        self._turn.batch.undo.append(partial(self._come_back, client, client.user, client.name, client.token_hash))
        self._stop_hearing(client)
        client.log_out()
        self.expect_login(client)
        self._stage_credit(client, Reply(ok(echo, outcome[1]), Opening(0, 0, 0), echo, 1))

    def _come_back(self, client: Client, user: int, name: str, token_hash: bytes) -> None:
        """The logout did not hold, nor does what the client has begun to wait for since."""
        if client.phase is not Phase.BEFORE_LOGIN:
            return
        ticket = client.ticket
        client.wait(None)
        client.log_in(user, name, token_hash)
        self._enter(client)
        self._go_on(client, ticket)

    def _go_on(self, client: Client, ticket: Ticket | None) -> None:
        """A session change was taken back: so is what the client waited for then, if it did, and its lines go on."""
        if ticket is not None and ticket.echo:
            self._host.answer(client, ticket.echo, UNAVAILABLE)
        self._reactor.call_soon(lambda: self._host.run_lines(client))

    def _stage_credit(self, client: Client, reply: Reply) -> None:
        client.receiver.special += 1
        self._turn.stage(client.receiver, reply)

    # What commands of others bring about.

    def end_others(self, origin: Receiver | None, happened: OtherSessionsEnded) -> None:
        """Another session has changed the password."""
        receivers = self._turn.hearers.get(happened.user, ())
        self.ending += [(self._clients[each], "KICKED", "") for each in receivers if each is not origin]

    def end_all(self, origin: Receiver | None, happened: AccountDeleted) -> None:
        """The account is gone."""
        self.ending += [(self._clients[each], "DELETED", "") for each in self._turn.hearers.get(happened.user, ())]

    def remove(self, origin: Receiver | None, happened: UserRemoved) -> None:
        """An administrator has ended the user's sessions."""
        clients = [self._clients[each] for each in self._turn.hearers.get(happened.user, ())]
        self.ending += [
            (client, happened.reason, happened.text)
            for client in clients
            if happened.only is None or client.token_hash in happened.only
        ]
