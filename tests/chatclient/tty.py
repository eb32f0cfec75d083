"""A real terminal for a test: the client runs on a pty, and pyte draws what it would show."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from types import TracebackType

import pyte

PATIENCE_S = 30.0  # a busy machine makes no test fail


class Terminal:
    """Runs `python3 -m chatclient` with these arguments; `type` is the keyboard, `wait` looks at the screen."""

    def __init__(self, *arguments: str, environment: Mapping[str, str], columns: int = 80, rows: int = 24) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.raw = b""
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        self._set_size(columns, rows)
        variables = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "TZ": "UTC", **environment}
        variables = {
            name: value for name, value in variables.items() if name != "NO_COLOR" or "NO_COLOR" in environment
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "chatclient", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=variables,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that a resize is signalled
        )
        os.close(slave)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._master >= 0:
            os.close(self._master)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def type_until(self, keys: str, text: str) -> int:
        """Press the same keys again and again until the screen shows a text; return how often."""
        limit = time.monotonic() + PATIENCE_S
        times = 0
        while not self._shows((text,), "", 0):
            assert time.monotonic() < limit, f"no {text!r} on the screen:\n" + "\n".join(self.lines())
            self.type(keys)
            times += 1
            if select.select([self._master], [], [], 0.5)[0]:
                self._read()
        return times

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size. Unlike tmux, pyte does not move wrapped rows about: it cuts them."""
        self.screen.resize(rows, columns)
        self._set_size(columns, rows)

    def show_on(self, screen: pyte.Screen) -> None:
        """Draw on another screen, which sees all that the client has written so far."""
        self.screen = screen
        self._stream = pyte.ByteStream(screen)
        self._stream.feed(self.raw)

    def lines(self) -> list[str]:
        """The rows on the screen that hold something."""
        return [row.rstrip() for row in self.screen.display if row.strip()]

    def wait(self, *texts: str, absent: str = "", narrower: int = 0) -> list[str]:
        """Read until the screen shows all these texts, not the absent one, and only rows narrower than that."""
        limit = time.monotonic() + PATIENCE_S
        while not self._shows(texts, absent, narrower):
            if time.monotonic() > limit or not self._read():
                raise AssertionError(f"no {texts} (or still {absent!r}) on the screen:\n" + "\n".join(self.lines()))
        return self.lines()

    def end(self) -> int:
        """Read until the client has ended; return its exit status."""
        limit = time.monotonic() + PATIENCE_S
        while self._read():
            assert time.monotonic() < limit, "the client does not end:\n" + "\n".join(self.lines())
        return self.process.wait(PATIENCE_S)

    def hang_up(self) -> int:
        """Close the terminal's window; return the exit status of the client."""
        os.close(self._master)
        self._master = -1
        return self.process.wait(PATIENCE_S)

    def _shows(self, texts: tuple[str, ...], absent: str, narrower: int) -> bool:
        rows = self.lines()
        whole = "\n".join(rows)
        fits = not narrower or all(len(row) < narrower for row in rows)
        found = fits and all(text in whole for text in texts) and (not absent or absent not in whole)
        return found and not self.screen.cursor.hidden  # it is while the client draws: a pty gives 4 KB at a time

    def _read(self) -> bool:
        if not select.select([self._master], [], [], PATIENCE_S)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: the client has closed its side
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
