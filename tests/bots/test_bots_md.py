"""BOTS.md: every snippet runs. Files are written, dialogues played, console sessions typed."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bots.kit.loading import load_file
from bots.testing import play

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "BOTS.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
BROKEN = """from bots import Bot

bot = Bot("BrokenBot", "is broken")


@bot.on("drink <what>")
def drink(sort: str) -> str:
    return sort
"""


def files() -> dict[str, str]:
    found = {}
    for kind, _, text in BLOCKS:
        if kind == "python":
            name = re.match(r"# (\w+\.py)\n", text)
            assert name, f"a Python block of BOTS.md does not begin with its file name: {text[:60]!r}"
            found[name[1]] = text
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in files().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "broken_bot.py").write_text(BROKEN, encoding="utf-8")
    return tmp_path


def dialogues() -> list[tuple[str, str]]:
    """Each dialogue with the file it is about: the one named, or the last one above it."""
    found, last = [], ""
    for kind, named, text in BLOCKS:
        if kind == "python":
            last = text.split("\n", 1)[0].removeprefix("# ")
        elif kind == "dialogue":
            found.append((named or last, text))
    return found


def sessions() -> list[tuple[str, str]]:
    found = []
    for kind, _, text in BLOCKS:
        if kind == "console":
            assert text.startswith("$ "), text
            command, _, output = text.removeprefix("$ ").partition("\n")
            found.append((command, output))
    return found


def test_the_document_has_only_kinds_of_blocks_that_are_tested() -> None:
    assert {kind for kind, _, _ in BLOCKS} == {"python", "dialogue", "console"}
    assert len(BLOCKS) == DOCUMENT.count("\n```") // 2


@pytest.mark.parametrize("name", [name for name in files() if not name.startswith("test_")])
def test_every_bot_loads(name: str, folder: Path) -> None:
    assert load_file(folder / name).help


@pytest.mark.parametrize(("name", "dialogue"), dialogues())
def test_every_dialogue_goes_as_written(name: str, dialogue: str, folder: Path) -> None:
    play(load_file(folder / name), dialogue)


@pytest.mark.parametrize(("command", "output"), sessions())
def test_every_console_session_goes_as_written(command: str, output: str, folder: Path) -> None:
    words = shlex.split(command)
    assert words[0] == "python3"
    said = re.findall(r"^me> (.*)$", output, re.MULTILINE)
    ran = subprocess.run(
        [sys.executable, *words[1:], *(("-c", os.devnull) if "pytest" in words else ())],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        input="".join(f"{line}\n" for line in said),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    came = ran.stdout + ran.stderr
    for line in output.splitlines():
        if not line.startswith("me> "):
            assert line in came, f"{command} says\n{came}and not\n{line}"


def test_the_links_lead_to_files() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", DOCUMENT):
        assert (ROOT / target).exists(), target


def test_the_table_of_contents_is_whole() -> None:
    titles = re.findall(r"^## (.*)$", DOCUMENT, re.MULTILINE)
    assert re.findall(r"^- \[(.*?)\]\(#", DOCUMENT, re.MULTILINE) == titles
