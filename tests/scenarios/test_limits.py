"""Limits as the peer sees them: THROTTLED, LOGIN_TIMEOUT, FULL, TOO_SLOW, and being read more slowly."""

import re

import pytest

from tests.conftest import StartServer
from tests.harness import PASSWORD, Running
from tests.wire import Client

SMALL_BUFFER = 4096

# THROTTLED


def test_after_so_many_failed_logins_even_the_right_one_waits(start_server: StartServer) -> None:
    server = start_server(logins_per_minute=3)
    server.user("alice")
    server.user("bob")
    client = server.connect()
    for _ in range(3):
        client.refused("LOGIN|alice|wrong horse", "BAD_LOGIN")
    text = client.refused(f"LOGIN|ALICE|{PASSWORD}", "THROTTLED")
    assert re.search(r"\b[1-9]\d?\b", text), f"no seconds to wait in {text!r}"
    server.connect().refused(f"LOGIN|alice|{PASSWORD}", "THROTTLED")
    client.says(f"LOGIN|bob|{PASSWORD}", "OK|LOGIN|bob|…")


def test_a_right_password_from_elsewhere_still_works(start_server: StartServer) -> None:
    server = start_server(logins_per_minute=1)
    server.user("alice")
    client = server.connect()
    client.refused("LOGIN|alice|wrong horse", "BAD_LOGIN")
    client.refused(f"LOGIN|alice|{PASSWORD}", "THROTTLED")
    elsewhere = server.connect(source="127.0.0.2")
    elsewhere.says(f"LOGIN|alice|{PASSWORD}", "OK|LOGIN|alice|…")


def test_unknown_names_are_throttled_alike(start_server: StartServer) -> None:
    client = start_server(logins_per_minute=2).connect()
    for _ in range(2):
        client.refused("LOGIN|nobody|wrong horse", "BAD_LOGIN")
    client.refused("LOGIN|nobody|wrong horse", "THROTTLED")


def test_ten_times_as_many_per_address(start_server: StartServer) -> None:
    server = start_server(logins_per_minute=1)
    server.user("alice")
    client = server.connect()
    for at in range(10):
        client.refused(f"LOGIN|nobody{at}|wrong horse", "BAD_LOGIN")
    client.refused(f"LOGIN|alice|{PASSWORD}", "THROTTLED")
    server.connect(source="127.0.0.2").says(f"LOGIN|alice|{PASSWORD}", "OK|LOGIN|alice|…")


def test_right_logins_count_for_nothing(start_server: StartServer) -> None:
    server = start_server(logins_per_minute=1)
    server.user("alice")
    for _ in range(15):
        server.login("alice")


@pytest.mark.parametrize("line", ["SETPASSWORD|alice|{}|battery staple", "DELETEACCOUNT|alice|{}"])
def test_guessing_the_password_from_within_is_throttled_too(start_server: StartServer, line: str) -> None:
    server = start_server(logins_per_minute=2)
    alice = server.user("alice")
    for _ in range(2):
        alice.refused(line.format("wrong horse"), "BAD_LOGIN")
    alice.refused(line.format(PASSWORD), "THROTTLED")
    alice.says("SHOWFRIENDS|alice")


def test_guessing_a_token_is_throttled_too(start_server: StartServer) -> None:
    server = start_server(logins_per_minute=2)
    alice = server.user("alice")
    client = server.connect()
    for _ in range(2):
        client.refused("RESUME|alice|no token", "BAD_LOGIN")
    client.refused("RESUME|alice|no token", "THROTTLED")
    alice.says("SHOWFRIENDS|alice")


# LOGIN_TIMEOUT


def test_who_does_not_log_in_is_let_go_and_who_did_stays(start_server: StartServer) -> None:
    server = start_server(login_timeout_s=2)
    alice = server.user("alice")
    idle = server.connect()
    idle.expect("BYE|LOGIN_TIMEOUT|…")
    idle.expect_end()
    alice.says("PING|still here", "OK|PING|still here")


def test_talking_is_not_logging_in(start_server: StartServer) -> None:
    client = start_server(login_timeout_s=1).connect()
    frame = ""
    while not frame.startswith("BYE|"):
        client.send("PING")
        frame = client.frame()
        assert frame.startswith(("OK|PING|", "BYE|LOGIN_TIMEOUT|"))


def test_nor_is_guessing(start_server: StartServer) -> None:
    """There is always a password of this client being checked when its deadline comes."""
    client = start_server(login_timeout_s=1, password_hash_cost=14).connect()
    client.send(*["LOGIN|nobody|wrong horse"] * 3000)
    frames = client.frames_to_the_end()
    assert frames[-1].startswith("BYE|LOGIN_TIMEOUT|")
    assert len(frames) < 1500


# FULL


@pytest.mark.parametrize("setting", ["connections_max", "connections_per_address_max"])
def test_no_more_connections_than_the_limit(start_server: StartServer, setting: str) -> None:
    server = start_server("--set", f"{setting}=3")
    clients = [server.connect() for _ in range(3)]
    frames = server.connect(hello=False).frames_to_the_end()
    assert [frame.split("|")[:2] for frame in frames if not frame.startswith("HELLO|")] == [["BYE", "FULL"]]
    clients[0].says("PING|still served", "OK|PING|still served")
    clients[1].send("QUIT")
    clients[1].frames_to_the_end()
    clients[1].close()
    while not server.connect(hello=False).frame().startswith("HELLO|"):
        pass  # the place is free as soon as the server has seen the end of the other


def test_another_address_has_places_of_its_own(start_server: StartServer) -> None:
    server = start_server(connections_per_address_max=2)
    for _ in range(2):
        server.connect()
    assert server.connect(hello=False).frames_to_the_end()[-1].startswith("BYE|FULL|")
    server.connect(source="127.0.0.2").says("PING", "OK|PING|")


# TOO_SLOW


def _fill(server: Running, writer: Client, to: str, watched: Client, bytes_wanted: int) -> int:
    """Write long messages until the server lets the other one go, as its friend `watched` hears; how many they were."""
    text = "x" * 3000
    sent = 0
    while not watched.events:
        writer.send(*(f"SENDMESSAGE|{writer.name}|{to}|{text}" for _ in range(50)))
        for _ in range(50):
            writer.answers("OK|SENDMESSAGE|…")
        sent += 50
        watched.says("PING")
        assert sent * len(text) < bytes_wanted, "the one that does not read is never let go"
    return sent


def test_who_does_not_read_is_let_go_and_loses_nothing(start_either_server: StartServer) -> None:
    server = start_either_server(send_bytes_max=200_000)
    alice, carol = server.friends("alice", "carol")
    server.user("bob").close()
    alice.events.clear()
    bob = server.connect("bob", receive_bytes=SMALL_BUFFER)
    bob.says(f"LOGIN|bob|{PASSWORD}")
    for friend in (alice, carol):
        bob.says(f"ADDFRIEND|bob|{friend.name}")
        friend.event("FRIENDREQUEST|bob")
        friend.says(f"ACCEPTFRIEND|{friend.name}|bob")
    bob.says("PING")
    sent = _fill(server, alice, "bob", carol, 60_000_000)
    carol.event("STATUS|bob|offline|")
    frames = bob.frames_to_the_end()
    assert frames[-1].startswith("BYE|TOO_SLOW|")
    again = server.login("bob")
    after, seen, more = "0", 0, "1"
    while more == "1":
        again.send(f"SYNC|bob|{after}")
        *rows, last = again.answer()
        seen += len(rows)
        after, more = rows[-1].split("|")[2], last.split("|")[3]
    assert seen == sent


def test_a_reply_never_makes_its_own_asker_too_slow(start_either_server: StartServer) -> None:
    """Each answer alone is larger than the limit, and thirty are asked for before one is read."""
    server = start_either_server(send_bytes_max=100_000)
    alice, bob = server.friends("alice", "bob")
    text = "x" * 2000
    alice.send(*(f"SENDMESSAGE|alice|bob|{text}" for _ in range(200)))
    for _ in range(200):
        alice.answers("OK|SENDMESSAGE|…")
        bob.event("MESSAGE|…")
    reader = server.connect("alice", receive_bytes=SMALL_BUFFER)
    reader.says(f"LOGIN|alice|{PASSWORD}")
    reader.send(*["HISTORY|alice|bob|200"] * 30, "PING|end")
    alice.says("PING|meanwhile", "OK|PING|meanwhile")
    for _ in range(30):
        assert len(reader.answer()) == 201
    reader.answers("OK|PING|end")


def test_who_never_reads_what_it_asked_for_is_let_go(start_either_server: StartServer) -> None:
    server = start_either_server(unread_s=2)
    alice, bob = server.friends("alice", "bob")
    text = "x" * 3000
    alice.send(*(f"SENDMESSAGE|alice|bob|{text}" for _ in range(500)))
    for _ in range(500):
        alice.answers("OK|SENDMESSAGE|…")
        bob.event("MESSAGE|…")
    bob.send("QUIT")
    sleeper = server.connect("bob", receive_bytes=SMALL_BUFFER)
    sleeper.says(f"LOGIN|bob|{PASSWORD}")
    alice.event("STATUS|bob|offline|")
    alice.event("STATUS|bob|online|")
    sleeper.send(*["SYNC|bob|0"] * 30)
    alice.event("STATUS|bob|offline|")
    assert sleeper.frames_to_the_end()[-1].startswith("BYE|TOO_SLOW|")


def test_a_large_backlog_does_not_make_its_own_reader_too_slow(start_either_server: StartServer) -> None:
    server = start_either_server(send_bytes_max=100_000)
    alice, bob = server.friends("alice", "bob")
    bob.send("QUIT")
    bob.until("BYE|QUIT|…")
    alice.send(*(f"SENDMESSAGE|alice|bob|{at} {'x' * 2000}" for at in range(500)))
    for _ in range(500):
        alice.answers("OK|SENDMESSAGE|…")
    again = server.connect("bob", receive_bytes=SMALL_BUFFER)
    again.send(f"LOGIN|bob|{PASSWORD}", "PING|end")
    alice.says("PING|meanwhile", "OK|PING|meanwhile")
    again.expect("OK|LOGIN|bob|…", *(f"EVENT|MISSED|…|alice|bob|{at} x…" for at in range(500)), "OK|PING|end")


def test_all_who_do_not_read_take_only_so_much_together_and_who_has_most_goes_first(
    start_either_server: StartServer,
) -> None:
    server = start_either_server(send_bytes_total_max=2_000_000, send_bytes_max=1_000_000_000)
    writer = server.user("writer")
    writer.says("CREATEROOM|writer|#all")
    sleepers = []
    for at in range(5):
        sleepers.append(server.connect(f"s{at}", receive_bytes=SMALL_BUFFER))
        sleepers[-1].says(f"SIGNUP|s{at}|{PASSWORD}")
        sleepers[-1].says(f"LOGIN|s{at}|{PASSWORD}")
    for sleeper in sleepers:
        sleeper.says(f"JOIN|{sleeper.name}|#all")
    most = sleepers[3]
    most.send(*["HISTORY|s3|#all"] * 3)
    for _ in range(400):
        writer.send(*[f"SENDMESSAGE|writer|#all|{'x' * 3000}"] * 50)
        for _ in range(50):
            writer.answers("OK|SENDMESSAGE|…")
        rows = writer.rows("SHOWMEMBERS|writer|#all")
        if [row[1] for row in rows].count("offline") == 5:
            break
    writer.says("PING|still served", "OK|PING|still served")
    for sleeper in sleepers:
        assert sleeper.frames_to_the_end()[-1].startswith("BYE|TOO_SLOW|")


# Read more slowly, never refused


def test_too_many_commands_a_second_are_all_answered(start_server: StartServer) -> None:
    client = start_server(commands_per_s=100).connect()
    client.send(*(f"PING|{at}" for at in range(250)))
    client.expect(*(f"OK|PING|{at}" for at in range(250)))
