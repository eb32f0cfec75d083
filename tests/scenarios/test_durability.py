"""What an operator may do to the process and its disk, and what is still there afterwards."""

import resource
import shutil
import signal
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from chatserver.store.errors import StoreBroken
from chatserver.store.store import Store
from tests.conftest import StartServer
from tests.harness import PASSWORD, Process
from tests.inside import InThread
from tests.kill_campaign import run_campaign


def test_everything_is_there_after_a_restart_and_after_a_crash(start_server: StartServer) -> None:
    server = start_server()
    alice, bob, _ = server.friends("Alice", "bob", "carol")
    dora = server.user("dora")
    alice.says("SENDMESSAGE|alice|bob|hi | there", "OK|SENDMESSAGE|…")
    bob.says("SENDMESSAGE|bob|alice|日本語", "OK|SENDMESSAGE|…")
    alice.says("DELETEFRIEND|alice|carol")
    dora.says("ADDFRIEND|dora|alice")
    alice.says("ADDFRIEND|alice|carol")
    bob.says("SETSTATUS|bob|busy|tests")
    lines = ["SHOWREQUESTS|alice", "HISTORY|alice|bob", "SYNC|alice|0"]
    before = [alice.rows(line) for line in lines]
    token = alice.token
    for kill in (False, True):
        server.restart(kill=kill)
        alice = server.connect("alice")
        alice.says(f"RESUME|alice|{token}", f"OK|RESUME|Alice|{token}")
        assert [alice.rows(line) for line in lines] == before
        assert alice.rows("SHOWFRIENDS|alice") == [["bob", "offline", ""]]
        alice.event("FRIENDREQUEST|dora")


def test_ids_go_on_rising_after_a_restart(server_process: Process) -> None:
    alice, _ = server_process.friends("alice", "bob")
    last = 0
    for kill in (False, True, False):
        (answer,) = alice.says("SENDMESSAGE|alice|bob|hi")
        number = int(answer.split("|")[2])
        assert number > last
        last = number
        server_process.restart(kill=kill)
        alice = server_process.login("alice")


def test_revoked_tokens_stay_revoked(server_process: Process) -> None:
    server = server_process
    alice, other = server.user("alice"), server.login("alice")
    bob, bob2 = server.user("bob"), server.login("bob")
    other.says("LOGOUT")
    bob.says(f"SETPASSWORD|bob|{PASSWORD}|battery staple")
    server.restart(kill=True)
    client = server.connect()
    for name, token in (("alice", other.token), ("bob", bob2.token)):
        client.refused(f"RESUME|{name}|{token}", "BAD_LOGIN")
    client.refused(f"LOGIN|bob|{PASSWORD}", "BAD_LOGIN")
    for name, token in (("alice", alice.token), ("bob", bob.token)):
        server.connect().says(f"RESUME|{name}|{token}", f"OK|RESUME|{name}|…")
    server.login("bob", "battery staple")


def test_a_deleted_account_stays_deleted(server_process: Process) -> None:
    server = server_process
    _, bob = server.friends("alice", "bob")
    bob.says("SENDMESSAGE|bob|alice|gone soon")
    bob.says(f"DELETEACCOUNT|bob|{PASSWORD}")
    server.restart(kill=True)
    alice = server.login("alice")
    assert alice.rows("SHOWFRIENDS|alice") == []
    assert alice.rows("SYNC|alice|0") == []
    alice.refused("ADDFRIEND|alice|bob", "NO_SUCH_USER")
    server.connect().refused(f"SIGNUP|BOB|{PASSWORD}", "NAME_TAKEN")


# The file


def test_the_file_is_for_its_owner_alone(server_process: Process) -> None:
    alice, _ = server_process.friends("alice", "bob")
    alice.says("SENDMESSAGE|alice|bob|hi")
    store = server_process.store_path
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in store.parent.glob(store.name + "*")}
    assert modes[store.name] == 0o600
    assert set(modes.values()) == {0o600}, modes


def test_no_password_and_no_token_is_in_the_file_nor_in_the_log(start_server: StartServer) -> None:
    server = start_server("--log-level", "debug")
    secrets = ["correct horse battery", "another one of mine", "a very private word"]
    alice = server.user("alice", secrets[0])
    bob = server.user("bob")
    alice.says("ADDFRIEND|alice|bob")
    bob.says("ACCEPTFRIEND|bob|alice")
    alice.says(f"SENDMESSAGE|alice|bob|{secrets[2]}")
    alice.says(f"SETPASSWORD|alice|{secrets[0]}|{secrets[1]}")
    server.connect().refused(f"LOGIN|alice|{secrets[0]}", "BAD_LOGIN")
    server.connect().refused(f"LOGIN|alice {secrets[1]}", "BAD_ARGUMENTS")
    server.connect().refused(f"LOGN|alice|{secrets[1]}", "UNKNOWN_COMMAND")
    server.restart(kill=True)
    server.connect().says(f"RESUME|alice|{alice.token}", "OK|RESUME|alice|…")
    server.terminate()
    assert server.wait() == 0
    for secret in (*secrets, alice.token, bob.token, PASSWORD):
        assert secret not in server.stderr
    store = server.store_path
    stored = b"".join(path.read_bytes() for path in store.parent.glob(store.name + "*"))
    for secret in (*secrets[:2], alice.token, bob.token):
        assert secret.encode() not in stored


def test_the_file_of_an_earlier_life_can_be_read_by_a_person(server_process: Process) -> None:
    alice, _ = server_process.friends("alice", "bob")
    alice.says("SENDMESSAGE|alice|bob|a private word")
    server_process.terminate()
    assert server_process.wait() == 0
    with closing(sqlite3.connect(server_process.store_path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA user_version").fetchone()[0] >= 1
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"users", "friendships", "messages"} <= tables


def test_a_copy_of_the_file_taken_while_stopped_serves(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    alice, _ = server.friends("alice", "bob")
    alice.says("SENDMESSAGE|alice|bob|hi")
    server.terminate()
    assert server.wait() == 0
    shutil.copy(server.store_path, tmp_path / "copy.db")
    alice = start_server(store=tmp_path / "copy.db").login("alice")
    assert [row[4] for row in alice.rows("SYNC|alice|0")] == ["hi"]


def test_a_hash_follows_the_setting_at_the_next_login(start_server: StartServer, tmp_path: Path) -> None:
    def stored(server: Process) -> str:
        server.terminate()
        assert server.wait() == 0
        with closing(sqlite3.connect(server.store_path)) as database:
            return str(database.execute("SELECT password_hash FROM users WHERE name = 'alice'").fetchone()[0])

    store = tmp_path / "chat.db"
    server = start_server(store=store)
    server.user("alice")
    first = stored(server)
    server = start_server(store=store)
    server.login("alice")
    assert stored(server) == first
    server = start_server(store=store, password_hash_cost=2)
    server.connect().refused("LOGIN|alice|wrong horse", "BAD_LOGIN")
    server.login("alice")
    second = stored(server)
    assert second != first
    server = start_server(store=store, password_hash_cost=2)
    server.login("alice")
    assert stored(server) == second


# No more descriptors


def test_no_descriptor_left_is_told_and_got_over(server_process: Process) -> None:
    server = server_process
    inside = [server.connect() for _ in range(3)]
    open_now = len(list(Path(f"/proc/{server.pid}/fd").iterdir()))
    before = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (open_now, before[1]))
    assert server.connect(hello=False).frames_to_the_end()[-1].startswith("BYE|FULL|")
    inside[0].says("PING|still served", "OK|PING|still served")
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, before)
    while not server.connect(hello=False).frame().startswith("HELLO|"):
        pass  # it may pause before it looks again
    assert "Traceback" not in server.stderr


# Stopping


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_says_so_to_everybody_and_ends_with_0(server_process: Process, number: signal.Signals) -> None:
    alice, bob = server_process.friends("alice", "bob")
    nobody = server_process.connect()
    alice.says("SENDMESSAGE|alice|bob|hi")
    bob.event("MESSAGE|…|hi")
    server_process.terminate(number)
    for client in (alice, bob, nobody):
        frames = [frame for frame in client.frames_to_the_end() if not frame.startswith("EVENT|STATUS|")]
        assert [frame.split("|")[:2] for frame in frames] == [["BYE", "SHUTDOWN"]]
        assert frames[0].split("|", 2)[2]
    assert server_process.wait() == 0


def test_stopping_while_passwords_are_hashed(server_process: Process) -> None:
    clients = [server_process.connect() for _ in range(20)]
    for at, client in enumerate(clients):
        client.send(f"SIGNUP|user{at}|{PASSWORD}", "PING")
    server_process.terminate()
    for client in clients:
        assert client.frames_to_the_end()[-1].startswith("BYE|SHUTDOWN|")
    assert server_process.wait() == 0


def test_a_second_signal_ends_it_though_a_client_does_not_read(server_process: Process) -> None:
    alice, bob = server_process.friends("alice", "bob")
    text = "x" * 3000
    alice.send(*(f"SENDMESSAGE|alice|bob|{text}" for _ in range(300)))
    for _ in range(300):
        alice.answers("OK|SENDMESSAGE|…")
    server_process.terminate()
    alice.until("BYE|SHUTDOWN|…")
    server_process.terminate()
    server_process.wait()
    server_process.restart()
    assert server_process.login("bob").rows("HISTORY|bob|alice|1")[0][4] == text
    bob.close()


# A disk that is full


@contextmanager
def full_disk(server: Process) -> Iterator[None]:
    """Within it, no file of the server's may grow past its present size: what a full disk does."""
    store = server.store_path
    size = max(path.stat().st_size for path in store.parent.glob(store.name + "*"))
    before = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, before)


def test_unavailable_while_nothing_can_be_written_and_well_again_afterwards(server_process: Process) -> None:
    server = server_process
    alice, bob = server.friends("alice", "bob")
    alice.says("SENDMESSAGE|alice|bob|before")
    bob.event("MESSAGE|…|before")
    text = "y" * 3900
    with full_disk(server):
        answers = []
        for at in range(40):  # the journal has room for a few at most
            alice.send(f"SENDMESSAGE#t{at}|alice|bob|{text}")
            answers.append(alice.answer()[0].split("|")[:3])
        kept = [answer for answer in answers if answer[0] == "OK"]
        assert answers[-1] == ["ERR", "SENDMESSAGE#t39", "UNAVAILABLE"]
        for line in ("ADDFRIEND|alice|bob", "SHOWFRIENDS|alice", "PING|x", "HISTORY|alice|bob", "SYNC|alice|0"):
            alice.send(line)
            answer = alice.answer()
            assert answer[-1].startswith("ERR|ADDFRIEND|ALREADY_FRIENDS|" if "ADD" in line else "OK|")
        alice.refused("DELETEFRIEND|alice|bob", "UNAVAILABLE")
        alice.refused("SETSTATUS|alice|away|tea", "UNAVAILABLE")
        server.connect().refused(f"SIGNUP|carol|{PASSWORD}", "UNAVAILABLE")
        assert len(alice.rows("SYNC|alice|0")) == 1 + len(kept)
        assert alice.rows("SHOWFRIENDS|alice") == [["bob", "online", ""]]
        late = server.login("bob")
        late.says("SHOWFRIENDS|bob", "ITEM|SHOWFRIENDS|alice|online|", "OK|SHOWFRIENDS|1")
    for _ in kept:
        bob.event("MESSAGE|…|alice|bob|y…")
    bob.no_event()
    _until_it_writes_again(server)
    alice.says("SENDMESSAGE#t39|alice|bob|after")
    bob.event("MESSAGE|…|after")
    server.restart(kill=True)
    rows = server.login("bob").rows("SYNC|bob|0")
    assert [row[4] for row in rows] == ["before", *[text] * len(kept), "after"]
    assert "Traceback" not in server.stderr


def _until_it_writes_again(server: Process) -> None:
    """Sign up one user after another until it is taken: the server looks by itself whether it can write."""
    client = server.connect()
    at, answer = 0, "ERR"
    while not answer.startswith("OK|"):
        client.send(f"SIGNUP|probe{at}|{PASSWORD}")
        answer = client.answer()[0]
        assert answer.startswith(("OK|", "ERR|SIGNUP|UNAVAILABLE|"))
        at += 1


def test_a_flush_that_failed_ends_the_server_and_acknowledges_nothing(
    server: InThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on the disk is then unknown: it must not be tried again, and no OK may leave."""

    def commit(store: Store) -> None:
        if store._connection.in_transaction:
            store.roll_back()
            raise StoreBroken("the disk did not confirm a write: check the disk, then start again")

    alice, bob = server.friends("alice", "bob")
    alice.says("SENDMESSAGE|alice|bob|before")
    bob.event("MESSAGE|…|before")
    with monkeypatch.context() as patched:
        patched.setattr(Store, "commit", commit)
        alice.send("SENDMESSAGE|alice|bob|lost")
        assert alice.frames_to_the_end() == []
        assert bob.frames_to_the_end() == []
        assert "check the disk" in server.restart_after_failure()
    assert [row[4] for row in server.login("bob").rows("SYNC|bob|0")] == ["before"]


# kill -9


def test_a_slice_of_the_kill_campaign(tmp_path: Path) -> None:
    summary = run_campaign(tmp_path / "chat.db", rounds=4, seed=1, say=lambda line: None)
    assert summary.rounds == 4
    assert summary.acknowledged > 0
    assert summary.resent > 0
