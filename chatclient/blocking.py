"""A client that waits: for scripts, tests, bots of your own and load generators.

    with Client("localhost", 5000) as client:
        client.login("alice", password)
        client.send("bob", "hi")
        for event in client.events():
            ...

It reconnects by itself, and what `send` returned is stored by the server exactly once.
What happens while it waits for an answer is kept, without a limit, until `events` is asked
for it. It is not to be shared by threads.
"""

import ssl
import time
from collections import deque
from collections.abc import Iterator, Sequence
from secrets import token_hex
from types import TracebackType

from chatclient.core import events as ev
from chatclient.core.client import ClientCore
from chatclient.core.commands import BadCommand
from chatclient.core.outcomes import CaughtUp, LoggedIn, LoginFailed, Sent, Unanswered
from chatclient.net.carrier import Carrier, Happened, Offline, wait
from chatclient.net.link import DEFAULT_PORT, LinkFailed, Target, look_up, target_of

TIMEOUT_S = 30.0


class ClientError(Exception):
    """What a Client raises; its text is a sentence for a person."""


class ConnectionFailedError(ClientError):
    """There is no connection, or it was lost before the answer came."""


class UnsendableError(ClientError):
    """A command makes no frame, or needs a login: nothing was sent."""


class RefusedError(ClientError):
    """The server refused a command; `code` says why (PROTOCOL.md, "Errors")."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class Client:
    """One user's connection. Every method waits for the server's answer, at most `timeout_s` seconds."""

    def __init__(
        self,
        host: str = "localhost",
        port: int = DEFAULT_PORT,
        *,
        tls: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
        reconnect: bool = True,
    ) -> None:
        """Connect. Several machines of one chat stand in `host` as one:5000,two:5000. Raises ConnectionFailedError."""
        self.timeout_s = timeout_s
        self._reconnect = reconnect
        try:
            target = target_of(host, tls) if "," in host else Target(host, port, tls)
        except ValueError as error:
            raise ConnectionFailedError(str(error)) from None
        self._core = ClientCore(token_hex(6))
        try:
            addresses = look_up(target)
        except LinkFailed as failure:
            raise ConnectionFailedError(str(failure)) from None
        self._carrier = Carrier(self._core, target, addresses)
        self._events: deque[Happened] = deque()
        self._answers: dict[str, Happened] = {}
        self._asked: set[str] = set()
        self._logging_in = False
        self._over: str | None = None  # why there is no connection and will be none
        self._note(self._carrier.dial())
        try:
            self._await(ev.Hello)
        except ConnectionFailedError:
            self.close()
            raise

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def name(self) -> str | None:
        """The user logged in."""
        return self._core.name

    @property
    def store(self) -> str:
        """Which store the server keeps (PROTOCOL.md, "The store")."""
        return self._core.store

    def fileno(self) -> int:
        """For a selector: the socket of the present connection, -1 if there is none."""
        return self._carrier.fileno()

    def signup(self, name: str, password: str) -> ev.Ok:
        """Make an account; it does not log in. Raises RefusedError."""
        return self.call("SIGNUP", name, password)

    def login(self, name: str, password: str) -> str:
        """Log in, here and after every loss of the connection; return the token. Raises RefusedError."""
        self._core.login(name, password)
        return self._logged_in()

    def resume(self, name: str, token: str) -> str:
        """Log in by a token. Raises RefusedError."""
        self._core.resume(name, token)
        return self._logged_in()

    def logout(self) -> None:
        """Log out; the token is worthless afterwards."""
        self.call("LOGOUT")

    def send(self, to: str, text: str, *, tag: str | None = None) -> Sent:
        """Send a message; return once the server has stored it. Raises RefusedError.

        The server takes a tag once in 24 hours, so sending again under the same one is safe.
        """
        answer = self.result(self.ask("SENDMESSAGE", to, text, tag=tag))
        assert isinstance(answer, Sent)
        return answer

    def post(self, to: str, text: str) -> str:
        """Send a message without waiting; `result(tag)` waits for its answer."""
        return self.ask("SENDMESSAGE", to, text)

    def call(self, verb: str, *fields: str) -> ev.Ok:
        """Any command, with its fields after the user name; return the whole answer. Raises RefusedError."""
        answer = self.result(self.ask(verb, *fields))
        assert isinstance(answer, ev.Ok)
        return answer

    def ask(self, verb: str, *fields: str, tag: str | None = None) -> str:
        """Send a command without waiting for its answer; return its tag, for `result`. Raises UnsendableError."""
        try:
            tag = self._core.command(verb, *fields, tag=tag)
        except BadCommand as error:
            raise UnsendableError(str(error)) from None
        self._asked.add(tag)
        self._note(self._carrier.wake())
        return tag

    def result(self, tag: str) -> ev.Ok | Sent:
        """The answer to a command sent before. Raises RefusedError, or ConnectionFailedError if it is lost."""
        limit = self._limit()
        while tag not in self._answers:
            self._step(limit)
        answer = self._answers.pop(tag)
        if isinstance(answer, ev.Refused):
            raise RefusedError(answer.code, answer.text)
        if isinstance(answer, Unanswered):
            raise ConnectionFailedError("The connection was lost before the answer came: it may have taken effect")
        assert isinstance(answer, ev.Ok | Sent)
        return answer

    def events(self, timeout_s: float | None = None) -> Iterator[Happened]:
        """What happens, as it happens; ends when nothing has happened for `timeout_s` seconds (None: never)."""
        while (event := self.next_event(timeout_s)) is not None:
            yield event

    def next_event(self, timeout_s: float | None = None) -> Happened | None:
        """The next event; None if none came in time, which may be 0 seconds."""
        limit = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._events:
            over = limit is not None and time.monotonic() >= limit
            self._turn(limit)
            if over and not self._events:
                return None
        return self._events.popleft()

    def wait_for(self, descriptor: int) -> None:
        """Wait until a file descriptor can be read, and look after the connection; what it brings is let go."""
        while descriptor not in wait(self._carrier, None, (descriptor,)):
            self._note(self._carrier.turn())
            self._events.clear()

    def close(self) -> None:
        """Hang up."""
        self._carrier.close()

    def _logged_in(self) -> str:
        self._logging_in, self._over = True, None
        try:
            self._note(self._carrier.wake())
            outcome = self._await(LoggedIn, LoginFailed)
        finally:
            self._logging_in = False
        if isinstance(outcome, LoginFailed):
            raise RefusedError(outcome.code, outcome.text)
        assert isinstance(outcome, LoggedIn)
        self._await(CaughtUp)
        return outcome.token

    def _await(self, *kinds: type) -> Happened:
        """Wait for an event of these kinds and take it out of the row; the others stay there for `events`."""
        limit = self._limit()
        while True:
            found = next((event for event in self._events if isinstance(event, kinds)), None)
            if found is not None:
                self._events.remove(found)
                return found
            self._step(limit)

    def _limit(self) -> float:
        return time.monotonic() + self.timeout_s

    def _step(self, limit: float) -> None:
        if time.monotonic() >= limit:
            raise ConnectionFailedError(f"{self._carrier.target} did not answer within {self.timeout_s:g} s")
        self._turn(limit)

    def _turn(self, limit: float | None) -> None:
        if self._over is not None:
            raise ConnectionFailedError(self._over)
        happened = self._carrier.turn()
        if not happened:
            wait(self._carrier, None if limit is None else max(0.0, limit - time.monotonic()))
            happened = self._carrier.turn()
        self._note(happened)

    def _note(self, happened: Sequence[Happened]) -> None:
        """Put answers with the tags that wait for them, and everything else in the row of events."""
        for event in happened:
            if isinstance(event, ev.Ok | ev.Refused | Sent | Unanswered) and event.tag in self._asked:
                self._asked.remove(event.tag)
                self._answers[event.tag] = event
                continue
            self._events.append(event)
            if isinstance(event, LoginFailed) and not self._logging_in:
                self._over = f"The login holds no more: {event.text}"
            if isinstance(event, Offline) and (event.retry_s is None or not self._reconnect):
                self._carrier.close()
                self._over = event.reason
