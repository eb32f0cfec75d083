"""All that is brought about until the log takes it: one object, which holds as a whole or is undone as a whole.

Its events, what is staged for whom, and how to undo what was changed outside State: sessions, waits, bots' mail and
pages, presence told. State itself is read from the disk again. Whoever changes anything on behalf of a command, and
not in State, puts the way back into `undo` at that moment.
"""

from collections.abc import Callable, Iterable

from chatserver.core.events import Event
from chatserver.core.facts import Fact, changed_facts
from chatserver.turn.receiver import Receiver
from chatserver.turn.records import Record, is_special, undone


class Batch:
    """One batch: open, then in flight, then over."""

    __slots__ = (
        "_facts",
        "_known",
        "after_id",
        "dirty",
        "events",
        "last_id",
        "leaving",
        "letters",
        "over",
        "position",
        "staged",
        "undo",
        "waiting",
    )

    def __init__(self, position: int, after_id: int) -> None:
        """`position` is its place in the log; `after_id` the last message id before it, `last_id` once closed in it."""
        self.position = position
        self.after_id = self.last_id = after_id
        self.events: list[Event] = []
        self.dirty: list[Receiver] = []  # for whom something is staged while it is open
        self.staged: list[tuple[Receiver, list[Record]]] = []  # what goes out once it is stored
        self.undo: list[Callable[[], None]] = []
        self.waiting: list[Callable[[], None]] = []  # what is called when it is over, stored or not
        self.letters = 0  # of texts that are changed in it, and with it in the search index
        self.leaving: dict[Receiver, list[Record]] | None = None  # of `staged`, what still waits to be sent
        self.over = False
        self._facts: set[Fact] = set()
        self._known = 0  # events whose facts are in it

    def close(self) -> None:
        """Nothing more is added: the receivers' staged records become its own."""
        add = self.staged.append
        for receiver in self.dirty:
            staged = receiver.staged
            if staged:
                add((receiver, staged))
                receiver.staged = []
                receiver.depends = self
        self.dirty = []

    def put(self, receiver: Receiver, record: Record) -> None:
        """Stage a record once it is closed, behind what it has for this receiver."""
        receiver.depends = self
        if self.leaving is None:
            self.staged.append((receiver, [record]))
        else:
            self.leaving.setdefault(receiver, []).append(record)

    def holds_back(self, receiver: Receiver) -> bool:
        """Whether what is sent to a receiver now would overtake what this has for it, or tell of it too soon."""
        return not self.over and (self.leaving is None or receiver in self.leaving)

    def note(self, fact: Fact) -> None:
        """Something that none of its events says is changed by it: whether a user is there."""
        self._facts.add(fact)

    def changes(self, facts: Iterable[Fact]) -> bool:
        """Tell whether one of its events changes one of these facts."""
        if self._known < len(self.events):  # looked at when somebody asks: the path of a message does not pay for it
            self._facts |= changed_facts(self.events[self._known :])
            self._known = len(self.events)
        return not self._facts.isdisjoint(facts)

    def when_over(self, call: Callable[[bool], None]) -> None:
        """Call with whether it was stored, once that is known: for what has no way back."""
        lost: list[bool] = []
        self.undo.append(lambda: lost.append(True))
        self.waiting.append(lambda: call(not lost))

    def revert(self) -> None:
        """Undo it: what was changed outside State, the last change first, and what its askers are told."""
        for undo in reversed(self.undo):
            undo()
        self.undo.clear()
        self.close()
        kept = []
        for receiver, records in self.staged:
            receiver.special -= sum(map(is_special, records))
            left = [record for record in map(undone, records) if record is not None]
            if left:
                kept.append((receiver, left))
        self.staged = kept

    def end(self) -> None:
        """It is over: let go of what it held, and of those who waited for it."""
        self.over = True
        waiting = self.waiting
        self.events, self.staged, self.undo, self.waiting, self._facts = [], [], [], [], set()
        self.leaving = None
        for call in waiting:
            call()
