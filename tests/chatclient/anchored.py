"""A server process that keeps its port over restarts, as a client that reconnects needs it."""

from collections.abc import Mapping
from pathlib import Path

from bench.ports import free_port
from chatclient import Client
from tests.harness import PASSWORD, Process, command_line


class AnchoredServer(Process):
    """Starts on a free port, and again on the same."""

    def __init__(self, store_path: Path, settings: Mapping[str, int | str] | None = None) -> None:
        super().__init__(command_line(store_path, {"port": free_port(), **(settings or {})}), store_path)

    def make_friends(self, *names: str) -> None:
        """Sign these users up, each a friend of every other."""
        for client in self.friends(*names):
            client.close()

    def client(self, name: str) -> Client:
        """A blocking client of one of them, logged in."""
        client = Client("127.0.0.1", self.port)
        client.login(name, PASSWORD)
        return client
