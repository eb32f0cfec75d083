"""A server that says how long its turns were, in CPU time of the loop's thread, whatever else the machine does.

    python3 -m tests.hostile.watched 0 --store FILE …

Each turn that is the longest so far and over `NOTED_S` stands on stderr.
"""

import sys
import time

from chatserver.cli import main
from chatserver.net.reactor import Reactor

NOTED_S = 0.01
MARK = "longest turn:"


def watch() -> None:
    """Have every turn of this process measured."""
    turn, longest_s = Reactor.turn, [NOTED_S]

    def measured(reactor: Reactor) -> None:
        began_s = time.thread_time()
        turn(reactor)
        took_s = time.thread_time() - began_s
        if took_s > longest_s[0]:
            longest_s[0] = took_s
            print(f"{MARK} {took_s * 1000:.1f} ms", file=sys.stderr, flush=True)

    Reactor.turn = measured  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    watch()
    sys.exit(main())
