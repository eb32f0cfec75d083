"""SIGHUP reads the settings again, all or nothing; signals that mean nothing to a server do nothing."""

import signal
from pathlib import Path

import pytest

from tests.conftest import StartServer
from tests.harness import PASSWORD, Process
from tests.wire import Client


def hang_up(server: Process, client: Client, *, until: str) -> None:
    """Send SIGHUP, and wait for what the log says of it."""
    server.terminate(signal.SIGHUP)
    for _ in range(10_000):
        client.says("PING")
        if until in server.stderr:
            return
    raise AssertionError(server.stderr)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text('signup = "open"\n')
    return path


def test_what_may_change_changes_and_what_may_not_is_named(start_server: StartServer, file: Path) -> None:
    server = start_server("--config", str(file))
    client = server.connect()
    file.write_text('signup = "closed"\nlisten_backlog = 9\n')
    hang_up(server, client, until="signup is closed; listen_backlog needs a restart")
    client.refused(f"SIGNUP|ann|{PASSWORD}", "NOT_ALLOWED")
    file.write_text('signup = "open"\n')
    hang_up(server, client, until="signup is open")
    client.says(f"SIGNUP|ann|{PASSWORD}", "OK|SIGNUP|ann")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('signup = "closed"\nnonsense = 1\n', "no setting 'nonsense'"),
        ('signup = "closed"\nport = "x"\n', "port is a whole number"),
        ('signup = "closed"\n[', "is no TOML"),
        (None, "cannot be read"),
    ],
)
def test_a_fault_is_a_sentence_and_nothing_changes(
    start_server: StartServer, file: Path, text: str | None, why: str
) -> None:
    server = start_server("--config", str(file))
    client = server.connect()
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    hang_up(server, client, until=why)
    client.says(f"SIGNUP|ann|{PASSWORD}", "OK|SIGNUP|ann")


def test_signals_that_mean_nothing_do_nothing(server_process: Process) -> None:
    client = server_process.connect()
    for number in (signal.SIGUSR1, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGHUP, signal.SIGPIPE):
        server_process.terminate(number)
        client.says("PING|still here", "OK|PING|still here")
    server_process.terminate()
    assert server_process.wait() == 0
