"""SENDMESSAGE, HISTORY, SYNC (PROTOCOL.md, "Messages")."""

import pytest

from tests.conftest import StartServer
from tests.harness import Running, befriend, shown
from tests.wire import Client


def send(client: Client, to: str, text: str) -> tuple[str, str]:
    """Write a message; its id and time."""
    (answer,) = client.says(f"SENDMESSAGE|{client.name}|{to}|{text}", "OK|SENDMESSAGE|…|…Z")
    _, _, number, time = answer.split("|")
    return number, time


# SENDMESSAGE


def test_a_message_arrives_with_its_id_and_time(server: Running) -> None:
    alice, bob = server.friends("Alice", "Bob")
    number, time = send(alice, "BOB", "hi there")
    assert number.isdigit()
    assert len(time) == len("2026-11-22T14:39:05.123Z")
    bob.event(f"MESSAGE|{number}|{time}|Alice|Bob|hi there")
    alice.no_event()
    bob.no_event()


def test_ids_rise_across_the_whole_server(server: Running) -> None:
    alice, bob, carol = server.friends("alice", "bob", "carol")
    pairs = [(alice, "bob"), (carol, "alice"), (bob, "carol"), (alice, "carol")] * 5
    numbers = [int(send(client, to, "x")[0]) for client, to in pairs]
    assert numbers == sorted(set(numbers))
    assert numbers[0] > 0


@pytest.mark.parametrize(
    "text",
    [
        "a|b||c|",
        "|",
        "  two blanks on each side  ",
        "tab\there",
        "\t.",
        "e\u0308 is not ë",
        "日本語 \U0001f600\U0001f3fd zero\u200bwidth",
        "'; DROP TABLE messages; --",
        "%s {0} \\n",
        "EVENT|MESSAGE|1|x|bob|alice|forged",
    ],
    ids=shown,
)
def test_a_text_is_kept_byte_for_byte(server: Running, text: str) -> None:
    alice, bob = server.friends("alice", "bob")
    number, time = send(alice, "bob", text)
    bob.expect(f"EVENT|MESSAGE|{number}|{time}|alice|bob|{text}")
    bob.says("HISTORY|bob|alice", f"ITEM|HISTORY|{number}|{time}|alice|bob|{text}", "OK|HISTORY|1")
    bob.says("SYNC|bob|0", f"ITEM|SYNC|{number}|{time}|alice|bob|{text}", "OK|SYNC|1|0")


def test_sendmessage_refused(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    server.user("carol")
    alice.refused("SENDMESSAGE|alice|nobody|hi", "NO_SUCH_USER")
    alice.refused("SENDMESSAGE|alice||hi", "NO_SUCH_USER")
    alice.refused("SENDMESSAGE|alice|ALICE|hi", "SELF")
    alice.refused("SENDMESSAGE|alice|carol|hi", "NOT_FRIENDS")
    alice.refused("SENDMESSAGE|bob|alice|hi", "NOT_YOU")
    for blank in ("", " ", "   ", "\t", " \t ", "\u200b\u2060", "\u3164", "\u2800 \ufe0f"):
        alice.refused(f"SENDMESSAGE|alice|bob|{blank}", "BAD_TEXT")
    bob.no_event()
    alice.says("SYNC|alice|0", "OK|SYNC|0|0")


def test_a_request_is_no_friendship_yet(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("ADDFRIEND|alice|bob")
    alice.refused("SENDMESSAGE|alice|bob|hi", "NOT_FRIENDS")
    bob.refused("SENDMESSAGE|bob|alice|hi", "NOT_FRIENDS")


@pytest.mark.parametrize(
    ("longest", "too_long"),
    [
        ("x" * 4000, "x" * 4001),
        ("é" * 3800, "é" * 3801),  # 7,600 bytes are reached before 4,000 characters
        ("日" * 2533, "日" * 2534),
        ("\U0001f600" * 1900, "\U0001f600" * 1901),
    ],
    ids=["ASCII", "2 bytes", "3 bytes", "4 bytes"],
)
def test_the_longest_text(server: Running, longest: str, too_long: str) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.refused(f"SENDMESSAGE|alice|bob|{too_long}", "TOO_LONG")
    number, time = send(alice, "bob", longest)
    bob.expect(f"EVENT|MESSAGE|{number}|{time}|alice|bob|{longest}")
    bob.no_event()


def test_the_longest_text_between_the_longest_names_fits_a_frame(server: Running) -> None:
    one, other = "\U00020000" * 32, "\U00020001" * 32
    tag = "#" + "t" * 32
    alice, bob = server.friends(one, other)
    text = "é" * 3800
    alice.says(f"SENDMESSAGE{tag}|{one}|{other}|{text}", f"OK|SENDMESSAGE{tag}|…")
    bob.event(f"MESSAGE|…|{one}|{other}|{text}")
    bob.says(f"SYNC{tag}|{other}|0", f"ITEM|SYNC{tag}|…|{one}|{other}|{text}", f"OK|SYNC{tag}|1|0")


def test_the_length_is_a_setting(start_server: StartServer) -> None:
    alice, bob = start_server(message_chars_max=10).friends("alice", "bob")
    assert "10" in alice.refused("SENDMESSAGE|alice|bob|elevenchars", "TOO_LONG")
    send(alice, "bob", "日" * 10)
    bob.event("MESSAGE|…")


# HISTORY


def test_history_is_the_last_messages_oldest_first(server: Running) -> None:
    alice, bob, carol = server.friends("alice", "bob", "carol")
    sent = []
    for at in range(60):
        writer, to = ((alice, "bob"), (bob, "alice"))[at % 2]
        number, time = send(writer, to, f"text {at}")
        sent.append([number, time, writer.name, to, f"text {at}"])
        send(carol, "alice", "aside")
    assert alice.rows("HISTORY|alice|bob") == bob.rows("HISTORY|bob|alice") == sent[10:]
    assert alice.rows("HISTORY|alice|BOB|60") == sent
    assert alice.rows("HISTORY|alice|bob|500|") == sent
    assert alice.rows("HISTORY|alice|bob|1") == sent[-1:]
    assert alice.rows(f"HISTORY|alice|bob|5|{sent[20][0]}") == sent[15:20]
    assert alice.rows(f"HISTORY|alice|bob||{sent[3][0]}") == sent[:3]
    assert alice.rows(f"HISTORY|alice|bob||{sent[0][0]}") == []
    assert alice.rows("HISTORY|alice|bob|5|999999999999999999") == sent[-5:]
    assert alice.rows(f"HISTORY|alice|bob|5||{sent[20][0]}") == sent[21:26]
    assert alice.rows("HISTORY|alice|bob|2||0") == sent[:2]
    assert alice.rows(f"HISTORY|alice|bob|||{sent[57][0]}") == sent[58:]
    assert alice.rows(f"HISTORY|alice|bob||{sent[9][0]}|{sent[5][0]}") == sent[6:9]
    assert alice.rows(f"HISTORY|alice|bob|2|{sent[9][0]}|{sent[5][0]}") == sent[6:8]
    assert alice.rows(f"HISTORY|alice|bob||{sent[5][0]}|{sent[5][0]}") == []
    assert alice.rows(f"HISTORY|alice|bob|||{sent[-1][0]}") == []
    assert alice.rows("HISTORY|alice|bob|||999999999999999999") == []
    assert alice.rows("HISTORY|alice|bob|5||") == sent[-5:]
    assert [row[4] for row in carol.rows("HISTORY|carol|alice|500")] == ["aside"] * 60
    assert carol.rows("HISTORY|carol|bob") == []


def test_history_outlives_the_friendship(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    send(alice, "bob", "before")
    alice.says("DELETEFRIEND|alice|bob")
    for client, friend in ((alice, "bob"), (bob, "alice")):
        assert [row[2:] for row in client.rows(f"HISTORY|{client.name}|{friend}")] == [["alice", "bob", "before"]]


def test_history_with_a_stranger_is_empty_and_with_nobody_refused(server: Running) -> None:
    alice = server.user("alice")
    server.user("bob")
    assert alice.rows("HISTORY|alice|bob") == []
    alice.refused("HISTORY|alice|nobody", "NO_SUCH_USER")
    alice.refused("HISTORY|alice|", "NO_SUCH_USER")
    alice.refused("HISTORY|bob|alice", "NOT_YOU")


@pytest.mark.parametrize("limit", ["0", "501", "-1", "x", " 5", "1e2", "5.0", "٥", "1000000000000000000"])
def test_a_limit_that_is_none_is_never_clamped(server: Running, limit: str) -> None:
    alice, _ = server.friends("alice", "bob")
    assert "HISTORY" in alice.refused(f"HISTORY|alice|bob|{limit}", "BAD_ARGUMENTS")
    assert "SYNC" in alice.refused(f"SYNC|alice|0|{limit}", "BAD_ARGUMENTS")


@pytest.mark.parametrize("number", ["-1", "x", "1 ", "1.5", "²", "1000000000000000000"])
def test_an_id_that_is_none(server: Running, number: str) -> None:
    alice, _ = server.friends("alice", "bob")
    alice.refused(f"HISTORY|alice|bob|5|{number}", "BAD_ARGUMENTS")
    if number != "0":  # all ids are behind that one
        alice.refused(f"HISTORY|alice|bob|5||{number}", "BAD_ARGUMENTS")
    alice.refused(f"SYNC|alice|{number}", "BAD_ARGUMENTS")


# SYNC


def test_sync_is_what_was_sent_and_received_after_an_id(server: Running) -> None:
    alice, bob, carol = server.friends("alice", "bob", "carol")
    sent = []
    for writer, to in ((alice, "bob"), (bob, "alice"), (carol, "bob"), (carol, "alice"), (alice, "carol")) * 4:
        number, time = send(writer, to, f"from {writer.name}")
        if "alice" in (writer.name, to):
            sent.append([number, time, writer.name, to, f"from {writer.name}"])
    alice.send("SYNC|alice|0")
    *rows, last = alice.answer()
    assert [row.split("|")[2:] for row in rows] == sent
    assert last == "OK|SYNC|16|0"
    assert alice.rows(f"SYNC|alice|{sent[9][0]}") == sent[10:]
    assert alice.rows(f"SYNC|alice|{sent[-1][0]}") == []
    assert alice.rows("SYNC|alice|999999999999999999") == []


def test_sync_says_whether_there_is_more(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    numbers = [send(alice, "bob", str(at))[0] for at in range(5)]
    for limit, count, more in ((2, 2, 1), (4, 4, 1), (5, 5, 0), (500, 5, 0)):
        bob.send(f"SYNC|bob|0|{limit}")
        assert bob.answer()[-1] == f"OK|SYNC|{count}|{more}"
    bob.send(f"SYNC|bob|{numbers[2]}|2")
    assert bob.answer()[-1] == "OK|SYNC|2|0"


def test_sync_in_pages_goes_through_all(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.send(*(f"SENDMESSAGE|alice|bob|{at}" for at in range(1203)))
    for _ in range(1203):
        alice.answers("OK|SENDMESSAGE|…")
    seen: list[str] = []
    after, pages, more = "0", 0, "1"
    while more == "1":
        bob.send(f"SYNC|bob|{after}")
        *rows, last = bob.answer()
        seen += [row.split("|")[6] for row in rows]
        after, more = rows[-1].split("|")[2], last.split("|")[3]
        pages += 1
    assert seen == [str(at) for at in range(1203)]
    assert pages == 3


def test_sync_of_another_or_after_nothing(server: Running) -> None:
    alice = server.user("alice")
    server.user("bob")
    alice.refused("SYNC|bob|0", "NOT_YOU")
    alice.refused("SYNC|alice", "BAD_ARGUMENTS")
    alice.refused("SYNC|alice||5", "BAD_ARGUMENTS")
    alice.refused("SYNC|alice|0|5|6", "BAD_ARGUMENTS")


def test_old_messages_come_back_with_a_new_friendship(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    send(alice, "bob", "first")
    alice.says("DELETEFRIEND|alice|bob")
    bob.refused("SENDMESSAGE|bob|alice|x", "NOT_FRIENDS")
    befriend(alice, bob)
    send(bob, "alice", "second")
    assert [row[4] for row in alice.rows("HISTORY|alice|bob")] == ["first", "second"]
