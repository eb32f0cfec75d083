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
from chatserver.turn.batch import Batch
from chatserver.turn.records import Heard

Seen = tuple[str, str]
"""Status and text."""


class Chat(Protocol):
    """What is needed of the server's turn."""

    @property
    def hearers(self) -> Mapping[int, object]:
        """Users who have a session at least."""

    @property
    def batch(self) -> Batch:
        """What gathers now."""

    @property
    def state(self) -> State:
        """The chat as it is now."""

    def tell(self, users: Iterable[int], record: Heard, origin: None) -> None:
        """Stage a record for every session of the users."""


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
    """Friend id → statuses that this friend's sessions may currently believe, for friends who ran SHOWFRIENDS or were
    added while a change was held back."""


class Presence:
    """What is told of whom, and when."""

    def __init__(self, chat: Chat, loop: Loop, second_s: float) -> None:
        self._chat = chat
        self._loop = loop
        self._second_s = second_s
        self._told: dict[int, _Told] = {}  # in the order in which the seconds end, but for a failed batch's
        self._noted: Batch | None = None  # the batch for which these are noted
        self._noted_users: set[int] = set()
        self._undone: dict[int, _Told] = {}  # what friends knew before the batches that have just failed

    def note(self, user: int) -> None:
        """How a user is seen is about to change: keep what friends know now, should the batch fail."""
        if self._noted is not self._chat.batch:
            self._noted, self._noted_users = self._chat.batch, set()
        if user not in self._noted_users:
            self._noted_users.add(user)
            told = self._told.get(user)
            seen = seen_as(self._chat.state.users[user])
            before = replace(told, held=False) if told else _Told(seen, 0.0)
            self._chat.batch.undo.append(lambda: self._undone.__setitem__(user, before))

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

    def tell_truth(self) -> None:
        """What was told in failed batches was not sent. Connections do not come back with State: tell what is true."""
        undone, self._undone = self._undone, {}
        for user, told in undone.items():
            self._told.pop(user, None)
            found = self._chat.state.users.get(user)
            if found is None:
                continue
            is_untrue = seen_as(found) != told.seen or bool(told.views)
            if told.ends_s > self._loop.clock():
                self._told[user] = told
                if is_untrue:
                    self.changed(user)
            elif is_untrue:
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
        found, hearers_of = self._chat.state.users[user], self._chat.hearers
        hearers = [friend for friend in friends if friend in hearers_of]
        if hearers:
            seen = seen_as(found)
            self._told[user] = _Told(seen, self._loop.clock() + self._second_s)
            self._chat.tell(hearers, (frame("STATUS", found.name, *seen), 0, None), None)

    def _forget(self, now_s: float) -> None:
        """Drop what is over a second old; one that is held back waits for its timer."""
        while self._told:
            user, told = next(iter(self._told.items()))
            if told.held or told.ends_s > now_s:
                break
            del self._told[user]
