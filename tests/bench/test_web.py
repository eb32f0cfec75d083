"""The load over WebSocket: frames as the server reads them and as it writes them, whole runs, and what is refused."""

import json
import socket
from contextlib import closing

import pytest

from bench.cli import main
from bench.loop import Loop
from bench.web import MESSAGE_BYTES_MAX, SingleWebConnection, WebConnection, frame
from chatserver.fronts.web.websocket import MessageReader, Opcode, Ping, control_frame, text_header
from tests.bench.test_running import SHORT, SMALL
from tests.conftest import StartServer

AGREED = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


@pytest.mark.parametrize("size", [1, 125, 126, 127, 65_535])
def test_the_server_reads_a_frame_as_it_was_meant(size: int) -> None:
    payload = bytes(at % 95 + 32 for at in range(size))
    assert MessageReader().feed(frame(0x81, payload)) == [payload]
    if size <= 125:
        assert MessageReader().feed(frame(0x89, payload)) == [Ping(payload)]


@pytest.mark.parametrize(("front", "messages"), [(WebConnection, 1), (SingleWebConnection, 3)])
def test_what_is_sent_at_once_is_one_message_or_one_a_line(front: type[WebConnection], messages: int) -> None:
    near, far = socket.socketpair()
    with far, closing(Loop(front)):
        connection = front(Loop(front), near)
        connection.begin(("127.0.0.1", 1))
        connection.send(b"one\ntwo\nthree\n")
        asked = far.recv(4096)
        assert asked.startswith(b"GET /ws HTTP/1.1\r\n")
        assert asked.endswith(b"\r\n\r\n"), "nothing before the server has agreed"
        far.sendall(AGREED)
        connection.readable()
        items = MessageReader().feed(far.recv(4096))
        assert len(items) == messages
        assert b"".join(item for item in items if isinstance(item, bytes)) == b"one\ntwo\nthree\n"
        near.close()


def test_lines_longer_than_a_message_are_cut_where_lines_end() -> None:
    near, far = socket.socketpair()
    with far:
        connection = WebConnection(Loop(), near)
        pieces = list(connection._cut(b"x" * 999 + b"\n" + b"word\n" * MESSAGE_BYTES_MAX))
        assert b"".join(pieces) == b"x" * 999 + b"\n" + b"word\n" * MESSAGE_BYTES_MAX
        assert all(piece.endswith(b"\n") and len(piece) <= MESSAGE_BYTES_MAX for piece in pieces)
        near.close()


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_the_servers_frames_are_read_however_they_come(step: int) -> None:
    texts = [b"OK|PING\n", b"EVENT|x\n" * 40, b"y" * 9000 + b"\n"]
    data = AGREED + b"".join(text_header(len(text)) + text for text in texts[:2])
    data += control_frame(Opcode.PING, b"there?") + text_header(len(texts[2])) + texts[2]
    near, far = socket.socketpair()
    near.setblocking(False)
    taken: list[bytes] = []
    with far:
        connection = WebConnection(Loop(), near)
        connection.on_lines = taken.append
        for at in range(0, len(data), step):
            far.sendall(data[at : at + step])
            connection.readable()
        assert b"".join(taken) == b"".join(texts)
        assert far.recv(4096) == frame(0x8A, b"there?")
        near.close()


@pytest.mark.parametrize(("scenario", "front"), [("pairs", "web"), ("pairs", "web-single"), ("fanout", "web")])
def test_a_scenario_runs_over_websocket(scenario: str, front: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([scenario, *SMALL[scenario], *SHORT, "--json", "--no-pin", "--front", front]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["server"].endswith(f"front {front})")
    assert found["metrics"]["delivered"] > 0
    assert {found["metrics"][name] for name in ("lost", "doubled", "out_of_order", "refused", "closed")} == {0}


def test_one_comparison_has_the_pipe_and_websocket_beside_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    short = ["--rounds", "1", "--seconds", "0.1", "--warmup", "0.05", "--loads", "pairs-w1"]
    both = ["--contenders", "chatserver-memory/pipe,chatserver-memory/web"]
    assert main(["compare", "--front", "web", *both, *short]) == 0
    out = capsys.readouterr().out
    assert "| chatserver-memory/web |" in out
    assert "to chatserver-memory/pipe" in out


def test_a_target_is_the_port_of_the_page(start_server: StartServer, capsys: pytest.CaptureFixture[str]) -> None:
    server = start_server()
    asked = [*("pairs", *SMALL["pairs"]), *SHORT, "--no-pin", "-q", "--front", "web", "--target"]
    assert main([*asked, f"127.0.0.1:{server.port}"]) == 2
    said = capsys.readouterr().err
    assert "name the port of the page" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("named", ["bare", "bare/web", "chatserver-memory/smoke"])
def test_who_speaks_no_websocket_is_refused_with_a_sentence(named: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["compare", "--contenders", named] if "/" in named else ["pairs", "--against", named, "--front", "web"]
    assert main(asked) == 2
    said = capsys.readouterr().err
    assert "speaks over the plain pipe alone" in said or "There is no contender" in said
