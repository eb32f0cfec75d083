"""The face on a terminal: one loop over keys, signals and the connection."""

import locale
import os
import signal
import socket
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from time import monotonic

from chatclient import keep
from chatclient.core.client import ClientCore, Phase
from chatclient.exits import EXIT_CONNECTION, EXIT_OK, EXIT_USAGE, complain
from chatclient.net.carrier import Carrier, Offline, wait
from chatclient.net.link import Target, look_up
from chatclient.terminal.keys import Key, KeyReader
from chatclient.terminal.lines import Palette
from chatclient.terminal.screen import Screen
from chatclient.terminal.session import Session

KEY_BYTES = 4096
STATUS_EVERY_S = 1.0
_LEAVE = (signal.SIGTERM, signal.SIGHUP)
_LOOK = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)


def run_terminal(target: Target, user: str | None, password: str | None, *, stream: bool = False) -> int:
    """Sit at the terminal until the user leaves; return the exit status. Raises LinkFailed if there is no such host."""
    encoding = locale.getencoding()
    if encoding.upper().replace("-", "") != "UTF8":
        complain(f"The locale's encoding is {encoding}: start again with LC_ALL=C.UTF-8")
        return EXIT_USAGE
    carrier = Carrier(ClientCore(token_hex(6)), target, look_up(target))
    try:
        problem = _greeted(carrier)
        if problem:
            complain(problem)
            return EXIT_CONNECTION
        return _sit(carrier, user, password, stream)
    finally:
        carrier.close()


def _greeted(carrier: Carrier) -> str | None:
    """Connect before the screen is taken: why it failed, or None."""
    happened = carrier.dial()
    while carrier.core.phase is not Phase.ANONYMOUS:
        for event in happened:
            if isinstance(event, Offline):
                return event.reason
        wait(carrier)
        happened = carrier.turn()
    return None


def _sit(carrier: Carrier, user: str | None, password: str | None, stream: bool) -> int:
    dumb = os.environ.get("TERM", "dumb") in ("dumb", "")
    screen = Screen(Palette.from_environment(os.environ), dumb=dumb, stream=stream)
    with _signals() as signals, screen:
        session = Session(carrier, screen, keep.state_folder(), stream=stream or dumb)
        keys = KeyReader()
        session.begin(user, password)
        typed_at = monotonic()
        while not session.done:
            screen.draw(session.view())
            ready = wait(carrier, _patience_s(session, keys, typed_at), (0, signals.fileno()))
            if 0 in ready:
                _read_keys(session, screen, keys)
                typed_at = monotonic()
            elif keys.patience_s and monotonic() - typed_at >= keys.patience_s:  # the connection ends a wait as well
                _press_all(session, screen, keys.silence())
            if signals.fileno() in ready:
                _obey(session, screen, signals.recv(KEY_BYTES))
            session.take(carrier.turn())
        session.remember()
    return EXIT_OK


def _patience_s(session: Session, keys: KeyReader, typed_at: float) -> float | None:
    """How long to wait for what comes next; None: for ever."""
    if keys.patience_s:
        return max(0.0, typed_at + keys.patience_s - monotonic())
    return STATUS_EVERY_S if session.is_changing else None


def _read_keys(session: Session, screen: Screen, keys: KeyReader) -> None:
    try:
        data = os.read(0, KEY_BYTES)
    except OSError:
        data = b""
    if not data:
        session.done = True  # the terminal is gone
    _press_all(session, screen, keys.feed(data))


def _press_all(session: Session, screen: Screen, keys: list[Key]) -> None:
    for key in keys:
        if key.name == "redraw":
            screen.draw_anew()
        elif key.name == "suspend":
            _suspend(screen)
        elif key.name in ("focus", "unfocus"):
            session.focus(key.name == "focus")
        elif not session.done:
            session.press(key)


def _suspend(screen: Screen) -> None:
    """Stop, as the shell's user wants it, with the terminal as it was found; go on where SIGCONT wakes the process."""
    screen.give_back()
    former = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, former)
    screen.take()
    screen.draw_anew()


def _obey(session: Session, screen: Screen, numbers: bytes) -> None:
    if any(number in numbers for number in _LEAVE):
        session.done = True
    elif signal.SIGTSTP in numbers:
        _suspend(screen)
    elif signal.SIGCONT in numbers:  # somebody stopped it by SIGSTOP: the terminal may be in the shell's mode
        with suppress(termios.error):  # or gone: whoever closes it sends SIGHUP and SIGCONT, in any order
            screen.take()
        screen.draw_anew()
    elif signal.SIGWINCH in numbers:
        screen.draw_anew()


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """A socket that can be read when a signal came, which holds its number: the loop waits for it like for a key."""
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.setblocking(False)
        former = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        handlers = {number: signal.signal(number, lambda *_: None) for number in (*_LOOK, *_LEAVE)}
        try:
            yield reader
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(former)
