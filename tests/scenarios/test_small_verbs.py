"""HELLO, PING, HELP, QUIT."""

import pytest

from chatserver.protocol.verbs import VERBS
from tests.harness import Running


def test_hello_comes_first_and_once(server: Running) -> None:
    client = server.connect(hello=False)
    (hello,) = client.expect("HELLO|chatserver|1|…")
    assert hello.split("|", 3)[3]
    client.no_event()


def test_ping_before_and_after_login(server: Running) -> None:
    for client in (server.connect(), server.user("alice")):
        client.says("PING", "OK|PING|")
        client.says("PING|", "OK|PING|")
        client.says("ping|hello | there ", "OK|PING|hello | there ")


@pytest.mark.parametrize("letter", ["x", "日", "\U0001f600"])
def test_ping_with_a_text_at_its_limit(server: Running, letter: str) -> None:
    client = server.connect()
    client.says(f"PING|{letter * 1000}", f"OK|PING|{letter * 1000}")
    client.refused(f"PING|{letter * 1001}", "BAD_ARGUMENTS")


def test_help_lists_the_table_of_verbs(server: Running) -> None:
    for client in (server.connect(), server.user("alice")):
        client.send("HELP")
        *rows, last = client.answer()
        assert [row.split("|", 3)[2] for row in rows] == list(VERBS)
        assert [row.split("|", 4)[3:] for row in rows] == [[verb.help, verb.usage] for verb in VERBS.values()]
        assert last == f"OK|HELP|{len(VERBS)}"


@pytest.mark.parametrize("typed", ["SENDMESSAGE", "sendMessage"])
def test_help_explains_one_verb(server: Running, typed: str) -> None:
    verb = VERBS["SENDMESSAGE"]
    server.connect().says(f"HELP|{typed}", f"ITEM|HELP|SENDMESSAGE|{verb.help}|{verb.usage}", "OK|HELP|1")


def test_help_of_no_verb_names_the_nearest(server: Running) -> None:
    client = server.connect()
    assert "SENDMESSAGE" in client.refused("HELP|SENDMESAGE", "UNKNOWN_COMMAND")
    client.refused("HELP|日本", "UNKNOWN_COMMAND")
    client.refused(f"HELP|{'x' * 8000}", "UNKNOWN_COMMAND")
    client.refused("HELP|PING|PING", "BAD_ARGUMENTS")


@pytest.mark.parametrize("line", ["QUIT", "quit", "QUIT|", "QUIT|alice|and more", "QUIT#t1|x"])
def test_quit_says_goodbye(server: Running, line: str) -> None:
    tag = "#t1" if "#" in line else ""
    for client in (server.connect(), server.user("alice")):
        client.send(line)
        client.expect(f"OK|QUIT{tag}", "BYE|QUIT|…")
        client.expect_end()


def test_what_is_sent_behind_quit_is_ignored(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.send("PING|before", "QUIT", *["SENDMESSAGE|alice|bob|behind"] * 50, "QUIT", "nonsense")
    alice.expect("OK|PING|before", "OK|QUIT", "BYE|QUIT|…")
    alice.expect_end()
    bob.event("STATUS|alice|offline|")
    bob.no_event()
    bob.says("SYNC|bob|0", "OK|SYNC|0|0")


def test_a_flood_behind_quit_does_not_turn_the_goodbye_into_a_reset(server: Running) -> None:
    client = server.connect()
    client.send_bytes(b"QUIT\n" + b"PING|behind\n" * 50_000)
    client.expect("OK|QUIT", "BYE|QUIT|…")
    assert client.socket.recv(1) == b""  # a reset would raise, and may cost a peer the frames before it


def test_quit_in_pieces_with_data_behind_it(server: Running) -> None:
    client = server.connect()
    client.send_bytes(b"QU")
    client.send_bytes(b"IT\nPING|behind\nPI")
    client.expect("OK|QUIT", "BYE|QUIT|…")
    client.expect_end()


def test_the_token_outlives_quit(server: Running) -> None:
    alice = server.user("alice")
    alice.send("QUIT")
    alice.expect("OK|QUIT", "BYE|QUIT|…")
    server.connect().says(f"RESUME|alice|{alice.token}", "OK|RESUME|alice|…")
