"""What a server does at its start that takes over from one that runs: it gets ready, and waits for the store.

Both talk over a line of one byte a word. It is READY when it has its settings, certificates, bots and doors; then
the one before says good-bye to everybody, closes the store and says GO; SERVING is the end of it.
"""

import os
import socket
from contextlib import suppress

from chatserver.doors import NAMES, Inherited
from chatserver.launch.options import USAGE, Failure
from chatserver.net.inherited import UPGRADE, InheritedError, take_inherited

READY, GO, SERVING = b"R", b"G", b"S"


class Predecessor:
    """The line to the server that ran before; without one nothing is said, and nothing waited for."""

    def __init__(self, line: socket.socket | None = None) -> None:
        self._line = line

    @property
    def is_there(self) -> bool:
        """Whether this server takes over from another."""
        return self._line is not None

    def wait_for_store(self) -> None:
        """Say that all is ready, and wait until the store is free: it is, too, when the one before has died."""
        if self._line is not None:
            self._say(READY)
            with suppress(OSError):
                self._line.recv(1)

    def serving(self) -> None:
        """Everybody is let in: the one before may end."""
        if self._line is not None:
            self._say(SERVING)
            self._line.close()
            self._line = None

    def _say(self, word: bytes) -> None:
        assert self._line is not None
        with suppress(OSError):
            self._line.send(word, socket.MSG_NOSIGNAL)


def look_around() -> tuple[Inherited, Predecessor]:
    """What was handed on to this process: the sockets of doors, and whom it takes over from. Raises Failure."""
    try:
        inherited: Inherited = take_inherited(os.environ, NAMES)
    except InheritedError as error:
        raise Failure(str(error), USAGE) from error
    return inherited, Predecessor(inherited.pop(UPGRADE, None))
