"""Every scenario runs, small, on the real server; every baseline takes a load; bad input gets a sentence."""

import json
import os
import socket
import sqlite3
import sys
import time
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from bench import irc_servers, rest
from bench.cli import main
from bench.plot import plot
from bench.process import cpu_seconds, rss_bytes
from bench.rest import indexed
from bench.scenarios import SCENARIOS
from bench.servers import BASELINES, available
from tests.bench.test_cluster import need_postgres
from tests.conftest import StartServer
from tests.harness import Process

SMALL: dict[str, list[str]] = {
    "crowd": ["--users", "12", "--every", "0.2", "--seconds", "0.6", "--warmup", "0.1"],
    "connect": ["--users", "5", "--window", "3"],
    "idle": ["--connections", "10", "--pairs", "2"],
    "pairs": ["--pairs", "3", "--window", "4"],
    "paced": ["--pairs", "3", "--rate", "200"],
    "fanout": ["--members", "5", "--window", "4"],
    "presence": ["--groups", "2", "--friends", "3"],
    "slow": ["--pairs", "2", "--slow", "1", "--messages", "200"],
    "backlog": ["--pairs", "2", "--messages", "2100"],
    "history": ["--pairs", "2", "--messages", "100", "--queries", "10"],
    "search": ["--pairs", "2", "--messages", "100", "--queries", "10"],
    "sync": ["--pairs", "2", "--messages", "100", "--queries", "10"],
    "export": ["--pairs", "2", "--messages", "100", "--queries", "10"],
    "accounts": ["--users", "9"],
    "failover": ["--pairs", "2", "--seconds", "0.2"],
    "bots": ["--users", "3", "--rate", "50", "--pairs", "2", "--beside", "100", "--seconds", "0.1", "--warmup", "0.05"],
}
SHORT = ["--seconds", "0.1", "--warmup", "0.05", "--no-syscalls"]


def command(scenario: str) -> list[str]:
    """The command line of a small run."""
    short = SHORT if "syscalls" in SCENARIOS[scenario].defaults else []
    return [scenario, *SMALL[scenario], *short, "--json", "--no-pin"]


def test_every_scenario_is_tried_here() -> None:
    assert set(SMALL) == set(SCENARIOS)


@pytest.mark.parametrize("scenario", SMALL)
def test_a_scenario_runs_on_the_real_server(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    if SCENARIOS[scenario].needs_cluster:
        need_postgres()
    assert main(command(scenario)) == 0
    found = json.loads(capsys.readouterr().out)
    metrics = found["metrics"]
    assert set(found) == {"scenario", "server", "parameters", "metrics", "notes", "environment", "faults"}
    known = SCENARIOS[scenario].metrics
    assert [name for name in metrics if not any(fnmatchcase(name, each) for each in known)] == []
    assert {metrics.get(name, 0) for name in ("lost", "doubled", "out_of_order", "refused")} == {0}
    assert max(metrics.get(name, 0) for name in ("delivered", "acknowledged", "rows")) > 0
    assert found["parameters"]["seed"] == 1


@pytest.mark.parametrize("rate", [100, 0])
def test_messages_are_measured_alone_and_beside_a_bot(rate: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command("bots"), "--beside", str(rate)]) == 0
    metrics = json.loads(capsys.readouterr().out)["metrics"]
    latencies = {name for name in metrics if name.startswith("messages_") and name.endswith("_p99_ms")}
    assert latencies == ({"messages_alone_p99_ms", "messages_beside_p99_ms"} if rate else set())
    assert (metrics.get("messages_sent", 0) > 0) == bool(rate)


def test_a_bot_that_does_not_answer_everything_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    seldom = ["--set", "bot_messages_per_s=1", "--set", "bot_messages_burst=1"]
    assert main([*command("bots"), "--rate", "400", "--beside", "0", "--drain", "0.2", *seldom]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["metrics"]["lost"] > 0
    assert any(note.startswith("some got no answer") for note in found["notes"])


@pytest.mark.parametrize("name", [*BASELINES, "ngircd", "inspircd"])
@pytest.mark.parametrize("scenario", ["pairs", "fanout"])
def test_a_baseline_takes_the_load(name: str, scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    if not available(name):
        pytest.skip(f"{name} is not installed here")
    assert main([*command(scenario), "--against", name, "--assert", "lost=0,doubled=0,out_of_order=0"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["delivered"] > 0


def test_a_server_that_runs_already_is_the_target(
    start_server: StartServer, capsys: pytest.CaptureFixture[str]
) -> None:
    process: Process = start_server()
    assert main([*command("pairs"), "--target", f"127.0.0.1:{process.port}"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["server"] == f"target 127.0.0.1:{process.port}"
    assert "server_cpu_us_per_message" not in found["metrics"]


def test_a_kept_store_is_filled_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(tmp_path / "chat.db")]
    assert main([*command("history"), *store]) == 0
    assert any(note.startswith("filled with") for note in json.loads(capsys.readouterr().out)["notes"])
    assert main([*command("search"), *store]) == 0
    assert not any(note.startswith("filled with") for note in json.loads(capsys.readouterr().out)["notes"])


def test_questions_wait_for_the_index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "chat.db"
    assert main([*command("history"), "--messages", "1500", "--store", str(store)]) == 0
    assert not any("index" in note for note in json.loads(capsys.readouterr().out)["notes"])
    searched, last = indexed(store) or (0, 0)
    assert last - 200 < searched <= last >= 1500


def test_questions_that_did_not_wait_long_enough_say_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rest, "WAIT_S_MAX", 0.0)
    monkeypatch.setattr(rest, "WAIT_S_MAX_PER_MESSAGE", 0.0)
    monkeypatch.setattr(rest, "indexed", lambda store: (0, 5000))
    assert main(command("search")) == 0
    assert json.loads(capsys.readouterr().out)["notes"][1:] == [
        "the server was still at work on its indexes after 0 s",
        "SEARCH has an index up to message 0 of 5,000: the rest is read through",
    ]


def test_a_file_that_is_no_store_tells_nothing_of_an_index(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to be taken for one" * 20)
    assert indexed(tmp_path / "notes.txt") is indexed(tmp_path / "nothing") is indexed(None) is None
    assert not (tmp_path / "nothing").exists()


def test_a_broken_bound_is_exit_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command("pairs"), "--against", "bare", "--assert", "sent=0"]) == 1
    assert "expected at most 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["pairs", "--against", "nobody"], "There is no server called nobody"),
        (["pairs", "--target", "here"], "--target takes HOST:PORT"),
        (["pairs", "--set", "fast"], "--set takes name=value"),
        (["pairs", "--set", "nonsense=1"], "The server did not start; it said:"),
        (["pairs", "--pairs", "0"], "pairs is at least 1"),
        (["backlog", "--against", "bare", "--pairs", "1", "--drain", "0"], "did not tell friends"),
        (["search", "--against", "bare", "--pairs", "1", "--messages", "1"], "does not know a command"),
        (["compare", "--contenders", "nobody"], "There is no contender nobody"),
        (["compare", "--loads", "heavy"], "There is no load heavy"),
        (["compare", "--rounds", "0"], "--rounds takes"),
        (["plot", "nothing.json"], "cannot be read"),
        (["ledger", "--window", "x"], "--window numbers of 1 to 256"),
        (["ledger", "--window", "1,257"], "--window numbers of 1 to 256"),
    ],
)
def test_what_cannot_be_run_gets_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("bench: ")
    assert sentence in said
    assert said.count("\n") <= 3, "a sentence, not a trace"


@pytest.mark.parametrize("name", ["uvloop", "uvloop-batched", "ngircd"])
def test_what_is_not_installed_says_how_to_get_it(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)  # an import of it fails
    monkeypatch.setattr(irc_servers, "program", lambda name: None)
    for arguments in ([*command("pairs"), "--against", name], ["compare", "--contenders", name]):
        assert main(arguments) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"bench: {name} is not installed here: get it with ")
        assert ("'.[bench]'" if "uvloop" in name else "package ngircd") in said


def test_where_nobody_listens_the_target_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else can have it
        taken.bind(("127.0.0.1", 0))
        assert main(["pairs", "--target", f"127.0.0.1:{taken.getsockname()[1]}"]) == 2
    assert "Nothing answers on 127.0.0.1:" in capsys.readouterr().err


def test_a_comparison_takes_turns_and_can_be_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "found.json"
    short = ["--rounds", "2", "--seconds", "0.1", "--warmup", "0.05", "--loads", "pairs-w64", "--json", str(file)]
    assert main(["compare", "--contenders", "bare,threads", *short]) == 0
    figures = json.loads(file.read_text())["figures"]["pairs-w64"]
    assert {name: len(row["delivered_per_s"]) for name, row in figures.items()} == {"bare": 2, "threads": 2}
    assert "| threads |" in capsys.readouterr().out
    assert main(["plot", str(file), "--out", str(tmp_path)]) == 0
    assert (tmp_path / "found.svg").is_file()


def test_a_sweep_keeps_its_values_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "found.json"
    chosen = ["--with", "pairs=2", "--with", "seconds=0.1", "--with", "warmup=0.05", "--against", "bare", "--no-pin"]
    assert main(["sweep", "paced", "--over", "rate=50,100", *chosen, "--json", str(file)]) == 0
    kept = json.loads(file.read_text())
    assert [each["parameters"]["rate"] for each in kept["results"]] == kept["values"] == [50, 100]
    assert capsys.readouterr().out.count("\n") == 4
    assert plot([file], tmp_path) == [tmp_path / "found.svg"]


def test_cost_and_memory_of_a_process_are_told_and_of_none_are_not() -> None:
    assert rss_bytes(None) is None
    assert cpu_seconds(None) is None
    assert (rss_bytes(os.getpid()) or 0) > 1_000_000
    before, own = cpu_seconds(os.getpid()) or 0.0, time.process_time()
    assert before == pytest.approx(own, abs=1.0)


@pytest.mark.parametrize("scenario", ["pairs", "paced"])
def test_sends_may_carry_tags(scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "chat.db"
    for _ in range(2):  # on a kept store the tags of the run before must not meet these
        assert main([*command(scenario), "--tags", "--store", str(store)]) == 0
        assert json.loads(capsys.readouterr().out)["metrics"]["acknowledged"] > 0
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT sender || tag) FROM messages").fetchone() == (
            connection.execute("SELECT count(tag), count(tag) FROM messages").fetchone()
        )
    assert main([*command("pairs"), "--tags", "--against", "bare"]) == 2
    assert "bare knows no tags" in capsys.readouterr().err
