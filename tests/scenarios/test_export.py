"""EXPORT: all that is stored about oneself; and what DELETEACCOUNT leaves of it, which is nothing."""

import sqlite3
from contextlib import closing

import pytest

from chatserver.queries import long_answers
from tests.harness import PASSWORD, Running
from tests.inside import InThread
from tests.scenarios.test_read_marks import room_of, write

KINDS = {
    *("account", "status", "login", "friend", "request out", "request in", "block", "room", "invitation", "read"),
    *("bot memory", "bot timer", "message"),
}


def test_all_that_is_stored_is_given(server: Running) -> None:
    alice, bob, carol = server.friends("Alice", "bob", "carol")
    eve = server.user("eve")
    server.user("dora")
    room_of("#garden", alice, bob)
    alice.says("SETSTATUS|alice|busy|at | work")
    alice.says("ADDFRIEND|alice|dora")
    eve.says("ADDFRIEND|eve|alice")
    alice.says("BLOCK|alice|carol")
    bob.says("CREATEROOM|bob|#attic|private")
    bob.says("INVITE|bob|#attic|alice")
    (number,) = write(bob, "alice", "hi | there")
    alice.says(f"MARKREAD|alice|bob|{number}")
    write(alice, "#garden", "roses")
    write(alice, "NumbersGame", "play")
    write(alice, "ReminderBot", "remind me in 2 hours to drink")
    alice.until("EVENT|MESSAGE|…|ReminderBot|Alice|…")
    alice.says("JOIN|alice|#attic")
    alice.says("LEAVE|alice|#attic")
    bob.says("INVITE|bob|#attic|alice")
    rows = alice.rows("EXPORT|alice")
    by_kind = {kind: [row[1:] for row in rows if row[0] == kind] for kind in {row[0] for row in rows}}
    assert by_kind.keys() == KINDS
    assert by_kind["account"][0][0] == "Alice"
    assert by_kind["status"] == [["busy", "at ", " work"]]
    assert len(by_kind["login"]) == 1
    assert [row[0] for row in by_kind["friend"]] == ["bob"]
    assert [row[0] for row in by_kind["request out"]] == ["dora"]
    assert [row[0] for row in by_kind["request in"]] == ["eve"]
    assert [row[0] for row in by_kind["block"]] == ["carol"]
    assert [(row[0], row[2]) for row in by_kind["room"]] == [("#garden", "member"), ("#attic", "left")]
    assert [row[:2] for row in by_kind["invitation"]] == [["#attic", "bob"]]
    assert by_kind["read"] == [["bob", number]]
    assert "NumbersGame" in [row[0] for row in by_kind["bot memory"]]
    assert [row[0] for row in by_kind["bot timer"]] == ["ReminderBot"]
    texts = ["|".join(row[4:]) for row in by_kind["message"] if "Bot" not in row[2] and row[2] != "NumbersGame"]
    assert texts == ["hi | there", "roses", "play", "remind me in 2 hours to drink"]
    assert carol.rows("EXPORT|carol")[0][:2] == ["account", "carol"]


def test_sanctions_and_ones_own_reports_are_given(server: InThread) -> None:
    ann, ben = server.friends("ann", "ben")
    server.appoint("ann")
    (number,) = write(ann, "ben", "buy")
    ben.says(f"REPORT|ben|{number}|spam | again", "OK|…")
    ann.says("ADMIN|ann|mute ben --until 2999-01-01 --reason 'too | loud'", "OK|…")
    rows = [row for row in ben.rows("EXPORT|ben") if row[0] in ("report", "sanction")]
    assert rows[0][:2] == ["report", number]
    assert "|".join(rows[0][3:]) == "spam | again"
    assert rows[1] == ["sanction", "muted", "2999-01-01T00:00:00.000Z", "too ", " loud"]
    assert not [row for row in ann.rows("EXPORT|ann") if row[0] in ("report", "sanction")]


def test_what_was_taken_back_is_told_as_a_deed_and_no_message(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    taken, kept = write(alice, "bob", "secret", "tea")
    alice.says(f"DELETEMESSAGE|alice|{taken}")
    for client in (alice, bob):
        rows = client.rows(f"EXPORT|{client.name}")
        assert [row[1] for row in rows if row[0] == "message"] == [kept]
    assert [row[1] for row in alice.rows("EXPORT|alice") if row[0] == "deleted"] == [taken]


def test_the_last_ok_says_that_this_is_all(server: Running) -> None:
    alice = server.user("alice")
    alice.send("EXPORT#x|alice")
    *rows, last = alice.answer()
    assert last == f"OK|EXPORT#x|{len(rows)}|0"
    assert not any("|block|" in row or "|message|" in row for row in rows)


def test_a_blocked_one_s_request_is_not_told(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("BLOCK|alice|bob")
    bob.says("ADDFRIEND|bob|alice", "OK|ADDFRIEND|alice|requested")
    assert "request in" not in [row[0] for row in alice.rows("EXPORT|alice")]
    assert "block" not in [row[0] for row in bob.rows("EXPORT|bob")]


def test_long_exports_come_in_pages(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_answers, "EXPORT_BYTES_MAX", 50_000)
    alice, bob = server.friends("alice", "bob")
    alice.send(*(f"SENDMESSAGE|alice|bob|{at} {'x' * 100}" for at in range(1200)))
    for _ in range(1200):
        alice.answers("OK|SENDMESSAGE|…")
    bob.until("EVENT|MESSAGE|…|1199 …")
    seen: list[int] = []
    after, pages = "", 0
    while after != "0":
        bob.send(f"EXPORT|bob|{after}")
        *rows, last = bob.answer()
        messages = [row.split("|")[3:] for row in rows if row.startswith("ITEM|EXPORT|message|")]
        assert (len(messages) < len(rows)) == (not pages)
        seen += [int(row[4].split()[0]) for row in messages]
        after, pages = last.split("|")[3], pages + 1
    assert seen == list(range(1200))
    assert pages > 5


def test_what_export_refuses(server: Running) -> None:
    alice, _ = server.friends("alice", "bob")
    alice.refused("EXPORT|bob", "NOT_YOU")
    alice.refused("EXPORT|alice|x", "BAD_ARGUMENTS")
    alice.refused("EXPORT|alice|-1", "BAD_ARGUMENTS")
    alice.refused("EXPORT", "BAD_ARGUMENTS")


def test_a_deleted_account_leaves_nothing_behind(server: InThread) -> None:
    alice, bob = server.friends("alice", "bob")
    room_of("#garden", alice, bob)
    (number,) = write(bob, "alice", "from bob")
    write(alice, "bob", "from alice")
    alice.says(f"MARKREAD|alice|bob|{number}")
    alice.says(f"MARKREAD|alice|#garden|{number}")
    alice.says(f"DELETEACCOUNT|alice|{PASSWORD}")
    server.keep_house()
    with closing(sqlite3.connect(server.store_path)) as file:
        (user,) = file.execute("SELECT id FROM users WHERE name = 'alice'").fetchone()
        for table, column in (("read_marks", "user"), ("correspondents", "user"), ("memberships", "user")):
            assert file.execute(f"SELECT count(*) FROM {table} WHERE {column} = ?", (user,)).fetchone() == (0,), table
        assert file.execute("SELECT count(*) FROM messages WHERE sender = ?", (user,)).fetchone() == (0,)
