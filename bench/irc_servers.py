"""ngircd and inspircd as servers under load, where they are installed: found, configured, started, stopped.

Their limits on a client's speed are switched off, as ours are. Both store nothing.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep
from typing import NamedTuple

from bench import BenchError
from bench.ports import free_port
from bench.process import on_core, stop

START_S_MAX = 10.0

_NGIRCD = """\
[Global]
Name = bench.example.net
Info = bench
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = bench
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 20
MaxPenaltyTime = 0
PingTimeout = 600
[Options]
DNS = no
Ident = no
PAM = no
"""

_INSPIRCD = """\
<server name="bench.example.net" description="bench" network="bench">
<admin name="bench" nick="bench" email="bench@example.net">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" fakelag="no" threshold="100000" commandrate="1000000" timeout="60" pingfreq="600"
  recvq="1M" softsendq="16M" hardsendq="16M" localmax="30000" globalmax="30000" limit="30000" maxchans="50"
  resolvehostnames="no" useconnectban="no" usednsbl="no">
<performance netbuffersize="65534" somaxconn="4096" softlimit="30000" quietbursts="yes" nouserdns="yes">
<options allowhalfop="no">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{folder}/log">
<pid file="{folder}/pid">
"""


def _ngircd_command(path: str, configuration: str) -> list[str]:
    return [path, "--nodaemon", "--config", configuration]


def _inspircd_command(path: str, configuration: str) -> list[str]:
    return [path, "--nofork", "--runasroot", "--config", configuration]


class Configuration(NamedTuple):
    """How one is configured and started, and how many clients may knock at one time."""

    template: str
    command: Callable[[str, str], list[str]]
    connecting_max: int


CONFIGURATIONS: dict[str, Configuration] = {
    "ngircd": Configuration(
        _NGIRCD, _ngircd_command, 8
    ),  # it listens with a backlog of 10; who comes late waits seconds
    "inspircd": Configuration(_INSPIRCD, _inspircd_command, 1000),  # it lets clients in once a second
}


def program(name: str) -> str | None:
    """Where the program is; None if it is not installed."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


@contextmanager
def started(name: str, core: int | None) -> Iterator[tuple[int, int]]:
    """Start one on a free port; yield port and process id; stop it at the end."""
    path = program(name)
    assert path is not None, "the caller has looked whether it is there"
    template, command, _ = CONFIGURATIONS[name]
    with tempfile.TemporaryDirectory(prefix="bench-irc-") as folder:
        os.chmod(folder, 0o777)  # they give up root, and then write their log
        port = free_port()
        configuration = Path(folder) / "server.conf"
        configuration.write_text(template.format(port=port, folder=folder))
        said = Path(folder) / "said"
        with said.open("wb") as output, on_core(core):
            process = subprocess.Popen(
                command(path, str(configuration)),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            if not _listens(process, port):
                raise BenchError(f"{name} did not start; it said: {said.read_text(errors='replace').strip()[-400:]}")
            yield port, process.pid
        finally:
            stop(process)


def _listens(process: "subprocess.Popen[bytes]", port: int) -> bool:
    """Wait until it takes connections; these servers say nothing when they are ready."""
    end = perf_counter() + START_S_MAX
    while perf_counter() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        sleep(0.02)
    return False
