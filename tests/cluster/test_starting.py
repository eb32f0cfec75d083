"""What keeps a node from starting: each gets a sentence that says what to do, and nothing is changed."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bench.ports import free_port
from chatserver.cluster.link import places_of
from tests.cluster.conftest import StartNode
from tests.cluster.node import Node
from tests.cluster.postgres import Instance
from tests.harness import ROOT, command_line


def refused(store: Path, *more: str, environment: dict[str, str] | None = None) -> str:
    """Start a server that cannot start; what it says, which is one line."""
    words = command_line(store, {"web": "off"}, *more)
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=50, env=environment)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    said = [line for line in done.stderr.splitlines() if line.startswith("chatserver: ")]
    assert len(said) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return said[0]


def tool(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "chatserver", "cluster", *words], cwd=ROOT, capture_output=True, text=True, timeout=50
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def stopped(node: Node) -> Path:
    node.listens().stop()
    return node.store


def test_an_engine_that_is_not_there(tmp_path: Path, engine_folder: Path) -> None:
    said = refused(tmp_path / "x.db", "--cluster", f"host=127.0.0.1 port={free_port()} password=secret42")
    assert "the cluster's engine cannot be reached" in said
    assert "check --cluster" in said
    assert "secret42" not in said


def test_words_that_make_no_sense(tmp_path: Path, engine_folder: Path) -> None:
    assert "write it as for psql" in refused(tmp_path / "x.db", "--cluster", "nonsense")


def test_a_store_in_memory(engine_folder: Path) -> None:
    assert "needs a file" in refused(Path(":memory:"), "--cluster", "host=127.0.0.1")


def test_psycopg_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError('not here')")
    said = refused(
        tmp_path / "x.db", "--cluster", "host=127.0.0.1", environment={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin"}
    )
    assert "pip install 'pipechat[cluster]'" in said


def test_a_user_without_rights(engine: Instance, tmp_path: Path) -> None:
    engine.execute("DROP ROLE IF EXISTS guest")
    engine.execute("CREATE ROLE guest LOGIN")
    said = refused(tmp_path / "x.db", "--cluster", engine.conninfo.replace("user=chat", "user=guest"))
    assert "the engine refuses this user" in said
    assert "GRANT" in said


def test_tables_of_another_version(engine: Instance, start_node: StartNode, tmp_path: Path) -> None:
    stopped(start_node("a", engine.conninfo))
    engine.execute("UPDATE pipechat_head SET version = 9")
    assert "of version 9, and this program knows version 1" in refused(tmp_path / "x.db", "--cluster", engine.conninfo)


def test_tables_that_are_not_as_they_are_made(engine: Instance, start_node: StartNode, tmp_path: Path) -> None:
    stopped(start_node("a", engine.conninfo))
    engine.execute("ALTER TABLE pipechat_head ALTER COLUMN identity TYPE numeric")
    said = refused(tmp_path / "x.db", "--cluster", engine.conninfo)
    assert "the engine refuses (its tables are not as this program makes them (types [1700]))" in said


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", "-c lock_timeout=4s"),
        ("options='-c search_path=chat'", "-c lock_timeout=4s -c search_path=chat"),
        ("options='-c lock_timeout=9s'", "-c lock_timeout=4s -c lock_timeout=9s"),
    ],
)
def test_options_of_the_operators_own_leave_ours(engine_folder: Path, given: str, expected: str) -> None:
    """Without them connections would pile up in an engine whose standby is away."""
    assert [place["options"] for place in places_of(f"host=a,b {given}")] == [expected] * 2


def test_a_member_is_not_opened_alone_and_can_leave(engine: Instance, start_node: StartNode) -> None:
    store = stopped(start_node("a", engine.conninfo))
    assert "belongs to a cluster" in refused(store)
    status, said = tool("leave", "--store", str(store))
    assert status == 0, said
    assert "belongs to no cluster any more" in said
    assert "is not of this cluster" in refused(store, "--cluster", engine.conninfo)
    assert tool("leave", "--store", str(store))[0] == 1
    assert tool("leave", "--store", str(store) + "x") == (1, f"chatserver: there is no store {store}x: check --store\n")


def test_a_store_of_another_cluster(engine: Instance, start_node: StartNode) -> None:
    store = stopped(start_node("a", engine.conninfo))
    engine.execute("DROP TABLE pipechat_head, pipechat_log, pipechat_member")
    assert "and the database holds none" in refused(store, "--cluster", engine.conninfo)
    stopped(start_node("b", engine.conninfo))
    assert "belongs to another cluster" in refused(store, "--cluster", engine.conninfo)


def test_a_store_with_accounts_that_is_no_copy(engine: Instance, start_node: StartNode, tmp_path: Path) -> None:
    stopped(start_node("a", engine.conninfo))
    alone = tmp_path / "alone.db"
    words = command_line(alone, {"web": "off"})
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout
        server.stdout.readline()
        server.terminate()
    assert "start with a copy of another node's store" in refused(alone, "--cluster", engine.conninfo)
    with closing(sqlite3.connect(alone)) as connection:
        assert not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'cluster'").fetchall()


def test_an_engine_that_has_lost_its_tail_is_noticed(engine: Instance, start_node: StartNode) -> None:
    """As one that replicates asynchronously does when it fails over."""
    node = start_node("a", engine.conninfo)
    store = stopped(node)
    engine.execute("DELETE FROM pipechat_log WHERE seq = (SELECT seq FROM pipechat_head)")
    engine.execute("UPDATE pipechat_head SET seq = seq - 1")
    assert "and the shared log ends at entry" in refused(store, "--cluster", engine.conninfo)


def test_something_else_at_the_same_place_is_noticed(engine: Instance, start_node: StartNode) -> None:
    store = stopped(start_node("a", engine.conninfo))
    engine.execute("UPDATE pipechat_head SET hash = sha256(hash)")
    assert "hold different things at one place" in refused(store, "--cluster", engine.conninfo)


def test_an_entry_that_was_changed_is_noticed(engine: Instance, start_node: StartNode, tmp_path: Path) -> None:
    stopped(start_node("a", engine.conninfo))
    engine.execute("UPDATE pipechat_log SET body = body || ' ' WHERE seq = 1")
    assert "hold different things at one place" in refused(tmp_path / "b.db", "--cluster", engine.conninfo)


def test_a_store_that_is_too_old_needs_a_copy(engine: Instance, start_node: StartNode, tmp_path: Path) -> None:
    first = start_node("a", engine.conninfo)
    store = stopped(first)
    engine.execute("DELETE FROM pipechat_log WHERE seq = 1")
    said = refused(tmp_path / "b.db", "--cluster", engine.conninfo)
    assert "too old" in said
    assert "admin backup" in said
    copy = tmp_path / "copy.db"
    shutil.copy(store, copy)
    start_node("copy", engine.conninfo).listens()


def test_status_says_who_writes_and_who_follows(engine: Instance, start_node: StartNode) -> None:
    start_node("a", engine.conninfo).listens()
    start_node("b", engine.conninfo).stands_by().says("follows")
    for _ in range(60):  # it tells once a second how far it is
        status, said = tool("status", "--cluster", engine.conninfo)
        if "\nnode b: follows, 0 entries behind" in said:
            break
    else:
        pytest.fail(said)
    assert status == 0
    assert "\nnode a: writes, " in said
    assert "an OK means one disk" in said


def test_status_of_a_database_without_a_cluster(engine: Instance) -> None:
    assert "holds no cluster" in tool("status", "--cluster", engine.conninfo)[1]


def test_two_processes_by_one_name(engine: Instance, start_node: StartNode) -> None:
    start_node("a", engine.conninfo).listens()
    older = start_node("b", engine.conninfo).stands_by()
    start_node("c", engine.conninfo, cluster_node="b").stands_by()
    assert older.ends() == 1
    assert "give each its own cluster_node" in older.said
