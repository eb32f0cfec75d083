"""The backlog of a login: what waits for its user is read once the login has been sent, and sent behind it.

By then all that was written before the login is stored, and what was written since waits behind the cork of the
receiver. It is read a page a turn, so that long ones hold nobody up.
"""

import logging
from collections.abc import Callable
from functools import partial

from chatserver.net.reactor import Reactor
from chatserver.protocol.render import event
from chatserver.queries.messages import Pages, backlog, message_row
from chatserver.store.history import Message
from chatserver.turn.receiver import Receiver
from chatserver.turn.records import Opening, Record
from chatserver.turn.turn import Turn

log = logging.getLogger(__name__)

Read = Pages[tuple[list[Message], int]]


class Backlogs:
    """Reads what waits, and lets it out."""

    def __init__(self, turn: Turn, reactor: Reactor, break_off: Callable[[Exception], None]) -> None:
        """`break_off` ends the server: what cannot be read cannot be passed over either."""
        self._turn = turn
        self._reactor = reactor
        self._break_off = break_off

    def read(self, receiver: Receiver, opening: Opening) -> None:
        """Begin: the first page is read at once."""
        self._turn.credit.settle()
        self._go_on(receiver, opening, backlog(self._turn, opening.user, opening.backlog_upto))

    def _go_on(self, receiver: Receiver, opening: Opening, read: Read) -> None:
        if receiver.connection.closed:
            read.close()
            receiver.cork = None
            return
        try:
            next(read)
        except StopIteration as end:
            self._send(receiver, opening, *end.value)
        except Exception as error:
            log.exception("a backlog cannot be read")
            self._break_off(error)
        else:
            self._reactor.call_soon(partial(self._go_on, receiver, opening, read))

    def _send(self, receiver: Receiver, opening: Opening, found: list[Message], left_from: int) -> None:
        state = self._turn.state
        records: list[Record] = [(event("MISSED", *message_row(state, message)), message.id, None) for message in found]
        if left_from:
            receiver.hole = (left_from, opening.backlog_upto)
        else:
            records.append((b"", opening.backlog_upto, None))  # with these all is handed over
        self._turn.release.uncork(receiver, records)
