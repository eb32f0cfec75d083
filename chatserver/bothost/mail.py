"""What bots are to do: the work of each talk in its order, and the talks that wait for a page.

Whatever is changed here goes back with the batch in which it was changed.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bots import Reply
from bots.kit.running import Step
from chatserver.bothost.surroundings import Chat

Talk = tuple[int, int]
"""Ids of a bot and a user: what belongs to one talk is done in its order."""


@dataclass(slots=True)
class Heard:
    """Something that was said to a bot."""

    text: str
    room: str | None
    message: int = 0  # its id


@dataclass(slots=True)
class Note:
    """Something that the host says in the bot's name."""

    text: str
    room: str | None
    message: int = 0  # to which


@dataclass(slots=True)
class Due:
    """A timer whose time has come."""

    name: str
    due_ms: int


@dataclass(slots=True, eq=False)
class Awaited:
    """A page that a talk waits for: one that comes for another wait is passed over."""


@dataclass(slots=True)
class Arrived:
    """The page that a step waited for."""

    awaited: Awaited
    step: Step
    room: str | None
    reply: Reply
    message: int = 0  # what was asked


Work = Heard | Note | Due | Arrived


class Mail:
    """The work of all talks."""

    def __init__(self, chat: Chat) -> None:
        """`chat` says what the open batch is."""
        self._chat = chat
        self._work: dict[Talk, deque[Work]] = {}  # of each talk that has something to do, or waits
        self._ready: deque[Talk] = deque()  # talks whose first piece of work can be done now
        self._waiting: dict[Talk, Awaited] = {}

    @property
    def is_ready(self) -> bool:
        """Whether there is something to do now."""
        return bool(self._ready)

    def waiting(self, talk: Talk) -> int:
        """How many pieces of work a talk has behind the page that it waits for; 0 if it waits for none."""
        return len(self._work[talk]) if talk in self._waiting else 0

    def add(self, talk: Talk, work: Work) -> None:
        """Put a piece of work behind the others."""
        mail = self._work.setdefault(talk, deque())
        if not mail and talk not in self._waiting:
            self._ready.append(talk)
        mail.append(work)
        self._chat.batch.undo.append(partial(self._take_out, talk, work))

    def take(self) -> tuple[Talk, Work]:
        """The next piece of work; its talk rests until `done`, or until the page that it waits for."""
        talk = self._ready.popleft()
        work = self._work[talk].popleft()
        self._chat.batch.undo.append(partial(self._put_back, talk, work))
        return talk, work

    def done(self, talk: Talk) -> None:
        """A piece of work is done; the talk can go on."""
        if self._work[talk]:
            self._ready.append(talk)
        else:
            del self._work[talk]

    def wait(self, talk: Talk) -> Awaited:
        """A talk waits for a page; what it waits with is given back to `arrived`."""
        awaited = self._waiting[talk] = Awaited()
        self._chat.batch.undo.append(partial(self._wait_no_more, talk, awaited))
        return awaited

    def arrived(self, talk: Talk, awaited: Awaited, step: Step, room: str | None, message: int, reply: Reply) -> None:
        """The page is there, and comes before all else."""
        if self._waiting.get(talk) is awaited:
            del self._waiting[talk]
            self._work[talk].appendleft(Arrived(awaited, step, room, reply, message))
            self._ready.append(talk)

    def _put_back(self, talk: Talk, work: Work) -> None:
        """What was done of this did not hold: it is to be done again."""
        self._work.setdefault(talk, deque()).appendleft(work)
        if talk not in self._waiting and talk not in self._ready:
            self._ready.append(talk)

    def _take_out(self, talk: Talk, work: Work) -> None:
        """What brought this did not happen."""
        mail = self._work.get(talk)
        if mail is None:
            return
        _remove(mail, lambda other: other is work)
        if not mail and talk not in self._waiting:
            del self._work[talk]
            self._ready = deque(ready for ready in self._ready if ready != talk)

    def _wait_no_more(self, talk: Talk, awaited: Awaited) -> None:
        """The step that asked for a page did not hold; what it was asked is put back by itself."""
        if self._waiting.get(talk) is awaited:
            del self._waiting[talk]
        _remove(
            self._work.setdefault(talk, deque()),
            lambda work: isinstance(work, Arrived) and work.awaited is awaited,
        )


def _remove(mail: deque[Work], is_it: Callable[[Work], bool]) -> None:
    """Take out the first piece of work that it is, if there is one."""
    for at, work in enumerate(mail):
        if is_it(work):
            del mail[at]
            return
