"""A server for a test to talk to: a process of its own, which can be killed, and clients that are closed at the end."""

import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.websocket import WebClient
from tests.wire import WAIT_S, Address, Client

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse"
SETTINGS: Mapping[str, int | str] = {
    "password_hash_cost": 1,  # a test is not an attacker: 2 rounds in the place of 16,384
    "logins_per_minute": 0,
    "commands_per_s": 0,
    "connections_per_address_max": 0,
    "presence_ms": 0,
}
"""What every test server has unless the test says otherwise: no limit that the tests would run into by their number."""


def shown(value: object) -> str:
    """The name of a test case made from its value, short and in ASCII."""
    return ascii(value)[:30]


class Running:
    """What a test sees of a server: where it listens, and clients of it."""

    def __init__(self) -> None:
        self.address: Address = ("", 0)
        self.web_address: Address = ("", 0)  # where it serves the page, if it does
        self.over_web = False  # whether its clients connect there
        self.trust: ssl.SSLContext | None = None  # what its clients trust, where it speaks TLS
        self._clients: list[Client] = []

    @property
    def port(self) -> int:
        return self.address[1]

    def connect(self, name: str = "", *, source: str = "", receive_bytes: int = 0, hello: bool = True) -> Client:
        """A new connection, its `HELLO` read."""
        kind, address = (WebClient, self.web_address) if self.over_web else (Client, self.address)
        client = kind(address, name, source, receive_bytes, self.trust)
        self._clients.append(client)
        if hello:
            client.expect("HELLO|chatserver|1|…")
        return client

    def user(self, name: str, password: str = PASSWORD) -> Client:
        """A new user, signed up and logged in."""
        client = self.connect(name)
        client.says(f"SIGNUP|{name}|{password}", f"OK|SIGNUP|{name}")
        return self._log_in(client, password)

    def login(self, name: str, password: str = PASSWORD) -> Client:
        """One more session of a user, its backlog not read."""
        return self._log_in(self.connect(name), password)

    def friends(self, *names: str) -> list[Client]:
        """New users, each a friend of every other, with no event left to be read."""
        clients = [self.user(name) for name in names]
        for at, client in enumerate(clients):
            for other in clients[:at]:
                befriend(client, other)
        for client in clients:
            client.says("PING")
            client.events.clear()
        return clients

    def close_clients(self) -> None:
        while self._clients:
            self._clients.pop().close()

    def _log_in(self, client: Client, password: str) -> Client:
        (frame,) = client.says(f"LOGIN|{client.name}|{password}", f"OK|LOGIN|{client.name}|…")
        client.token = frame.split("|")[3]
        return client


def befriend(one: Client, other: Client) -> None:
    """Make two users friends; the events of it are left to be read by both."""
    one.says(f"ADDFRIEND|{one.name}|{other.name}", f"OK|ADDFRIEND|{other.name}|requested")
    other.says(f"ACCEPTFRIEND|{other.name}|{one.name}", f"OK|ACCEPTFRIEND|{one.name}")


def command_line(store: Path | str, settings: Mapping[str, int | str], *more: str) -> list[str]:
    """What starts a server with the tests' settings and these: on a free port, unless they name one."""
    chosen = {**SETTINGS, **settings}
    words = [sys.executable, "-m", "chatserver", str(chosen.pop("port", 0)), "--store", str(store)]
    for name, value in chosen.items():
        words += ["--set", f"{name}={value}"]
    return [*words, *more]


def _address(line: str) -> Address:
    found = re.fullmatch(r"\w+ on (?:https?://)?\[?(.+?)\]?:(\d+)/?", line)
    assert found
    return found[1], int(found[2])


class Process(Running):
    """A server in a process of its own, on a store that outlives it."""

    def __init__(self, words: list[str], store_path: Path, *, environment: Mapping[str, str] | None = None) -> None:
        """Start it and wait until it listens. Raises AssertionError with its last words if it does not."""
        super().__init__()
        self.store_path = store_path
        self.first_lines: list[str] = []
        self.plain_address: Address = ("", 0)  # beside `address` where that speaks TLS
        self._words = words
        self._has_page = "web=off" not in words
        self._environment = {**os.environ, **(environment or {})}
        self._log = store_path.with_suffix(".log")
        self._start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stderr(self) -> str:
        """All it has logged so far, earlier lives included."""
        return self._log.read_text()

    def terminate(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to stop; `wait` tells how it ended."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Its exit status, once it has ended."""
        status = self._process.wait(WAIT_S)
        self._close()
        return status

    def kill(self) -> None:
        """What the operator may do at any instant: SIGKILL, and wait until it is gone."""
        self._process.kill()
        self.wait()

    def restart(self, *, kill: bool = False) -> None:
        """Stop it and start it again on the same store, and a new port if none was named. Its clients are closed."""
        if self._process.returncode is None:
            if kill:
                self.kill()
            else:
                self.terminate()
                assert self.wait() == 0, self.stderr
        self.close_clients()
        self._start()

    def close(self) -> None:
        """End it, whatever state it is in; close every client."""
        self.close_clients()
        if self._process.returncode is None:
            self.kill()

    def _start(self) -> None:
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                self._words,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.first_lines = self._read_until("listening on ")
        self.address = self.plain_address = _address(self.first_lines[-1])
        if any("tls_certificate=" in word for word in self._words):
            self.address = _address(self._read_until("tls on ")[-1])
        if self._has_page:
            self.first_lines += self._read_until("page on ")
            self.web_address = _address(self.first_lines[-1])

    def _read_until(self, begin: str) -> list[str]:
        assert self._process.stdout
        lines = []
        for line in self._process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith(begin):
                return lines
        status = self.wait()
        raise AssertionError(f"the server ended with {status} before it listened: {self.stderr}")

    def _close(self) -> None:
        assert self._process.stdout
        self._process.stdout.close()


def _address_in(pattern: str, line: str) -> Address:
    found = re.fullmatch(pattern, line)
    assert found, line
    return found[1], int(found[2])
