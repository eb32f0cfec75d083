"""A disk that is slow, held up, failing or full under a real server: what its clients see then."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest

from tests.machine import disk
from tests.machine.disk import DiskServer
from tests.wire import WAIT_S


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DiskServer]:
    with closing(DiskServer(tmp_path / "chat.db")) as server:
        yield server


def test_nobody_hears_of_a_message_whose_flush_is_held_up(server: DiskServer) -> None:
    alice, bob = server.friends("alice", "bob")
    server.disk.hold()
    alice.send("SENDMESSAGE|alice|bob|hi")
    server.disk.wait_until_held()
    for client in (alice, bob):
        client.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.socket.recv(1)
        client.socket.settimeout(WAIT_S)
    server.disk.release()
    alice.answers("OK|SENDMESSAGE|…")
    bob.event("MESSAGE|…|hi")


def test_a_slow_flush_takes_its_time(server: DiskServer) -> None:
    """A lower limit alone: how long it takes beside that is the machine's affair."""
    alice, _ = server.friends("alice", "bob")
    before = server.disk.flushes
    server.disk.slow(50)
    begin = monotonic()
    alice.says("SENDMESSAGE|alice|bob|hi", "OK|SENDMESSAGE|…")
    assert monotonic() - begin >= 0.05
    assert server.disk.flushes > before


def test_a_flush_that_fails_ends_the_server_and_acknowledges_nothing(server: DiskServer) -> None:
    """What is on the disk is then unknown: it must not be tried again, and no OK may leave."""
    alice, bob = server.friends("alice", "bob")
    alice.says("SENDMESSAGE|alice|bob|before")
    bob.event("MESSAGE|…|before")
    with server.disk.failing_flushes():
        alice.send("SENDMESSAGE|alice|bob|lost")
        assert alice.frames_to_the_end() == []
        assert bob.frames_to_the_end() == []
        assert server.wait() == 1
    assert "check the disk" in server.stderr
    assert "Traceback" not in server.stderr
    server.restart()
    assert [row[4] for row in server.login("bob").rows("SYNC|bob|0")][:1] == ["before"]


def test_without_a_compiler_a_test_fails_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(AssertionError, match="apt-get install gcc"):
        disk.compiled.__wrapped__("slow_flush")
