"""Writers over the pipe, TLS and WebSocket that come back whenever they are shown out, and keep book.

Each sends tagged messages ahead, and after a loss repeats those that were not answered. Who is refused tries again
where the operator has a reason for it at the time; anything else is a fault.
"""

import ssl
import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from threading import Event, Thread

from tests.wire import WAIT_S, Client, Ended

SINK = "sink"
WINDOW = 8  # messages ahead of their answers
PAUSE_S = 0.02  # before another try, and between two windows
PASSING = frozenset(("UNAVAILABLE", "SUSPENDED", "MUTED", "THROTTLED"))
"""Refusals that end by themselves, or when the operator lets them."""
BYES = frozenset(("RESTART", "SHUTDOWN", "BANNED", "SUSPENDED", "REMOVED"))
Stamp = tuple[int, str]


class Broken(AssertionError):
    """A promise that was not kept."""


@dataclass(slots=True)
class Book:
    """What one user said, and what was answered."""

    answered: dict[int, Stamp] = field(default_factory=dict)
    unanswered: list[int] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)
    byes: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    refused_connections: int = 0


class Writer(Thread):
    """One user on one door. `connect` makes a connection to wherever the server is."""

    def __init__(self, user: str, token: str, connect: Callable[[], Client], is_down: Event) -> None:
        super().__init__(daemon=True)
        self.user, self.token = user, token
        self.book = Book()
        self.fault = ""
        self.stop = Event()
        self._connect = connect
        self._is_down = is_down

    def run(self) -> None:
        """Until `stop`, with nothing unanswered."""
        try:
            while not self.stop.is_set():
                self._live()
                time.sleep(PAUSE_S)
        except Exception as fault:  # told by the one who waits
            self.fault = f"{self.user}: {type(fault).__name__}: {fault}"

    def goes_on(self, answers: int) -> None:
        """Wait until it has so many answers. Raises Broken."""
        ends = time.monotonic() + 2 * WAIT_S
        while len(self.book.answered) < answers:
            if self.fault or not self.is_alive() or time.monotonic() > ends:
                last = (self.book.refusals or self.book.byes or ["nothing"])[-1]
                raise Broken(self.fault or f"{self.user} does not come back: the last that it heard was {last}")
            time.sleep(PAUSE_S)

    def _live(self) -> None:
        """One connection, to its end."""
        was_down = self._is_down.is_set()
        try:
            client = self._connect()
        except ConnectionRefusedError as error:
            if not was_down and not self._is_down.is_set():
                raise Broken(f"{self.user} was refused: {error}") from error
            self.book.refused_connections += 1
            return
        except (ConnectionError, ssl.SSLError, AssertionError):  # cut before it was greeted
            self.book.byes.append("the connection broke")
            return
        with closing(client):
            try:
                hello = self._next(client)
                if hello and not hello.startswith("HELLO|chatserver|1|"):
                    raise Broken(f"{self.user} was greeted with {hello}")
                if hello and self._come_in(client):
                    self._write(client)
            except (Ended, ConnectionError, ssl.SSLError):
                self.book.byes.append("the connection broke")

    def _come_in(self, client: Client) -> bool:
        client.send(f"RESUME|{self.user}|{self.token}")
        frame = self._next(client)
        if frame.startswith(f"OK|RESUME|{self.user}|"):
            return True
        if frame:
            self._refused(frame)
        return False

    def _write(self, client: Client) -> None:
        self._send(client, self.book.unanswered)
        while True:
            while self.book.unanswered:
                if not self._take(client):
                    return
            if self.stop.is_set():
                return
            time.sleep(PAUSE_S)
            self.book.unanswered += [next(self.book.numbers) for _ in range(WINDOW)]
            self._send(client, self.book.unanswered)

    def _send(self, client: Client, numbers: Collection[int]) -> None:
        client.send(*(f"SENDMESSAGE#{self.user}.{at}|{self.user}|{SINK}|{at}" for at in numbers))

    def _take(self, client: Client) -> bool:
        """Book the answer to the oldest that has none; whether the connection goes on."""
        frame = self._next(client)
        if not frame:
            return False
        kind, echo, *fields = frame.split("|")
        number = self.book.unanswered[0]
        if (kind, echo) == ("OK", f"SENDMESSAGE#{self.user}.{number}"):
            del self.book.unanswered[0]
            self.book.answered[number] = int(fields[0]), fields[1]
            return True
        self._refused(frame)
        return False  # begin again with the first that has no answer

    def _next(self, client: Client) -> str:
        """The next answer; nothing where the server says good-bye."""
        while True:
            frame = client.frame()
            if frame.startswith("BYE|"):
                self.book.byes.append(frame.split("|")[1])
                if self.book.byes[-1] not in BYES:
                    raise Broken(f"{self.user} heard {frame}")
                return ""
            if not frame.startswith("EVENT|"):
                return frame

    def _refused(self, frame: str) -> None:
        self.book.refusals.append(frame)
        if frame.split("|")[2] not in PASSING:
            raise Broken(f"{self.user} heard {frame}")
