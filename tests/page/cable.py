"""A cable between a browser and a site, which a test can cut, or hold so that nothing passes and nobody is told."""

import selectors
import socket
import threading
from urllib.parse import urlsplit

PIECE_BYTES = 65536


class Cable:
    """Passes bytes both ways in a thread of its own. `url` is where a browser finds the site through it."""

    def __init__(self, url: str, *, holds_bytes: int = 0) -> None:
        """Lay it to the site at that address; `holds_bytes`: how much the site can say while it stalls."""
        self._holds_bytes = holds_bytes
        self._site = ("127.0.0.1", urlsplit(url).port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._other: dict[socket.socket, socket.socket] = {}
        self._downwards: set[socket.socket] = set()  # the sides of the site
        self._held = threading.Event()
        self._answers_held = threading.Event()
        self._cut_before = b""
        self.was_cut = threading.Event()
        self._goes_on = threading.Event()
        self._goes_on.set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut_before(self, answer: bytes) -> None:
        """When the site says that, it is lost together with every connection."""
        self._cut_before = answer

    def hold(self) -> None:
        """From now on nothing passes, also of new connections, and no end is told."""
        self._held.set()

    def hold_answers(self) -> None:
        """From now on the site hears, and is not heard."""
        self._answers_held.set()

    def let_go(self) -> None:
        """What was held is lost, what comes now passes."""
        self._held.clear()
        self._answers_held.clear()

    def stall(self) -> None:
        """From now on nothing moves in it, and nothing is lost: who speaks finds it full after a while."""
        self._goes_on.clear()

    def go_on(self) -> None:
        """What stood still moves again."""
        self._goes_on.set()

    def close(self) -> None:
        self._over.set()
        self._goes_on.set()
        self._thread.join()
        for one in (*self._other, self._listener):
            one.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._over.is_set():
            self._goes_on.wait()
            for key, _ in self._selector.select(0.05):
                one = key.fileobj
                assert isinstance(one, socket.socket)
                if one is self._listener:
                    self._accept()
                elif one in self._other:
                    self._pass(one)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        far = socket.socket()
        if self._holds_bytes:
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._holds_bytes)
        try:
            far.connect(self._site)
        except OSError:
            near.close()
            far.close()
            return
        self._other |= {near: far, far: near}
        self._downwards.add(far)
        for one in (near, far):
            self._selector.register(one, selectors.EVENT_READ)

    def _pass(self, one: socket.socket) -> None:
        try:
            data = one.recv(PIECE_BYTES)
            if self._held.is_set() or (self._answers_held.is_set() and one in self._downwards):
                return
            if self._cut_before and one in self._downwards and self._cut_before in data:
                self._cut_before = b""
                self.was_cut.set()
                data = b""
            if data:
                self._other[one].sendall(data)
                return
        except OSError:
            pass
        self._end(one)

    def _end(self, one: socket.socket) -> None:
        for side in (one, self._other[one]):
            self._selector.unregister(side)
            self._other.pop(side, None)
            self._downwards.discard(side)
            side.close()
