"""A turn as questions see it."""

from collections.abc import Collection

from chatserver.core.events import Event
from chatserver.core.evolve import evolve
from chatserver.core.facts import Fact
from chatserver.core.state import Limits, State, User
from chatserver.store.history import History
from chatserver.store.store import Store
from chatserver.turn.batch import Batch


class FakeTurn:
    """What long answers need of a turn; all that is written is stored at once, but for what is said to be in flight."""

    long_reading = None

    def __init__(self, store: Store) -> None:
        self._store = store
        self.state: State = store.load(Limits())
        self.stored_message_id = 0
        self.in_flight: Batch | None = None
        self.batch = Batch(1, 0)
        self.asked: list[tuple[Collection[Fact], int]] = []

    @property
    def history(self) -> History:
        return self._store.history

    def undurable(self, facts: Collection[Fact], message: int = 0) -> Batch | None:
        self.asked.append((facts, message))
        return self.in_flight

    def delivery(self, user: User, message_id: int) -> None:
        return None

    def stamp(self) -> int:
        return 0

    def write(self, *events: Event) -> None:
        self._store.write(events)
        self._store.commit()
        for event in events:
            evolve(self.state, event)
        self.stored_message_id = self.state.last_message_id
