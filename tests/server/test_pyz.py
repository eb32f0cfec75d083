"""The single-file server: made by one command, and complete by itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from chatserver.pyz import main, make
from tests.harness import Process, command_line

ALONE = (sys.executable, "-I", "-S")
"""A Python that sees neither this tree nor what is installed: what a file lacks cannot be found elsewhere."""


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("binary") / "chatserver.pyz"
    make(path)
    return path


def test_it_serves_with_its_bots_and_ends_well(binary: Path, tmp_path: Path) -> None:
    _, _, _, *words = command_line(tmp_path / "chat.db", {})
    server = Process([*ALONE, str(binary), *words], tmp_path / "chat.db")
    try:
        assert "WeatherBot" in {name for name, _ in server.user("amy").rows("SHOWBOTS|amy")}
        server.terminate()
        assert server.wait() == 0
    finally:
        server.close()


def test_it_keeps_the_exit_status_of_a_wrong_command_line(binary: Path) -> None:
    done = subprocess.run([*ALONE, binary, "--no-such-option"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--no-such-option" in done.stderr


@pytest.mark.parametrize("package", ["chatserver", "chatclient", "bots"])
def test_every_module_in_it_can_be_imported(binary: Path, package: str) -> None:
    lines = (
        f"import importlib, pkgutil, sys; sys.path.insert(0, {str(binary)!r})",
        f"package = importlib.import_module({package!r})",
        f"found = [found.name for found in pkgutil.walk_packages(package.__path__, {package + '.'!r})]",
        "[importlib.import_module(name) for name in found if not name.endswith('__main__')]",
    )
    done = subprocess.run([*ALONE, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_command_makes_the_file_that_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "server.pyz"
    assert main([str(target)]) == 0
    assert target.read_bytes().startswith(b"#!/usr/bin/env python3\n")
    assert str(target) in capsys.readouterr().out


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "no folder" / "server.pyz"
    assert main([str(target)]) == 1
    told = capsys.readouterr().err
    assert str(target) in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("words", [["--help"], ["one.pyz", "two.pyz"]])
def test_other_words_get_the_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("usage: python3 -m chatserver.pyz")


def test_it_starts_the_client_and_the_administration_too(binary: Path, tmp_path: Path) -> None:
    for words, said in (
        (["client", "--version"], "pipechat "),
        (["admin", "--version"], "pipechat "),
        (["--version"], "pipechat "),
        (["client", "--help"], "chatclient"),
    ):
        ended = subprocess.run([*ALONE, str(binary), *words], capture_output=True, text=True, cwd=tmp_path, check=True)
        assert said in ended.stdout
