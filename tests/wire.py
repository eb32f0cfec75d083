"""A blocking client of the wire for tests: it types lines, and says what the answers should be.

Everything waits for the frame itself, for `WAIT_S` at most. In an expected frame
`…` stands for any text within it: an id, a time, a token, a sentence. The client
shares no code with the server, so that both cannot be wrong in the same way.
"""

import os
import re
import socket
import ssl
from collections import deque
from functools import lru_cache
from types import TracebackType
from typing import Self

WAIT_S = float(os.environ.get("TESTS_WAIT_S", 30))
"""Far more than is ever needed: a machine that is busy with other things makes no test fail."""
FRAME_BYTES_MAX = 8192
Address = tuple[str, int]


class Ended(AssertionError):
    """The server closed the connection where a frame was expected."""


@lru_cache(maxsize=4096)
def _as_regex(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("…"))))


def matches(pattern: str, frame: str) -> bool:
    """Tell whether a frame is the expected one, `…` standing for any text."""
    return _as_regex(pattern).fullmatch(frame) is not None


class Client:
    """One connection. `events` holds what came in between and nobody has looked at yet."""

    def __init__(
        self,
        address: Address,
        name: str = "",
        source: str = "",
        receive_bytes: int = 0,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Connect; from another local address (`source`), with a small receive buffer or with TLS where asked.

        With TLS, an end that the server has not announced inside of it (close_notify) is an error.
        """
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.name = name
        self.token = ""
        self.events: deque[str] = deque()
        self._unread = b""
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self.socket.settimeout(WAIT_S)
            if receive_bytes:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            if source:
                self.socket.bind((source, 0))
            self.socket.connect(address)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if trust is not None:
                self.socket = trust.wrap_socket(self.socket, server_hostname="localhost", suppress_ragged_eofs=False)
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. What was not read is lost."""
        self.socket.close()

    def end_sending(self) -> None:
        """End this side of the connection; the other one can still be read."""
        self.socket.shutdown(socket.SHUT_WR)

    # Sending

    def send(self, *lines: str) -> None:
        """Type lines, all in one piece."""
        self.send_bytes("".join(f"{line}\n" for line in lines).encode())

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    # Reading frames as they come

    def frame(self) -> str:
        """The next frame, whatever it is. Raises Ended if there is none, and checks what holds of every frame."""
        while b"\n" not in self._unread:
            got = self._receive()
            if not got:
                raise Ended(f"the server closed the connection of {self.name or 'a client'} behind {self._unread!r}")
            self._unread += got
        raw, _, self._unread = self._unread.partition(b"\n")
        assert len(raw) < FRAME_BYTES_MAX, f"a frame of {len(raw) + 1} bytes: {raw[:80]!r}…"
        return raw.decode()

    def frames_to_the_end(self) -> list[str]:
        """Every frame that still comes before the server closes."""
        frames = []
        while True:
            try:
                frames.append(self.frame())
            except Ended:
                return frames

    def expect(self, *patterns: str) -> list[str]:
        """Check that the next frames are these, in this order, with nothing in between."""
        frames = []
        for pattern in patterns:
            frames.append(self.frame())
            assert matches(pattern, frames[-1]), f"expected {pattern!r}, got {frames[-1]!r}"
        return frames

    def until(self, pattern: str) -> list[str]:
        """Every frame up to the first that is the expected one, it included."""
        frames = [self.frame()]
        while not matches(pattern, frames[-1]):
            frames.append(self.frame())
        return frames

    def expect_end(self) -> None:
        """Check that the server has closed, with nothing more to say."""
        assert self._unread == b""
        assert self._receive() == b""

    def _receive(self) -> bytes:
        try:
            return self.socket.recv(1 << 16)
        except ConnectionResetError:
            return b""

    # Asking, events put aside

    def answer(self) -> list[str]:
        """The frames that answer one command: its rows, if any, and its `OK` or `ERR`. Events are put aside."""
        frames: list[str] = []
        while not frames or frames[-1].startswith("ITEM|"):
            frame = self.frame()
            if not frame.startswith("EVENT|"):
                frames.append(frame)
            else:
                assert not frames, f"{frame!r} came inside the rows of one answer"
                self.events.append(frame)
        kind, echo, *_ = frames[-1].split("|")
        assert kind in ("OK", "ERR"), f"expected an answer, got {frames[-1]!r}"
        assert all(row.startswith(f"ITEM|{echo}|") for row in frames[:-1])
        return frames

    def says(self, line: str, *patterns: str) -> list[str]:
        """Type one line and check its whole answer; with no pattern, that it is an `OK`."""
        self.send(line)
        verb, mark, tag = line.partition("|")[0].partition("#")
        return self.answers(*patterns or (f"OK|{verb.upper()}{mark}{tag}…",))

    def answers(self, *patterns: str) -> list[str]:
        """Check that the next answer, rows included, is this."""
        frames = self.answer()
        assert len(frames) == len(patterns), f"expected {patterns}, got {frames}"
        for pattern, frame in zip(patterns, frames, strict=True):
            assert matches(pattern, frame), f"expected {pattern!r}, got {frame!r}"
        return frames

    def refused(self, line: str, code: str) -> str:
        """Type one line and check that it is refused with this code; the sentence (or usage) that came with it."""
        self.send(line)
        (frame,) = self.answer()
        kind, echo, got, *text = frame.split("|", 3)
        shown = "?" if code == "BAD_FRAME" else line.partition("|")[0].partition("#")[0].upper()
        assert (kind, echo.partition("#")[0], got) == ("ERR", shown, code), f"{line[:80]!r} got {frame!r}"
        assert text, f"no field with a sentence in {frame!r}"
        if code == "BAD_ARGUMENTS":
            assert text[0].startswith(shown), f"not how to type it: {frame!r}"
        else:
            assert len(text[0].split()) > 1, f"no sentence in {frame!r}"
        return text[0]

    def rows(self, line: str) -> list[list[str]]:
        """Type one line that is answered with rows: their fields, without `ITEM` and the verb."""
        self.send(line)
        *rows, last = self.answer()
        assert last.split("|")[2] == str(len(rows)), f"{len(rows)} rows, but {last!r}"
        return [row.split("|")[2:] for row in rows]

    def event(self, pattern: str) -> str:
        """Check that the next event, of those put aside or still to come, is this."""
        frame = self.events.popleft() if self.events else self.frame()
        assert matches(f"EVENT|{pattern}", frame), f"expected EVENT|{pattern!r}, got {frame!r}"
        return frame

    def no_event(self) -> None:
        """Check that nothing was said unasked: what the server has told comes before the answer to this."""
        self.says("PING|anything?", "OK|PING|anything?")
        assert not self.events, f"an event that nobody expects: {self.events[0]!r}"
