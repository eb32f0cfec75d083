"""The backlog of a login: what waits for its user is read once the login has been sent, and sent behind it.

By then all that was written before the login is stored, and what was written since waits behind the cork of the
receiver. It is read a page at a time, so that long ones, and many, hold nobody up.
"""

import logging
from collections import deque
from functools import partial
from itertools import islice

from chatserver.core.facts import GONE
from chatserver.net.reactor import Reactor
from chatserver.protocol.render import event
from chatserver.queries.messages import Pages, backlog, message_row
from chatserver.store.history import Message
from chatserver.turn.receiver import Receiver
from chatserver.turn.records import Hole, Opening, Record, Reply
from chatserver.turn.turn import Turn

log = logging.getLogger(__name__)

SLICE_S = 0.002  # of one turn, for all backlogs together; a page more
AT_ONCE = 100  # of those who wait, in one turn

Reading = tuple[Receiver, Opening, Pages[tuple[list[Message], int]]]


class Backlogs:
    """Reads what waits, and lets it out."""

    def __init__(self, turn: Turn, reactor: Reactor) -> None:
        self._turn = turn
        self._reactor = reactor
        self._waiting: deque[Reading] = deque()

    def read(self, receiver: Receiver, opening: Opening) -> None:
        """Read the backlog of a login in the next turns."""
        self._wait(receiver, opening, backlog(self._turn, opening.user, opening.backlog_upto))

    def _wait(self, receiver: Receiver, opening: Opening, pages: Pages[tuple[list[Message], int]]) -> None:
        if not self._waiting:
            self._reactor.call_soon(self._work)
        self._waiting.append((receiver, opening, pages))

    def _work(self) -> None:
        # What other sessions of theirs have been handed meanwhile does not wait any more.
        self._turn.credit.settle({opening.user for _, opening, _ in islice(self._waiting, AT_ONCE)})
        ends_s = self._reactor.clock() + SLICE_S
        for _ in range(min(len(self._waiting), AT_ONCE)):
            self._advance(*self._waiting.popleft())
            if self._reactor.clock() >= ends_s:
                break
        if self._waiting:
            self._reactor.call_soon(self._work)

    def _advance(self, receiver: Receiver, opening: Opening, pages: Pages[tuple[list[Message], int]]) -> None:
        if receiver.connection.closed:
            receiver.cork = None
            return
        gone = self._turn.undurable([GONE])
        if gone is not None:  # the disk's rows hide already what somebody wrote who is not deleted yet
            gone.waiting.append(partial(self._wait, receiver, opening, pages))
            return
        try:
            next(pages)
        except StopIteration as end:
            self._send(receiver, opening, *end.value)
        except Exception:
            log.exception("a backlog cannot be read: its client is disconnected, and what waits goes on waiting")
            receiver.cork = None
            receiver.connection.abort()
        else:
            self._waiting.appendleft((receiver, opening, pages))  # so that one alone has gathered some of it

    def _send(self, receiver: Receiver, opening: Opening, found: list[Message], left_from: int) -> None:
        state = self._turn.state
        records: list[Record] = [(event("MISSED", *message_row(state, message)), message.id, None) for message in found]
        if left_from:  # it counts from where the login does: in a slow client's queue, both come later
            records.insert(0, Reply(b"", Hole(left_from, opening.backlog_upto), "", 0))
        else:
            records.append((b"", opening.backlog_upto, None))  # with these all is handed over
        self._turn.release.uncork(receiver, records)
