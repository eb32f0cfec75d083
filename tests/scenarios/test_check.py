"""`python3 -m chatserver check`: a sentence and an exit status (README.md, "Backup")."""

import subprocess
import sys
from pathlib import Path

from tests.harness import ROOT, Process


def check(*words: str, environment: dict[str, str] | None = None) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "chatserver", "check", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_store_in_use_and_one_that_was_left(server_process: Process) -> None:
    server_process.user("alice")
    path = str(server_process.store_path)
    for _ in range(2):
        status, said, errors = check("--store", path)
        assert (status, errors) == (0, "")
        assert said.startswith(f"{path} is whole: ")
        server_process.kill()
    server_process.restart()


def test_what_is_no_store(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("no database " * 100)
    status, said, errors = check("--store", str(other))
    assert (status, said) == (1, "")
    assert errors.startswith(f"chatserver: {other} is not whole (")
    assert check("--store", str(tmp_path / "nowhere"))[0] == 1
    assert sorted(tmp_path.iterdir()) == [other]
    status, _, errors = check("--stoer", str(other))
    assert status == 2
    assert "--store" in errors
    assert check("--help")[0] == 0
