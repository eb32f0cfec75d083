"""The fixtures of all tests: a server, and a way to start one with other settings."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.harness import Process, command_line
from tests.inside import InThread


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


@pytest.fixture
def server_process(start_server: StartServer) -> Process:
    """A server process with the tests' settings, which can be killed and restarted."""
    return start_server()


@pytest.fixture
def server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[InThread]:
    """A server with the tests' settings. When the test is over, its file holds its State, and it has met no defect."""
    inside = InThread(tmp_path / "chat.db", {})
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
    monkeypatch.setattr("chatserver.housekeeping.IDLE_S", 0.0)
