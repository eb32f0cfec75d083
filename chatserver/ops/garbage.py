"""Circles of objects, which CPython frees only where its collector finds them: looked for in bites.

By itself the collector looks when it likes, and again and again at what lives on: with 10,000 people it held the loop
for 50 ms every few seconds, and for 190 ms now and then. Nothing that a turn does makes a circle; an error's traceback
does, or a bot. So what is new is looked at once a second, unless it is too much for one turn, and never again.
"""

import gc

from chatserver.net.reactor import Reactor

EVERY_S = 1.0
BITE = 5_000  # new objects, which take 12 ms where the processor has none of them at hand


def collect_in_bites(reactor: Reactor) -> None:
    """Take the collector's work over; what there is now lives as long as the process."""
    gc.collect()
    gc.freeze()
    gc.disable()
    reactor.call_later(EVERY_S, lambda: _look(reactor))


def collect_as_usual() -> None:
    """Let the collector see to everything again."""
    gc.unfreeze()
    gc.enable()


def _look(reactor: Reactor) -> None:
    reactor.call_later(EVERY_S, lambda: _look(reactor))
    if gc.get_count()[0] > BITE:
        gc.freeze()  # which passes over it
    gc.collect(0)
    gc.freeze()
