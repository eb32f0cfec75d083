"""A server that speaks TLS, as its clients see it: those that do too, and those that do not."""

import socket
import ssl
import subprocess

import pytest

from chatclient import Client as ChatClient
from chatclient.core import events as ev
from tests.conftest import StartServer
from tests.harness import PASSWORD
from tests.wire import Client


def test_friends_talk(start_tls_server: StartServer) -> None:
    alice, bob = start_tls_server().friends("alice", "bob")
    alice.says("SENDMESSAGE|alice|bob|hi")
    bob.event("MESSAGE|…|alice|bob|hi")
    alice.send("QUIT")
    alice.expect("OK|QUIT", "BYE|QUIT|…")
    alice.expect_end()
    bob.event("STATUS|alice|offline|")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_long_history_and_many_commands_in_one_record(start_tls_server: StartServer, version: ssl.TLSVersion) -> None:
    server = start_tls_server()
    assert server.trust
    server.trust.minimum_version = server.trust.maximum_version = version
    alice, bob = server.friends("alice", "bob")
    lines = [f"SENDMESSAGE|alice|bob|{at} {'x' * 3000}" for at in range(400)]
    alice.send(*lines)
    for _ in lines:
        alice.answers("OK|SENDMESSAGE|…")
    rows = alice.rows("HISTORY|alice|bob|400")
    assert [row[4].split()[0] for row in rows] == [str(at) for at in range(400)]
    for at in range(400):
        bob.event(f"MESSAGE|…|alice|bob|{at} x…")
    bob.send(*(f"PING|{at}" for at in range(1000)))
    bob.expect(*(f"OK|PING|{at}" for at in range(1000)))


def test_the_projects_own_client(start_tls_server: StartServer) -> None:
    server = start_tls_server()
    with ChatClient("localhost", server.port, tls=server.trust) as alice:
        alice.signup("alice", PASSWORD)
        alice.login("alice", PASSWORD)
        alice.send("HelpBot", "hello")
        answers = (event for event in alice.events() if isinstance(event, ev.Message))
        assert next(answers).sender == "HelpBot"


def test_an_older_tls_is_refused(start_tls_server: StartServer) -> None:
    server = start_tls_server()
    assert server.trust
    server.trust.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        server.trust.minimum_version = server.trust.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match=r"(?i)version"):
        server.connect()


def test_no_renegotiation(start_tls_server: StartServer) -> None:
    """openssl's client asks for one when an R is typed, Python's never does."""
    words = ["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{start_tls_server().port}"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
        assert client.stdin
        assert client.stdout
        for typed, seen in ((b"PING|x\n", b"OK|PING|x"), (b"R\n", b"no renegotiation")):
            client.stdin.write(typed)
            client.stdin.flush()
            assert any(seen in line for line in client.stdout)
        client.kill()


def test_a_client_without_tls_is_closed_and_nobody_else_notices(start_tls_server: StartServer) -> None:
    server = start_tls_server()
    alice = server.user("alice")
    with Client(server.address) as plain:
        plain.send("LOGIN|alice|wrong horse", "PING")
        assert not any(frame.isprintable() for frame in plain.frames_to_the_end())
    alice.says("PING|still here", "OK|PING|still here")
    assert "horse" not in server.stderr


@pytest.mark.parametrize("begin", [b"", b"\x16\x03\x01"], ids=["silent", "in the middle of a record"])
def test_who_does_not_finish_the_handshake_is_let_go(start_tls_server: StartServer, begin: bytes) -> None:
    server = start_tls_server(login_timeout_s=2)
    alice = server.user("alice")
    with Client(server.address) as idle:
        idle.send_bytes(begin)
        idle.expect_end()
    alice.says("PING|still here", "OK|PING|still here")


def test_who_does_not_log_in_is_told_so(start_tls_server: StartServer) -> None:
    idle = start_tls_server(login_timeout_s=1).connect()
    idle.expect("BYE|LOGIN_TIMEOUT|…")
    idle.expect_end()


def test_at_the_door_of_a_full_server_nothing_can_be_said(start_tls_server: StartServer) -> None:
    server = start_tls_server(connections_max=1)
    alice = server.user("alice")
    with Client(server.address) as late:
        late.expect_end()
    alice.says("PING|still here", "OK|PING|still here")


def test_a_client_that_goes_in_the_middle_of_a_record(start_tls_server: StartServer) -> None:
    alice, bob = start_tls_server().friends("alice", "bob")
    socket.socket.sendall(alice.socket, b"\x17\x03\x03\x40\x00 and no more")  # past the TLS of the socket
    alice.close()
    bob.event("STATUS|alice|offline|")


def test_a_forged_record_ends_its_connection_alone(start_tls_server: StartServer) -> None:
    alice, bob = start_tls_server().friends("alice", "bob")
    alice.send("PING|before")
    alice.expect("OK|PING|before")
    socket.socket.sendall(alice.socket, b"\x17\x03\x03\x00\x40" + b"x" * 64)
    with pytest.raises(ssl.SSLError, match="bad record mac"):
        alice.frame()
    bob.event("STATUS|alice|offline|")


def test_the_end_of_the_server_waits_for_no_handshake(start_tls_server: StartServer) -> None:
    """Else pytest's time would be over: shutdown_s is an hour."""
    server = start_tls_server(shutdown_s=3600)
    alice = server.user("alice")
    with Client(server.address) as silent:
        alice.says("PING|is it connected?")
        server.terminate()
        alice.expect("BYE|SHUTDOWN|…")
        alice.expect_end()
        assert server.wait() == 0
        silent.expect_end()
