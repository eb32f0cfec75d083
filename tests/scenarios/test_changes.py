"""EDITMESSAGE, DELETEMESSAGE, REACT, and their marks in HISTORY and SYNC (PROTOCOL.md, "Messages")."""

import sqlite3

import pytest

from tests.conftest import StartServer
from tests.harness import PASSWORD, Process, Running, shown
from tests.inside import InThread
from tests.wire import Client

THUMB = "👍"
FAMILY = "👨‍👩‍👧‍👦"


def send(client: Client, to: str, text: str) -> str:
    """Write a message; its id."""
    (answer,) = client.says(f"SENDMESSAGE|{client.name}|{to}|{text}", "OK|SENDMESSAGE|…|…Z")
    return answer.split("|")[2]


def shown_by(client: Client, line: str) -> tuple[list[str], list[str]]:
    """Type a line that is answered with rows: the events before them, and the rows without their times."""
    client.no_event()
    client.send(line)
    rows = [row.split("|") for row in client.answer()[:-1]]
    marks = list(client.events)
    client.events.clear()
    return marks, ["|".join((row[2], *row[4:])) for row in rows]


# EDITMESSAGE


def test_an_edit_reaches_every_session_but_the_one_that_acts(server: Running) -> None:
    alice, bob = server.friends("Alice", "Bob")
    second, third = server.login("Alice"), server.login("Bob")
    number = send(alice, "Bob", "helo")
    for client in (bob, second, third):
        client.event("MESSAGE|…|helo")
    (answer,) = alice.says(f"EDITMESSAGE#t1|ALICE|{number}|hello | there", f"OK|EDITMESSAGE#t1|{number}|…Z")
    time = answer.split("|")[3]
    for client in (bob, second, third):
        client.event(f"EDITED|{number}|{time}|Alice|Bob|hello | there")
        client.no_event()
    alice.no_event()


def test_history_and_sync_have_the_last_text_and_one_mark(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    first, second = send(alice, "bob", "one"), send(bob, "alice", "two")
    alice.says(f"EDITMESSAGE|alice|{first}|1")
    alice.says(f"EDITMESSAGE|alice|{first}|uno")
    bob.events.clear()
    bob.says("PING")
    bob.events.clear()
    alice.event("MESSAGE|…|two")
    for client, other in ((alice, "bob"), (bob, "alice")):
        for line in (f"HISTORY|{client.name}|{other}", f"SYNC|{client.name}|0"):
            marks, rows = shown_by(client, line)
            assert len(marks) == 1
            assert marks[0].startswith(f"EVENT|EDITED|{first}|")
            assert marks[0].endswith("|alice|bob|uno")
            assert rows == [f"{first}|alice|bob|uno", f"{second}|bob|alice|two"]


def test_history_has_the_marks_of_the_messages_it_shows_alone(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    first, second = send(alice, "bob", "one"), send(alice, "bob", "two")
    alice.says(f"REACT|alice|{first}|{THUMB}")
    alice.says(f"DELETEMESSAGE|alice|{second}")
    assert shown_by(alice, "HISTORY|alice|bob|1") == ([f"EVENT|DELETED|{second}|alice|bob"], [f"{second}|alice|bob|"])
    marks, rows = shown_by(alice, f"HISTORY|alice|bob|1|{second}")
    assert marks == [f"EVENT|REACTION|{first}|alice|bob|{THUMB}|+"]
    assert rows == [f"{first}|alice|bob|one"]
    bob.event(f"MESSAGE|{first}|…")


def test_editmessage_refused(server: Running) -> None:
    alice, bob, carol = server.friends("alice", "bob", "carol")
    number = send(alice, "bob", "mine")
    bob.event("MESSAGE|…")
    alice.refused("EDITMESSAGE|alice|999|x", "NO_SUCH_MESSAGE")
    text = carol.refused(f"EDITMESSAGE|carol|{number}|x", "NO_SUCH_MESSAGE")
    assert text.replace(number, "998") == carol.refused("EDITMESSAGE|carol|998|x", "NO_SUCH_MESSAGE")
    bob.refused(f"EDITMESSAGE|bob|{number}|x", "NOT_ALLOWED")
    for blank in ("", "  ", "\t"):
        alice.refused(f"EDITMESSAGE|alice|{number}|{blank}", "BAD_TEXT")
    alice.refused(f"EDITMESSAGE|alice|{number}|{'x' * 4001}", "TOO_LONG")
    alice.refused(f"EDITMESSAGE|bob|{number}|x", "NOT_YOU")
    for bad in ("", "0", "-1", "x", "1.0", "٣", "1000000000000000000"):
        alice.refused(f"EDITMESSAGE|alice|{bad}|x", "BAD_ARGUMENTS")
    bob.no_event()
    assert shown_by(bob, "HISTORY|bob|alice") == ([], [f"{number}|alice|bob|mine"])


def test_the_longest_edit_between_the_longest_names_fits_a_frame(server: Running) -> None:
    one, other, text = "\U00020000" * 32, "\U00020001" * 32, "é" * 3800
    alice, bob = server.friends(one, other)
    number = send(alice, other, "x")
    bob.event("MESSAGE|…")
    alice.says(f"EDITMESSAGE|{one}|{number}|{text}")
    bob.event(f"EDITED|{number}|…|{one}|{other}|{text}")
    assert len(shown_by(bob, f"SYNC|{other}|0")[0]) == 1


def test_a_resent_tag_still_answers_with_the_first_message(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    first = alice.says("SENDMESSAGE#t1|alice|bob|hi")
    number = first[0].split("|")[2]
    alice.says(f"EDITMESSAGE|alice|{number}|hello")
    assert alice.says("SENDMESSAGE#t1|alice|bob|hi") == first
    alice.says(f"DELETEMESSAGE|alice|{number}")
    assert alice.says("SENDMESSAGE#t1|alice|bob|hi") == first
    for kind in ("MESSAGE", "EDITED", "DELETED"):
        bob.event(f"{kind}|{number}|…")
    bob.no_event()


def test_an_edit_of_this_very_turn(server: Running) -> None:
    """Sent ahead without waiting: the message is not committed yet when its edit is decided."""
    alice, bob = server.friends("alice", "bob")
    number = str(int(send(alice, "bob", "one")) + 1)
    alice.send(
        "SENDMESSAGE|alice|bob|two", f"EDITMESSAGE|alice|{number}|2", f"REACT|alice|{number}|{THUMB}",
        f"DELETEMESSAGE|alice|{number}", f"EDITMESSAGE|alice|{number}|gone", "SENDMESSAGE|alice|bob|three",
    )  # fmt: skip
    alice.answers(f"OK|SENDMESSAGE|{number}|…")
    alice.answers(f"OK|EDITMESSAGE|{number}|…")
    alice.answers(f"OK|REACT|{number}|{THUMB}|+")
    alice.answers(f"OK|DELETEMESSAGE|{number}")
    alice.answers("ERR|EDITMESSAGE|NO_SUCH_MESSAGE|…")
    alice.answers(f"OK|SENDMESSAGE|{int(number) + 4}|…")  # the changes have taken the ids in between
    for event in ("MESSAGE|…|one", "MESSAGE|…|two", "EDITED|…|2", "REACTION|…|+", "DELETED|…", "MESSAGE|…|three"):
        bob.event(event)


# DELETEMESSAGE


def test_a_deletion_reaches_both_and_leaves_an_empty_row(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    second = server.login("alice")
    numbers = [send(alice, "bob", str(at)) for at in range(3)]
    alice.says(f"EDITMESSAGE|alice|{numbers[1]}|x")
    bob.says(f"REACT|bob|{numbers[1]}|{THUMB}")
    alice.event(f"REACTION|{numbers[1]}|bob|alice|{THUMB}|+")
    alice.says(f"DELETEMESSAGE#t2|alice|{numbers[1]}", f"OK|DELETEMESSAGE#t2|{numbers[1]}")
    for client, events in ((second, 5), (bob, 4)):
        for _ in range(events):
            client.event("…")
        client.event(f"DELETED|{numbers[1]}|alice|bob")
    for line in ("HISTORY|bob|alice", "SYNC|bob|0"):
        marks, rows = shown_by(bob, line)
        assert marks == [f"EVENT|DELETED|{numbers[1]}|alice|bob"]
        assert rows == [f"{numbers[0]}|alice|bob|0", f"{numbers[1]}|alice|bob|", f"{numbers[2]}|alice|bob|2"]


def test_deletemessage_refused(server: Running) -> None:
    alice, bob, carol = server.friends("alice", "bob", "carol")
    number = send(alice, "bob", "mine")
    bob.event("MESSAGE|…")
    alice.refused("DELETEMESSAGE|alice|999", "NO_SUCH_MESSAGE")
    carol.refused(f"DELETEMESSAGE|carol|{number}", "NO_SUCH_MESSAGE")
    bob.refused(f"DELETEMESSAGE|bob|{number}", "NOT_ALLOWED")
    alice.refused(f"DELETEMESSAGE|bob|{number}", "NOT_YOU")
    alice.refused("DELETEMESSAGE|alice|x", "BAD_ARGUMENTS")
    alice.refused(f"DELETEMESSAGE|alice|{number}|", "BAD_ARGUMENTS")
    bob.no_event()
    alice.says(f"DELETEMESSAGE|alice|{number}")
    for line in (f"DELETEMESSAGE|alice|{number}", f"EDITMESSAGE|alice|{number}|x", f"REACT|alice|{number}|{THUMB}"):
        alice.refused(line, "NO_SUCH_MESSAGE")


def test_a_deleted_text_is_in_no_file(server_process: Process) -> None:
    alice, _ = server_process.friends("alice", "bob")
    number = send(alice, "bob", "a secret of mine")
    alice.says(f"EDITMESSAGE|alice|{number}|another secret")
    alice.says(f"DELETEMESSAGE|alice|{number}")
    server_process.terminate()
    assert server_process.wait() == 0
    assert b"secret" not in server_process.store_path.read_bytes()


# REACT


@pytest.mark.parametrize("emoji", [THUMB, FAMILY, ":-)", "x" * 32, "🏴" * 32, "é"], ids=shown)
def test_a_reaction_and_the_same_again(server: Running, emoji: str) -> None:
    alice, bob = server.friends("alice", "bob")
    number = send(alice, "bob", "hi")
    bob.event("MESSAGE|…")
    for sign in "+-+":
        bob.says(f"REACT#r|bob|{number}|{emoji}", f"OK|REACT#r|{number}|{emoji}|{sign}")
        alice.event(f"REACTION|{number}|bob|alice|{emoji}|{sign}")
        bob.no_event()
    alice.says(f"REACT|alice|{number}|{emoji}", f"OK|REACT|{number}|{emoji}|+")
    bob.event(f"REACTION|{number}|alice|bob|{emoji}|+")
    marks, _ = shown_by(alice, "HISTORY|alice|bob")
    assert marks == [
        f"EVENT|REACTION|{number}|bob|alice|{emoji}|+",
        f"EVENT|REACTION|{number}|alice|bob|{emoji}|+",
    ]


def test_a_heart_is_one_heart_for_all_whichever_way_it_is_typed(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    number = send(alice, "bob", "hi")
    bob.says(f"REACT|bob|{number}|❤\ufe0f", f"OK|REACT|{number}|❤\ufe0f|+")
    alice.says(f"REACT|alice|{number}|❤", f"OK|REACT|{number}|❤\ufe0f|+")
    alice.says(f"REACT|alice|{number}|❤", f"OK|REACT|{number}|❤\ufe0f|-")
    alice.event(f"REACTION|{number}|bob|alice|❤\ufe0f|+")
    bob.event("MESSAGE|…|hi")
    for sign in "+-":
        bob.event(f"REACTION|{number}|alice|bob|❤\ufe0f|{sign}")
    marks, _ = shown_by(alice, "HISTORY|alice|bob")
    assert marks == [f"EVENT|REACTION|{number}|bob|alice|❤\ufe0f|+"]


@pytest.mark.parametrize(
    "emoji", ["", " ", "a b", f"{THUMB}\t", "\u3000", "\u3164", "\ufe0f", "\U000e0041" * 3, "x" * 33, "x|y"], ids=shown
)
def test_what_is_no_emoji(server: Running, emoji: str) -> None:
    alice, bob = server.friends("alice", "bob")
    number = send(alice, "bob", "hi")
    alice.refused(f"REACT|alice|{number}|{emoji}", "BAD_ARGUMENTS")
    bob.event("MESSAGE|…")
    bob.no_event()


def test_react_refused(server: Running) -> None:
    alice, bob, carol = server.friends("alice", "bob", "carol")
    number = send(alice, "bob", "hi")
    carol.refused(f"REACT|carol|{number}|{THUMB}", "NO_SUCH_MESSAGE")
    alice.refused(f"REACT|alice|999|{THUMB}", "NO_SUCH_MESSAGE")
    alice.refused(f"REACT|bob|{number}|{THUMB}", "NOT_YOU")
    alice.refused(f"REACT|alice|{number}", "BAD_ARGUMENTS")
    bob.event("MESSAGE|…")
    bob.no_event()


def test_how_many_reactions_is_a_setting(start_server: StartServer) -> None:
    alice, bob = start_server(reactions_per_message_max=2).friends("alice", "bob")
    number = send(alice, "bob", "hi")
    alice.says(f"REACT|alice|{number}|1")
    alice.says(f"REACT|alice|{number}|2")
    assert "2" in alice.refused(f"REACT|alice|{number}|3", "NOT_ALLOWED")
    alice.says(f"REACT|alice|{number}|2", f"OK|REACT|{number}|2|-")
    alice.says(f"REACT|alice|{number}|2", f"OK|REACT|{number}|2|+")
    bob.says(f"REACT|bob|{number}|3")


# Who was away


def test_sync_brings_what_was_done_meanwhile(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    kept, edited, deleted, reacted = (send(alice, "bob", text) for text in ("kept", "old", "gone", "liked"))
    bob.says(f"REACT|bob|{kept}|{THUMB}")
    for _ in range(4):
        bob.event("MESSAGE|…")
    last = send(bob, "alice", "the last that bob sees")
    bob.close()
    alice.says(f"EDITMESSAGE|alice|{edited}|new")
    alice.says(f"DELETEMESSAGE|alice|{deleted}")
    alice.says(f"REACT|alice|{reacted}|{THUMB}")
    alice.says(f"REACT|alice|{reacted}|x")
    alice.says(f"REACT|alice|{reacted}|x")
    newest = send(alice, "bob", "newest")
    alice.says(f"REACT|alice|{newest}|y")
    alice.says(f"REACT|alice|{newest}|y")
    again = server.login("bob")
    again.event(f"MISSED|{newest}|…|newest")
    marks, rows = shown_by(again, f"SYNC|bob|{last}")
    assert marks[0].startswith(f"EVENT|EDITED|{edited}|")
    assert marks[1:] == [
        f"EVENT|DELETED|{deleted}|alice|bob",
        f"EVENT|REACTION|{reacted}|alice|bob|{THUMB}|+",
        f"EVENT|REACTION|{reacted}|alice|bob|x|-",
    ]
    assert rows == [f"{newest}|alice|bob|newest"]


def test_sync_in_pages_brings_each_mark_in_its_place(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    first = send(alice, "bob", "1")
    alice.says(f"REACT|alice|{first}|a")
    second = send(alice, "bob", "2")
    third = send(alice, "bob", "3")
    alice.says(f"REACT|alice|{first}|b")
    for _ in range(5):
        bob.event("…")
    assert shown_by(bob, "SYNC|bob|0|1") == ([], [f"{first}|alice|bob|1"])
    marks, rows = shown_by(bob, f"SYNC|bob|{first}|1")
    assert marks == [f"EVENT|REACTION|{first}|alice|bob|a|+"]
    assert rows == [f"{second}|alice|bob|2"]
    assert shown_by(bob, f"SYNC|bob|{second}") == (
        [f"EVENT|REACTION|{first}|alice|bob|b|+"],
        [f"{third}|alice|bob|3"],
    )


def test_the_marks_of_others_are_nobodys(server: Running) -> None:
    alice, bob, carol = server.friends("alice", "bob", "carol")
    number = send(alice, "bob", "hi")
    alice.says(f"EDITMESSAGE|alice|{number}|hello")
    bob.says(f"REACT|bob|{number}|{THUMB}")
    carol.no_event()
    assert shown_by(carol, "SYNC|carol|0") == ([], [])
    assert shown_by(carol, "HISTORY|carol|alice") == ([], [])


def test_the_backlog_has_the_text_as_it_is_now_and_nothing_of_what_is_gone(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    bob.close()
    alice.event("STATUS|bob|offline|")
    numbers = [send(alice, "bob", str(at)) for at in range(3)]
    alice.says(f"EDITMESSAGE|alice|{numbers[0]}|edited")
    alice.says(f"DELETEMESSAGE|alice|{numbers[1]}")
    alice.says(f"REACT|alice|{numbers[2]}|{THUMB}")
    again = server.connect("bob")
    again.send(f"LOGIN|bob|{PASSWORD}", "PING|end")
    again.expect(
        "OK|LOGIN|bob|…",
        f"EVENT|MISSED|{numbers[0]}|…|alice|bob|edited",
        f"EVENT|MISSED|{numbers[2]}|…|alice|bob|2",
        "OK|PING|end",
    )
    again.close()
    server.login("bob").no_event()


@pytest.mark.parametrize("kill", [False, True], ids=["restarted", "killed"])
def test_changes_are_kept_and_ids_never_come_again(start_server: StartServer, kill: bool) -> None:
    server = start_server()
    alice, _ = server.friends("alice", "bob")
    number = send(alice, "bob", "old")
    alice.says(f"EDITMESSAGE|alice|{number}|new")
    alice.says(f"REACT|alice|{number}|{THUMB}")
    server.restart(kill=kill)
    alice = server.login("alice")
    assert int(send(alice, "bob", "next")) == int(number) + 3
    marks, rows = shown_by(alice, "HISTORY|alice|bob")
    assert [mark.split("|")[1] for mark in marks] == ["EDITED", "REACTION"]
    assert rows[0] == f"{number}|alice|bob|new"
    alice.says(f"REACT|alice|{number}|{THUMB}", f"OK|REACT|{number}|{THUMB}|-")


# Accounts and friendships that end


def test_a_deleted_account_takes_its_changes_along(server: InThread) -> None:
    alice, bob = server.friends("alice", "bob")
    mine, other = send(alice, "bob", "mine"), send(bob, "alice", "other")
    alice.says(f"EDITMESSAGE|alice|{mine}|still mine")
    alice.says(f"REACT|alice|{other}|{THUMB}")
    bob.says(f"REACT|bob|{mine}|{THUMB}")
    bob.says(f"REACT|bob|{other}|x")
    alice.send(f"DELETEACCOUNT|alice|{PASSWORD}")
    alice.until("BYE|DELETED|…")
    bob.says("PING")
    bob.events.clear()
    marks, rows = shown_by(bob, "SYNC|bob|0")
    assert marks == [f"EVENT|REACTION|{other}|bob|alice|x|+"]
    assert rows == [f"{other}|bob|alice|other"]
    bob.says(f"EDITMESSAGE|bob|{other}|to nobody now", f"OK|EDITMESSAGE|{other}|…")
    server.restart()
    bob = server.login("bob")
    assert len(shown_by(bob, "SYNC|bob|0")[0]) == 2
    server.keep_house()
    server.close_clients()
    with sqlite3.connect(server.store_path) as connection:
        who = "SELECT DISTINCT u.name FROM changes c JOIN users u ON u.id = c.user"
        assert connection.execute(who).fetchall() == [("bob",)]
        orphans = "SELECT count(*) FROM changes WHERE message NOT IN (SELECT id FROM messages)"
        assert connection.execute(orphans).fetchone() == (0,)
    connection.close()


def test_history_can_be_changed_when_the_friendship_is_over(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    number = send(alice, "bob", "hi")
    alice.says("DELETEFRIEND|alice|bob")
    bob.event("MESSAGE|…")
    bob.event("FRIENDREMOVED|alice")
    alice.says(f"DELETEMESSAGE|alice|{number}")
    bob.event(f"DELETED|{number}|alice|bob")


# Rooms, and across a block


def test_a_change_in_a_room_reaches_its_members(server: Running) -> None:
    alice, bob, carol, dan = (server.user(name) for name in ("alice", "bob", "carol", "dan"))
    alice.says("CREATEROOM|alice|#Den")
    number = send(alice, "#den", "hello")
    bob.says("JOIN|bob|#den")  # a member sees all of a room's history, and may react to it
    carol.says("JOIN|carol|#den")
    bob.event("JOINED|#Den|carol")
    alice.says("PING")
    alice.events.clear()
    bob.says(f"REACT|bob|{number}|{THUMB}", f"OK|REACT|{number}|{THUMB}|+")
    bob.refused(f"EDITMESSAGE|bob|{number}|x", "NOT_ALLOWED")
    alice.says(f"EDITMESSAGE|alice|{number}|hello all")
    alice.event(f"REACTION|{number}|bob|#Den|{THUMB}|+")
    carol.event(f"REACTION|{number}|bob|#Den|{THUMB}|+")
    for client in (bob, carol):
        client.event(f"EDITED|{number}|…|alice|#Den|hello all")
    marks, rows = shown_by(carol, "HISTORY|carol|#den")
    assert [mark.split("|")[1] for mark in marks] == ["REACTION", "EDITED"]
    assert rows == [f"{number}|alice|#Den|hello all"]
    alice.says(f"DELETEMESSAGE|alice|{number}")
    for client in (bob, carol):
        client.event(f"DELETED|{number}|alice|#Den")
    dan.no_event()


def test_outside_a_room_its_messages_are_not_there(server: Running) -> None:
    alice, bob, carol = (server.user(name) for name in ("alice", "bob", "carol"))
    alice.says("CREATEROOM|alice|#den|private")
    alice.says("INVITE|alice|#den|bob")
    bob.says("JOIN|bob|#den")
    mine, his = send(alice, "#den", "mine"), send(bob, "#den", "his")
    bob.says("LEAVE|bob|#den")
    text = carol.refused(f"REACT|carol|{mine}|x", "NO_SUCH_MESSAGE")
    assert carol.refused(f"REACT|carol|999|{THUMB}", "NO_SUCH_MESSAGE") == text.replace(mine, "999")
    for line in (f"REACT|bob|{mine}|{THUMB}", f"EDITMESSAGE|bob|{his}|x", f"DELETEMESSAGE|bob|{his}"):
        bob.refused(line, "NO_SUCH_MESSAGE")
    alice.says("LEAVE|alice|#den")  # the room has ended
    alice.refused(f"DELETEMESSAGE|alice|{mine}", "NO_SUCH_MESSAGE")


def test_sync_has_what_was_done_in_a_room_during_the_stay(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("CREATEROOM|alice|#den")
    before = send(alice, "#den", "before")
    alice.says(f"REACT|alice|{before}|a")
    bob.says("JOIN|bob|#den")
    alice.says(f"REACT|alice|{before}|b")
    his = send(bob, "#den", "his")
    bob.says("LEAVE|bob|#den")
    alice.says(f"REACT|alice|{before}|c")
    alice.says(f"REACT|alice|{his}|d")
    bob.says("PING")
    bob.events.clear()
    assert shown_by(bob, "SYNC|bob|0") == ([f"EVENT|REACTION|{before}|alice|#den|b|+"], [f"{his}|bob|#den|his"])
    bob.says("JOIN|bob|#den")
    alice.says(f"REACT|alice|{his}|d")
    bob.event(f"REACTION|{his}|alice|#den|d|-")
    marks, _ = shown_by(bob, f"SYNC|bob|{his}")
    assert marks == [f"EVENT|REACTION|{his}|alice|#den|d|-"]


@pytest.mark.parametrize("restart", [False, True])
def test_one_who_blocks_is_not_told(server: InThread, restart: bool) -> None:
    alice, bob = server.friends("alice", "bob")
    hers, his = send(alice, "bob", "hers"), send(bob, "alice", "his")
    bob.says("BLOCK|bob|alice")
    if restart:
        server.restart()
        alice, bob = server.login("alice"), server.login("bob")
    for client in (alice, bob):
        client.says("PING")
        client.events.clear()
    second = server.login("alice")
    alice.says(f"EDITMESSAGE|alice|{hers}|still hers")
    alice.says(f"REACT|alice|{his}|{THUMB}")
    second.event(f"EDITED|{hers}|…|still hers")
    second.event(f"REACTION|{his}|alice|bob|{THUMB}|+")
    bob.no_event()
    bob.says(f"DELETEMESSAGE|bob|{his}")
    alice.event(f"DELETED|{his}|bob|alice")
    marks, rows = shown_by(bob, "HISTORY|bob|alice")
    assert marks == [f"EVENT|DELETED|{his}|bob|alice"]
    assert rows == [f"{hers}|alice|bob|hers", f"{his}|bob|alice|"]


def test_in_a_common_room_one_who_blocks_is_told(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("CREATEROOM|alice|#den")
    bob.says("JOIN|bob|#den")
    bob.says("BLOCK|bob|alice")
    number = send(alice, "#den", "hi")
    bob.event("MESSAGE|…|hi")
    alice.says(f"EDITMESSAGE|alice|{number}|hello")
    bob.event(f"EDITED|{number}|…|alice|#den|hello")


# What other commands make of it


def test_a_deleted_message_is_not_unread_and_not_found(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    gone, kept = send(alice, "bob", "apple pie"), send(alice, "bob", "apple tart")
    alice.says(f"DELETEMESSAGE|alice|{gone}")
    alice.says(f"EDITMESSAGE|alice|{kept}|pear tart")
    for event in ("MESSAGE|…", "MESSAGE|…", "DELETED|…", "EDITED|…"):
        bob.event(event)
    assert bob.rows("SHOWUNREAD|bob") == [["alice", "1", kept]]
    assert bob.rows("SEARCH|bob|apple") == []
    assert [row[0] for row in bob.rows("SEARCH|bob|pear")] == [kept]
    assert [row[:2] for row in bob.rows(f"EXPLAIN|bob|{gone}")] == [["stored", "alice"], ["deleted", "alice"]]


def test_export_has_what_the_user_has_done(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    first, second = send(alice, "bob", "1"), send(alice, "bob", "2")
    alice.says(f"EDITMESSAGE|alice|{first}|one")
    alice.says(f"DELETEMESSAGE|alice|{second}")
    bob.says(f"REACT|bob|{first}|{THUMB}")
    bob.says(f"REACT|bob|{first}|x")
    bob.says(f"REACT|bob|{first}|x")
    kinds = ("edited", "deleted", "reacted", "unreacted")
    assert [row[:2] for row in alice.rows("EXPORT|alice") if row[0] in kinds] == [
        ["edited", first],
        ["deleted", second],
    ]
    assert [row[:3] for row in bob.rows("EXPORT|bob") if row[0] in kinds] == [
        ["reacted", first, THUMB],
        ["unreacted", first, "x"],
    ]


def test_a_day_later_a_message_stays_as_it_is(server: InThread) -> None:
    alice, bob = server.friends("alice", "bob")
    number = send(alice, "bob", "hi")
    bob.event("MESSAGE|…")
    server.move_clock(hours=24.1)
    alice.refused(f"EDITMESSAGE|alice|{number}|x", "NOT_ALLOWED")
    alice.refused(f"DELETEMESSAGE|alice|{number}", "NOT_ALLOWED")
    bob.no_event()
    alice.says(f"REACT|alice|{number}|{THUMB}")
