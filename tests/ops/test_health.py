"""The door for those who watch over the server: health, readiness and figures over HTTP."""

import json
import re
import socket
from contextlib import ExitStack, closing

import pytest

from bench.ports import free_port
from chatserver.ops.figures import Histogram
from chatserver.ops.health import CALLS_MAX
from tests.conftest import StartServer
from tests.harness import ROOT, Process
from tests.wire import WAIT_S

SAMPLE = re.compile(
    r"[a-z_]+(\{[a-z_]+=\"[^\"]*\"(,[a-z_]+=\"[^\"]*\")*\})? -?[0-9.e+-]+|.*_bucket\{le=\"\+Inf\"\} [0-9]+"
)


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    with closing(socket.create_connection(("127.0.0.1", port), WAIT_S)) as door:
        door.settimeout(WAIT_S)
        door.sendall(f"{method} {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        answer = b"".join(iter(lambda: door.recv(65_536), b"")).decode()
    head, _, body = answer.partition("\r\n\r\n")
    return int(head.split()[1]), body


@pytest.fixture
def watched(start_server: StartServer) -> tuple[Process, int]:
    port = free_port()
    return start_server(metrics_port=port), port


def test_a_server_that_works_is_healthy_and_ready(watched: tuple[Process, int]) -> None:
    assert ask(watched[1], "/healthz") == (200, "ok\n")
    assert ask(watched[1], "/readyz") == (200, "ready\n")
    assert ask(watched[1], "/healthz", "HEAD") == (200, "")
    assert ask(watched[1], "/nonsense")[0] == 404
    assert ask(watched[1], "/metrics", "POST")[0] == 405
    with closing(socket.create_connection(("127.0.0.1", watched[1]), WAIT_S)) as door:
        door.sendall(b"nonsense\r\n\r\n")
        assert door.recv(65_536).startswith(b"HTTP/1.1 400 ")


def test_who_asks_while_too_many_do_is_told_so(watched: tuple[Process, int]) -> None:
    with ExitStack() as callers:
        for _ in range(CALLS_MAX):
            callers.enter_context(socket.create_connection(("127.0.0.1", watched[1]), WAIT_S))
        with socket.create_connection(("127.0.0.1", watched[1]), WAIT_S) as door:
            assert door.makefile("rb").read().startswith(b"HTTP/1.1 503 ")
    watched[0].user("ann").says("PING", "OK|PING…")


def test_figures_are_in_the_form_that_prometheus_reads(watched: tuple[Process, int]) -> None:
    server, port = watched
    ann, ben = server.friends("ann", "ben")
    ann.says("SENDMESSAGE|ann|ben|hello", "OK|…")
    ben.event("MESSAGE|…")
    status, text = ask(port, "/metrics")
    assert status == 200
    samples = {}
    for line in text.splitlines():
        if not line.startswith("# "):
            assert SAMPLE.fullmatch(line), line
            name, value = line.rsplit(" ", 1)
            samples[name] = float(value)
    assert samples['pipechat_connections{door="pipe"}'] == 2
    assert samples["pipechat_people_online"] == 2
    assert samples["pipechat_messages_total"] == 1
    assert samples["pipechat_command_seconds_count"] >= 5
    assert samples["pipechat_flush_seconds_count"] >= 1
    assert samples["pipechat_store_writable"] == 1
    named = set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))
    assert {re.sub(r"(_bucket|_sum|_count)?(\{.*)?$", "", name) for name in samples} == named


def test_the_board_for_grafana_shows_figures_that_there_are(watched: tuple[Process, int]) -> None:
    board = json.loads((ROOT / "contrib" / "grafana" / "pipechat.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    shown = set(re.findall(r"pipechat_\w+", " ".join(asked)))
    there = set(re.findall(r"^pipechat_\w+", ask(watched[1], "/metrics")[1], re.MULTILINE))
    assert len(shown) > 10
    assert shown <= there


def test_prometheus_itself_reads_them(watched: tuple[Process, int]) -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    families = list(parser.text_string_to_metric_families(ask(watched[1], "/metrics")[1]))
    assert "pipechat_loop_lag_seconds" in {family.name for family in families}


def test_a_bucket_holds_those_below_it_too() -> None:
    histogram = Histogram((1, 10))
    for value in (0.5, 1, 5, 50):
        histogram.observe(value)
    assert list(histogram.lines("x")) == [
        'x_bucket{le="1"} 2',
        'x_bucket{le="10"} 3',
        'x_bucket{le="+Inf"} 4',
        "x_sum 56.5",
        "x_count 4",
    ]
