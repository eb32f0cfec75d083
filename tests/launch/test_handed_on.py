"""Sockets that a service manager has opened, as systemd hands them on: LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES."""

import os
import re
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from chatserver.net import inherited
from chatserver.net.inherited import take_inherited
from tests.harness import ROOT, Process, command_line
from tests.websocket import WebClient

MANAGER = """
import os, socket, sys
names, process, kind = sys.argv[1].split(":"), sys.argv[2], sys.argv[3]
sockets = []
for at in range(len(names)):
    if kind == "unix":
        made = socket.socket(socket.AF_UNIX)
        made.bind("")
    else:
        made = socket.socket()
        made.bind(("127.0.0.2", 0))
    if kind != "deaf":
        made.listen(5)
    sockets.append(os.dup2(made.fileno(), 50 + at))
for at, each in enumerate(sockets):
    os.dup2(each, 3 + at, inheritable=True)
os.environ |= {"LISTEN_FDS": str(len(names)), "LISTEN_PID": process or str(os.getpid())}
if any(names):
    os.environ["LISTEN_FDNAMES"] = ":".join(names)
os.execv(sys.executable, sys.argv[4:])
"""


def managed(names: str, words: list[str], *, process: str = "", kind: str = "") -> list[str]:
    """What a service manager does: it listens at these doors, and becomes the server."""
    return [sys.executable, "-c", MANAGER, names, process, kind, *words]


def refusal(names: str, store: Path, *, kind: str = "") -> str:
    """With which sentence the server does not start."""
    words = managed(names, command_line(store, {"web": "off"}), kind=kind)
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr.splitlines()[-1]


def test_the_doors_that_are_handed_on_are_those_that_are_named(tmp_path: Path) -> None:
    words = command_line(tmp_path / "chat.db", {"web": "on"})
    server = Process(managed("page:pipe", words), tmp_path / "chat.db")
    try:
        assert server.address[0] == server.web_address[0] == "127.0.0.2"
        server.user("ann")
        with closing(WebClient(server.web_address, "ann", "", 0, None)) as page:
            page.expect("HELLO|chatserver|1|…")
        server.terminate()
        assert server.wait() == 0
        assert "Traceback" not in server.stderr
    finally:
        server.close()


def test_a_socket_alone_and_without_a_name_is_the_pipe(tmp_path: Path) -> None:
    server = Process(managed("", command_line(tmp_path / "chat.db", {"web": "off"})), tmp_path / "chat.db")
    try:
        assert server.address[0] == "127.0.0.2"
    finally:
        server.close()


def test_the_door_of_tls_is_handed_on_too(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    files: dict[str, int | str] = {"tls_certificate": str(certificate[0]), "tls_key": str(certificate[1]), "web": "off"}
    server = Process(managed("tls", command_line(tmp_path / "chat.db", files)), tmp_path / "chat.db")
    try:
        assert server.address[0] == "127.0.0.2"
        assert server.plain_address[0] == "127.0.0.1"  # nobody handed that on: it listens by itself
    finally:
        server.close()


def test_what_is_for_another_process_is_passed_over(tmp_path: Path) -> None:
    words = managed("pipe", command_line(tmp_path / "chat.db", {"web": "off"}), process="1")
    server = Process(words, tmp_path / "chat.db")
    try:
        assert server.address[0] == "127.0.0.1"
    finally:
        server.close()


def test_a_door_that_no_setting_asks_for_is_named_in_the_log(tmp_path: Path) -> None:
    server = Process(managed("pipe:hooks", command_line(tmp_path / "chat.db", {"web": "off"})), tmp_path / "chat.db")
    try:
        assert "the socket handed on as hooks is not used" in server.stderr
    finally:
        server.close()


@pytest.mark.parametrize(
    ("names", "kind", "why"),
    [
        ("chat", "", "a socket was handed on as 'chat': FileDescriptorName= of its unit is one of pipe, tls, page"),
        ("pipe:pipe", "", "two sockets were handed on as pipe: one unit has one ListenStream="),
        (":", "", "a socket was handed on as ''|LISTEN_FDS is 2, but LISTEN_FDNAMES names 1"),
        ("pipe", "deaf", "the socket handed on as pipe does not listen for TCP"),
        ("pipe", "unix", "the socket handed on as pipe does not listen for TCP"),
    ],
)
def test_what_cannot_be_a_door_is_refused_with_a_sentence(tmp_path: Path, names: str, kind: str, why: str) -> None:
    sentence = refusal(names, tmp_path / "chat.db", kind=kind)
    assert re.search(why, sentence), sentence


def test_nothing_of_it_is_left_for_programs_that_the_server_starts() -> None:
    environment = {"LISTEN_FDS": "2", "LISTEN_PID": "1", "LISTEN_FDNAMES": "pipe:page", "PATH": "/bin"}
    assert take_inherited(environment, ["pipe"]) == {}
    assert environment == {"PATH": "/bin"}


def test_a_number_that_is_none_is_passed_over() -> None:
    assert take_inherited({"LISTEN_FDS": "many"}, ["pipe"]) == {}


def test_a_door_is_not_inherited_by_programs_that_the_server_starts() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as made:
        descriptor = os.dup(made.fileno())
        os.set_inheritable(descriptor, True)  # as a manager hands it on
        with closing(inherited._adopt(descriptor, "pipe")) as adopted:
            assert not adopted.get_inheritable()


def test_a_descriptor_that_is_no_socket_is_named() -> None:
    with open("/dev/null") as file, pytest.raises(inherited.InheritedError, match="is no socket"):
        inherited._adopt(file.fileno(), "pipe")
    with closing(socket.socket()) as made:
        assert not inherited._is_listening(made)
