"""The server of the campaign: its folder, its configuration file, its disk, and whichever process serves now."""

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Event

from bench.ports import free_port
from tests.harness import ROOT, SETTINGS
from tests.launch.upgrading import Gone
from tests.machine.disk import Disk, compiled
from tests.websocket import WebClient
from tests.wire import WAIT_S, Client
from tests.year.crowd import Broken

POLL_S = 0.02


class Life:
    """A server that the operator starts, asks and ends as the documents say, by its command line alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.store = folder / "chat.db"
        self.config = folder / "chat.toml"
        self.log = folder / "chat.log"
        self.disk = Disk(folder / "disk")
        self.is_down = Event()  # connections may be refused
        self.ports = {door: free_port() for door in ("pipe", "tls", "web")}
        self.certificate, self.key = folder / "certificate.pem", folder / "key.pem"
        self.trusted = folder / "trusted.pem"  # all that there have been
        self.renew_certificate()
        self.configure()
        self._process: Gone | None = None
        self._started: list[subprocess.Popen[bytes]] = []

    # The folder.

    def configure(self, **more: str) -> None:
        """Write the configuration file."""
        settings: Mapping[str, int | str] = {
            **SETTINGS,
            "port": self.ports["pipe"],
            "tls_port": self.ports["tls"],
            "web_port": self.ports["web"],
            "tls_certificate": str(self.certificate),
            "tls_key": str(self.key),
            "direct_messages": "everyone",
            **more,
        }
        self.config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()))

    def renew_certificate(self) -> None:
        """As one that has run out is renewed: other files in the place of these."""
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        files = [f"{path}.new" for path in (self.certificate, self.key)]
        subprocess.run([*words, *subject, "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
        with self.trusted.open("a") as trusted:
            trusted.write(Path(files[0]).read_text())
        for path in (self.key, self.certificate):
            os.replace(f"{path}.new", path)

    # The process.

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = [sys.executable, "-m", "chatserver", "--store", str(self.store), "--config", str(self.config)]
        environment = {
            **os.environ,
            "LD_PRELOAD": str(compiled("slow_flush")),
            "STORE_PATH": str(self.store.resolve()),
            "DISK_CONTROL": str(self.disk.path),
        }
        since = len(self.log.read_text()) if self.log.exists() else 0
        with self.log.open("a") as log:
            started = subprocess.Popen(
                words,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(started)
        self._process = Gone(started.pid)
        self.logged("serves on", since)  # who asks before that, opens the store in its place
        self.is_down.clear()

    @property
    def process(self) -> Gone:
        """The one that serves."""
        assert self._process is not None
        return self._process

    @property
    def number(self) -> int:
        """The number of the process that answers; without a server, of the command itself."""
        status, said = self.admin("--json", "stats", status=None)
        rows = json.loads(said)["rows"] if status == 0 else []
        return next((int(row["value"]) for row in rows if row["figure"] == "process"), 0)

    def taken_over(self, before: Gone) -> None:
        """Another process serves: wait until this one has ended and that answers."""
        before.wait()
        number = self.number
        if number == before.number:
            raise Broken("the process that has ended answers")
        self._process = Gone(number)

    def send(self, number: signal.Signals) -> None:
        """As `kill` does."""
        os.kill(self.process.number, number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it; who connects is refused until `start`."""
        self.is_down.set()
        self.process.end(number)

    def logged(self, pattern: str, since: int = 0) -> None:
        """Wait until the log says it, behind a place."""
        ends = time.monotonic() + WAIT_S
        while not re.search(pattern, self.log.read_text()[since:] if self.log.exists() else ""):
            if time.monotonic() > ends:
                raise Broken(f"the log does not say {pattern}: {self.log.read_text()[since:][-1000:]}")
            time.sleep(POLL_S)

    # What the operator types.

    def run(self, *words: str, status: int | None = 0) -> tuple[int, str]:
        """`python3 -m chatserver …`: its exit status, and what it says. Raises Broken where that is another one."""
        line = [sys.executable, "-m", "chatserver", *words]
        done = subprocess.run(
            line, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=4 * WAIT_S, check=False
        )
        if (status is not None and done.returncode != status) or "Traceback" in done.stderr:
            raise Broken(f"{' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.returncode, done.stdout + done.stderr

    def admin(self, *words: str, status: int | None = 0) -> tuple[int, str]:
        """`python3 -m chatserver admin …`."""
        return self.run("admin", "--store", str(self.store), *words, status=status)

    # Connections.

    def connect(self, door: str) -> Client:
        """A client of a door, its greeting not read."""
        address = "127.0.0.1", self.ports[door]
        if door == "pipe":
            return Client(address)
        kind = WebClient if door == "web" else Client
        return kind(address, trust=ssl.create_default_context(cafile=self.trusted))

    def close(self) -> None:
        """Leave no process behind, nor its disk."""
        Gone.end_all()
        for started in self._started:
            started.wait()
        self.disk.close()
        shutil.rmtree(self.folder, ignore_errors=True)
