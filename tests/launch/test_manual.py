"""The manual page and the completion of bash: nothing that there is is missing in them."""

import shutil
import subprocess
import sys

import pytest

from chatserver.admin.table import TABLE as COMMANDS
from chatserver.launch import beside
from chatserver.launch.manual import BESIDE_NAMES, completion, manual
from chatserver.settings import TABLE as SETTINGS
from tests.harness import ROOT
from tests.wire import WAIT_S

MACROS = ("TH", "SH", "SS", "TP", "B", "br")


def test_the_page_has_every_setting_and_command() -> None:
    page = manual()
    for name in (*SETTINGS, *COMMANDS, "--config", "--set"):
        assert f".B {name}".replace("-", "\\-") in page, name
    assert {line[1:].split(" ")[0] for line in page.splitlines() if line.startswith(".")} == set(MACROS)


def test_what_stands_beside_the_server_is_known() -> None:
    assert set(BESIDE_NAMES) == beside.BESIDE.keys()


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@pytest.mark.parametrize(
    ("said", "word", "completed"),
    [
        ("", "adm", ["admin"]),
        ("admin", "us", ["user"]),
        ("admin --store x.db user", "pa", ["passwd"]),
        ("admin user suspend ann", "--fo", ["--for"]),
        ("admin settings set", "history", ["history_days"]),
        ("--set", "history", ["history_days="]),
        ("", "--conf", ["--config"]),
    ],
)
def test_bash_completes(said: str, word: str, completed: list[str]) -> None:
    words = ["chatserver", *said.split(), word]
    asked = f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _chatserver; echo ${{COMPREPLY[@]}}"
    script = f"{completion()}\n{asked}"
    bash = ["bash", "--norc", "-c", script]
    done = subprocess.run(bash, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert (done.stdout.split(), done.returncode) == (completed, 0), done


@pytest.mark.parametrize("word", ["man", "completion"])
def test_both_are_printed_and_take_no_words(word: str) -> None:
    command = [sys.executable, "-m", "chatserver", word]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "chatserver" in done.stdout
    wrong = subprocess.run([*command, "x"], cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert (wrong.returncode, wrong.stdout) == (2, "")
