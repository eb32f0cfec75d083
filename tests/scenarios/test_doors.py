"""The pipe's door, and beside it the same over TLS: who comes in where, and what a renewed certificate does."""

import re
import shutil
import signal
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from bench.ports import free_port
from tests.conftest import StartServer
from tests.harness import Process
from tests.scenarios.test_command_line import one_sentence
from tests.wire import Client

USAGE, FAILED = 2, 1


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A new one for localhost."""
    paths = folder / "chain.pem", folder / "key.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-out", str(paths[0]), "-keyout", str(paths[1])]
    subprocess.run([*words, *subject, *files], check=True, capture_output=True)
    return paths


@pytest.fixture
def own_certificate(certificate: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """A copy that a test may change."""
    return Path(shutil.copy(certificate[0], tmp_path)), Path(shutil.copy(certificate[1], tmp_path))


@pytest.fixture
def server(start_server: StartServer, own_certificate: tuple[Path, Path]) -> Process:
    """One with both doors."""
    made = start_server(tls_certificate=str(own_certificate[0]), tls_key=str(own_certificate[1]))
    made.trust = ssl.create_default_context(cafile=own_certificate[0])
    return made


def shown_at(server: Process) -> bytes:
    """The certificate that a new connection is shown."""
    blind = ssl.create_default_context()
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(server.address, timeout=30) as plain, blind.wrap_socket(plain) as encrypted:
        found = encrypted.getpeercert(binary_form=True)
        assert found
        return found


def hang_up(server: Process, said: str) -> None:
    """SIGHUP, and wait for what the log says to it."""
    before = server.stderr.count(said)
    server.terminate(signal.SIGHUP)
    while server.stderr.count(said) == before:
        server.connect().says("PING")


def test_those_with_tls_and_those_without_meet(server: Process) -> None:
    alice = server.user("alice")
    with Client(server.plain_address, "bob") as bob:
        bob.expect("HELLO|chatserver|1|…")
        bob.says("SIGNUP|bob|correct horse")
        bob.says("LOGIN|bob|correct horse")
        bob.says("ADDFRIEND|bob|alice")
        alice.event("FRIENDREQUEST|bob")
        alice.says("ACCEPTFRIEND|alice|bob")
        bob.event("FRIENDADDED|alice|…")
        alice.says("SENDMESSAGE|alice|bob|hi")
        bob.event("MESSAGE|…|alice|bob|hi")


def test_a_page_over_tls_is_turned_away_too(server: Process) -> None:
    page = server.connect()
    page.send_bytes(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSIGNUP|eve|correct horse\n")
    page.expect("ERR|?|BAD_FRAME|…", "BYE|WRONG_PROTOCOL|…")
    page.expect_end()
    server.connect().refused("LOGIN|eve|correct horse", "BAD_LOGIN")


def test_a_handshake_has_its_time(start_tls_server: StartServer) -> None:
    server = start_tls_server(tls_handshake_s=1, login_timeout_s=3600)
    alice = server.user("alice")
    with Client(server.address) as idle:
        idle.expect_end()
    alice.says("PING|still here", "OK|PING|still here")


def test_a_renewed_certificate_is_shown_to_new_connections_and_nobody_is_dropped(
    server: Process, own_certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    alice = server.user("alice")
    first = shown_at(server)
    renewed = tmp_path / "renewed"
    renewed.mkdir()
    for new, path in zip(make_certificate(renewed), own_certificate, strict=True):
        new.replace(path)
    assert shown_at(server) == first
    server.trust = None
    server.address, tls = server.plain_address, server.address
    hang_up(server, "loaded again, and new connections")
    server.address = tls
    assert shown_at(server) == ssl.PEM_cert_to_DER_cert(own_certificate[0].read_text()) != first
    server.trust = ssl.create_default_context(cafile=own_certificate[0])
    server.user("bob")
    alice.says("PING|still here", "OK|PING|still here")


@pytest.mark.parametrize("broken", ["text", "gone", "another key", "half"])
def test_a_broken_certificate_leaves_the_one_before(
    server: Process, own_certificate: tuple[Path, Path], tmp_path: Path, broken: str
) -> None:
    alice = server.user("alice")
    before = shown_at(server)
    chain, key = own_certificate
    if broken == "text":
        chain.write_text("no certificate\n")
    elif broken == "gone":
        chain.unlink()
    elif broken == "half":
        chain.write_text(chain.read_text()[:200])
    else:
        other = tmp_path / "other"
        other.mkdir()
        shutil.copy(make_certificate(other)[1], key)
    for _ in range(2):
        hang_up(server, "the certificate was not loaded again, and the one before is still shown")
    assert shown_at(server) == before
    alice.says("PING|still here", "OK|PING|still here")
    assert "Traceback" not in server.stderr


def test_sighup_harms_no_server_without_tls(server_process: Process) -> None:
    alice = server_process.user("alice")
    for _ in range(3):
        server_process.terminate(signal.SIGHUP)
        alice.says("PING|still here", "OK|PING|still here")
    server_process.terminate()
    assert server_process.wait() == 0


# Where it listens.


def test_the_tls_port_can_be_named_and_the_plain_one_be_kept_at_home(
    start_tls_server: StartServer, request: pytest.FixtureRequest
) -> None:
    free = free_port()
    server = start_tls_server("--host", "0.0.0.0", tls_port=free, plain_host="127.0.0.1")
    assert server.plain_address[0] == "127.0.0.1"
    assert server.address == ("0.0.0.0", free)
    server.address = ("127.0.0.1", free)
    server.user("alice")
    assert "plain text" not in server.stderr


@pytest.mark.parametrize("with_tls", [False, True])
def test_plain_text_beyond_this_machine_is_warned_of(
    start_server: StartServer, start_tls_server: StartServer, *, with_tls: bool
) -> None:
    start = start_tls_server if with_tls else start_server
    log = start("--host", "0.0.0.0").stderr
    assert re.search(r"on 0\.0\.0\.0:\d+ all is plain text.*plain_host=127\.0\.0\.1", log)
    assert ("set tls_certificate" in log) == (not with_tls)
    assert "plain text" not in start().stderr


def test_a_tls_port_without_a_certificate(tmp_path: Path) -> None:
    sentence = one_sentence("0", "--store", str(tmp_path / "chat.db"), "--set", "tls_port=0", status=USAGE)
    assert "tls_certificate" in sentence
    assert not (tmp_path / "chat.db").exists()


def test_a_tls_port_that_is_taken(own_certificate: tuple[Path, Path], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = ["0", "--store", str(tmp_path / "chat.db"), "--set", f"tls_port={taken.getsockname()[1]}"]
        for name, path in zip(("tls_certificate", "tls_key"), own_certificate, strict=True):
            words += ["--set", f"{name}={path}"]
        assert "choose another tls_port" in one_sentence(*words, status=FAILED)


def test_no_port_above_the_last_is_taken_by_itself(own_certificate: tuple[Path, Path], tmp_path: Path) -> None:
    words = ["65535", "--store", str(tmp_path / "chat.db"), "--set", "web=off"]
    for name, path in zip(("tls_certificate", "tls_key"), own_certificate, strict=True):
        words += ["--set", f"{name}={path}"]
    assert "choose another tls_port" in one_sentence(*words, status=FAILED)
