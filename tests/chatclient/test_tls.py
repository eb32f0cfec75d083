"""TLS: all faces of the client through it, and what is wrong with it said in a sentence."""

import contextlib
import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from chatclient import Client, ConnectionFailedError
from chatclient.core import events as ev
from tests.chatclient.fake import FakeServer, Peer

TIME = "2026-11-24T12:00:00.000Z"


@pytest.fixture
def server_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def test_messages_go_through_tls_large_and_small(certificate: tuple[Path, Path], server_tls: ssl.SSLContext) -> None:
    """Many records at once: what TLS has decrypted already is read without waiting for the socket."""
    rows = [f"EVENT|MESSAGE|{number}|{TIME}|bob|alice|{'x' * 7000}" for number in range(1, 400)]

    def script(peer: Peer) -> None:
        peer.log_in()
        peer.say(*rows)
        peer.say(f"OK|{peer.expect('SENDMESSAGE')}|400|{TIME}")
        peer.hear_end()

    trust = ssl.create_default_context(cafile=certificate[0])
    with FakeServer(script, tls=server_tls) as server, Client("localhost", server.port, tls=trust) as client:
        client.login("alice", "password")
        assert client.send("bob", "hi").id == 400
        assert [event.id for event in client.events(0) if isinstance(event, ev.Message)] == list(range(1, 400))


def test_a_pipe_ends_in_order_though_tls_has_no_half_close(
    certificate: tuple[Path, Path], server_tls: ssl.SSLContext
) -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        assert [peer.hear(), peer.hear()] == ["PING|x", "QUIT#chatclient"]
        peer.say("OK|PING|x", "OK|QUIT#chatclient", "BYE|QUIT|Good-bye")

    with FakeServer(script, tls=server_tls) as server:
        done = subprocess.run(
            [sys.executable, "-m", "chatclient", f"localhost:{server.port}", f"--tls-ca={certificate[0]}"],
            input="PING|x\n",
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "HELLO|chatserver|1|welcome\nOK|PING|x\nBYE|QUIT|Good-bye\n"


def test_a_certificate_that_nobody_vouches_for(server_tls: ssl.SSLContext, tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        raise AssertionError("the handshake went through")

    server = FakeServer(script, tls=server_tls)
    with contextlib.suppress(ssl.SSLError, ConnectionError), server:
        done = subprocess.run(
            [sys.executable, "-m", "chatclient", f"localhost:{server.port}", "--tls"],
            input="PING|x\n",
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
        )
    assert done.returncode == 3
    assert "is not trusted" in done.stderr
    assert "--tls-ca FILE" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_certificate_for_another_host(certificate: tuple[Path, Path], server_tls: ssl.SSLContext) -> None:
    trust = ssl.create_default_context(cafile=certificate[0])
    server = FakeServer(lambda peer: None, tls=server_tls)
    with (
        contextlib.suppress(ssl.SSLError, ConnectionError),
        server,
        pytest.raises(ConnectionFailedError, match="is not trusted"),
    ):
        Client("127.0.0.1", server.port, tls=trust)


def test_a_peer_that_hangs_up_during_the_handshake(certificate: tuple[Path, Path]) -> None:
    trust = ssl.create_default_context(cafile=certificate[0])
    with (
        FakeServer(lambda peer: None) as server,
        pytest.raises(ConnectionFailedError, match=r"broke|does not speak TLS"),
    ):
        Client("localhost", server.port, tls=trust)
