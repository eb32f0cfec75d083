"""Friends hear who comes and goes, at most once a second of each user.

A change is told at once. What else changes within a second of that is held back, and when the second is
over friends are told what is true then, if it is not what they know already. Nothing of it is stored.
How long the second is, is a setting.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from chatserver.core.state import State, seen_as
from chatserver.protocol.render import event as frame

Seen = tuple[str, str]
"""Status and text."""


class Chat(Protocol):
    """What is needed of the server's turn."""

    @property
    def sessions(self) -> Mapping[int, object]:
        """Users who have one at least."""

    @property
    def state(self) -> State:
        """The chat as it is now."""

    def tell(self, users: Iterable[int], frame: bytes, origin: None) -> None:
        """Stage a frame for every session of the users."""


class Loop(Protocol):
    """What is needed of the reactor."""

    @property
    def clock(self) -> Callable[[], float]:
        """Monotonic time in seconds."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> object:
        """Call after so many seconds."""


@dataclass(slots=True, eq=False)
class _Told:
    """What friends were told of a user last, while that is less than a second ago."""

    seen: Seen
    ends_s: float
    held: bool = False  # there was a change since, to be looked at when the second is over
    views: dict[int, tuple[Seen, ...]] = field(default_factory=dict)
    """Friends who have asked, or become friends, meanwhile → what their sessions may take for true."""


class Presence:
    """What is told of whom, and when."""

    def __init__(self, chat: Chat, loop: Loop, second_s: float) -> None:
        self._chat = chat
        self._loop = loop
        self._second_s = second_s
        self._told: dict[int, _Told] = {}  # in the order in which the seconds end, but for a failed turn's
        self._before: dict[int, _Told] = {}  # what friends knew before this turn, of those it tells of

    def note(self, user: int) -> None:
        """How a user is seen is about to change in this turn."""
        if user not in self._before:
            told = self._told.get(user)
            seen = seen_as(self._chat.state.users[user])
            self._before[user] = replace(told, held=False) if told else _Told(seen, 0.0)

    def changed(self, user: int) -> None:
        """How a user is seen has changed: tell it now, or when the second is over."""
        now_s = self._loop.clock()
        self._forget(now_s)
        told = self._told.get(user)
        if told is None or (told.ends_s <= now_s and not told.held):
            self._tell(user, self._chat.state.users[user].friends)
        elif not told.held:
            told.held = True
            self._loop.call_later(told.ends_s - now_s, partial(self._second_over, user, told))

    def shown(self, user: int) -> None:
        """A session of this user is shown how the user's friends are at this moment."""
        users = self._chat.state.users
        for friend in self._told.keys() & users[user].friends:
            told, seen = self._told[friend], seen_as(users[friend])
            views = told.views.get(user, (told.seen,))
            if seen not in views:
                told.views[user] = (*views, seen)

    def befriended(self, one: int, other: int) -> None:
        """All sessions of both are told how the other is at this moment."""
        for user, friend in ((one, other), (other, one)):
            told = self._told.get(friend)
            if told is not None:
                told.views[user] = (seen_as(self._chat.state.users[friend]),)

    def turn_held(self) -> None:
        """What was told in this turn has been sent."""
        self._before.clear()

    def turn_failed(self) -> None:
        """What was told in this turn was not sent. Connections do not come back with State: tell what is true now."""
        before, self._before = self._before, {}
        for user, told in before.items():
            self._told[user] = told
            found = self._chat.state.users.get(user)
            if found is None:
                del self._told[user]
            elif seen_as(found) != told.seen or told.views:
                if told.ends_s > self._loop.clock():
                    self.changed(user)
                else:
                    self._tell(user, self._unaware(user, told))

    def _second_over(self, user: int, told: _Told) -> None:
        found = self._chat.state.users.get(user)
        if self._told.get(user) is not told:  # a failed turn has put another in its place
            return
        if found is None:
            del self._told[user]
            return
        self.note(user)
        self._tell(user, self._unaware(user, told))

    def _unaware(self, user: int, told: _Told) -> list[int]:
        """Friends who may take something for true that is not."""
        found, views, usual = self._chat.state.users[user], told.views, (told.seen,)
        seen = seen_as(found)
        return [friend for friend in found.friends if views.get(friend, usual) != (seen,)]

    def _tell(self, user: int, friends: Iterable[int]) -> None:
        """Where nobody is there to hear it, no second begins."""
        self._told.pop(user, None)
        found, sessions = self._chat.state.users[user], self._chat.sessions
        hearers = [friend for friend in friends if friend in sessions]
        if hearers:
            seen = seen_as(found)
            self._told[user] = _Told(seen, self._loop.clock() + self._second_s)
            self._chat.tell(hearers, frame("STATUS", found.name, *seen), None)

    def _forget(self, now_s: float) -> None:
        """Drop what is over a second old; one that is held back waits for its timer."""
        while self._told:
            user, told = next(iter(self._told.items()))
            if told.held or told.ends_s > now_s:
                break
            del self._told[user]
