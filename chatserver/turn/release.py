"""Sends what may leave: records whose batch is stored, and those that depend on nothing.

Each receiver gets its records in the order in which they were staged, in one piece where they leave together.
Behind a login the backlog comes first: until it is read, what follows waits behind a cork.
"""

from collections.abc import Callable, Iterable, Sequence

from chatserver.core.state import State
from chatserver.turn.credit import CreditBook
from chatserver.turn.receiver import Book, Receiver
from chatserver.turn.records import GoodBye, Opening, Record


class Release:
    """The way out. `read_backlog` is told of each login that has been sent; it ends with `uncork`."""

    def __init__(self, credit: CreditBook, too_slow: Callable[[Receiver], None]) -> None:
        """`too_slow` is called for a receiver whose connection has not taken all; it decides."""
        self._credit = credit
        self._too_slow = too_slow
        self.read_backlog: Callable[[Receiver, Opening], None] = lambda receiver, opening: None
        self.answered = False  # somebody was sent something since that was asked last

    def send_all(self, staged: Iterable[tuple[Receiver, list[Record]]]) -> None:
        """Send what was staged for many."""
        handed = self._credit.handed
        for receiver, records in staged:
            slow = receiver.opening or receiver.cork is not None or receiver.book is not None or receiver.over
            if slow or receiver.join is not None:
                self.send(receiver, records)
                continue
            # The usual case, as `_send` has it, without a call: this is the path of a message.
            receiver.staged_bytes = 0
            data = records[0][0] if len(records) == 1 else b"".join([record[0] for record in records])
            if receiver.connection.send(data):
                for record in records:
                    credit = record[1]
                    if credit:
                        if type(credit) is int and receiver.user:
                            handed[receiver] = credit
                        else:
                            self._credit.give(receiver, credit)
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
            if isinstance(record[1], Opening):
                receiver.opening -= 1
                if record[1].backlog_upto:
                    self._send(receiver, records[: at + 1])
                    receiver.cork = records[at + 1 :]
                    self.read_backlog(receiver, record[1])
                    return
        self._send(receiver, records)

    def uncork(self, receiver: Receiver, backlog: Sequence[Record]) -> None:
        """Send a backlog, and what has waited behind it."""
        waiting, receiver.cork = receiver.cork or [], None
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
