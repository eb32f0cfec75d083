"""Every door at once: who goes in the middle of an answer, who never reads, and what an operator does meanwhile."""

import json
import signal
import socket
from pathlib import Path

import pytest

from tests.harness import PASSWORD
from tests.hostile.conftest import OpenDoors
from tests.hostile.doors import Doors, call, reset
from tests.websocket import WebClient
from tests.wire import Client

ASKED = ("SYNC|ben|0", "SEARCH|ben|xx", "EXPORT|ben", "HISTORY|ben|ann|500")


def fill(doors: Doors, messages: int = 200) -> tuple[Client, Client]:
    """Ann, Ben and long messages between them."""
    ann, ben = doors.server.friends("ann", "ben")
    ann.send(*[f"SENDMESSAGE|ann|ben|{'x' * 3000}"] * messages)
    for _ in range(messages):
        ann.answers("OK|SENDMESSAGE|…")
        ben.event("MESSAGE|…")
    return ann, ben


@pytest.mark.parametrize("door", ["pipe", "tls", "page"])
def test_who_goes_in_the_middle_of_answers(open_tls_doors: OpenDoors, door: str) -> None:
    doors = open_tls_doors()
    server = doors.server
    ann, _ = fill(doors)
    before = doors.descriptors
    for at in range(30):
        if door == "page":
            client: Client = WebClient(server.web_address, trust=server.trust)
        else:
            client = Client(
                doors.pipe if door == "pipe" else server.address, trust=server.trust if door == "tls" else None
            )
        client.send(f"LOGIN|ben|{PASSWORD}", *ASKED)
        client.socket.recv(1 + 997 * at)
        if at % 2:
            client.socket.shutdown(socket.SHUT_RDWR)
            client.close()
        else:
            reset(client.socket)
    ann.says("PING|served", "OK|PING|served")
    while doors.descriptors > before:
        ann.says("PING|until all are gone", "OK|PING|…")


@pytest.mark.parametrize("asked", ASKED)
def test_who_never_reads_an_answer_is_let_go_and_its_memory_with_it(open_doors: OpenDoors, asked: str) -> None:
    doors = open_doors(unread_s=2, goodbye_s=1, presence_ms=0)
    ann, ben = fill(doors)
    ben.close()
    ann.event("STATUS|ben|offline|")
    sleeper = doors.server.connect("ben", receive_bytes=4096)
    sleeper.send(f"LOGIN|ben|{PASSWORD}", *[asked] * 100)
    ann.event("STATUS|ben|online|")
    before = doors.memory_bytes
    ann.event("STATUS|ben|offline|")
    assert doors.memory_bytes - before < 16 << 20


def broken(path: Path, certificate: Path) -> list[tuple[bytes, bytes]]:
    """Configurations and certificates that make no sense."""
    whole = path.read_bytes()
    pem = certificate.read_bytes()
    return [
        (b"port = ", pem),
        (b"\xff\xfe\x00", pem),
        (b"no_such_setting = 1\n", pem),
        (b"send_bytes_high = -1\n", pem),
        (b"[table]\nport = 1\n", pem),
        (b"x" * 1_000_000, pem),
        (b"a = " + b"[" * 100_000, pem),
        (b"a = " + b"1" * 10_000, pem),
        (whole, b""),
        (whole, pem[:200]),
        (whole, b"-----BEGIN CERTIFICATE-----\n\xff\n"),
    ]


def test_broken_configurations_while_clients_are_at_every_door(
    open_tls_doors: OpenDoors, tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    path, mine = tmp_path / "chat.toml", tmp_path / "mine.pem"
    path.write_text("friends_max = 77\n")
    mine.write_bytes(certificate[0].read_bytes())
    doors = open_tls_doors("--config", str(path), "--set", f"tls_certificate={mine}")
    server = doors.server
    clients = [
        Client(doors.pipe, "pipe"),
        Client(server.address, "tls", trust=server.trust),
        WebClient(server.web_address, "page", trust=server.trust),
    ]
    for client in clients:
        client.expect("HELLO|…")
        client.says(f"SIGNUP|{client.name}|{PASSWORD}")
        client.says(f"LOGIN|{client.name}|{PASSWORD}", "OK|LOGIN|…")
    for number, (settings, pem) in enumerate(broken(path, mine), 1):
        path.write_bytes(settings)
        mine.write_bytes(pem)
        server.terminate(signal.SIGHUP)
        while server.stderr.count("ERROR reload: ") < number:
            for client in clients:
                client.says("PING|", "OK|PING|")
        with doors.call_admin() as owner:
            owner.sendall(b'{"words": ["config"]}\n')
            assert json.loads(owner.makefile("rb").readline())
        with call(doors.metrics) as caller:
            caller.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert caller.recv(100).startswith(b"HTTP/1.1 200 ")
        with Client(server.address, trust=server.trust) as new:
            new.expect("HELLO|…")
    for client in clients:
        client.close()
