"""What a service manager is told, at a real socket."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatserver.ops.notify import Notify
from tests.conftest import StartServer
from tests.harness import ROOT
from tests.wire import WAIT_S


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as made:
        made.bind(str(tmp_path / "notify"))
        made.settimeout(WAIT_S)
        yield made


def next_of(manager: socket.socket, word: str) -> str:
    """What was said next with this word."""
    while word not in (said := manager.recv(4096).decode()):
        pass
    return said


def test_the_life_of_a_server(start_server: StartServer, manager: socket.socket) -> None:
    environment = {"NOTIFY_SOCKET": str(manager.getsockname()), "WATCHDOG_USEC": "300000"}
    server = start_server(environment=environment)
    assert f"STATUS=Listening on 127.0.0.1:{server.port}" in next_of(manager, "READY=1")
    for _ in range(3):
        next_of(manager, "WATCHDOG=1")
    server.terminate(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in next_of(manager, "RELOADING=1")
    next_of(manager, "READY=1")
    server.terminate()
    next_of(manager, "STOPPING=1")
    assert server.wait() == 0


@pytest.mark.parametrize(
    ("environment", "watchdog_s"),
    [
        ({}, 0.0),
        ({"WATCHDOG_USEC": "3000000"}, 0.0),
        ({"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "3000000"}, 3.0),
        ({"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 3.0),
        ({"NOTIFY_SOCKET": "@nobody", "WATCHDOG_USEC": "soon"}, 0.0),
    ],
)
def test_a_manager_that_is_not_there_is_no_fault(environment: dict[str, str], watchdog_s: float) -> None:
    notify = Notify(environment)
    assert notify.watchdog_s == watchdog_s
    notify.ready("here")
    notify.alive()
    notify.stopping()
    notify.close()
    notify.alive()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd-analyze")
def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    unit = tmp_path / "pipechat.service"
    unit.write_text((ROOT / "deploy" / "pipechat.service").read_text().replace("/usr/bin/python3", sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert "pipechat.service" not in done.stderr, done.stderr
