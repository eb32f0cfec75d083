"""What goes wrong on the server's side fails the run, and no figure hides it."""

import io
import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from math import inf
from pathlib import Path
from threading import Event, Thread

import pytest

from bench import cli, servers
from bench.baselines.bare import Bare
from bench.baselines.router import Peer, Router
from bench.baselines.start import listening
from bench.cli import main
from bench.compare import Comparison
from bench.context import Bench, Parameters
from bench.histogram import histogram
from bench.loop import Loop
from bench.people import SIGN_UP_CONNECTIONS, Crowd
from bench.percentiles import Latencies
from bench.progress import Progress
from bench.result import Result
from bench.scenarios import SCENARIOS
from bench.servers import Server
from bench.sweep import Sweep
from tests.bench.faulty import FaultyRouter, running
from tests.conftest import StartServer

SMALL = {
    "pairs": ["pairs", "--pairs", "3", "--window", "4"],
    "paced": ["paced", "--pairs", "3", "--rate", "500"],
    "fanout": ["fanout", "--members", "3", "--window", "4"],
    "connect": ["connect", "--users", "3", "--window", "3"],
}
SHORT = ["--seconds", "20", "--warmup", "0.05", "--drain", "0.3", "--no-syscalls", "--no-pin", "--json"]
ENOUGH = 100
"""Messages after which the server fails; the warm-up takes some."""


class Failure(Exception):
    """The server serves no more."""


class FailingRouter(Router):
    """Gives up after so many messages."""

    def __init__(self) -> None:
        super().__init__()
        self.signers: set[Peer] = set()
        self._left = ENOUGH

    def feed(self, peer: Peer, data: bytes) -> None:
        if data.startswith(b"SIGNUP"):
            self.signers.add(peer)
        self._left -= data.count(b"SENDMESSAGE|") + data.count(b"RESUME|")
        if self._left < 0:
            raise Failure
        super().feed(peer, data)


@contextmanager
def failing(*, dies: bool) -> Iterator[str]:
    """A server that dies in the middle, or falls silent; yield where it listens."""
    stop = Event()
    with listening() as listener:
        bare = Bare(FailingRouter(), listener)

        def work() -> None:
            try:
                while not stop.is_set():
                    bare.turn(0.02)
            except Failure:
                if not dies:
                    stop.wait()
                listener.close()
                bare.close()

        thread = Thread(target=work)
        thread.start()
        try:
            host, port = listener.getsockname()
            yield f"{host}:{port}"
        finally:
            stop.set()
            thread.join()


@pytest.mark.parametrize("scenario", SMALL)
def test_a_server_that_dies_is_told_ends_the_run_and_fails_it(
    scenario: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with failing(dies=True) as target:
        assert main([*SMALL[scenario], *SHORT, "--target", target]) == 1
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert found["metrics"]["closed"] > 0
    assert found["faults"][0].startswith("the server closed ")
    assert "bench: the server closed " in said.err


@pytest.mark.parametrize("scenario", ["pairs", "paced"])
def test_what_is_lost_counts_as_infinitely_slow(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    short = [each if each != "20" else "0.5" for each in SHORT]
    with failing(dies=False) as target:
        assert main([*SMALL[scenario], *short, "--target", target, "--assert", "max_ms=9999"]) == 1
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert found["metrics"]["lost"] > 0
    assert found["metrics"]["closed"] == 0
    assert found["metrics"]["max_ms"] is None  # JSON has no infinity
    assert "max_ms is never, expected at most 9,999" in said.err


def test_messages_lost_doubled_and_late_fail_the_run_too(capsys: pytest.CaptureFixture[str]) -> None:
    with running(FaultyRouter()) as (host, port):
        short = [each if each != "20" else "0.2" for each in SHORT]
        assert main([*SMALL["pairs"], *short, "--target", f"{host}:{port}"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["faults"] == [
        "3 messages were lost: they count as infinitely slow",
        "3 messages came twice",
        "3 messages came out of their order",
    ]


def test_what_is_refused_fails_the_run(capsys: pytest.CaptureFixture[str], start_server: StartServer) -> None:
    server = start_server(message_chars_max=20, sign_ups_per_minute=0)
    short = [each if each != "20" else "0.2" for each in SHORT]
    assert main([*SMALL["pairs"], *short, "--target", f"127.0.0.1:{server.port}"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["faults"][0].endswith("messages were refused: raise the server's limits, or load it less")


@pytest.mark.parametrize("pid", ["0", "-5", "3999999", "99999999999999999999", "own", "parent"])
def test_a_process_that_cannot_be_the_target_is_refused(pid: str, capsys: pytest.CaptureFixture[str]) -> None:
    pid = {"own": str(os.getpid()), "parent": str(os.getppid())}.get(pid, pid)
    with running(FaultyRouter()) as (host, port):
        assert main([*SMALL["pairs"], *SHORT, "--target", f"{host}:{port}", "--pid", pid]) == 2
    assert "--pid is the process of a --target on this machine" in capsys.readouterr().err


def test_compare_measures_no_target(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--target", "127.0.0.1:5000"]) == 2
    assert "compare starts its contenders itself" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--target", "a..b:5000"], ["--python", "/nonexistent"], ["--histogram", "/no/h"]])
def test_what_the_options_name_and_is_not_there_is_a_sentence(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    short = [each if each != "20" else "0.2" for each in SHORT]
    assert main([*SMALL["pairs"], *short, *words]) == 2
    assert capsys.readouterr().err.startswith("bench: ")


# Targets.


@pytest.mark.parametrize(
    ("greeting", "sentence"),
    [
        (b"", "it said 'nothing for 0 s'"),
        (b"SSH-2.0-OpenSSH\r\n", "it said 'SSH-2.0-OpenSSH'"),
        (b"BYE|FULL|The server has no place left\n", "it said 'BYE|FULL|The server has no place left'"),
    ],
)
def test_a_target_that_does_not_greet_gets_a_sentence_soon(
    greeting: bytes, sentence: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 2 * servers.GREETING_S_MAX <= 10.0
    monkeypatch.setattr(servers, "GREETING_S_MAX", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            accepted, _ = listener.accept()
            with accepted:
                accepted.sendall(greeting)
                accepted.recv(1)

        thread = Thread(target=greet)
        thread.start()
        assert main(["pairs", "--target", f"127.0.0.1:{listener.getsockname()[1]}"]) == 2
        thread.join()
    assert sentence in capsys.readouterr().err


def test_a_target_without_room_is_told_before_anybody_signs_up(
    start_server: StartServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server = start_server("--set", "connections_per_address_max=3")
    assert main([*SMALL["pairs"], *SHORT, "--target", f"127.0.0.1:{server.port}"]) == 2
    said = capsys.readouterr().err
    assert re.search("has no room for 6 connections beside those it has, but for [23]:", said)  # one may be leaving
    assert "connections_per_address_max=0" in said


def test_accounts_are_made_on_several_connections() -> None:
    router = FailingRouter()
    with running(router) as address:
        loop = Loop()
        crowd = Crowd(loop, Server(address, None, "bare"), 1, Progress(quiet=True))
        crowd.arrive(2 * SIGN_UP_CONNECTIONS)
        loop.close()
    assert len(router.signers) == SIGN_UP_CONNECTIONS


def test_a_run_can_clean_up_after_itself(start_server: StartServer, capsys: pytest.CaptureFixture[str]) -> None:
    server = start_server()
    short = [each if each != "20" else "0.1" for each in SHORT]
    command = [*SMALL["pairs"], *short, "--target", f"127.0.0.1:{server.port}"]
    assert main([*command, "--clean-up"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["closed"] == 0
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "BAD_LOGIN" in said
    assert "choose another --seed" in said


# What is refused before the run.


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["paced", "--rate", "nan"], "rate is at least 1"),
        (["paced", "--rate", "inf"], "rate is at most 1,000,000"),
        (["paced", "--rate", "1e12"], "rate is at most 1,000,000"),
        (["paced", "--rate=-inf"], "rate is at least 1"),
        (["pairs", "--seconds", "nan"], "seconds is at least"),
        (["pairs", "--seconds", "inf"], "seconds is at most"),
        (["pairs", "--drain", "inf"], "drain is at most"),
        (["pairs", "--warmup", "nan"], "warmup is at least 0"),
        (["pairs", "--window", "16384"], "window is at most"),
        (["bots", "--beside", "nan"], "beside is at least 0"),
        (["sweep", "paced", "--over", "rate=100,nan"], "--over takes numbers"),
        (["sweep", "pairs", "--over", "window=inf"], "--over takes numbers"),
        (["compare", "--seconds", "nan"], "seconds is at least"),
    ],
)
def test_what_is_no_number_for_a_run_is_refused(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_names_of_bounds_are_checked_before_the_run(
    scenario: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "run_scenario", None)
    assert main([scenario, "--assert", "lost=0,p98_ms=5"]) == 2
    said = capsys.readouterr().err
    assert "--assert names " in said
    assert "which this scenario does not measure; it has: " in said
    assert any(fnmatchcase("closed", name) for name in SCENARIOS[scenario].metrics)


# How much is sent.


@pytest.mark.parametrize("scenario", ["pairs", "fanout", "connect"])
def test_a_run_may_end_after_a_number_of_messages(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL[scenario], *SHORT, "--warmup", "0", "-n", "50", "--against", "bare"]) == 0
    metrics = json.loads(capsys.readouterr().out)["metrics"]
    assert 50 <= metrics.get("delivered", metrics["acknowledged"]) < 5000


def test_a_paced_run_of_a_number_of_messages_takes_as_long_as_its_rate_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*SMALL["paced"], *SHORT, "--warmup", "0", "-n", "50", "--against", "bare"]) == 0
    assert 45 <= json.loads(capsys.readouterr().out)["metrics"]["sent"] <= 55


def test_a_ramp_tells_of_each_of_its_steps(capsys: pytest.CaptureFixture[str]) -> None:
    short = [each if each != "20" else "1" for each in SHORT]
    assert main([*SMALL["paced"], *short, "--ramp", "2300", "--against", "bare"]) == 0
    found = json.loads(capsys.readouterr().out)
    steps = [note for note in found["notes"] if note.startswith("paced at ")]
    assert [step.split()[2] for step in steps] == [f"{rate:,}" for rate in range(500, 2301, 200)]
    assert all(" delivered, p50 " in step for step in steps)
    assert found["metrics"]["planned_per_s"] == 1400
    assert found["metrics"]["lost"] == 0
    assert 0 <= found["metrics"]["sustained_per_s"] <= 2300


# Where figures are shown.


def failed(value: float) -> Result:
    """A run that has lost something."""
    metrics = {"delivered_per_s": value, "p99_ms": inf, "lost": 3.0}
    return Result("paced", "bare", {}, metrics, ["generator held up"], {}, ["3 messages were lost"])


def test_remarks_stay_with_their_figure_in_a_sweep() -> None:
    sweep = Sweep("paced", "rate", [1.0, 2.0], [Result("paced", "bare", {}, {"p99_ms": 1.0}), failed(2.0)])
    lines = sweep.as_table().splitlines()
    assert lines[0].endswith("| remarks |")
    assert lines[2].endswith("|  |")
    assert lines[3].endswith("| FAILED: 3 messages were lost; generator held up |")
    assert "| never |" in lines[3]
    assert json.loads(sweep.as_json())["results"][1]["metrics"]["p99_ms"] is None


def test_remarks_stay_with_their_figure_in_a_comparison() -> None:
    figures = {"pairs": {"a": {"p99_ms": [1.0]}, "b": {"p99_ms": [inf]}}}
    found = Comparison("a", 1, 1.0, figures, [], {"pairs": {"b": ["FAILED: it died", "generator held up"]}})
    *_, first, second = found.as_tables().splitlines()
    assert first.endswith("|  |")
    assert second.endswith("| never | 0 | FAILED: it died; generator held up |")
    assert json.loads(found.as_json())["figures"]["pairs"]["b"]["p99_ms"] == [None]


def test_a_result_that_failed_says_so_in_every_form() -> None:
    found = failed(2.0)
    for told in (found.as_line(), found.as_table()):
        assert "FAILED: 3 messages were lost" in told
        assert "generator held up" in told
        assert "never" in told
    assert json.loads(found.as_json())["faults"] == ["3 messages were lost"]


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_percentiles_are_shown_live_on_a_terminal() -> None:
    latencies = Latencies()
    latencies.add((0.5, 3))
    stream = Terminal()
    loop, server = Loop(), Server(("127.0.0.1", 1), None, "none")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        loop.connect(listener.getsockname())
        bench = Bench(Parameters(), server, loop, Crowd(loop, server, 1, Progress()), Progress(stream=stream))
        bench.run_for(0.2, "pairs", latencies)
        loop.close()
    assert "pairs p50 500.00 p99 500.00 ms" in stream.getvalue()


# The histogram.


def test_a_histogram_has_every_message_and_ends_with_the_slowest() -> None:
    latencies = Latencies()
    for at in range(1, 1001):
        latencies.add((at / 1000, 2))
    rows = [line.split() for line in histogram(latencies).splitlines()[2:] if not line.startswith("#")]
    assert rows[-1] == ["1000.000", "1.000000000000", "2000"]
    counts = [int(row[2]) for row in rows]
    assert counts == sorted(set(counts))
    for value, share, count, *_ in rows:
        assert float(share) == int(count) / 2000
        assert float(value) == int(count) / 2
    assert float(rows[0][0]) <= 1.0
    assert {"500.000", "750.000", "999.000"} <= {row[0] for row in rows}


def test_what_never_came_is_the_end_of_a_histogram() -> None:
    latencies = Latencies()
    latencies.add((0.001, 99))
    latencies.add_lost(1)
    text = histogram(latencies)
    assert text.splitlines()[-3].split()[:3] == ["Infinity", "1.000000000000", "100"]
    assert "Max     =     Infinity" in text
    assert "Total count    =            0" in histogram(Latencies())


def test_a_histogram_is_written_beside_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "pairs.hgrm"
    short = [each if each != "20" else "0.1" for each in SHORT]
    assert main([*SMALL["pairs"], *short, "--against", "bare", "--histogram", str(file)]) == 0
    assert "1/(1-Percentile)" in file.read_text()
    assert main([*SMALL["pairs"], *short, "--against", "bare", "--histogram", str(tmp_path / "no" / "where")]) == 2
    assert "cannot be written" in capsys.readouterr().err
