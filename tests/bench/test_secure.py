"""The load over TLS: whole runs, lines however the bytes come, and what was not sent at once is sent as it is."""

import json
import socket
import ssl
from contextlib import closing
from pathlib import Path

import pytest

from bench.cli import main
from bench.loop import Connection, Loop
from bench.secure import SecureConnection
from bench.web import WebConnection
from tests.bench.test_running import SHORT, SMALL
from tests.conftest import StartServer


@pytest.mark.parametrize("scenario", ["pairs", "connect"])
def test_a_scenario_runs_over_tls(
    scenario: str, certificate: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert certificate, "openssl is there"
    assert main([scenario, *SMALL[scenario], *SHORT, "--json", "--no-pin", "--front", "tls"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["server"].endswith("front tls)")
    assert found["metrics"]["acknowledged"] > 0
    if scenario == "connect":
        assert 0 < found["metrics"]["others_p50_ms"] <= found["metrics"]["others_p99_ms"]
    assert {found["metrics"][name] for name in ("lost", "refused", "closed")} == {0}


@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_lines_come_whole_however_the_bytes_of_tls_come(step: int, certificate: tuple[Path, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    near, far = socket.socketpair()
    near.setblocking(False)
    taken: list[bytes] = []
    with near, far:
        connection = SecureConnection(Loop(), near)
        connection.on_lines = taken.append
        connection.send(b"held\n")
        connection.begin(("127.0.0.1", 1))

        def pass_on() -> None:
            data = outgoing.read()
            for at in range(0, len(data), step):
                far.sendall(data[at : at + step])
                connection.readable()

        incoming.write(far.recv(65_536))
        with pytest.raises(ssl.SSLWantReadError):
            server.do_handshake()
        pass_on()
        incoming.write(far.recv(65_536))
        server.do_handshake()
        assert server.read() == b"held\n"
        server.write(b"one\n" + b"y" * 9000 + b"\nthree\n")
        pass_on()
    assert b"".join(taken) == b"one\n" + b"y" * 9000 + b"\nthree\n"


@pytest.mark.parametrize("front", [WebConnection, SecureConnection])
def test_what_the_socket_did_not_take_is_sent_on_as_it_is(front: type[Connection]) -> None:
    near, far = socket.socketpair()
    near.setblocking(False)
    with far, closing(Loop()) as loop:
        connection = front(loop, near)
        loop._connections[connection.fd] = connection
        loop._poller.register(connection.fd, 1)
        connection._pending = b"framed already"
        connection.writable()
        assert far.recv(100) == b"framed already"


def test_a_target_without_tls_ends_in_a_sentence(start_server: StartServer, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [*("pairs", *SMALL["pairs"]), *SHORT, "--no-pin", "-q", "--front", "tls", "--target"]
    assert main([*asked, f"127.0.0.1:{start_server().port}"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "name the port of TLS" in said
