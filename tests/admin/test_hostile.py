"""Every command of the administration with words that make no sense: a sentence, or what it says; never a traceback.

What is refused leaves the store, and the files that are there, as they were.
"""

import json
import logging
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from chatserver.admin.asked import Command, UsageError, parse
from chatserver.admin.door import REQUEST_BYTES_MAX, socket_path
from chatserver.admin.table import TABLE
from chatserver.launch.beside import BESIDE
from tests.admin.hostile import Files, cases, tree
from tests.conftest import StartServer
from tests.harness import Process, command_line
from tests.wire import WAIT_S

SENTENCE_CHARS_MAX = 1000
Say = Callable[[list[str]], tuple[bool, str]]
"""Says words to the administration; whether they were done, and what it told."""
Content = frozenset[tuple[object, ...]]


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with some people and a room, which no server uses."""
    store = tmp_path_factory.mktemp("hostile") / "chat.db"
    server = Process(command_line(store, {}), store)
    try:
        ann, _ = server.friends("ann", "ben")
        ann.says("CREATEROOM|ann|#tea|public", "OK|…")
        server.terminate()
        assert server.wait() == 0
    finally:
        server.close()
    return store


@pytest.fixture
def files(lived_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    """The folder that commands are typed in."""
    made = Files(tmp_path / "folder", tmp_path / "chat.db", tmp_path / "other")
    for path in (lived_in, lived_in.with_name("chat.db-mark")):
        shutil.copy(path, tmp_path)
    monkeypatch.setenv("CHATSERVER_PASSWORD_HASH_COST", "1")
    made.folder.mkdir()
    made.other.write_text("what was there\n")
    monkeypatch.chdir(tmp_path)
    yield made
    logging.disable(logging.NOTSET)  # a command on the file tells nothing but its answer


@pytest.fixture
def in_text(files: Files, capsys: pytest.CaptureFixture[str]) -> Say:
    """In a terminal."""

    def say(words: list[str]) -> tuple[bool, str]:
        status = BESIDE["admin"](["--store", str(files.store), *words])
        told = capsys.readouterr()
        assert bool(told.out) != bool(told.err), (words, told)
        if status == 0:
            return True, told.out
        assert told.err.startswith("chatserver admin: ")
        assert told.err.endswith("\n")
        return False, told.err.removeprefix("chatserver admin: ").removesuffix("\n")

    return say


@pytest.fixture
def in_json(files: Files, capsys: pytest.CaptureFixture[str]) -> Say:
    """By a program."""

    def say(words: list[str]) -> tuple[bool, str]:
        status = BESIDE["admin"](["--json", "--store", str(files.store), *words])
        told = capsys.readouterr()
        assert told.err == ""
        reply = json.loads(told.out)
        assert reply["ok"] == (status == 0)
        return heard(reply)

    return say


@pytest.fixture
def at_the_door(files: Files) -> Say:
    """By a program that speaks to the socket, which may say what no command line can hold."""

    def say(words: list[str]) -> tuple[bool, str]:
        line = json.dumps({"words": words}).encode() + b"\n"
        if len(line) > REQUEST_BYTES_MAX:
            return False, "no line is that long"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.settimeout(WAIT_S)
            door.connect(socket_path(files.store.name))
            door.sendall(line)
            with door.makefile("rb") as answer:
                reply = json.loads(answer.readline())
        return heard(reply)

    return say


def heard(reply: dict[str, object]) -> tuple[bool, str]:
    """What a program heard. INTERNAL is for what nobody has thought of."""
    assert reply.get("code") != "INTERNAL", reply
    return reply["ok"] is True, str(reply["text"])


class Stored:
    """What the store holds, but for what SQLite makes of it by itself."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file
        self._seen = (-1, Content())

    def content(self) -> Content:
        """Read anew only if somebody has written."""
        (version,) = self._file.execute("PRAGMA data_version").fetchone()
        if version != self._seen[0]:
            named = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
            tables = [name for (name,) in self._file.execute(named).fetchall()]
            rows = ((table, *row) for table in tables for row in self._file.execute(f"SELECT * FROM {table}"))
            self._seen = version, frozenset(rows)
        return self._seen[1]


def walk(command: Command, files: Files, said: Sequence[list[str]], ways: Sequence[Say]) -> None:
    """Say all of it, and look at what has become of the store and of the files beside it."""
    with closing(sqlite3.connect(files.store)) as file:
        stored, folder = Stored(file), files.store.parent
        before, around = stored.content(), tree(folder)
        for words in said:
            for way in ways:
                done, text = way(words)
                shown = f"{way.__qualname__} {[word[:60] for word in words]}: {text[:2000]}"
                after, found = stored.content(), tree(folder)
                if done and command.changes:
                    assert len([row for row in after - before if row[0] == "audit"]) == 1, shown
                else:
                    assert after == before, (shown, after ^ before)
                    assert found == around, shown
                if not done:
                    assert text, shown
                    assert text.isprintable(), shown
                    assert len(text) <= SENTENCE_CHARS_MAX, shown
                before, around = after, found


@pytest.mark.parametrize("name", TABLE)
def test_while_a_server_runs(
    name: str, files: Files, start_server: StartServer, in_text: Say, in_json: Say, at_the_door: Say
) -> None:
    start_server(store=files.store)
    said = list(cases(TABLE[name], files))
    raw = () if "file" in TABLE[name].arguments else (at_the_door,)  # a path from here is another one in its folder
    walk(TABLE[name], files, said[::2], (in_text, *raw))
    walk(TABLE[name], files, said[1::2], (in_json, *raw))


@pytest.mark.parametrize("name", TABLE)
def test_on_the_file(name: str, files: Files, in_text: Say, in_json: Say) -> None:
    """What is refused before the file is looked at is said in the test above."""
    left = [words for words in cases(TABLE[name], files) if comes_to_the_file(words)]
    walk(TABLE[name], files, left[::2], (in_text,))
    walk(TABLE[name], files, left[1::2], (in_json,))


def comes_to_the_file(words: list[str]) -> bool:
    try:
        parse(TABLE, words)
    except UsageError:
        return False
    return True
