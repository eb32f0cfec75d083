"""A bot talked to without a server: states, timers and clock in memory. `try` and the tests stand on it.

It performs what the bot wants at once, in the thread of the caller; faults come out as they are.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random

from bots.kit.bot import Bot
from bots.kit.effects import After, Fetch, Reply
from bots.kit.event import Event
from bots.kit.fetching import Fetcher, canned
from bots.kit.running import Step, begin, resume

NOON_MS = 1_796_212_800_000
"""The hour of a conversation that was told none: 2026-12-02T12:00:00Z."""


@dataclass(order=True, slots=True)
class Timer:
    """One `After` that waits. Sorted by when it is due."""

    due_ms: int
    user: str
    name: str
    room: str | None = None


@dataclass(slots=True)
class Conversation:
    """A bot and everybody who talks with it. `states` and `shared` are JSON, as a store would keep them."""

    bot: Bot
    fetch: Fetcher = field(default_factory=lambda: canned({}))
    time_ms: int = NOON_MS
    random: Random = field(default_factory=lambda: Random(0))
    config: Mapping[str, str] = field(default_factory=dict)
    bots: Mapping[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    shared: str = "{}"
    friends: dict[str, set[str]] = field(default_factory=dict)
    timers: list[Timer] = field(default_factory=list)
    _kept: dict[str, tuple[int, Reply]] = field(default_factory=dict)

    def say(self, text: str, user: str = "me", room: str | None = None) -> list[str]:
        """Say something to the bot; its answers."""
        return self._step(Event(text.strip(), user, room=room))

    def befriend(self, users: Collection[str]) -> None:
        """Let them be friends of one another."""
        for user in users:
            self.friends.setdefault(user, set()).update(other for other in users if other != user)

    def pass_time(self, seconds: float) -> list[tuple[str, str]]:
        """Let the clock go on; what the bot says of its own meanwhile, as (user, text)."""
        ends_at = self.time_ms + round(seconds * 1000)
        said = []
        while self.timers and min(self.timers).due_ms <= ends_at:
            timer = min(self.timers)
            self.time_ms = max(self.time_ms, timer.due_ms)
            said += [(timer.user, text) for text in self.fire(timer)]
        self.time_ms = ends_at
        return said

    def fire(self, timer: Timer) -> list[str]:
        """Let a timer be due now; what the bot says to its user."""
        self.timers.remove(timer)
        return self._step(Event("", timer.user, room=timer.room, timer=timer.name))

    def _step(self, event: Event) -> list[str]:
        event.time_ms, event.random = self.time_ms, self.random
        event.config, event.bots = self.config, self.bots or {self.bot.name: self.bot.help}
        step = begin(
            self.bot, event, self.states.get(event.sender, "{}"), self.shared, partial(self._friends, event.sender)
        )
        said = list(step.says)
        while step.fetch:
            step = resume(step, self._page(step.fetch))
            said += step.says
        self._keep(event, step)
        return said

    def _friends(self, user: str) -> dict[str, str]:
        return {friend: self.states.get(friend, "{}") for friend in sorted(self.friends.get(user, ()))}

    def _keep(self, event: Event, step: Step) -> None:
        if step.state is not None:
            self.states[event.sender] = step.state
        if step.shared is not None:
            self.shared = step.shared
        for effect in step.timers:
            same = (event.sender, effect.name)
            self.timers = [timer for timer in self.timers if (timer.user, timer.name) != same]
            if isinstance(effect, After):
                due_ms = self.time_ms + round(effect.seconds * 1000)
                self.timers.append(Timer(due_ms, event.sender, effect.name, event.room))

    def _page(self, fetch: Fetch) -> Reply:
        until_ms, reply = self._kept.get(fetch.url, (0, Reply("")))
        if self.time_ms >= until_ms:
            reply = self.fetch(fetch)
            if reply.ok and fetch.keep_s:
                self._kept[fetch.url] = self.time_ms + round(fetch.keep_s * 1000), reply
        return reply
