"""What signals mean to a server: while it starts, and once it runs."""

import signal
from collections.abc import Callable

from chatserver.server import Server

_MEANINGLESS = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF)
"""A closed terminal, a log rotation, a mistyped kill: none of them ends a chat.

SIGHUP and SIGUSR2 mean something once it runs.
"""


def leave_by_signals() -> None:
    """From now on a signal stops the start too: an older file may take minutes to list.

    SIGINT also where whoever started the server had it ignored, as a script's shell does for what it puts into the
    background: README.md promises that it stops the server, and a server that heeds it only later would be worse.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in _MEANINGLESS:
        signal.signal(number, _pass_over)


def catch_signals(server: Server, upgrade: Callable[[], None]) -> None:
    """SIGTERM and SIGINT end it, SIGHUP has it read its settings again, SIGUSR2 a new program take over."""

    def stop(number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second one ends it at once; what was acknowledged is on disk
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        server.stop()

    def reload(number: int, frame: object) -> None:
        server.reactor.post(server.read_again)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGHUP, reload)
    signal.signal(signal.SIGUSR2, lambda number, frame: server.reactor.post(upgrade))


def _pass_over(number: int, frame: object) -> None:
    """A signal that means nothing to a server. A handler, since what is ignored stays so in programs it starts."""
