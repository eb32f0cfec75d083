"""Baseline, the ceiling: a bare `selectors` loop that batches: one `recv` and one `send` a connection and turn."""

import selectors
import socket

from bench.baselines.router import HELLO, Peer, Router
from bench.baselines.start import listening, say_ready

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Bare:
    """The loop: read everybody who has something, then flush everybody who was put to."""

    def __init__(self, router: Router, listener: socket.socket) -> None:
        self._router = router
        self._selector = selectors.DefaultSelector()
        self._sockets: dict[Peer, socket.socket] = {}
        self._full: set[Peer] = set()  # those whose socket took less than it was given
        listener.setblocking(False)
        self._listener = listener
        self._selector.register(listener, READ)

    def turn(self, timeout_s: float | None = None) -> None:
        """One turn; it waits for a socket, for ever if no time is given."""
        for key, events in self._selector.select(timeout_s):
            if key.data is None:
                self._accept()
                continue
            if events & READ:
                self._read(key.data)
            if events & WRITE:
                self._router.touched.add(key.data)
        touched = self._router.touched
        while touched:
            self._flush(touched.pop())

    def close(self) -> None:
        """Close all connections; the listener belongs to the caller."""
        for sock in self._sockets.values():
            sock.close()
        self._selector.close()

    def _accept(self) -> None:
        sock, _ = self._listener.accept()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = Peer()
        self._sockets[peer] = sock
        self._selector.register(sock, READ, peer)
        peer.put(HELLO)
        self._router.touched.add(peer)

    def _read(self, peer: Peer) -> None:
        try:
            data = self._sockets[peer].recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._router.feed(peer, data)
        else:
            self._close(peer)

    def _flush(self, peer: Peer) -> None:
        sock = self._sockets.get(peer)
        if sock is None:
            return
        data = peer.take_out()
        try:
            sent = sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._close(peer)
            return
        if sent < len(data):
            peer.put(data[sent:])
            self._full.add(peer)
            self._selector.modify(sock, READ | WRITE, peer)
        elif peer in self._full:
            self._full.remove(peer)
            self._selector.modify(sock, READ, peer)

    def _close(self, peer: Peer) -> None:
        sock = self._sockets.pop(peer)
        self._full.discard(peer)
        self._selector.unregister(sock)
        sock.close()
        self._router.gone(peer)


def main() -> None:
    """Turn for ever."""
    with listening() as listener:
        bare = Bare(Router(), listener)
        say_ready(listener)
        while True:
            bare.turn()


if __name__ == "__main__":
    main()
