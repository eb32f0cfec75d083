"""`python3 -m chatserver admin`: what the machine's owner types, with and without a server."""

import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import cast

import pytest

from chatserver.admin import command, door
from chatserver.admin.administration import Administration
from chatserver.admin.door import CALLS_MAX, socket_path
from tests.conftest import StartServer
from tests.harness import PASSWORD, ROOT, Process
from tests.net.loops import Loop
from tests.wire import WAIT_S

DONE, REFUSED, USAGE = 0, 1, 2


def run(store: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "chatserver", "admin", "--store", str(store), *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )


def done(store: Path, *words: str) -> list[dict[str, object]]:
    """The rows of a command that is done."""
    ended = run(store, "--json", *words)
    assert (ended.returncode, ended.stderr) == (DONE, ""), ended
    rows: list[dict[str, object]] = json.loads(ended.stdout)["rows"]
    return rows


def sentence(store: Path, *words: str, status: int) -> str:
    """The one sentence of a command that is not done."""
    ended = run(store, *words)
    assert (ended.returncode, ended.stdout) == (status, ""), ended
    (line,) = ended.stderr.splitlines()
    assert line.startswith("chatserver admin: ")
    return line


def test_the_owner_needs_no_account(server_process: Process) -> None:
    ann = server_process.user("ann")
    store = server_process.store_path
    (row,) = done(store, "who")
    assert (row["user"], row["address"], row["door"]) == ("ann", "127.0.0.1", "pipe")
    done(store, "kick", "ann", "--reason", "tea | five")
    ann.expect("BYE|REMOVED|…tea | five")
    assert "kick ann" in run(store, "audit").stdout
    assert "machine (user" in run(store, "audit").stdout


def test_the_owner_makes_an_administrator_whom_nobody_else_can_make(start_server: StartServer) -> None:
    server = start_server("--set", "admins=mia")
    assert "admin user create mia" in server.stderr
    server.connect().refused(f"SIGNUP|mia|{PASSWORD}", "NAME_TAKEN")
    (row,) = done(server.store_path, "user", "create", "mia")
    mia = server.connect("mia")
    mia.says(f"SETPASSWORD|mia|{row['password']}|{PASSWORD}", "OK|SETPASSWORD|mia")
    mia.says(f"LOGIN|mia|{PASSWORD}", "OK|LOGIN|mia|…")
    mia.refused("ADMIN|mia|settings set history_days 1", "NOT_ALLOWED")
    assert run(server.store_path, "settings", "set", "history_days", "1").returncode == DONE


def test_what_cannot_be_undone_is_said_twice(server_process: Process) -> None:
    server_process.user("ann")
    store = server_process.store_path
    assert "--yes" in sentence(store, "user", "delete", "ann", status=USAGE)
    assert run(store, "user", "delete", "ann", "--yes").returncode == DONE
    assert "ann" in sentence(store, "user", "delete", "ann", "--yes", status=REFUSED)


def test_drain_ends_the_server_and_its_door(server_process: Process) -> None:
    store = server_process.store_path
    assert os.stat(socket_path(str(store))).st_mode & 0o777 == 0o600
    assert run(store, "drain", "--yes").returncode == DONE
    assert server_process.wait() == 0
    assert not os.path.exists(socket_path(str(store)))


def test_without_a_server_it_is_done_on_the_file(server_process: Process) -> None:
    store = server_process.store_path
    server_process.user("ann")
    server_process.terminate()
    assert server_process.wait() == 0
    done(store, "user", "suspend", "ann", "--reason", "spam")
    (row,) = done(store, "user", "create", "ben")
    assert "server" in sentence(store, "who", status=REFUSED)
    server_process.restart()
    assert "spam" in server_process.connect().refused(f"LOGIN|ann|{PASSWORD}", "SUSPENDED")
    server_process.connect().refused(f"LOGIN|ben|{row['password']}", "PASSWORD_EXPIRED")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ([], "help"),
        (["nonsense"], "no command"),
        (["user", "show"], "user show name"),
        (["user", "suspend", "ann", "--for", "soon"], "30m"),
        (["--nonsense", "who"], "--help"),
        (["ban", "example.com"], "192.0.2.7"),
    ],
)
def test_a_word_that_makes_no_sense(server_process: Process, words: list[str], hint: str) -> None:
    assert hint in sentence(server_process.store_path, *words, status=USAGE)


def test_help_needs_no_store_and_top_and_check_have_their_own(tmp_path: Path) -> None:
    assert "backup file" in run(tmp_path / "none.db", "help").stdout
    (row,) = done(tmp_path / "none.db", "help", "purge")
    assert row["command"] == "purge --yes"
    shown = {word: beside(word, "--help").stdout for word in ("admin", "top", "check")}
    assert len(set(shown.values())) == 3
    assert "user passwd" in shown["admin"]
    assert "user passwd" not in shown["top"]
    assert "admin check" in shown["check"]
    assert "top --help" in beside("top", "--nonsense").stderr


def beside(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "chatserver", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S, check=False)


def test_on_the_file_the_configuration_file_holds(tmp_path: Path, server_process: Process) -> None:
    server_process.terminate()
    assert server_process.wait() == 0
    config = tmp_path / "chat.toml"
    config.write_text('history_days = 7\nadmins = "ann"\nstore = "elsewhere.db"\n')
    ended = run(server_process.store_path, "--config", str(config), "settings", "show", "history_days")
    assert "7" in ended.stdout
    assert run(server_process.store_path, "--config", str(config), "purge", "--yes").returncode == DONE
    assert "history_days is 0" in sentence(server_process.store_path, "purge", "--yes", status=REFUSED)


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    assert "--store" in sentence(tmp_path / "none.db", "user", "list", status=REFUSED)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("spoil", "hint"),
    [
        (lambda path: os.chmod(path, 0o660), "mode 660"),
        (lambda path: os.chmod(path, 0o602), "mode 602"),
        (lambda path: os.chown(path, 4_000_000, -1), "another user"),
        (lambda path: os.symlink(Path(path).rename(f"{path}-"), path), "no socket"),
    ],
    ids=("group", "others", "owner", "link"),
)
def test_a_socket_that_others_may_have_put_there_is_not_used(
    tmp_path: Path, spoil: Callable[[str], object], hint: str
) -> None:
    """Nobody even connects to it, and nothing is done on the file, which whoever listens there may use."""
    path = socket_path(str(tmp_path / "chat.db"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as theirs:
        theirs.bind(path)
        os.chmod(path, 0o600)
        theirs.listen()
        theirs.setblocking(False)
        try:
            spoil(path)
        except PermissionError:
            pytest.skip("root alone can give a file to another user")
        assert hint in sentence(tmp_path / "chat.db", "user", "list", status=REFUSED)
        with pytest.raises(BlockingIOError):
            theirs.accept()


OPPOSITES = (
    ("user suspend ann", "user reinstate ann"),
    ("mute ben", "unmute ben"),
    ("ban 192.0.2.7", "unban 192.0.2.7"),
    ("bot disable DiceBot", "bot enable DiceBot"),
    ("settings set signup closed", "settings set signup open"),
)


def test_two_administrators_who_do_opposite_things_at_once(server_process: Process) -> None:
    """The audit says in which order it was done, and what holds is what the last of them said."""
    store = server_process.store_path
    server_process.friends("ann", "ben")
    counts: list[int] = []

    def insist(lines: list[str]) -> None:
        answers = [say(store, line.split()) for _ in range(10) for line in lines]
        counts.append(sum(answer["ok"] is True for answer in answers))

    people = [Thread(target=insist, args=([pair[at] for pair in OPPOSITES],)) for at in range(2)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    deeds = [str(row["deed"]) for row in done(store, "audit", "--limit", "1000")]
    assert len(counts) == 2
    assert len(deeds) == sum(counts)
    last = [next(deed for deed in deeds if deed in pair) == pair[0] for pair in OPPOSITES]
    (signup,) = done(store, "settings", "show", "signup")
    server_process.restart()
    kinds = {row["user"]: row["sanctions"] for row in done(store, "user", "list")}
    holds = [kinds["ann"] == "suspended", kinds["ben"] == "muted", done(store, "bans") != []]
    assert [*holds, kinds["DiceBot"] == "disabled", signup["value"] == "closed"] == last


def say(store: Path, words: list[str]) -> dict[str, object]:
    """The answer at the door."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.settimeout(WAIT_S)
        door.connect(socket_path(str(store)))
        door.sendall(json.dumps({"words": words}).encode() + b"\n")
        with door.makefile("rb") as answer:
            made: dict[str, object] = json.loads(answer.readline())
    return made


def test_what_cannot_be_shown_or_written_ends_in_no_traceback(server_process: Process) -> None:
    command = [sys.executable, "-m", "chatserver", "admin", "--store", str(server_process.store_path)]
    done(server_process.store_path, "announce", "tée ☕", "--for", "1h")
    narrow = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for words, expected in (["announce", "list"], "t\\xe9e \\u2615"), (["--help"], "COMMAND \\u2026"):
        shown = subprocess.run(
            [*command, *words], cwd=ROOT, env=narrow, capture_output=True, timeout=WAIT_S, check=True
        )
        assert expected in shown.stdout.decode("ascii")
    with open("/dev/full", "w", encoding="ascii") as full:
        words = [*command, "user", "list"]
        failed = subprocess.run(words, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, timeout=WAIT_S, check=False)
    assert failed.returncode == REFUSED
    (line,) = failed.stderr.decode().splitlines()
    assert "No space left" in line


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_where_standard_output_is_closed_nothing_is_done(server_process: Process, form: list[str]) -> None:
    server_process.user("ann")
    words = [sys.executable, "-m", "chatserver", "admin", *form, "--store", str(server_process.store_path)]
    script = ["sh", "-c", 'exec "$@" >&-', "sh", *words, "user", "passwd", "ann"]
    ended = subprocess.run(script, cwd=ROOT, stderr=subprocess.PIPE, text=True, timeout=WAIT_S, check=False)
    assert ended.returncode == REFUSED
    assert ended.stderr == "chatserver admin: there is nowhere to answer to: leave standard output open\n"
    server_process.login("ann")


def test_an_empty_word_is_no_store(tmp_path: Path) -> None:
    """A script's variable that is not set meant ./chat.db."""
    ended = subprocess.run(
        [sys.executable, "-m", "chatserver", "admin", "--store", "", "user", "list"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (USAGE, "")
    assert "store needs" in ended.stderr


def test_what_a_program_reads_is_json_also_where_it_made_no_sense(tmp_path: Path) -> None:
    for words, status in (["nonsense"], USAGE), (["purge"], USAGE), (["--nonsense"], USAGE), (["who"], REFUSED):
        ended = run(tmp_path / "none.db", *words, "--json")
        assert (ended.returncode, ended.stderr) == (status, ""), ended
        assert json.loads(ended.stdout)["ok"] is False


def test_what_is_no_socket_is_neither_used_nor_removed(start_server: StartServer, tmp_path: Path) -> None:
    store = tmp_path / "chat.db"
    Path(socket_path(str(store))).write_text("mine")
    server = start_server(store=store)
    assert "admin" in server.stderr
    assert Path(socket_path(str(store))).read_text() == "mine"
    assert "no socket" in sentence(store, "who", status=REFUSED)


def test_a_socket_of_another_user_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "admin")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as made:
        made.bind(path)
        os.chmod(path, 0o600)
        command._look_at(path)
        found = list(os.lstat(path))
        found[stat.ST_UID] = os.geteuid() + 1
        monkeypatch.setattr(os, "lstat", lambda _: os.stat_result(found))
        with pytest.raises(command.Failure, match="belongs to another user: run this as"):
            command._look_at(path)


def test_the_socket_of_a_server_that_was_killed_is_taken_over(server_process: Process) -> None:
    server_process.kill()
    assert "server" in sentence(server_process.store_path, "who", status=REFUSED)
    server_process.restart()
    assert done(server_process.store_path, "who") == []


def test_a_store_with_a_long_path(start_server: StartServer, tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    start_server(store=folder / "chat.db")
    assert done(folder / "chat.db", "who") == []


@pytest.mark.parametrize(
    "line", [b"\n", b"who\n", b"[]\n", b'{"words": "who"}\n', b'{"words": [1]}\n', b"\xff\n", b"[" * 30_000 + b"\n"]
)
def test_a_line_that_is_no_command_gets_a_sentence(server_process: Process, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.settimeout(WAIT_S)
        door.connect(socket_path(str(server_process.store_path)))
        door.sendall(line)
        answer = json.loads(door.makefile("rb").readline())
    assert (answer["ok"], answer["code"]) == (False, "BAD_COMMAND")


def test_a_line_without_an_end_costs_no_more_than_a_line(server_process: Process) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.settimeout(WAIT_S)
        door.connect(socket_path(str(server_process.store_path)))
        with pytest.raises(ConnectionError):
            door.sendall(b"x" * (64 << 20))
    assert done(server_process.store_path, "who") == []


def test_who_comes_while_too_many_call_is_told_and_the_next_one_is_not(server_process: Process) -> None:
    path = socket_path(str(server_process.store_path))
    with contextlib.ExitStack() as callers:

        def call() -> socket.socket:
            caller = callers.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            caller.settimeout(WAIT_S)
            caller.connect(path)
            return caller

        calls = [call() for _ in range(CALLS_MAX)]
        answer = json.loads(call().makefile("rb").readline())
        assert (answer["ok"], answer["code"]) == (False, "FULL")
        calls[0].shutdown(socket.SHUT_WR)  # who says nothing has no answer to come
        assert calls[0].recv(1) == b""
    assert done(server_process.store_path, "who") == []
    assert "may not administer" not in server_process.stderr


def test_who_says_nothing_gives_the_place_back(tmp_path: Path) -> None:
    loop = Loop()
    opened = door.AdminDoor(cast(Administration, None), loop.reactor, str(tmp_path / "chat.db.admin"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.connect(str(tmp_path / "chat.db.admin"))
        caller.settimeout(WAIT_S)
        loop.turn()
        loop.pass_time(door.CALL_S - 0.1)
        assert opened.is_busy
        loop.pass_time(0.2)
        assert not opened.is_busy
        assert caller.recv(1) == b""
    opened.close()
    loop.close()


def test_a_user_who_may_not_is_in_the_log_once_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each knock was a line of the log: thousands a second."""
    monkeypatch.setattr(door, "_peer", lambda connected: 4_000_000)
    loop = Loop()
    opened = door.AdminDoor(cast(Administration, None), loop.reactor, str(tmp_path / "chat.db.admin"))
    for _ in range(20):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            caller.settimeout(WAIT_S)
            caller.connect(str(tmp_path / "chat.db.admin"))
            loop.turn()
            assert caller.recv(1) == b""
    assert [record.message[:17] for record in caplog.records] == ["user 4000000 may "]
    opened.close()
    loop.close()


def test_a_backup_is_made_while_the_server_works_and_is_a_store(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    ann, ben = server.friends("ann", "ben")
    ann.says("SENDMESSAGE|ann|ben|kept", "OK|…")
    copy = tmp_path / "copy.db"
    assert "checked and whole" in run(server.store_path, "backup", str(copy)).stdout
    assert "there already" in sentence(server.store_path, "backup", str(copy), status=REFUSED)
    assert "there already" in sentence(server.store_path, "backup", str(server.store_path), status=REFUSED)
    assert "folder" in sentence(server.store_path, "backup", str(tmp_path / "no" / "copy.db"), status=REFUSED)
    assert "needs a name" in sentence(server.store_path, "backup", "", status=REFUSED)
    assert done(server.store_path, "stats", "--tables")[0].keys() == {"table", "bytes"}
    ben.event("MESSAGE|…")
    other = start_server(store=copy)
    assert [row[4] for row in other.login("ann").rows("HISTORY|ann|ben")] == ["kept"]


def test_settings_change_while_it_runs_and_say_where_they_come_from(server_process: Process) -> None:
    store = server_process.store_path
    ann, ben = server_process.friends("ann", "ben")
    assert run(store, "settings", "set", "message_chars_max", "3").returncode == DONE
    ann.refused("SENDMESSAGE|ann|ben|four", "TOO_LONG")
    ben.no_event()
    (row,) = done(store, "settings", "show", "message_chars_max")
    assert (row["value"], row["from"], row["may_change"]) == (3, "settings set", True)
    assert "starts" in sentence(store, "settings", "set", "host", "::", status=REFUSED)
