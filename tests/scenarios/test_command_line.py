"""The command line as scripts use it: what it prints, its exit status, and one sentence for each mistake."""

import os
import pty
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from chatserver import __version__
from tests.conftest import StartServer
from tests.harness import PASSWORD, ROOT, Process
from tests.wire import WAIT_S, Client

COMMAND = [sys.executable, "-m", "chatserver"]
USAGE, COULD_NOT_START = 2, 1


def run(*words: str, environment: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end."""
    return subprocess.run(
        [*COMMAND, *words],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )


def one_sentence(*words: str, status: int, environment: Mapping[str, str] | None = None) -> str:
    """Check that the command ends with this status, one line on stderr and nothing else; that line."""
    done = run(*words, environment=environment)
    assert (done.returncode, done.stdout) == (status, ""), done
    (sentence,) = done.stderr.splitlines()
    assert len(sentence.split()) > 3, sentence
    return sentence


# When it starts


def test_one_line_says_where_it_listens(server_process: Process) -> None:
    assert server_process.first_lines[0] == f"listening on 127.0.0.1:{server_process.port}"
    assert server_process.port > 0


def test_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert __version__ in done.stdout


def test_help_tells_every_flag_and_setting() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for word in (
        *("PORT", "--host", "--store", "--sync", "--config", "--set", "--log-level", "--version", "CHATSERVER_"),
        *("password_hash_cost", "password_chars_min", "commands_per_s", "login_timeout_s", "send_bytes_max"),
        *("connections_max", "connections_per_address_max", "logins_per_minute", "message_chars_max"),
    ):
        assert word in done.stdout


def test_it_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    words = [sys.executable, "-S", "-E", "-m", "chatserver", "0", "--store", str(tmp_path / "chat.db")]
    server = Process(words, tmp_path / "chat.db")
    try:
        server.connect().says("PING|x", "OK|PING|x")
        server.terminate()
        assert server.wait() == 0
    finally:
        server.close()


@pytest.mark.parametrize("before", ["SIG_DFL", "SIG_IGN"])  # what a script puts into the background has SIGINT ignored
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_can_be_stopped_while_it_brings_an_older_file_up_to_date(
    tmp_path: Path, number: signal.Signals, before: str
) -> None:
    words = ["0", "--store", str(tmp_path / "chat.db")]
    code = f"""
import os, signal
signal.signal({number:d}, signal.{before})
from chatserver.cli import main
from chatserver.store.store import Store
Store.catch_up = lambda store, tell: os.kill(os.getpid(), {number:d})
raise SystemExit(main({words}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("with_tls", "to_type"), [(False, b"nc 127.0.0.1 "), (True, b"openssl s_client ")])
def test_on_a_terminal_a_banner_says_where_the_data_lies(
    tmp_path: Path, request: pytest.FixtureRequest, with_tls: bool, to_type: bytes
) -> None:
    terminal, its_end = pty.openpty()
    words = [*COMMAND, "0", "--store", str(tmp_path / "chat.db")]
    if with_tls:
        certificate = request.getfixturevalue("certificate")
        words += ["--set", f"tls_certificate={certificate[0]}", "--set", f"tls_key={certificate[1]}"]
    with subprocess.Popen(words, cwd=ROOT, stdin=its_end, stdout=its_end, stderr=subprocess.PIPE) as process:
        os.close(its_end)
        shown = b""
        try:
            while not (
                re.search(rb"listening on 127\.0\.0\.1:\d+\r?\n", shown) and b"chat.db" in shown and to_type in shown
            ):
                shown += os.read(terminal, 4096)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(WAIT_S)
            os.close(terminal)
    assert process.returncode == 0


def _has_ipv6() -> bool:
    try:
        with closing(socket.socket(socket.AF_INET6)) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize(("host", "reached_at"), [("::1", ["::1"]), ("[::1]", ["::1"]), ("::", ["::1", "127.0.0.1"])])
def test_ipv6(start_server: StartServer, host: str, reached_at: list[str]) -> None:
    server = start_server("--host", host)
    assert server.first_lines[0] == f"listening on [{host.strip('[]')}]:{server.port}"
    for address in reached_at:
        with Client((address, server.port)) as client:
            client.expect("HELLO|…")


def test_in_memory_through_the_same_code(tmp_path: Path) -> None:
    server = Process([*COMMAND, "0", "--store", ":memory:", "--set", "password_hash_cost=1"], tmp_path / "unused.db")
    try:
        alice, bob = server.friends("alice", "bob")
        first = alice.says("SENDMESSAGE#t|alice|bob|hi")
        assert alice.says("SENDMESSAGE#t|alice|bob|hi") == first
        assert [row[4] for row in bob.rows("SYNC|bob|0")] == ["hi"]
    finally:
        server.close()
    assert not list(ROOT.glob(":memory:*"))
    assert [path.name for path in tmp_path.iterdir()] == ["unused.log"]


def test_a_cheap_hash_is_named_in_the_log(start_server: StartServer) -> None:
    assert "password_hash_cost" in start_server(password_hash_cost=4).stderr


# Mistakes of usage


@pytest.mark.parametrize("port", ["65536", "-1", "abc", "", "5000.0", "99999999999999999999", "٥"])
def test_a_bad_port(port: str) -> None:
    sentence = one_sentence("--", port, status=USAGE)
    assert "65535" in sentence


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--set", "comands_per_s=0"], "commands_per_s"),
        (["--set", "passwordhashcost=4"], "password_hash_cost"),
        (["--set", "password_hash_cost=21"], "20"),
        (["--set", "password_hash_cost=0"], "1"),
        (["--set", "password_hash_cost=four"], "four"),
        (["--set", "password_hash_cost="], "password_hash_cost"),
        (["--set", "commands_per_s=-1"], "commands_per_s"),
        (["--set", "commands_per_s"], "name=value"),
        (["--set"], "--set"),
        (["--sync", "fully"], "full"),
        (["--log-level", "inf"], "info"),
        (["--stor", "x.db", "0", "1"], "--store"),
        (["--prot", "5"], "--prot"),
        (["0", "1"], "1"),
        (["--host"], "--host"),
        (["--store", ""], "store"),
    ],
    ids=" ".join,
)
def test_a_bad_name_or_value(words: list[str], hint: str) -> None:
    assert hint in one_sentence(*words, status=USAGE)


@pytest.mark.parametrize(
    ("certificate_file", "key_file", "hint"),
    [
        ("certificate.pem", "", "set tls_certificate and tls_key"),
        ("", "key.pem", "set tls_certificate and tls_key"),
        ("nowhere.pem", "key.pem", "nowhere.pem cannot be read (No such file"),
        ("certificate.pem", "nowhere.pem", "nowhere.pem cannot be read (No such file"),
        (".", "key.pem", "directory"),
        ("key.pem", "certificate.pem", "belong together"),
        ("certificate.pem", "another.pem", "belong together"),
        ("certificate.pem", "secret.pem", "without a passphrase"),
        ("text.pem", "text.pem", "two PEM files"),
    ],
)
def test_no_certificate_with_its_key(
    tmp_path: Path, certificate: tuple[Path, Path], certificate_file: str, key_file: str, hint: str
) -> None:
    for path in certificate:
        shutil.copy(path, tmp_path)
    (tmp_path / "text.pem").write_text("this is a text and no certificate at all\n")
    make = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(tmp_path / "another.pem")]
    lock = ["openssl", "ec", "-in", str(certificate[1]), "-aes128", "-passout", "pass:secret"]
    for command in (make, [*lock, "-out", str(tmp_path / "secret.pem")]):
        subprocess.run(command, check=True, capture_output=True)
    words = ["0", "--store", str(tmp_path / "chat.db")]
    for name, file in (("tls_certificate", certificate_file), ("tls_key", key_file)):
        words += ["--set", f"{name}={file and tmp_path / file}"]
    assert hint in one_sentence(*words, status=USAGE)
    assert not (tmp_path / "chat.db").exists()


def test_a_bad_value_in_the_environment() -> None:
    sentence = one_sentence("0", status=USAGE, environment={"CHATSERVER_COMMANDS_PER_S": "many"})
    assert "CHATSERVER_COMMANDS_PER_S" in sentence


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("comands_per_s = 0\n", "commands_per_s"),
        ("password_hash_cost = 99\n", "20"),
        ('password_hash_cost = "x"\n', "password_hash_cost"),
        ("password_hash_cost = true\n", "password_hash_cost"),
        ("password_hash_cost = [1]\n", "password_hash_cost"),
        ("[server]\nport = 0\n", "server"),
        ("this is no TOML", "chat.toml"),
        ("sync = 1\n", "sync"),
    ],
)
def test_a_bad_configuration_file(tmp_path: Path, text: str, hint: str) -> None:
    path = tmp_path / "chat.toml"
    path.write_text(text)
    sentence = one_sentence("0", "--config", str(path), status=USAGE)
    assert hint in sentence
    assert "chat.toml" in sentence


def test_a_configuration_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    assert "nowhere.toml" in one_sentence("0", "--config", str(tmp_path / "nowhere.toml"), status=USAGE)
    assert str(tmp_path) in one_sentence("0", "--config", str(tmp_path), status=USAGE)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    assert "binary.toml" in one_sentence("0", "--config", str(tmp_path / "binary.toml"), status=USAGE)


# Where settings come from


def _least_password(server: Process) -> str:
    """The setting under test, as a client sees it: the refusal names it."""
    text = server.connect().refused("SIGNUP|alice|", "BAD_PASSWORD")
    found = re.search(r"\d+", text)
    assert found
    return found[0]


def test_command_line_over_environment_over_file_over_default(start_server: StartServer, tmp_path: Path) -> None:
    config = tmp_path / "chat.toml"
    config.write_text("password_chars_min = 21\nlogin_timeout_s = 33\n")
    environment = {"CHATSERVER_PASSWORD_CHARS_MIN": "22"}
    flags = ("--config", str(config))
    assert _least_password(start_server()) == "8"
    assert _least_password(start_server(*flags)) == "21"
    assert _least_password(start_server(environment=environment)) == "22"
    assert _least_password(start_server(*flags, environment=environment)) == "22"
    assert _least_password(start_server(*flags, environment=environment, password_chars_min=23)) == "23"


def test_the_last_of_two_values_counts(start_server: StartServer) -> None:
    assert _least_password(start_server("--set", "password_chars_min=12", "--set", "password_chars_min=13")) == "13"


# What keeps it from starting


def test_a_port_in_use(server_process: Process, tmp_path: Path) -> None:
    port = str(server_process.port)
    assert port in one_sentence(port, "--store", str(tmp_path / "other.db"), status=COULD_NOT_START)


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host", "300.1.1.1"])
def test_an_address_that_is_not_ours(tmp_path: Path, host: str) -> None:
    assert host in one_sentence("0", "--host", host, "--store", str(tmp_path / "chat.db"), status=COULD_NOT_START)


def test_a_second_server_on_the_same_file(server_process: Process) -> None:
    store = str(server_process.store_path)
    assert store in one_sentence("0", "--store", store, status=COULD_NOT_START)
    alice = server_process.user("alice")
    alice.says("SHOWFRIENDS|alice")


def test_a_second_server_by_another_name_of_the_file(server_process: Process, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(server_process.store_path)
    one_sentence("0", "--store", str(link), status=COULD_NOT_START)
    server_process.user("alice")


def test_a_store_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is a text and no database at all\n" * 100)
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "nowhere" / "chat.db", tmp_path / "text.db", tmp_path / "file" / "chat.db"):
        assert str(path) in one_sentence("0", "--store", str(path), status=COULD_NOT_START)
    assert (tmp_path / "text.db").read_text().startswith("this is a text")


def test_a_store_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE users (something TEXT)")
    one_sentence("0", "--store", str(path), status=COULD_NOT_START)


def test_a_store_of_a_newer_version(start_server: StartServer) -> None:
    server = start_server()
    server.user("alice")
    server.terminate()
    assert server.wait() == 0
    with closing(sqlite3.connect(server.store_path)) as database:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        database.execute("PRAGMA user_version = 9999")
    sentence = one_sentence("0", "--store", str(server.store_path), status=COULD_NOT_START)
    assert "newer" in sentence
    with closing(sqlite3.connect(server.store_path)) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == 9999
        database.execute(f"PRAGMA user_version = {version}")
    server.restart()
    server.login("alice", PASSWORD)


def test_an_empty_file_becomes_a_store(tmp_path: Path, start_server: StartServer) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    start_server(store=path).user("alice")
