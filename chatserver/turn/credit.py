"""Which messages have been handed to whose sockets; marks are kept in memory and stored about once a second.

A message counts as delivered when its frame has left whole for the socket of one session. Credit comes with the
frames (see `records`); here it is added up per receiver, and turned into the marks of users.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable

from chatserver.core.events import Delivered
from chatserver.core.evolve import evolve
from chatserver.core.id_ranges import Delivery, after_delivery, taken_back
from chatserver.core.state import State, User
from chatserver.turn.receiver import Marks, Receiver, Unconfirmed
from chatserver.turn.records import Credit, Hole, Opening, Passed

REMEMBERED_PER_USER = 8  # steps of a mark, of which one a second can come
REMEMBERED_USERS = 10_000  # some 10 MB with the above
UNCONFIRMED_MAX = 64  # steps of one receiver's marks, of which one a second comes, until they are confirmed
PASSED_MAX = 100  # id ranges of one session that wait for the next update of its user's marks


class CreditBook:
    """Collects what receivers have been handed, and turns it into events."""

    def __init__(self, state: Callable[[], State], wall_ms: Callable[[], int]) -> None:
        self._state = state
        self._wall_ms = wall_ms
        self._remembered: dict[int, deque[tuple[Marks, Marks, Delivery]]] = {}  # user → its latest steps
        self.handed: dict[Receiver, int] = {}  # since the last update of the marks: up to which id
        self._unstored: dict[int, Delivered] = {}  # user → the latest mark that the store does not have yet

    def give(self, receiver: Receiver, credit: Credit) -> None:
        """Frames of this credit have left whole."""
        if isinstance(credit, Opening):
            self.settle_one(receiver)  # what came before is for whoever was logged in then
            receiver.unconfirmed = []
            receiver.user, receiver.since_ms, receiver.hole = credit.user, credit.since_ms, None
        elif not receiver.user:
            return
        elif isinstance(credit, Hole):
            receiver.hole = credit
        elif isinstance(credit, Passed):
            self.handed.setdefault(receiver, 0)
            last = receiver.passed[-1] if receiver.passed else None
            if last is not None and last.after == credit.after:  # the next row of the same answer
                receiver.passed[-1] = credit
            else:
                receiver.passed.append(credit)
                if len(receiver.passed) > PASSED_MAX:
                    self.settle_one(receiver)
        else:
            self.handed[receiver] = credit

    def progressed(self, receiver: Receiver) -> None:
        """A slow receiver has been handed some more."""
        if receiver.book is not None:
            for credit in receiver.book.handed(receiver.connection.unsent):
                self.give(receiver, credit)

    def settle(self, users: Collection[int] | None = None) -> None:
        """Bring State's marks up to what has been handed: those of some users, or all. One look at all who were."""
        for receiver in [each for each in self.handed if users is None or each.user in users]:
            self.settle_one(receiver)

    def settle_one(self, receiver: Receiver) -> None:
        """Bring the marks up to what one receiver has been handed."""
        upto = self.handed.pop(receiver, None)
        passed, receiver.passed = receiver.passed, []
        state = self._state()
        user = state.users.get(receiver.user)
        if user is None or upto is None:
            return
        before = marks = user.delivered_id, user.gaps
        for after, until in passed:
            counted = after_delivery(*marks, after, until, None)
            if len(counted[1]) <= state.limits.gaps_per_user_max:  # else what it showed comes again as MISSED
                marks = counted
        marks = after_delivery(*marks, 0, upto, receiver.hole)
        if marks != before:
            self._mark(user, marks)
            self._remember(user, receiver, before)
            self._note(receiver, before)

    def _mark(self, user: User, marks: Marks) -> None:
        event = Delivered(*marks, user.id)
        evolve(self._state(), event)
        self._unstored[user.id] = event

    def lost(self, receiver: Receiver, others: Iterable[Receiver]) -> None:
        """A connection is gone. If its peer had vanished, what nobody has confirmed waits for the next login.

        The `others`, further sessions of its user, were handed it too if they were there then, and answer for it.
        """
        self.settle_one(receiver)
        confirmed, given = receiver.connection.progress() or (0, 0)
        waiting = [each for each in receiver.unconfirmed if confirmed < min(each.end, given)]
        receiver.unconfirmed = []
        user = self._state().users.get(receiver.user)
        if not waiting or user is None:
            return
        _, before, noted_ms = waiting[0]
        for other in others:
            if other.since_ms <= noted_ms:
                self._note(other, before)
                return
        for other in others:  # what it is handed next says nothing of what came before its login
            first, last = other.hole or (before[0] + 1, user.delivered_id)
            other.hole = min(first, before[0] + 1), max(last, user.delivered_id)
        self._remembered.pop(user.id, None)  # what it told is not true any more
        self._mark(user, taken_back(user.delivered_id, user.gaps, *before))

    def _note(self, receiver: Receiver, before: Marks) -> None:
        """Note what the marks were before what the kernel has been given up to now, until that is confirmed."""
        word = receiver.connection.progress()
        confirmed, given = word or (0, 0)
        if confirmed == given:
            receiver.unconfirmed = []
            return
        waiting = [each for each in receiver.unconfirmed if each.end > confirmed]
        if len(waiting) < UNCONFIRMED_MAX:
            waiting.append(Unconfirmed(given, before, self._wall_ms()))
        else:
            waiting[-1] = waiting[-1]._replace(end=given)
        receiver.unconfirmed = waiting

    def _remember(self, user: User, receiver: Receiver, before: Marks) -> None:
        steps = self._remembered.pop(user.id, None)
        if steps is None:
            steps = deque(maxlen=REMEMBERED_PER_USER)
            if len(self._remembered) >= REMEMBERED_USERS:
                del self._remembered[next(iter(self._remembered))]
        self._remembered[user.id] = steps  # at the end: the one that was not handed anything for longest is forgotten
        delivery = Delivery(self._wall_ms(), receiver.since_ms, user.status != "invisible")
        steps.append((before, (user.delivered_id, user.gaps), delivery))

    def delivery(self, user: User, message_id: int) -> Delivery | None:
        """When a message to a user was first handed to a session, as far as that is remembered; None if it waits."""
        self.settle([user.id])
        if not _include((user.delivered_id, user.gaps), message_id):
            return None
        for before, after, delivery in self._remembered.get(user.id, ()):
            if _include(after, message_id) and not _include(before, message_id):
                return delivery
        return Delivery(0, 0, user.status != "invisible")

    def take(self) -> Iterable[Delivered]:
        """The marks to store now."""
        taken, self._unstored = self._unstored, {}
        return taken.values()

    def give_back(self, events: Iterable[object]) -> None:
        """These events, oldest first, could not be stored: keep the marks among them, and put all into State."""
        given = {event.user: event for event in events if isinstance(event, Delivered)}  # the latest of each user
        self._unstored = {**given, **self._unstored}
        for mark in self._unstored.values():
            evolve(self._state(), mark)


def _include(marks: Marks, message_id: int) -> bool:
    delivered_id, gaps = marks
    return message_id <= delivered_id and not any(first <= message_id <= last for first, last in gaps)
