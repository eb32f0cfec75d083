"""The client without I/O: bytes in, typed events out; commands in, bytes out.

Whoever owns the socket calls `opened`, `receive` and `lost`, and sends what `take_output`
returns. It logs in again after a loss, catches up with `SYNC`, drops what it has seen by id,
and sends unanswered messages again under their tag: nothing is lost and nothing doubled
(PROTOCOL.md, "Messages" and "Backlog"). It knows no socket, no clock and no terminal.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from chatclient.core import events as ev
from chatclient.core.catchup import EARLY_MAX, CatchUp, Told
from chatclient.core.commands import NAMELESS, Command, NotLoggedInError, Queue
from chatclient.core.outcomes import (
    CaughtUp,
    Event,
    LoggedIn,
    LoggedOut,
    LoginDelayed,
    LoginFailed,
    Restored,
    Sent,
    Unanswered,
)
from chatclient.core.parse import message_from_row, parse_frame, shown
from chatserver.protocol.frames import BadFrame, LineReader
from chatserver.protocol.names import name_key

ROWS_MAX = 50_000
"""Rows kept of one answer: more than any list of a chat has; a server gone wrong must not fill the memory."""
RETRY_LOGIN = frozenset({"THROTTLED", "UNAVAILABLE", "INTERNAL"})
"""Refusals of a login that say nothing about the password: worth another try later."""
_LAST_WORDS = frozenset({"QUIT", "DELETED", "REMOVED", "SUSPENDED", "BANNED"})
"""Good-byes behind which a client does not come back by itself."""


class Phase(Enum):
    """Where the connection stands."""

    OFFLINE = "offline"
    GREETING = "connecting"  # open, waiting for HELLO: nothing is said to a stranger, least of all a password
    ANONYMOUS = "connected"
    LOGGING_IN = "logging in"
    CATCHING_UP = "catching up"
    READY = "online"


@dataclass(slots=True)
class Credentials:
    """How to log in: a token is tried first; the password stays in memory for the day the token is refused."""

    name: str
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    after: int | None = None
    proven: bool = False  # the server has taken them once


class ClientCore:
    """One user's session over any number of connections."""

    def __init__(self, tag_prefix: str, *, early_max: int = EARLY_MAX) -> None:
        """`tag_prefix` must be new for every run: a tag used again within 24 hours sends nothing.

        `early_max`: how many messages are kept back at most, during a catch-up, until their turn has come.
        """
        self.phase = Phase.OFFLINE
        self.credentials: Credentials | None = None
        self._tag_prefix = tag_prefix
        self._tags_used = 0
        self._queue = Queue()
        self._output = bytearray()
        self._reader = LineReader()
        self._early_max = early_max
        self._catch_up = CatchUp()
        self._user_key = ""  # whose commands wait
        self._met: ev.Hello | None = None  # how the server has introduced itself

    @property
    def name(self) -> str | None:
        """The user logged in, or about to be again."""
        return self.credentials.name if self.credentials else None

    @property
    def unsent(self) -> int:
        """How many messages are not yet known to be stored."""
        return self._queue.messages()

    @property
    def awaits_answer(self) -> bool:
        """Whether the server owes a word: a greeting, or an answer to what was sent."""
        return self.phase is Phase.GREETING or bool(self._queue.sent)

    @property
    def has_purpose(self) -> bool:
        """Whether a connection is of use now: someone to log in, or something to say."""
        return self.credentials is not None or bool(self._queue.waiting)

    @property
    def store(self) -> str:
        """Which store the server keeps, and since when its story goes on unbroken; empty if it did not say."""
        return self._met.store if self._met else ""

    # Commands in

    def login(self, name: str, password: str) -> None:
        """Log in as soon as there is a connection, and again after every loss of it."""
        self._log_in_as(Credentials(name, password=password))

    def resume(self, name: str, token: str, after: int | None = None) -> None:
        """Log in by the token of an earlier login; catch up from message id `after`, if that is known."""
        self._log_in_as(Credentials(name, token=token, after=after))

    @property
    def last_id(self) -> int | None:
        """The id up to which everything has been seen; None if that is not known yet."""
        return self._catch_up.last_id

    def command(self, verb: str, *fields: str, tag: str | None = None) -> str:
        """Send a command, now or when the connection allows; return its tag, which its answer carries.

        The acting user's name is put in front of the fields. A message may have a tag of the caller's, who may
        then send it again in another run. Raises BadCommand if the fields make no frame.
        """
        verb = verb.upper()
        if self.credentials is None and verb not in NAMELESS:
            raise NotLoggedInError("You are not logged in: log in first")
        command = Command(verb, tag or self._next_tag(), fields)
        command.line(self.name or "")  # a defect in it is the caller's to hear, at once
        self._queue.waiting.append(command)
        self._flush()
        return command.tag

    def raw(self, line: str) -> str:
        """Send a line as it was typed; return the tag under which its answer comes."""
        verb = line.partition("|")[0]
        command = Command("RAW", verb.partition("#")[2] or self._next_tag(), (line,))
        command.line("")
        self._queue.waiting.append(command)
        self._flush()
        return command.tag

    def keep_alive(self) -> None:
        """Ask whether the server is still there; its answer is no event."""
        if self.phase is Phase.READY:
            self._send_internal("PING")

    def take_output(self) -> bytes:
        """The bytes to send now; they count as sent."""
        data = bytes(self._output)
        self._output.clear()
        return data

    # The connection

    def opened(self) -> None:
        """There is a connection; the server's HELLO comes next."""
        self.phase = Phase.GREETING
        self._reader = LineReader()

    def lost(self) -> list[Event]:
        """The connection is gone, for whatever reason: say which commands will never be answered."""
        if self.phase is Phase.OFFLINE:
            return []
        self.phase = Phase.OFFLINE
        self._output.clear()
        self._catch_up.interrupted()
        return [Unanswered(command.verb, command.tag) for command in self._queue.lost()]

    def receive(self, data: bytes) -> list[Event]:
        """Take what the server sent; return what it means. Never fails, whatever the bytes are."""
        happened: list[Event] = []
        for line in self._reader.feed(data):
            frame = ev.Garbage(f"The server sent what is no frame. {line}") if isinstance(line, BadFrame) else None
            happened += self._take(frame or parse_frame(line), line)
        return happened

    def _take(self, frame: ev.Frame, line: str) -> list[Event]:
        if self.phase is Phase.GREETING and not isinstance(frame, ev.Hello | ev.Bye | ev.Stranger):
            return [ev.Stranger(f"This is no chat server: its first line is {shown(line)}")]
        if isinstance(frame, ev.Ok | ev.Refused | ev.Item):
            return self._take_answer(frame)
        if isinstance(frame, Told):
            return [*self._catch_up.heard(frame)]
        if isinstance(frame, ev.Hello):
            is_restored = self._meet(frame)
            self.phase = Phase.ANONYMOUS
            self._start_login()
            self._flush()
            return [frame, Restored()] if is_restored else [frame]
        if isinstance(frame, ev.Bye) and frame.reason in _LAST_WORDS:
            self.credentials = None  # do not come back by itself
        return [frame]

    def _meet(self, hello: ev.Hello) -> bool:
        """Tell whether the store was restored. Ids go on rising then, but another store counts its own: forget them."""
        met, self._met = self._met, hello
        if met and hello.identity != met.identity:
            self._catch_up = CatchUp(early_max=self._early_max)
            if self.credentials:
                self.credentials.after = None
            return False
        return met is not None and hello.store != met.store

    # Logging in

    def _log_in_as(self, credentials: Credentials) -> None:
        self.credentials = credentials
        if self.phase is Phase.ANONYMOUS:
            self._start_login()

    def _start_login(self) -> None:
        credentials = self.credentials
        if credentials is None:
            return
        self.phase = Phase.LOGGING_IN
        if credentials.token is not None:
            self._send_internal("RESUME", credentials.name, credentials.token)
        elif credentials.password is not None:
            self._send_internal("LOGIN", credentials.name, credentials.password)

    def _on_login(self, answer: ev.Ok | ev.Refused) -> list[Event]:
        credentials = self.credentials
        if credentials is None:
            return []
        if isinstance(answer, ev.Refused):
            return self._on_login_refused(credentials, answer)
        if len(answer.fields) != 2:
            return [ev.Garbage("The server's answer to the login has no token")]
        again, credentials.proven = credentials.proven, True
        credentials.name, credentials.token = answer.fields
        logged_in = LoggedIn(*answer.fields, again=again)
        if not again:
            # Not the former: a new server counts from 1 again.
            self._catch_up = CatchUp(credentials.after, early_max=self._early_max)
        dropped = self._become(name_key(credentials.name))
        self.phase = Phase.CATCHING_UP
        self._flush()
        self._send_internal("SYNC", *self._catch_up.begin())
        return [*dropped, logged_in]

    def _on_login_refused(self, credentials: Credentials, answer: ev.Refused) -> list[Event]:
        self.phase = Phase.ANONYMOUS
        if answer.code in RETRY_LOGIN and credentials.proven:
            return [LoginDelayed(answer.code, answer.text)]
        if credentials.token is not None and credentials.password is not None:
            credentials.token = None
            self._start_login()
            return []
        self.credentials = None
        return [LoginFailed(answer.code, answer.text)]

    def _become(self, user_key: str) -> list[Event]:
        """Forget what another user than the one now logged in left unsent."""
        former, self._user_key = self._user_key, user_key
        if former in ("", user_key):
            return []
        dropped = self._queue.take(lambda command: command.needs_login)
        return [Unanswered(command.verb, command.tag) for command in dropped]

    def _on_logout(self, answer: ev.Ok | ev.Refused) -> list[Event]:
        if isinstance(answer, ev.Refused):
            return [answer]
        name, self.credentials, self.phase = self.name or "", None, Phase.ANONYMOUS
        self._catch_up.interrupted()
        return [answer, LoggedOut(name)]

    # Catching up

    def _on_sync(self, answer: ev.Ok | ev.Refused) -> list[Event]:
        if isinstance(answer, ev.Refused):
            return [answer, *self._catch_up.end(), *self._caught_up()]
        found = [message for row in answer.rows if (message := message_from_row(row, "sync"))]
        fresh, question = self._catch_up.take(found, more=answer.fields[1:] == ("1",))
        if question:
            self._send_internal("SYNC", *question)
            return [*fresh]
        return [*fresh, *self._caught_up()]

    def _caught_up(self) -> list[Event]:
        self.phase = Phase.READY
        self._flush()
        return [CaughtUp()]

    # Answers

    def _take_answer(self, answer: ev.Ok | ev.Refused | ev.Item) -> list[Event]:
        if isinstance(answer, ev.Item):
            if self._queue.sent and self._queue.sent[0].tag == answer.tag:
                self._queue.sent[0].rows.append(answer.row)
                del self._queue.sent[0].rows[ROWS_MAX:]
            return []
        command = self._queue.answered(answer.tag)
        if command is None:
            return [ev.Garbage(f"The server answered what was not asked: {shown(answer.verb)}")]
        if isinstance(answer, ev.Ok):
            answer = ev.Ok(answer.verb, command.tag, answer.fields, tuple(command.rows))
        else:
            answer = ev.Refused(answer.verb, command.tag, answer.code, answer.text)
        if not command.internal and command.verb not in _WATCHED:
            return [answer]
        handle = _HANDLERS.get(command.verb)
        return handle(self, command, answer) if handle else []

    def _on_sent(self, command: Command, answer: ev.Ok | ev.Refused) -> list[Event]:
        if isinstance(answer, ev.Refused):
            return [answer]
        if len(answer.fields) != 2 or not answer.fields[0].isdecimal():
            return [ev.Garbage("The server's answer to a message has no id")]
        message_id = int(answer.fields[0])
        self._catch_up.note_own(message_id)
        return [Sent(command.tag, message_id, answer.fields[1], *command.fields)]

    def _on_password(self, command: Command, answer: ev.Ok | ev.Refused) -> list[Event]:
        if isinstance(answer, ev.Ok) and self.credentials and self.credentials.password is not None:
            self.credentials.password = command.fields[1]
        return [answer]

    # Bytes out

    def _next_tag(self) -> str:
        self._tags_used += 1
        return f"{self._tag_prefix}.{self._tags_used}"  # numbered: the server keeps a few bytes of it

    def _send_internal(self, verb: str, *fields: str) -> None:
        self._send(Command(verb, self._next_tag(), fields, internal=True))

    def _send(self, command: Command) -> None:
        self._output += command.line(self.name or "")
        self._queue.sent.append(command)

    def _flush(self) -> None:
        """Send what waits, in its order, as far as the phase allows."""
        allowed = _ALLOWED.get(self.phase)
        for command in self._queue.take(allowed) if allowed and self._queue.waiting else ():
            self._send(command)


_ALLOWED: dict[Phase, Callable[[Command], bool]] = {
    Phase.ANONYMOUS: lambda command: not command.needs_login,
    # Ahead of SYNC, so that the id of a message whose OK was lost is known before SYNC shows it. Everything
    # else waits: when a command is answered, what was said before it has been handed out.
    Phase.CATCHING_UP: lambda command: command.sent_before and command.verb == "SENDMESSAGE",
    Phase.READY: lambda command: True,
}
"""What may be sent in each phase; in the others nothing may."""

_Handler = Callable[[ClientCore, Command, ev.Ok | ev.Refused], list[Event]]
_HANDLERS: dict[str, _Handler] = {
    "LOGIN": lambda core, _, answer: core._on_login(answer),
    "RESUME": lambda core, _, answer: core._on_login(answer),
    "SYNC": lambda core, _, answer: core._on_sync(answer),
    "LOGOUT": lambda core, _, answer: core._on_logout(answer),
    "SENDMESSAGE": ClientCore._on_sent,
    "SETPASSWORD": ClientCore._on_password,
}
_WATCHED = frozenset({"SENDMESSAGE", "LOGOUT", "SETPASSWORD"})
"""Commands of the caller's whose answer the core must know of; the other handlers serve its own commands."""
