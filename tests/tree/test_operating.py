"""docs/OPERATING.md: what it says to type works, in that order, and it names no command that is not there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from chatserver.admin.asked import UsageError, parse, split
from chatserver.admin.table import TABLE
from tests.conftest import StartServer
from tests.harness import ROOT
from tests.wire import WAIT_S

TOGETHER_S = 20 * WAIT_S  # some thirty commands, each a process of its own
TEXT = (ROOT / "docs" / "OPERATING.md").read_text()
PLAYED = re.findall(r"<!-- played -->\n```sh\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


@pytest.mark.timeout(TOGETHER_S + WAIT_S)
def test_what_is_played_works(start_server: StartServer, tmp_path: Path) -> None:
    """`drain` and what needs a terminal stand elsewhere. A kick of somebody who is not there is done too."""
    start_server(store=tmp_path / "chat.db")
    assert len(PLAYED) > 4
    script = "set -e\n" + "".join(PLAYED).replace("python3 ", f"{sys.executable} ")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TOGETHER_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    assert len(list((tmp_path / "backups").iterdir())) == 1


def test_every_command_that_it_names_is_one() -> None:
    named = re.findall(r"`admin ([a-z][^`]*)`", TEXT) + re.findall(r"chatserver admin ([a-z][^\n`]*)", TEXT)
    assert len(named) > 20
    for line in named:
        words = split(line)
        if " ".join(words[:2]) in TABLE or words[0] in TABLE:
            name = " ".join(words[:2]) if " ".join(words[:2]) in TABLE else words[0]
            if len(words) > len(name.split()) or not TABLE[name].required:
                parse(TABLE, words)
        else:
            raise UsageError(line)
