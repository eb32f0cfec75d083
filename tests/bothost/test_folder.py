"""Bot files that change while the server runs: loaded again, rolled back, gone."""

import os
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from tests.bots.test_bots_on_the_wire import told
from tests.conftest import StartServer
from tests.harness import Process
from tests.wire import WAIT_S, Client

POLL_S = 0.05

COUNT_BOT = """from bots import Bot

bot = Bot("{name}", "counts")


@bot.on("count")
def count(state):
    number = state.get("number", 0) + {step}
    return f"{{number}} {said}", {{**state, "number": number}}
"""


class Folder:
    """A folder of bots, and the server that watches it."""

    def __init__(self, path: Path, start_server: StartServer) -> None:
        self.path = path
        self.write(said="at first")
        self.server: Process = start_server("--bots", str(path), "--bots-reload")
        self.ann: Client = self.server.user("ann")

    def write(self, text: str = COUNT_BOT, file: str = "count_bot.py", name: str = "CountBot", **words: object) -> None:
        """Put a bot file there at once, as editors do."""
        new = self.path / "_new"
        new.write_text(text.format(**{"name": name, "step": 1, "said": "", **words}) if text is COUNT_BOT else text)
        os.replace(new, self.path / file)

    def wait_for(self, line: str) -> None:
        """Until the log says so, and what came before it is answered."""
        ends_s = monotonic() + WAIT_S
        while line not in self.server.stderr:
            assert monotonic() < ends_s, self.server.stderr
            self.ann.says("PING", "OK|PING|")
            Event().wait(POLL_S)


@pytest.fixture
def folder(tmp_path: Path, start_server: StartServer) -> Folder:
    path = tmp_path / "mine"
    path.mkdir()
    return Folder(path, start_server)


def test_a_bot_is_loaded_again_and_remembers(folder: Folder) -> None:
    assert told(folder.ann, "CountBot", "count") == "1 at first"
    folder.write(said="then", step=10)
    folder.wait_for("CountBot is as count_bot.py has it now")
    assert told(folder.ann, "CountBot", "count") == "11 then"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("from bots import Bot\nbot = Bot('Count Bot', 'x')\n", "count_bot.py:2: 'Count Bot' is no name for a bot"),
        ("def\n", "count_bot.py:1: this is no Python"),
        ("raise SystemExit\n", "count_bot.py:1: SystemExit"),
        ("while True: pass\n", "count_bot.py takes too long to be loaded"),
        ("from bots import Bot\nbot = Bot('dicebot', 'x')\n", "there is a bot called dicebot already"),
    ],
)
def test_a_broken_file_changes_nothing_and_is_told_of(folder: Folder, text: str, sentence: str) -> None:
    folder.write(text)
    folder.wait_for(sentence)
    assert told(folder.ann, "CountBot", "count") == "1 at first"
    folder.write(said="mended")
    folder.wait_for("CountBot is as count_bot.py has it now")
    assert told(folder.ann, "CountBot", "count") == "2 mended"


def test_files_come_and_go(folder: Folder) -> None:
    folder.write(file="other_bot.py", name="OtherBot", said="other")
    folder.wait_for("OtherBot is as other_bot.py has it now")
    assert told(folder.ann, "OtherBot", "count") == "1 other"
    (folder.path / "count_bot.py").unlink()
    folder.wait_for("CountBot is gone")
    folder.ann.says("SENDMESSAGE|ann|CountBot|count", "ERR|SENDMESSAGE|NOT_FRIENDS|…")
    rows = folder.ann.says("SHOWBOTS|ann", *["ITEM|…"] * 6, "OK|SHOWBOTS|6")
    assert "OtherBot" in str(rows)
    assert "CountBot" not in str(rows)
    os.replace(folder.path / "other_bot.py", folder.path / "renamed.py")
    folder.wait_for("OtherBot is as renamed.py has it now")
    assert told(folder.ann, "OtherBot", "count") == "2 other"
