"""The load on a cluster: it runs over one engine and over a quorum, and what cannot be is told in a sentence."""

import json
import os
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from bench import BenchError, postgres
from bench.cli import main
from bench.scenarios import failover

SHORT = ["--pairs", "2", "--seconds", "0.2", "--warmup", "0.05", "--no-syscalls", "--json", "--no-pin"]


def need_postgres() -> None:
    if not postgres.is_here():
        assert not os.environ.get("CI"), postgres.MISSING
        pytest.skip(postgres.MISSING)


@pytest.mark.parametrize(
    ("words", "engine"),
    [
        (["pairs", "--window", "4", "--tags", "--cluster"], "one PostgreSQL"),
        (
            ["paced", "--rate", "100", "--front", "web", "--cluster", "quorum"],
            "a PostgreSQL and a quorum of two standbys",
        ),
    ],
)
def test_a_scenario_runs_on_a_cluster(words: list[str], engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    need_postgres()
    assert main([*words, *SHORT]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["server"].startswith(f"chatserver (cluster {engine}")
    assert found["metrics"]["delivered"] > 0
    assert {found["metrics"][name] for name in ("lost", "doubled", "out_of_order", "refused", "closed")} == {0}


def test_both_fail_overs_are_seen_and_nothing_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    need_postgres()
    assert main(["failover", "--pairs", "2", "--seconds", "0.2", "--json", "--no-pin", "--assert", "lost=0"]) == 0
    metrics = json.loads(capsys.readouterr().out)["metrics"]
    for name in ("sigterm", "sigkill"):
        assert 0 < metrics[f"{name}_gap_p50_ms"] <= metrics[f"{name}_gap_max_ms"]
    assert metrics["sigkill_gap_p50_ms"] > 1000  # the lease of three seconds runs out first
    assert 0 <= metrics["sigkill_resent"] <= 2
    assert metrics["acknowledged"] == metrics["delivered"] > 0


def test_histories_are_compared_with_what_was_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    client = SimpleNamespace(number=5, to="b", refused=Counter({"ERR|SENDMESSAGE#1|TOO_LONG|…": 1}))
    bench: Any = SimpleNamespace(people=SimpleNamespace(log_in=lambda names: names), faults=[], notes=[])
    monkeypatch.setattr(failover, "_stored", lambda *_: [0, 2, 1, 1])
    clients: Any = [client]
    found = failover._counts(bench, clients)
    wanted = {"acknowledged": 5, "delivered": 3, "lost": 2, "doubled": 1, "out_of_order": 1, "refused": 1}
    assert found == wanted
    assert bench.faults == ["2 acknowledged messages were lost"]
    assert bench.notes == ["the server said 1 times: ERR|SENDMESSAGE#1|TOO_LONG|…"]


def test_who_gets_no_answer_makes_the_run_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The node that got the signal comes back, and nobody lets the client in."""
    node: Any = SimpleNamespace(end=lambda _: None, wait=lambda: None, start=lambda: None, follows=lambda: None)
    client: Any = SimpleNamespace(begin=lambda: None, gap_s=None, resent=1, is_done=True, goes_on=True)
    bench: Any = SimpleNamespace(parameters=SimpleNamespace(seconds=0.0, drain=0.0), faults=[])
    monkeypatch.setattr(failover, "_turn", lambda *_: None)
    found = failover._round(bench, [client], "sigkill", node)
    assert found == {"sigkill_gap_p50_ms": float("inf"), "sigkill_gap_max_ms": float("inf"), "sigkill_resent": 1}
    assert bench.faults == ["1 clients got no answer in 0 s behind SIGKILL"]


def test_compare_has_one_disk_beside_an_engine(capsys: pytest.CaptureFixture[str]) -> None:
    need_postgres()
    words = ["--contenders", "chatserver-full,chatserver-cluster", "--loads", "pairs-w1", "--rounds", "1"]
    assert main(["compare", "--cluster", *words, "--seconds", "0.2", "--warmup", "0.05"]) == 0
    said = capsys.readouterr().out
    assert "| chatserver-full | " in said
    assert "| chatserver-cluster | " in said


@pytest.mark.parametrize(
    "words",
    [
        ["pairs", "--cluster", "--target", "127.0.0.1:1"],
        ["failover", "--target", "127.0.0.1:1"],
        ["pairs", "--cluster", "--against", "bare"],
        ["pairs", "--cluster", "--store", "chat.db"],
        ["pairs", "--cluster", "--sync", "full"],
    ],
)
def test_what_no_cluster_can_do_is_told_in_a_sentence(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    need_postgres()
    assert main([*words, "-q"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "leave --" in said


def test_without_an_engine_that_is_told_and_compare_goes_on_without(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(postgres, "is_here", lambda: False)
    assert main(["pairs", "--cluster", "-q"]) == 2
    assert capsys.readouterr().err == f"bench: {postgres.MISSING}\n"
    words = ["--contenders", "chatserver-memory,chatserver-cluster", "--loads", "pairs-w1", "--rounds", "1"]
    assert main(["compare", *words, "--seconds", "0.1", "--warmup", "0.05"]) == 0
    said = capsys.readouterr().out
    assert "| chatserver-memory | " in said
    assert "| chatserver-cluster | " not in said
    assert f"! {postgres.MISSING}" in said


def test_failover_is_over_the_pipe() -> None:
    bench: Any = SimpleNamespace(server=SimpleNamespace(front="web"))
    with pytest.raises(BenchError, match="leave --front out"):
        failover.run(bench)
