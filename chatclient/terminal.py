"""The face on a terminal: one loop over keys, signals and the connection."""

import locale
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

from chatclient import keep
from chatclient.carrier import Carrier, Offline, wait
from chatclient.core import ClientCore, Phase
from chatclient.exits import EXIT_CONNECTION, EXIT_OK, EXIT_USAGE, complain
from chatclient.keys import Key, KeyReader
from chatclient.lines import Palette
from chatclient.link import Target, look_up
from chatclient.screen import Screen
from chatclient.session import Session

KEY_BYTES = 4096
STATUS_EVERY_S = 1.0
_LEAVE = (signal.SIGTERM, signal.SIGHUP)


def run_terminal(target: Target, user: str | None, password: str | None) -> int:
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
        return _sit(carrier, user, password)
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


def _sit(carrier: Carrier, user: str | None, password: str | None) -> int:
    dumb = os.environ.get("TERM", "dumb") in ("dumb", "")
    with _signals() as signals, Screen(Palette.from_environment(os.environ), dumb=dumb) as screen:
        session = Session(carrier, screen, keep.state_folder())
        session.begin(user, password)
        keys = KeyReader()
        while not session.done:
            screen.draw(session.status(), session.prompt(), session.editor)
            ready = wait(carrier, STATUS_EVERY_S if session.is_changing else None, (0, signals.fileno()))
            if 0 in ready:
                _read_keys(session, screen, keys)
            if signals.fileno() in ready:
                _obey(session, screen, signals.recv(KEY_BYTES))
            session.take(carrier.turn())
        session.remember()
    return EXIT_OK


def _read_keys(session: Session, screen: Screen, keys: KeyReader) -> None:
    try:
        data = os.read(0, KEY_BYTES)
    except OSError:
        data = b""
    if not data:
        session.done = True  # the terminal is gone
    for key in keys.feed(data):
        _press(session, screen, key)


def _press(session: Session, screen: Screen, key: Key) -> None:
    if key.name == "redraw":
        screen.draw_anew()
    elif key.name == "suspend":
        screen.give_back()
        os.kill(os.getpid(), signal.SIGTSTP)
        screen.take()
        screen.draw_anew()
    elif not session.done:
        session.press(key)


def _obey(session: Session, screen: Screen, numbers: bytes) -> None:
    if signal.SIGWINCH in numbers:
        screen.draw_anew()
    if any(number in numbers for number in _LEAVE):
        session.done = True


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """A socket that can be read when a signal came, which holds its number: the loop waits for it like for a key."""
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.setblocking(False)
        former = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        handlers = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGWINCH, *_LEAVE)}
        try:
            yield reader
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(former)
