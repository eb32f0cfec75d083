"""A router that does wrong on purpose: for seeing whether the generator notices."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from bench.baselines.bare import Bare
from bench.baselines.router import Peer, Router
from bench.baselines.start import listening

DROPPED, DOUBLED, HELD = 5, 9, 13
"""Which delivered message of each receiver (counted from 1) meets which fate; the held one comes after the next."""


class FaultyRouter(Router):
    """Treats the messages to each peer according to their number."""

    def feed(self, peer: Peer, data: bytes) -> None:
        if not isinstance(peer.put, FaultyPut):
            peer.put = FaultyPut(peer)
        super().feed(peer, data)


class FaultyPut:
    """In the place of a peer's `put`."""

    def __init__(self, peer: Peer) -> None:
        self._put = peer.out.append
        self._seen = 0
        self._held: list[bytes] = []

    def __call__(self, frame: bytes) -> None:
        if not frame.startswith(b"EVENT|MESSAGE|"):
            self._put(frame)
            return
        self._seen += 1
        if self._seen == HELD:
            self._held.append(frame)
        elif self._seen != DROPPED:
            for _ in range(2 if self._seen == DOUBLED else 1):
                self._put(frame)
            while self._held:
                self._put(self._held.pop())


@contextmanager
def running(router: Router) -> Iterator[tuple[str, int]]:
    """Run a router in a thread; yield its address."""
    stop = Event()
    with listening() as listener:
        bare = Bare(router, listener)

        def work() -> None:
            while not stop.is_set():
                bare.turn(0.02)

        thread = Thread(target=work)
        thread.start()
        try:
            host, port = listener.getsockname()
            yield host, port
        finally:
            stop.set()
            thread.join()
            bare.close()
