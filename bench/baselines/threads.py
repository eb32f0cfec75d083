"""Baseline: a thread per connection, blocking sockets, one `sendall` a message."""

import socket
from contextlib import suppress
from threading import Lock, Thread

from bench.baselines.router import HELLO, Peer, Router
from bench.baselines.start import listening, say_ready


def _serve(router: Router, sock: socket.socket) -> None:
    lock = Lock()

    def put(data: bytes) -> None:
        with lock, suppress(OSError):  # the receiver may have gone; its own thread notices
            sock.sendall(data)

    peer = Peer(put)
    put(HELLO)
    with sock, suppress(OSError):
        while data := sock.recv(65536):
            router.feed(peer, data)
    router.gone(peer)


def main() -> None:
    """Accept for ever."""
    router = Router()
    listener = listening()
    say_ready(listener)
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Thread(target=_serve, args=(router, sock), daemon=True).start()


if __name__ == "__main__":
    main()
