"""Faults of the machine, really done to a server in a process of its own: what it says, and what it keeps."""

import errno
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.harness import Process
from tests.machine.disk import DiskServer
from tests.wire import Client

FAULTS = {"full": errno.ENOSPC, "broken": errno.EIO, "read only": errno.EROFS}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DiskServer]:
    server = DiskServer(tmp_path / "chat.db")
    yield server
    server.close()


def tried_until_taken(client: Client, line: str) -> None:
    """Say it again and again: the server looks by itself, now and then, whether it can write."""
    while client.says(line, "…")[0].startswith("ERR|"):
        pass


@pytest.mark.parametrize("error", FAULTS.values(), ids=FAULTS)
def test_a_disk_that_takes_no_writes_is_told_and_got_over(server: DiskServer, error: int) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.says("SENDMESSAGE|alice|bob|before")
    bob.event("MESSAGE|…|before")
    with server.disk.failing_writes(error):
        alice.refused("SENDMESSAGE#a|alice|bob|hi", "UNAVAILABLE")
        alice.refused("SETSTATUS|alice|away", "UNAVAILABLE")
        assert [row[4] for row in bob.rows("HISTORY|bob|alice")] == ["before"]
        bob.says("PING|x", "OK|PING|x")
        late = server.login("bob")  # logins are kept in memory until they can be stored
    tried_until_taken(alice, "SENDMESSAGE#a|alice|bob|hi")
    bob.event("MESSAGE|…|hi")
    assert "Traceback" not in server.stderr
    server.kill()
    server.restart()
    back = server.connect("bob")
    back.says(f"RESUME|bob|{late.token}", "OK|RESUME|…")
    assert [row[4] for row in back.rows("HISTORY|bob|alice")] == ["before", "hi"]


@pytest.mark.parametrize("error", FAULTS.values(), ids=FAULTS)
def test_a_start_on_such_a_disk_says_so_in_a_sentence(server: DiskServer, error: int) -> None:
    server.friends("alice", "bob")
    server.kill()
    with server.disk.failing_writes(error), pytest.raises(AssertionError):
        server.restart()
    assert "Traceback" not in server.stderr
    assert str(server.store_path) in server.stderr.splitlines()[-1]
    server.restart()
    server.login("alice").says("SHOWFRIENDS|alice", "ITEM|SHOWFRIENDS|bob|offline|", "OK|SHOWFRIENDS|1")


def test_a_foreign_writer_is_waited_for_without_keeping_anybody_from_reading(server_process: Process) -> None:
    """Somebody who has opened the file with another program, and holds its lock."""
    server = server_process
    alice, bob = server.friends("alice", "bob")
    alice.says("SENDMESSAGE|alice|bob|before")
    bob.event("MESSAGE|…|before")
    with closing(sqlite3.connect(server.store_path, isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        alice.refused("SENDMESSAGE#a|alice|bob|hi", "UNAVAILABLE")
        assert [row[4] for row in bob.rows("HISTORY|bob|alice")] == ["before"]
        foreign.execute("ROLLBACK")
    tried_until_taken(alice, "SENDMESSAGE#a|alice|bob|hi")
    bob.event("MESSAGE|…|hi")
    assert "Traceback" not in server.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_under_load_keeps_all_that_was_acknowledged_and_no_more_than_was_sent(
    server_process: Process, number: signal.Signals
) -> None:
    """Five who have sent ahead, and read nothing when the signal comes."""
    server, count = server_process, 300
    _, *senders = server.friends("reader", *(f"user{at}" for at in range(5)))
    for sender in senders:
        sender.send(*(f"SENDMESSAGE|{sender.name}|reader|{sender.name} {at}" for at in range(count)))
    senders[0].until("OK|SENDMESSAGE|…")
    server.terminate(number)
    acknowledged: dict[str, list[str]] = {}
    for sender in senders:
        frames = sender.frames_to_the_end()
        assert frames[-1].startswith("BYE|SHUTDOWN|")
        acknowledged[sender.name] = [frame.split("|")[2] for frame in frames if frame.startswith("OK|SENDMESSAGE|")]
        assert not [frame for frame in frames if frame.startswith("ERR|")]
    assert server.wait() == 0
    assert "Traceback" not in server.stderr
    server.restart()
    for sender in senders:
        rows = server.login(sender.name).rows(f"HISTORY|{sender.name}|reader|500")
        sent = [row for row in rows if row[2] == sender.name]
        assert [row[4] for row in sent] == [f"{sender.name} {at}" for at in range(len(sent))]
        assert {row[0] for row in sent} >= set(acknowledged[sender.name])
