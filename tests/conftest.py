"""The fixtures of all tests: a server, and a way to start one with other settings."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import settings

from tests.harness import Process, command_line
from tests.inside import InThread
from tests.temporary import use_memory

use_memory()
settings.register_profile("patient", deadline=None, max_examples=50)  # a busy machine makes no test fail
settings.load_profile("patient")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """How many `-n auto` means: one more than cores, because many tests wait for a browser, a disk or a deadline."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A worker that has nothing left takes tests over from another: the slowest stand side by side."""
    if config.getoption("dist") != "load":
        return None  # somebody has chosen another one
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


class StartServer(Protocol):
    """`start_server(message_chars_max=10)`: a server process of this test, with a store of its own."""

    def __call__(
        self,
        *arguments: str,
        store: Path | None = None,
        environment: dict[str, str] | None = None,
        **settings: int | str,
    ) -> Process: ...


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts server processes with settings; all are ended with the test, and none may have met a defect."""
    running: list[Process] = []

    def start(
        *arguments: str,
        store: Path | None = None,
        environment: dict[str, str] | None = None,
        **settings: int | str,
    ) -> Process:
        path = store or tmp_path / f"chat{len(running)}.db"
        running.append(Process(command_line(path, settings, *arguments), path, environment=environment))
        return running[-1]

    try:
        yield start
    finally:
        for server in running:
            server.close()
    for server in running:
        assert "Traceback" not in server.stderr, server.stderr


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("a certificate is made with openssl")
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "certificate.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-out", str(paths[0]), "-keyout", str(paths[1])]
    subprocess.run([*words, *subject, *files], check=True, capture_output=True)
    return paths


@pytest.fixture
def start_tls_server(start_server: StartServer, certificate: tuple[Path, Path]) -> StartServer:
    """Starts servers that speak TLS; their clients do so too."""

    def start(
        *arguments: str,
        store: Path | None = None,
        environment: dict[str, str] | None = None,
        **settings: int | str,
    ) -> Process:
        files = {"tls_certificate": str(certificate[0]), "tls_key": str(certificate[1])}
        server = start_server(*arguments, store=store, environment=environment, **files, **settings)
        server.trust = ssl.create_default_context(cafile=certificate[0])
        return server

    return start


@pytest.fixture(params=["start_server", "start_tls_server"])
def start_either_server(request: pytest.FixtureRequest) -> StartServer:
    """Starts servers without TLS, and then with it."""
    starts: StartServer = request.getfixturevalue(request.param)
    return starts


@pytest.fixture
def server_process(start_server: StartServer) -> Process:
    """A server process with the tests' settings, which can be killed and restarted."""
    return start_server()


@pytest.fixture
def server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[InThread]:
    """A server with the tests' settings. When the test is over, its file holds its State, and it has met no defect."""
    yield from _inside(tmp_path, caplog, {})


@pytest.fixture
def web_server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[InThread]:
    """The same with a page; its clients connect over WebSocket."""
    for inside in _inside(tmp_path, caplog, {"web": "on"}):
        inside.over_web = True
        yield inside


def _inside(tmp_path: Path, caplog: pytest.LogCaptureFixture, settings: Mapping[str, int | str]) -> Iterator[InThread]:
    inside = InThread(tmp_path / "chat.db", settings)
    try:
        yield inside
    finally:
        inside.close()
    defects = [record for record in caplog.get_records("call") if record.exc_info]
    assert not defects, caplog.text


@pytest.fixture
def busy_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a server does by the clock is always due, so that it falls into every kind of turn."""
    monkeypatch.setattr("chatserver.server.TICK_S", 0.001)
    monkeypatch.setattr("chatserver.ops.housekeeping.IDLE_S", 0.0)
