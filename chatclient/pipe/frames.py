"""The face for pipes and files: plain frames in, plain frames out, no prompt and no colour.

At the end of its input it half-closes and prints until the server closes. Nothing is said
before the server has greeted, and what is printed holds no control character, whatever was sent.
"""

import os
import selectors
import time

from chatclient.core.events import Bye, Frame, Garbage, Hello, Ok, Refused, Stranger
from chatclient.core.parse import parse_frame, shown
from chatclient.exits import EXIT_CONNECTION, EXIT_OK, EXIT_PIPE_GONE, EXIT_REFUSED, complain
from chatclient.net.carrier import ANSWER_S_MAX, GREETING_S_MAX
from chatclient.net.link import Link, LinkFailed, Target, look_up
from chatserver.protocol.frames import BadFrame, LineReader

OWN_TAG = "chatclient"
"""Marks the commands that this face adds by itself; their answers are not printed."""
INPUT_BYTES = 65_536
UNSENT_BYTES_MAX = 262_144
"""Input is read no further while this much waits for the socket."""


def run_pipe(target: Target, first: bytes = b"", last: bytes = b"", source: int = 0, sink: int = 1) -> int:
    """Carry frames between two file descriptors and a server; return the exit status.

    `first` is sent ahead of the input and `last` behind it; both hold commands with the tag OWN_TAG.
    """
    try:
        link = Link(target, look_up(target))
    except LinkFailed as failure:
        complain(str(failure))
        return EXIT_CONNECTION
    try:
        return _Pipe(target, link, first, last, source, sink).run()
    except LinkFailed as failure:
        complain(str(failure))
        return EXIT_CONNECTION
    except BrokenPipeError:
        return EXIT_PIPE_GONE
    finally:
        link.close()


class _Pipe:
    def __init__(self, target: Target, link: Link, first: bytes, last: bytes, source: int, sink: int) -> None:
        self._target = target
        self._link = link
        self._first = first
        self._last = last
        self._source = source
        self._sink = sink
        self._reader = LineReader()
        self._greeted = False
        self._input_ended = False
        self._half_closed = False
        self._half_line = False  # the input so far ends inside a line
        self._unanswered = 0
        self._refused = False
        self._parting: Bye | None = None
        self._heard_at = time.monotonic()

    def run(self) -> int:
        """Turn until the server closes; return the exit status."""
        data: bytes | None = b""
        while data is not None:
            if self._wait():
                self._read_input()
            data = self._link.turn()
            if data:
                self._heard_at = time.monotonic()
                self._take(self._reader.feed(data))
            if self._input_ended and not self._link.bytes_waiting and not self._half_closed:
                self._half_closed = True
                self._link.end_sending()
        return self._status()

    def _wait(self) -> bool:
        """Wait for something to do; tell whether there is input. Raises LinkFailed after too long a silence."""
        takes_input = self._greeted and not self._input_ended and self._link.bytes_waiting < UNSENT_BYTES_MAX
        with selectors.PollSelector() as selector:
            selector.register(self._link.fileno(), self._link.mask())
            if takes_input:
                selector.register(self._source, selectors.EVENT_READ)
            ready = selector.select(self._patience_s())
        if not ready:
            raise LinkFailed(self._silence())
        return any(key.fd == self._source for key, _ in ready)

    def _patience_s(self) -> float | None:
        """How long the server may be silent from now on; None while it owes nothing."""
        if self._greeted and not self._unanswered:
            return None
        limit_s = ANSWER_S_MAX if self._greeted else GREETING_S_MAX
        return max(0.0, self._heard_at + limit_s - time.monotonic())

    def _silence(self) -> str:
        if self._greeted:
            return f"{self._target} has not answered for {ANSWER_S_MAX:.0f} s"
        hint = "it is no chat server, it hangs, or it wants TLS (--tls)"
        return f"{self._target} did not greet within {GREETING_S_MAX:.0f} s: {hint}"

    def _read_input(self) -> None:
        data = os.read(self._source, INPUT_BYTES)
        if not data:
            self._input_ended = True
            data = (b"\n" if self._half_line else b"") + self._last
        self._send(data)

    def _send(self, data: bytes) -> None:
        """Send commands, and count the answers that they make due."""
        if not data:
            return
        whole = data if not self._half_line else b"." + data
        *lines, rest = whole.split(b"\n")
        self._unanswered += sum(line not in (b"", b"\r") for line in lines)
        self._half_line = bool(rest)
        if self._unanswered and not self._link.bytes_waiting:
            self._heard_at = time.monotonic()
        self._link.send(data)

    def _take(self, lines: list[str]) -> None:
        printed = []
        for line in lines:
            if isinstance(line, BadFrame):
                self._greeted_by(Garbage(line), line)
                self._refused = True
                complain(f"The server sent what is no frame. {line}")
            elif self._understand(line):
                printed.append(f"{line}\n")
        data = "".join(printed).encode()
        while data:
            data = data[os.write(self._sink, data) :]

    def _understand(self, line: str) -> bool:
        """Learn from a line what the end of the run depends on; tell whether it is to be printed."""
        frame = parse_frame(line)
        self._greeted_by(frame, line)
        if isinstance(frame, Bye):
            self._parting = frame
        if isinstance(frame, Ok | Refused):
            self._unanswered -= 1
        own = isinstance(frame, Ok | Refused) and frame.tag == OWN_TAG
        if isinstance(frame, Refused):
            if own and not self._refused:  # after a refused login, its logout is refused as well
                complain(f"{frame.code}: {frame.text}")
            self._refused = True
        return not own

    def _greeted_by(self, frame: Frame, line: str) -> None:
        """The first line must be a greeting; only then is anything said."""
        if self._greeted:
            return
        if isinstance(frame, Stranger):
            raise LinkFailed(frame.text)
        if not isinstance(frame, Hello | Bye):
            raise LinkFailed(f"{self._target} is no chat server: its first line is {shown(line)}")
        self._greeted = True
        self._send(self._first)

    def _status(self) -> int:
        if not self._greeted:
            raise LinkFailed(f"{self._target} closed the connection without a greeting: is it a chat server?")
        if self._parting and self._parting.reason != "QUIT":
            raise LinkFailed(self._parting.text or f"The server closed: {self._parting.reason}")
        if self._unanswered > 0 and not self._parting:
            raise LinkFailed(f"{self._target} closed the connection before everything was answered")
        return EXIT_REFUSED if self._refused else EXIT_OK
