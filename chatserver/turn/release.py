"""Sends what may leave: records whose batch is stored, and those that depend on nothing.

Each receiver gets its records in the order in which they were staged, in one piece where they leave together.
Behind a login the backlog comes first: until it is read, what follows waits behind a cork.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from chatserver.core.state import State
from chatserver.turn.batch import Batch
from chatserver.turn.credit import CreditBook
from chatserver.turn.receiver import Book, Receiver
from chatserver.turn.records import GoodBye, Opening, Record, is_special

AT_ONCE = 64  # receivers of a batch to whom is sent without a look at the clock
SLICE = 32  # of those with more, between two looks
TURN_S = 0.02  # of a turn, for a batch with more: a megabyte for each of a thousand takes 200 ms


class Release:
    """The way out. `read_backlog` is told of each login that has been sent; it ends with `uncork`."""

    def __init__(self, credit: CreditBook, too_slow: Callable[[Receiver], None]) -> None:
        """`too_slow` is called for a receiver whose connection has not taken all; it decides."""
        self._credit = credit
        self._too_slow = too_slow
        self.read_backlog: Callable[[Receiver, Opening], None] = lambda receiver, opening: None
        self.at_once: int = AT_ONCE
        self.slice: int = SLICE
        self.turn_s: float = TURN_S
        self.answered = False  # somebody was sent something since that was asked last

    def send_batch(self, batch: Batch, clock: Callable[[], float]) -> bool:
        """Send what was staged in a batch that is over, as far as a turn goes; tell whether that was all."""
        if batch.leaving is None:
            staged, batch.staged = batch.staged, []
            if len(staged) <= self.at_once:
                self.send_all(staged)
                return True
            batch.leaving = _by_receiver(staged)
        leaving, ends_s = batch.leaving, clock() + self.turn_s
        while leaving:  # who came to it last comes first: with little, mostly
            self.send_all([leaving.popitem() for _ in range(min(self.slice, len(leaving)))])
            if clock() >= ends_s:
                break
        return not leaving

    def send_all(self, staged: Iterable[tuple[Receiver, list[Record]]]) -> None:
        """Send what was staged for many."""
        handed = self._credit.handed
        shared: tuple[list[Record], bytes, Any] = ([], b"", 0)
        for receiver, records in staged:
            slow = receiver.special or receiver.cork is not None or receiver.book is not None or receiver.over
            if slow or receiver.join is not None:
                self.send(receiver, records)
                continue
            # The usual case, as `_send` has it, without a call: this is the path of a message.
            receiver.staged_bytes = 0
            if len(records) == 1:
                data, credit = records[0][0], records[0][1]
            else:
                if records != shared[0]:  # else in a room: what all of them hear is put together once
                    credits = [record[1] for record in records]
                    shared = records, b"".join([record[0] for record in records]), max(credits)  # none is special
                _, data, credit = shared
            if receiver.connection.send(data):
                if credit and receiver.user:
                    handed[receiver] = credit  # type: ignore[assignment]
            else:
                self._wait_for_reader(receiver, records)
        self.answered = True

    def send(self, receiver: Receiver, records: list[Record]) -> None:
        """Send records to one receiver, or keep them behind its backlog."""
        receiver.staged_bytes = 0
        if receiver.over:
            records = [record for record in records if isinstance(record, GoodBye)]
        if receiver.cork is not None:
            receiver.cork += records
            return
        for at, record in enumerate(records):
            credit = record[1]
            receiver.special -= is_special(record)
            if isinstance(credit, Opening) and credit.backlog_upto:
                self._send(receiver, records[: at + 1])
                receiver.cork = records[at + 1 :]
                self.read_backlog(receiver, credit)
                return
        self._send(receiver, records)

    def uncork(self, receiver: Receiver, backlog: Sequence[Record]) -> None:
        """Send a backlog, and what has waited behind it."""
        waiting, receiver.cork = receiver.cork or [], None
        receiver.special += sum(map(is_special, backlog))
        self.send(receiver, [*backlog, *waiting])

    def _send(self, receiver: Receiver, records: list[Record]) -> None:
        if not records:
            return
        data = receiver.join(records) if receiver.join else b"".join([record[0] for record in records])
        if receiver.connection.send(data):
            for record in records:
                if record[1]:
                    self._credit.give(receiver, record[1])
        else:
            self._wait_for_reader(receiver, records)

    def _wait_for_reader(self, receiver: Receiver, records: Sequence[Record]) -> None:
        if receiver.connection.closed:
            return
        if receiver.book is None:
            receiver.book = Book()
        receiver.book.add(records)
        self._credit.progressed(receiver)
        self._too_slow(receiver)


def backlog_waits(state: State, user: int) -> bool:
    """Whether messages wait for a user, as far as State can tell; after a start it says so too often."""
    found = state.users[user]
    received_id = max((state.rooms[room].received_id for room in found.rooms), default=0)
    return bool(found.gaps) or max(found.received_id, received_id) > found.delivered_id


def _by_receiver(staged: Sequence[tuple[Receiver, list[Record]]]) -> dict[Receiver, list[Record]]:
    """Each receiver once, so that nothing is left for one who has been sent something."""
    found = dict(staged)
    if len(found) < len(staged):
        found = {receiver: [] for receiver in found}
        for receiver, records in staged:
            found[receiver] += records
    return found
