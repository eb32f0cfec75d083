"""Between a connection and a client that speaks WebSocket: a Stream to the one, the owner of the other.

The client's side counts bytes of the pipe's frames, as it does with a connection of the pipe (`turn/receiver.Book`):
what WebSocket puts before them is known here alone. As with TLS, a message that has begun to go out is finished
before anything is dropped.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from chatserver.fronts.web.share import Share
from chatserver.fronts.web.websocket import (
    Close,
    Code,
    Item,
    MessageReader,
    Opcode,
    Ping,
    close_frame,
    control_frame,
    text_header,
)
from chatserver.net.connection import Connection, Nobody, Owner

FRAMES_PER_COMMAND = 16  # that say nothing cost about as much as a small command
TURN_S = 0.01  # of a turn, to read the bytes of all WebSockets: 16 KB of the smallest frames take 4 ms
PIECE_BYTES = 16_384  # of one message: a browser hands a message on when the last byte has come


class Chatter(Owner, Protocol):
    """Whom a link tells."""

    def said_nothing(self, commands: int) -> None:
        """What came in cost as much as so many commands, and was none."""


class _Nobody(Nobody):
    def said_nothing(self, commands: int) -> None:
        """Nothing."""


_NOBODY = _Nobody()


class Link:
    """A WebSocket, which is to its client what a Connection is to a client of the pipe."""

    __slots__ = (
        "_clock",
        "_code",
        "_connection",
        "_held",
        "_pieces",
        "_plain",
        "_pong",
        "_reader",
        "_share",
        "_wire",
        "heard_s",
        "is_paused",
        "owner",
        "server_goes",
    )

    owner: Chatter

    def __init__(self, connection: Connection, clock: Callable[[], float], share: Share) -> None:
        """Whoever makes it names its owner, and has the connection tell it what comes.

        `share` is the time that all links have together to read what comes.
        """
        self._connection = connection
        self._clock = clock
        self._share = share
        self._held = b""  # what came in a turn that had no time left for it
        self._reader: MessageReader | None = MessageReader()  # None: the peer has closed, or broken the protocol
        self._code: int | None = None  # to close with, where the peer has brought it about
        self._pieces: deque[tuple[int, int]] | None = None  # what waits: bytes with and without WebSocket's own
        self._wire = self._plain = 0  # the sums of these
        if connection.unsent:  # answers of HTTP
            self._note(((connection.unsent, 0),))
        self._pong = b""  # what waits until the peer reads: the latest alone, as section 5.5.3 allows
        self.heard_s = clock()  # when anything has come in
        self.is_paused = False  # then nothing can be heard
        self.server_goes = False

    # What the client does with it.

    def send(self, data: bytes) -> bool:
        """Hand whole frames of the pipe over; tell whether the kernel has them all."""
        size = len(data)
        if not size:  # a record may be credit alone: no message is made of that
            return not (self.unsent or self._connection.closed)
        if size <= PIECE_BYTES:
            message = text_header(size) + data
            return self._hand(message, ((len(message), size),))
        pieces = _cut(data)
        messages = [text_header(len(piece)) + piece for piece in pieces]
        sizes = [(len(message), len(piece)) for message, piece in zip(messages, pieces, strict=True)]
        return self._hand(b"".join(messages), sizes)

    def progress(self) -> tuple[int, int] | None:
        """How far the connection's bytes have come."""
        return self._connection.progress()

    @property
    def unsent(self) -> int:
        """The bytes of frames that wait for the kernel; with the last byte of a message all of its frames have left.

        A browser hands a message on when it is whole: a frame in one that is cut off has reached nobody.
        """
        self._let_go()
        return self._plain

    @property
    def committed(self) -> int:
        """How many of these belong to a message that has begun to go out."""
        self._let_go()
        return self._kept(0)[1]

    def drop_unsent(self, keep: int) -> None:
        """Forget what waits, but for the messages in which so many bytes stand, and those that have begun."""
        self._let_go()
        wire, plain, count = self._kept(keep)
        self._connection.drop_unsent(wire - (self._wire - self._connection.unsent))
        while self._pieces and len(self._pieces) > count:
            self._pieces.pop()
        self._wire, self._plain = wire, plain
        self._pong = b""

    @property
    def closed(self) -> bool:
        """Whether the connection is gone."""
        return self._connection.closed

    def pause(self) -> None:
        """Read no more for now."""
        self.is_paused = True
        self._connection.pause()

    def resume(self) -> None:
        """Read again."""
        self.is_paused = False
        if not self._held:
            self._connection.resume()

    def close_when_sent(self, within_s: float) -> None:
        """Say so, and close once the peer has been sent what waits."""
        self.close(self._code or (Code.GOING_AWAY if self.server_goes else Code.NORMAL), within_s)

    def close(self, code: int, within_s: float) -> None:
        """Close with a code of WebSocket."""
        if not self._connection.closing:
            self._hand_control(close_frame(code))
            self._connection.close_when_sent(within_s)

    def abort(self) -> None:
        """Close now."""
        self._connection.abort()

    def ping(self) -> None:
        """Ask the peer for a sign of life."""
        self._hand_control(control_frame(Opcode.PING))

    # What the connection tells.

    def received(self, data: bytes) -> None:
        """Bytes came in: the lines of all messages in them are the client's at once."""
        self.heard_s = began_s = self._clock()
        if self._reader is None:
            return
        if not self._share.has_time():
            self._held += data
            self._connection.pause()
            self._share.put_off(self._hear_held)
            return
        items = self._reader.feed(data)
        self._share.spend(began_s)
        self._hear(items, self._reader.frames)

    def _hear_held(self) -> None:
        held, self._held = self._held, b""
        if self._connection.closing:
            return
        self.received(held)
        if self._held or self._connection.closed:
            return
        if not self.is_paused:
            self._connection.resume()
        if self._connection.peer_ended:
            self._end()

    def _hear(self, items: Sequence[Item], frames: int) -> None:
        lines: list[bytes] = []
        pings: list[bytes] = []
        for item in items:
            if type(item) is bytes:
                if item:
                    lines.append(item if item.endswith(b"\n") else item + b"\n")
            elif type(item) is Ping:
                pings.append(item.data)
        if pings:
            self._answer(pings)
        if lines and not self._connection.closed:
            self.owner.received(b"".join(lines))
        silent = (frames - len(lines)) // FRAMES_PER_COMMAND
        if silent and not self._connection.closed:
            self.owner.said_nothing(silent)
        if items and type(items[-1]) is Close:
            self._code = items[-1].code
            self._end()

    def ended(self) -> None:
        """The peer sends no more."""
        if not self._held:  # else what is held comes first
            self._end()

    def drained(self) -> None:
        """All that waited has been handed over."""
        if self._pong:
            pong, self._pong = self._pong, b""
            self._hand_control(pong)
        self.owner.drained()

    def lost(self) -> None:
        """The connection is closed."""
        owner, self.owner = self.owner, _NOBODY
        owner.lost()

    # What waits.

    def _hand(self, wire: bytes, pieces: Iterable[tuple[int, int]]) -> bool:
        if self._connection.send(wire):
            return True
        if not self._connection.closed:
            self._note(pieces)
        return False

    def _note(self, pieces: Iterable[tuple[int, int]]) -> None:
        if self._pieces is None:
            self._pieces = deque()
        for wire, plain in pieces:
            self._pieces.append((wire, plain))
            self._wire += wire
            self._plain += plain

    def _let_go(self) -> None:
        """Count those no more that have left whole."""
        handed = self._wire - self._connection.unsent
        while self._pieces and self._pieces[0][0] <= handed:
            wire, plain = self._pieces.popleft()
            handed -= wire
            self._wire -= wire
            self._plain -= plain

    def _hand_control(self, frames: bytes) -> None:
        self._hand(frames, ((len(frames), 0),))

    def _kept(self, keep: int) -> tuple[int, int, int]:
        """The messages that have begun to go out, or hold the first so many bytes: sizes, number."""
        committed = self._wire - self._connection.unsent + self._connection.committed
        wire = plain = count = 0
        for piece_wire, piece_plain in self._pieces or ():
            if wire >= committed and plain >= keep:
                break
            wire, plain, count = wire + piece_wire, plain + piece_plain, count + 1
        return wire, plain, count

    def _answer(self, pings: Sequence[bytes]) -> None:
        """Give each ping back; to a peer that does not read, the last one once it does."""
        pongs = [control_frame(Opcode.PONG, data) for data in pings]
        if self._connection.unsent:
            self._pong = pongs[-1]
        else:
            self._hand_control(b"".join(pongs))

    def _end(self) -> None:
        if self._reader is not None:
            self._reader = None
            self.owner.ended()


def _cut(data: bytes) -> list[bytes]:
    """Pieces of whole lines."""
    pieces, start = [], 0
    while len(data) - start > PIECE_BYTES:
        end = data.rfind(b"\n", start, start + PIECE_BYTES) + 1
        pieces.append(data[start:end])
        start = end
    return [*pieces, data[start:]]
