"""A store put back from a backup while clients and bots are connected or away (PROTOCOL.md, "The store")."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from bench.ports import free_port
from chatclient import Client as ChatClient
from chatclient.core.events import Message
from tests.conftest import StartServer
from tests.harness import PASSWORD, Process
from tests.wire import WAIT_S, Client


def back_up(server: Process, name: str = "backup.db") -> Path:
    copy = server.store_path.with_name(name)
    with closing(sqlite3.connect(f"file:{server.store_path}?mode=ro", uri=True)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    return copy


def put_back(server: Process, copy: Path) -> None:
    """As after the loss of a disk: the server is killed, and starts with the copy."""
    server.kill()
    for end in ("", "-wal", "-shm"):
        Path(f"{server.store_path}{end}").unlink(missing_ok=True)
    shutil.copy(copy, server.store_path)
    server.restart()


def name_of(server: Process) -> tuple[str, int]:
    """Identity and epoch, as HELLO has them."""
    hello = server.connect(hello=False).frame()
    identity, _, epoch = hello.rpartition("|")[2].partition(".")
    return identity, int(epoch, 16)


def write(client: Client, to: str, text: str) -> int:
    (answer,) = client.says(f"SENDMESSAGE|{client.name}|{to}|{text}", "OK|SENDMESSAGE|…|…")
    return int(answer.split("|")[2])


def test_what_is_new_is_above_all_that_was_told_and_the_epoch_says_so(start_server: StartServer) -> None:
    server = start_server()
    alice, bob = server.friends("alice", "bob")
    first = write(alice, "bob", "before the backup")
    name = name_of(server)
    copy = back_up(server)
    lost = [write(alice, "bob", f"lost {at}") for at in range(10)]
    bob.until(f"EVENT|MESSAGE|{lost[-1]}|…")
    server.restart(kill=True)
    assert name_of(server) == name, "a crash is no restore"
    assert "an earlier copy" not in server.stderr
    put_back(server, copy)
    assert "an earlier copy" in server.stderr
    identity, epoch = name_of(server)
    assert identity == name[0]
    assert epoch > name[1]
    alice, bob = server.login("alice"), server.login("bob")
    new = write(alice, "bob", "after the restore")
    assert new > lost[-1]
    bob.until(f"EVENT|MESSAGE|{new}|…")
    assert [int(row[0]) for row in bob.rows(f"SYNC|bob|{lost[-1]}")] == [new]
    assert [int(row[0]) for row in bob.rows("HISTORY|bob|alice")] == [first, new]
    alice.says(f"EDITMESSAGE|alice|{new}|still after it", f"OK|EDITMESSAGE|{new}|…")
    server.restart()
    assert name_of(server) == (identity, epoch)


def test_a_client_that_was_connected_hears_of_what_comes_after(start_server: StartServer) -> None:
    server = start_server(port=free_port())  # the client comes back to it by itself
    with ChatClient("127.0.0.1", server.port) as ann:
        ann.signup("ann", PASSWORD)
        ann.login("ann", PASSWORD)
        ben = server.user("ben")
        ben.says("ADDFRIEND|ben|ann")
        ann.call("ACCEPTFRIEND", "ben")
        copy, store = back_up(server), ann.store
        lost = [write(ben, "ann", f"lost {at}") for at in range(10)]
        assert heard(ann, 10) == lost
        put_back(server, copy)
        ben = server.login("ben")
        new = [write(ben, "ann", f"new {at}") for at in range(12)]
        assert heard(ann, 12) == new
        assert ann.store != store
        assert ann.store.partition(".")[0] == store.partition(".")[0]


def heard(client: ChatClient, count: int) -> list[int]:
    """The ids of the next messages."""
    ids: list[int] = []
    while len(ids) < count:
        event = client.next_event(WAIT_S)
        ids += [event.id] if isinstance(event, Message) else []
    return ids
