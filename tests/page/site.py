"""A server for a browser to visit: on ports of its own, which it keeps when it is started again."""

from pathlib import Path

from bench.ports import free_port
from tests.harness import Process, command_line
from tests.wire import Client, matches


class Site(Process):
    """A server process with its page; `url` is where the page is."""

    def __init__(self, store: Path, **settings: int | str) -> None:
        """Start it and wait until it serves the page."""
        self.url = ""
        super().__init__(command_line(store, {"port": free_port(), "web_port": free_port(), **settings}), store)

    def _start(self) -> None:
        super()._start()
        self.url = "http://{}:{}/".format(*self.web_address)


def hears(client: Client, pattern: str) -> str:
    """The next event of a client that is this one; what else it is told (who types, comes, goes) is passed over."""
    while True:
        frame = client.events.popleft() if client.events else client.frame()
        if matches(f"EVENT|{pattern}", frame):
            return frame
