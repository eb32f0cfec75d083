"""SETSTATUS, who is online, what friends are told of it."""

import pytest

from tests.conftest import StartServer
from tests.harness import PASSWORD, Running, shown
from tests.wire import Client


def leave(client: Client) -> None:
    client.send("QUIT")
    client.until("BYE|QUIT|…")


def status_of(client: Client, friend: str) -> list[str]:
    """How a friend looks to this client."""
    return next(row[1:] for row in client.rows(f"SHOWFRIENDS|{client.name}") if row[0] == friend)


def test_friends_see_each_other_come_and_go(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    server.user("stranger").no_event()
    leave(bob)
    alice.event("STATUS|bob|offline|")
    assert status_of(alice, "bob") == ["offline", ""]
    bob = server.login("bob")
    alice.event("STATUS|bob|online|")
    bob.says("LOGOUT")
    alice.event("STATUS|bob|offline|")
    bob.says(f"RESUME|bob|{server.login('bob').token}")
    alice.event("STATUS|bob|online|")
    alice.no_event()


def test_a_lost_connection_is_an_end_too(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    bob.close()
    alice.event("STATUS|bob|offline|")


@pytest.mark.parametrize("status", ["online", "away", "busy"])
def test_a_status_with_and_without_a_text(server: Running, status: str) -> None:
    alice, bob = server.friends("alice", "bob")
    bob.says(f"SETSTATUS|bob|{status}|back | soon", f"OK|SETSTATUS|{status}|back | soon")
    alice.event(f"STATUS|bob|{status}|back | soon")
    assert status_of(alice, "bob") == [status, "back ", " soon"]
    bob.says(f"SETSTATUS|bob|{status}", f"OK|SETSTATUS|{status}|")
    alice.event(f"STATUS|bob|{status}|")
    bob.no_event()


def test_a_status_that_is_left_out_stays(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    bob.says("SETSTATUS|bob|busy|tea")
    alice.event("STATUS|bob|busy|tea")
    bob.says("SETSTATUS|bob||cake", "OK|SETSTATUS|busy|cake")
    alice.event("STATUS|bob|busy|cake")


@pytest.mark.parametrize("line", ["SETSTATUS|bob", "SETSTATUS|bob|", "SETSTATUS|bob||"])
def test_without_a_status_it_is_told(server: Running, line: str) -> None:
    alice, bob = server.friends("alice", "bob")
    bob.says(line, "OK|SETSTATUS|online|")
    bob.says("SETSTATUS|bob|invisible|tea")
    alice.event("STATUS|bob|offline|")
    bob.says(line, "OK|SETSTATUS|invisible|tea")
    alice.no_event()


def test_who_changes_nothing_is_not_announced(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    bob.says("SETSTATUS|bob|online|", "OK|SETSTATUS|online|")
    alice.no_event()
    bob.says("SETSTATUS|bob|away|tea")
    alice.event("STATUS|bob|away|tea")
    bob.says("SETSTATUS|bob|away|tea", "OK|SETSTATUS|away|tea")
    alice.no_event()


@pytest.mark.parametrize(
    "arguments",
    [
        "bob|offline",
        "bob|sleeping",
        "bob|awa",
    ],
    ids=shown,
)
def test_setstatus_refused(server: Running, arguments: str) -> None:
    alice, bob = server.friends("alice", "bob")
    assert "SETSTATUS" in bob.refused(f"SETSTATUS|{arguments}", "BAD_ARGUMENTS")
    alice.no_event()
    assert status_of(alice, "bob") == ["online", ""]


@pytest.mark.parametrize("letter", ["x", "日"])
def test_a_text_that_is_too_long_is_told_the_limit(server: Running, letter: str) -> None:
    alice, bob = server.friends("alice", "bob")
    assert "140 characters" in bob.refused(f"SETSTATUS|bob|away|{letter * 141}", "TOO_LONG")
    alice.no_event()
    assert status_of(alice, "bob") == ["online", ""]


def test_the_longest_text(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    bob.says(f"SETSTATUS|bob|busy|{'日' * 140}")
    alice.event(f"STATUS|bob|busy|{'日' * 140}")


def test_the_status_of_another(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.refused("SETSTATUS|bob|away|", "NOT_YOU")
    bob.no_event()


def test_status_and_text_are_kept_over_logout(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    bob.says("SETSTATUS|bob|away|tea")
    alice.event("STATUS|bob|away|tea")
    leave(bob)
    alice.event("STATUS|bob|offline|")
    assert status_of(alice, "bob") == ["offline", ""]
    server.login("bob")
    alice.event("STATUS|bob|away|tea")


@pytest.mark.parametrize("kill", [False, True], ids=["restarted", "killed"])
def test_status_and_text_are_kept_over_a_restart_and_presence_is_not(start_server: StartServer, kill: bool) -> None:
    server = start_server()
    _, bob = server.friends("alice", "bob")
    bob.says("SETSTATUS|bob|busy|tests")
    server.restart(kill=kill)
    alice = server.login("alice")
    assert status_of(alice, "bob") == ["offline", ""]
    server.login("bob")
    alice.event("STATUS|bob|busy|tests")
    assert status_of(alice, "bob") == ["busy", "tests"]


def test_invisible_looks_like_offline_in_every_answer_and_event(server: Running) -> None:
    alice, bob, carol = server.friends("alice", "bob", "carol")
    bob.says("SETSTATUS|bob|invisible|here", "OK|SETSTATUS|invisible|here")
    for friend in (alice, carol):
        friend.event("STATUS|bob|offline|")
        assert status_of(friend, "bob") == ["offline", ""]
    bob.says("SETSTATUS|bob|invisible|still here")
    bob.says("SENDMESSAGE|bob|alice|psst")
    alice.event("MESSAGE|…|psst")
    second = server.login("bob")
    leave(second)
    leave(bob)
    bob = server.login("bob")
    alice.no_event()
    bob.says("SETSTATUS|bob|online|")
    alice.event("STATUS|bob|online|")


def test_an_invisible_one_becomes_a_friend_as_offline(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    bob.says("SETSTATUS|bob|invisible|here")
    alice.says("ADDFRIEND|alice|bob")
    bob.says("ACCEPTFRIEND|bob|alice")
    alice.event("FRIENDADDED|bob|offline|")


def test_an_invisible_one_sees_the_others(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    bob.says("SETSTATUS|bob|invisible|")
    alice.says("SETSTATUS|alice|away|tea")
    bob.event("STATUS|alice|away|tea")
    assert status_of(bob, "alice") == ["away", "tea"]


def test_online_while_at_least_one_session_is(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    second, third = server.login("bob"), server.login("bob")
    leave(bob)
    third.says("LOGOUT")
    alice.no_event()
    assert status_of(alice, "bob") == ["online", ""]
    leave(second)
    alice.event("STATUS|bob|offline|")


def test_a_failed_login_is_no_presence(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    leave(bob)
    alice.event("STATUS|bob|offline|")
    client = server.connect()
    client.refused("LOGIN|bob|wrong horse", "BAD_LOGIN")
    client.send(f"LOGIN|bob|{PASSWORD}")
    client.answers("OK|LOGIN|bob|…")
    alice.event("STATUS|bob|online|")
    alice.no_event()


# At most once a second


def test_what_changes_again_within_the_time_is_held_back(start_server: StartServer) -> None:
    alice, bob = start_server(presence_ms=60_000).friends("alice", "bob")
    bob.says("SETSTATUS|bob|away|1")
    alice.event("STATUS|bob|away|1")
    for at in range(2, 20):
        bob.says(f"SETSTATUS|bob|busy|{at}")
    alice.no_event()
    assert status_of(alice, "bob") == ["busy", "19"]
    assert alice.rows("SHOWFRIENDS|alice") == [["bob", "busy", "19"]]


def test_what_was_held_back_is_told_when_the_time_is_over(start_server: StartServer) -> None:
    server = start_server(presence_ms=50)
    alice, bob = server.friends("alice", "bob")
    for at in range(200):
        bob.says(f"SETSTATUS|bob|busy|{at}")
    alice.until("EVENT|STATUS|bob|busy|199")
    leave(bob)
    server.login("bob").says("SETSTATUS|bob|invisible")
    alice.until("EVENT|STATUS|bob|offline|")
    assert status_of(alice, "bob")[0] == "offline"


def test_invisible_looks_like_offline_in_a_room_too(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.says("CREATEROOM|alice|#den")
    bob.says("SETSTATUS|bob|invisible|here")
    alice.event("STATUS|bob|offline|")
    bob.says("JOIN|bob|#den")
    alice.event("JOINED|#den|bob")
    assert alice.rows("SHOWMEMBERS|alice|#den") == [["alice", "online", "owner"], ["bob", "offline", "member"]]
    alice.no_event()
