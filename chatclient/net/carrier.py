"""Carries a ClientCore over its connections: dials, listens for silence, and dials again with back-off.

Owns the link and the timers; whoever owns the loop waits for `fileno`, `mask` and `wait_s`,
then calls `turn`, and `wake` after every command. Knows nothing of what is said.
"""

import selectors
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import random

from chatclient.core import events as ev
from chatclient.core.client import ClientCore, Phase
from chatclient.core.outcomes import Event, LoggedIn, LoginDelayed
from chatclient.net.link import Address, Link, LinkFailed, Target

GREETING_S_MAX = 10.0
"""From the first packet to HELLO. Longer than a busy server takes, shorter than a person waits."""
ANSWER_S_MAX = 30.0
"""Silence while an answer is due. A server under attack hashes passwords slowly; past this it hangs."""
IDLE_S = 60.0
"""Silence after which a PING finds out whether the server is still there."""
RETRY_S_FIRST = 0.2
RETRY_S_MAX = 30.0
UNAVAILABLE_S_MAX = 5.0
"""The same for a server that is there, and cannot store anything now: to ask costs it little."""


@dataclass(frozen=True, slots=True)
class Offline:
    """There is no connection, for this reason. `retry_s` is when the next try comes; None: not by itself."""

    reason: str
    retry_s: float | None


Happened = Event | Offline


class Backoff:
    """How long to wait before the next try: twice as long each time, spread so that not all clients come at once."""

    def __init__(self, chance: Callable[[], float] = random) -> None:
        self._chance = chance
        self._next_s = RETRY_S_FIRST

    def next_s(self, most_s: float = RETRY_S_MAX) -> float:
        """The seconds to wait now."""
        delay_s = min(self._next_s, most_s)
        if delay_s:
            self._next_s = min(self._next_s * 2, RETRY_S_MAX)
        return delay_s * (0.5 + self._chance() / 2)

    def reset(self) -> None:
        """It worked: start small again."""
        self._next_s = RETRY_S_FIRST


class Carrier:
    """One core and its connections, one after the other."""

    def __init__(
        self,
        core: ClientCore,
        target: Target,
        addresses: Sequence[Address],
        *,
        clock: Callable[[], float] = time.monotonic,
        backoff: Backoff | None = None,
    ) -> None:
        self.core = core
        self.target = target
        self.retry_at: float | None = None
        self._addresses = list(addresses)
        self._clock = clock
        self._backoff = backoff or Backoff()
        self._link: Link | None = None
        self._parting = ""  # the server's BYE, which explains the end that follows
        self._retry_most_s = RETRY_S_MAX  # as far as the server has told
        self._dialled_at = self._heard_at = clock()
        self._asked_at: float | None = None  # since when an answer is due

    def fileno(self) -> int:
        """What to wait for; -1 while there is no connection."""
        return self._link.fileno() if self._link else -1

    def mask(self) -> int:
        """The selector events to wait for; 0 while there is no connection."""
        return self._link.mask() if self._link else 0

    def wait_s(self) -> float | None:
        """How long the loop may wait for bytes before it must call `turn`; None: for ever."""
        due = self.retry_at if self._link is None else self._deadline()
        return None if due is None else max(0.0, due - self._clock())

    def dial(self) -> list[Happened]:
        """Connect now, without waiting for the time of the next try."""
        if self._link is not None:
            return []
        self.retry_at = None
        self._parting = ""
        self._retry_most_s = RETRY_S_MAX
        self._asked_at = None
        self._dialled_at = self._heard_at = self._clock()
        try:
            self._link = Link(self.target, self._addresses)
        except LinkFailed as failure:
            return self._end(str(failure), lasting=failure.lasting)
        return []

    def wake(self) -> list[Happened]:
        """After a command: send it; connect for it if nothing else would."""
        return self.dial() if self._link is None and self.retry_at is None else self.turn()

    def turn(self) -> list[Happened]:
        """Do everything that is due and can be done without waiting; return what happened."""
        if self._link is None:
            due = self.retry_at is not None and self._clock() >= self.retry_at
            return self.dial() if due else []
        self._link.send(self.core.take_output())
        try:
            happened = self._exchange(self._link)
        except LinkFailed as failure:
            return self._end(str(failure), lasting=failure.lasting)
        return happened + self._look_at_clock() if self._link else happened

    def close(self) -> None:
        """Hang up, and stay so."""
        self.retry_at = None
        if self._link is not None:
            self._link.close()
            self._link = None

    def _exchange(self, link: Link) -> list[Happened]:
        data = link.turn()
        happened: list[Happened] = []
        if link.is_open and self.core.phase is Phase.OFFLINE:
            self.core.opened()
        if data is None:
            return happened + self._end(self._parting or f"{self.target} closed the connection")
        if data:
            self._heard_at = self._clock()
            happened += self.core.receive(data)
        happened += self._react(happened)
        if self._link is not None:
            link.send(self.core.take_output())
        return happened

    def _react(self, happened: Sequence[Happened]) -> list[Happened]:
        for event in happened:
            if isinstance(event, LoggedIn) or (isinstance(event, ev.Hello) and self.core.name is None):
                self._backoff.reset()
            elif isinstance(event, ev.Bye):
                self._parting = event.text or f"The server said good-bye: {event.reason}"
                if event.reason == "RESTART":  # a new program takes over its sockets, which go on listening
                    self._retry_most_s = 0.0
            elif isinstance(event, LoginDelayed):
                if event.code == "UNAVAILABLE":
                    self._retry_most_s = UNAVAILABLE_S_MAX
                return self._end(event.text)
            elif isinstance(event, ev.Stranger):
                return self._end(event.text, lasting=True)
        return []

    def _deadline(self) -> float:
        if self.core.phase in (Phase.OFFLINE, Phase.GREETING):
            return self._dialled_at + GREETING_S_MAX
        if self._asked_at is not None:
            return max(self._asked_at, self._heard_at) + ANSWER_S_MAX
        return self._heard_at + IDLE_S

    def _look_at_clock(self) -> list[Happened]:
        now = self._clock()
        if not self.core.awaits_answer:
            self._asked_at = None
        elif self._asked_at is None:
            self._asked_at = now
        if now < self._deadline():
            return []
        if self.core.phase in (Phase.OFFLINE, Phase.GREETING):  # another machine of the chat may be better off
            self._addresses.append(self._addresses.pop(0))
        if self.core.phase is Phase.OFFLINE:
            return self._end(f"No connection to {self.target} within {GREETING_S_MAX:.0f} s: check host and port")
        if self.core.phase is Phase.GREETING:
            hint = "it is no chat server, it hangs, or it wants TLS (--tls)"
            return self._end(f"{self.target} did not greet within {GREETING_S_MAX:.0f} s: {hint}")
        if self.core.awaits_answer:
            return self._end(f"{self.target} has not answered for {ANSWER_S_MAX:.0f} s")
        self._heard_at = now
        self.core.keep_alive()
        return self.turn()

    def _end(self, reason: str, *, lasting: bool = False) -> list[Happened]:
        self.close()
        happened: list[Happened] = [*self.core.lost()]
        retry_s = None if lasting or not self.core.has_purpose else self._backoff.next_s(self._retry_most_s)
        self.retry_at = None if retry_s is None else self._clock() + retry_s
        return [*happened, Offline(reason, retry_s)]


def wait(carrier: Carrier, timeout_s: float | None = None, also: Sequence[int] = ()) -> set[int]:
    """Wait until the carrier has something to do, one of the file descriptors can be read, or the time is over.

    Returns the readable ones of `also`. A poll object made afresh costs no system call, and no book-keeping
    where the connection's descriptor changes with every try.
    """
    due_s = carrier.wait_s()
    limits = [limit for limit in (due_s, timeout_s) if limit is not None]
    with selectors.PollSelector() as selector:
        for readable in also:
            selector.register(readable, selectors.EVENT_READ)
        if carrier.mask():
            selector.register(carrier.fileno(), carrier.mask())
        ready = selector.select(min(limits) if limits else None)
    return {key.fd for key, _ in ready} & set(also)
