"""Nodes and a real PostgreSQL: who writes may die, and nothing acknowledged is lost."""

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from bench.ports import free_port
from tests.cluster.conftest import StartNode
from tests.cluster.node import Node
from tests.cluster.postgres import Instance
from tests.harness import ROOT, befriend
from tests.wire import Client, Ended

TABLES = (
    *("users", "tokens", "friendships", "friend_requests", "messages", "changes", "blocks", "rooms", "memberships"),
    *("invitations", "read_marks", "bot_memory", "bot_timers", "withheld_edits", "sanctions", "bans", "invites"),
    *("notices", "moderators", "reports", "audit", "answers", "cluster", "room_retention"),
)
"""Those that are the chat; others are what a file has made of them for itself, when it had time."""


def contents(store: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(store)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES}


def same_name(store: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(store)) as connection:
        return connection.execute("SELECT name, value FROM meta WHERE name IN ('identity', 'epoch')").fetchall()


def two(start_node: StartNode, engine: Instance) -> tuple[Node, Node]:
    """One that writes, and one that follows it."""
    return start_node("a", engine.conninfo).listens(), start_node("b", engine.conninfo).stands_by()


def say(client: Client, count: int, first: int = 0) -> list[str]:
    """Send messages with tags, one after the other; their ids."""
    verbs = [f"SENDMESSAGE#{number}|ann|bob|message {number}" for number in range(first, first + count)]
    return [client.says(line)[0].split("|")[2] for line in verbs]


def texts(client: Client) -> list[str]:
    client.send("HISTORY|ann|bob|200")
    return [row.split("|", 6)[-1] for row in client.answer()[:-1]]


def friends(node: Node) -> Client:
    ann, bob = node.user("ann"), node.user("bob")
    befriend(ann, bob)
    return ann


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_follower_takes_over_with_all_that_was_acknowledged(
    engine: Instance, start_node: StartNode, number: signal.Signals
) -> None:
    first, second = two(start_node, engine)
    ids = say(friends(first), 50)
    first.send(number)
    first.ends()
    ann = second.listens().login("ann")
    assert texts(ann) == [f"message {at}" for at in range(50)]
    assert ann.says("SENDMESSAGE#49|ann|bob|message 49")[0].split("|")[2] == ids[49]
    say(ann, 10, 50)
    first.start()
    first.stands_by()
    second.stop()
    assert texts(first.listens().login("ann")) == [f"message {at}" for at in range(60)]


def settle(engine: Instance, nodes: int) -> None:
    """Wait until so many nodes hold all there is, twice in a row: marks of deliveries come a second behind."""
    behind = (
        "SELECT count(*) FROM pipechat_member m, pipechat_head h"
        " WHERE m.position = h.seq AND m.seen > now() - interval '2 s'"
    )
    ends: list[int] = []
    while len(ends) < 3 or ends[-3] != ends[-1]:
        time.sleep(0.6)
        if engine.execute(behind)[0][0] >= nodes:
            ends.append(engine.execute("SELECT seq FROM pipechat_head")[0][0])


def test_files_hold_the_same(engine: Instance, start_node: StartNode) -> None:
    first, second = two(start_node, engine)
    ann = friends(first)
    say(ann, 20)
    ann.says("CREATEROOM|ann|#tea|public")
    ann.says("SETSTATUS|ann|busy|reading")
    ann.says("EDITMESSAGE|ann|1|better")
    first.close_clients()
    first.kill()
    say(second.listens().login("ann"), 5, 20)
    second.close_clients()
    first.start()
    first.says("follows")
    settle(engine, 2)
    first.kill()
    second.kill()
    assert same_name(first.store) == same_name(second.store)
    ours, theirs = contents(first.store), contents(second.store)
    assert len(ours["messages"]) >= 25
    assert ours == theirs


def test_a_writer_that_was_paused_beyond_its_lease_sends_nothing_and_ends(
    engine: Instance, start_node: StartNode
) -> None:
    first, second = two(start_node, engine)
    ann = friends(first)
    say(ann, 3)
    first.send(signal.SIGSTOP)
    again = second.listens().login("ann")
    ann.send("SENDMESSAGE|ann|bob|to nobody")
    first.send(signal.SIGCONT)
    with pytest.raises(Ended):
        ann.answer()
    assert first.ends() == 1
    assert "another node writes for this cluster now" in first.said
    assert texts(again) == ["message 0", "message 1", "message 2"]


def test_a_connection_cut_in_an_append_is_found_out(engine: Instance, start_node: StartNode) -> None:
    """The row is held, so that the append waits; its connection is ended then."""
    import psycopg

    node = start_node("a", engine.conninfo).listens()
    ann = friends(node)
    with psycopg.connect(engine.conninfo) as holding:
        holding.execute("SELECT * FROM pipechat_head FOR UPDATE")
        ann.send("SENDMESSAGE|ann|bob|in doubt")
        waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%pipechat_log%%'"
        while not (found := engine.execute(waiting)):
            pass
        engine.execute("SELECT pg_terminate_backend(%s)", found[0][0])
        node.says("is not known, and is being asked")
    assert ann.answer()[0].startswith("OK|SENDMESSAGE|")
    assert texts(ann) == ["in doubt"]


def test_who_waits_for_an_answer_is_let_go_after_a_second_and_reading_goes_on(
    engine: Instance, start_node: StartNode
) -> None:
    import psycopg

    node = start_node("a", engine.conninfo, cluster_lease_s=30).listens()
    ann = friends(node)
    reader = node.login("bob")
    with psycopg.connect(engine.conninfo) as holding:
        holding.execute("SELECT * FROM pipechat_head FOR UPDATE")
        ann.send("SENDMESSAGE#x|ann|bob|late")
        with pytest.raises(Ended):
            ann.answer()
        node.says("this server only reads")
        reader = node.connect("bob")
        reader.send("PING")
        reader.answer()
        reader.says("LOGIN|bob|correct horse", "ERR|LOGIN|UNAVAILABLE|…")
    node.says("can be written again")
    again = node.login("ann")
    assert texts(again) == ["late"]
    again.says("SENDMESSAGE#x|ann|bob|late")
    assert texts(again) == ["late"]


def test_a_standby_is_promoted_and_nothing_acknowledged_is_lost(engine_folder: Path, start_node: StartNode) -> None:
    primary = Instance(engine_folder, free_port()).make().start()
    standby = primary.make_standby("standby1").start()
    try:
        primary.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby1'")
        primary.execute("SELECT pg_reload_conf()")
        conninfo = f"host=127.0.0.1,127.0.0.1 port={primary.port},{standby.port} user=chat dbname=postgres"
        node = start_node("a", conninfo).listens()
        assert "OK means one disk" not in node.said
        ann = friends(node)
        say(ann, 30)
        primary.kill()
        standby.promote()
        ann = node.login("ann")
        say(ann, 5, 30)
        assert texts(ann) == [f"message {at}" for at in range(35)]
    finally:
        standby.close()
        primary.close()


def test_a_primary_that_stands_still_is_left_for_the_one_that_took_its_place(
    engine_folder: Path, start_node: StartNode
) -> None:
    """Its machine confirms what it is sent, so that only its silence tells; and it comes back as a primary."""
    primary = Instance(engine_folder, free_port()).make().start()
    standby = primary.make_standby("standby1").start()
    try:
        primary.replicate_to("standby1")
        conninfo = f"host=127.0.0.1,127.0.0.1 port={primary.port},{standby.port} user=chat dbname=postgres"
        node = start_node("a", conninfo).listens()
        ann = friends(node)
        say(ann, 3)
        primary.freeze()
        ann.send("SENDMESSAGE#3|ann|bob|message 3")
        standby.promote()
        node.says("it has not answered for 5 s").says("can be written again")
        primary.thaw()
        ann = node.login("ann")
        say(ann, 2, 3)
        assert texts(ann) == [f"message {at}" for at in range(5)]
        assert standby.execute("SELECT seq FROM pipechat_head") != primary.execute("SELECT seq FROM pipechat_head")
    finally:
        standby.close()
        primary.close()


@pytest.mark.timeout(240)  # the shortest time for which a log can be kept is ten seconds
def test_what_all_have_leaves_the_log_and_a_new_node_needs_a_copy(
    engine: Instance, start_node: StartNode, tmp_path: Path
) -> None:
    first = start_node("a", engine.conninfo, cluster_log_keep_s=10).listens()
    second = start_node("b", engine.conninfo, cluster_log_keep_s=10).says("follows")
    say(friends(first), 10)
    until_s = time.monotonic() + 50
    while engine.execute("SELECT count(*) FROM pipechat_log WHERE seq < 10")[0][0]:
        assert time.monotonic() < until_s, engine.execute("SELECT * FROM pipechat_member")
        time.sleep(0.2)
    second.stop()  # so that nothing is removed while the copy is carried over: it is kept for ten seconds alone here
    late = start_node("c", engine.conninfo)
    assert late.ends() == 1
    assert "too old: the shared log does not go back to entry 1 any more: put a copy" in late.said
    copy = tmp_path / "copy.db"
    for words in (
        ["admin", "--store", str(first.store), "backup", str(copy)],
        ["restore", "--store", str(late.store), str(copy)],
    ):
        done = subprocess.run([sys.executable, "-m", "chatserver", *words], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    late.start()
    late.says("follows")
