"""`python3 -m chatserver restore`: a copy comes in the place of a store, and nothing is lost on the way."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.admin.test_command import run as admin
from tests.conftest import StartServer
from tests.harness import ROOT, Process
from tests.wire import WAIT_S


def restore(copy: Path, store: Path, status: int) -> str:
    words = [sys.executable, "-m", "chatserver", "restore", str(copy), "--store", str(store)]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert ended.returncode == status, ended
    return ended.stdout + ended.stderr


def test_a_copy_comes_back_and_what_was_there_is_kept(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    ann, ben = server.friends("ann", "ben")
    ann.says("SENDMESSAGE|ann|ben|before", "OK|…")
    copy = tmp_path / "copy.db"
    assert admin(server.store_path, "backup", str(copy)).returncode == 0
    ann.says("SENDMESSAGE|ann|ben|behind it", "OK|…")
    assert "in use" in restore(copy, server.store_path, 1)
    ben.says("PING")
    server.terminate()
    assert server.wait() == 0
    said = restore(copy, server.store_path, 0)
    assert "before-" in said
    server.restart()
    assert [row[4] for row in server.login("ann").rows("HISTORY|ann|ben")] == ["before"]
    (kept,) = tmp_path.glob("chat0.db.before-*Z")
    with closing(sqlite3.connect(kept)) as file:
        assert file.execute("SELECT text FROM v_messages").fetchall() == [("before",), ("behind it",)]


@pytest.mark.parametrize("harm", ["no file", "foreign", "newer", "cut", "itself"])
def test_what_is_no_copy_changes_nothing(server_process: Process, tmp_path: Path, harm: str) -> None:
    server_process.user("ann")
    server_process.terminate()
    assert server_process.wait() == 0
    store, copy = server_process.store_path, tmp_path / "copy.db"
    if harm != "no file":
        copy.write_bytes(store.read_bytes())
    if harm == "cut":
        copy.write_bytes(store.read_bytes()[:20_000])
    elif harm in ("foreign", "newer"):
        with closing(sqlite3.connect(copy)) as file:
            file.execute("PRAGMA application_id = 7" if harm == "foreign" else "PRAGMA user_version = 999")
    before = store.read_bytes()
    said = restore(store if harm == "itself" else copy, store, 1)
    assert said.startswith("chatserver restore: ")
    assert said.count("\n") == 1
    assert store.read_bytes() == before
    assert not list(tmp_path.glob("*before*"))
    server_process.restart()
