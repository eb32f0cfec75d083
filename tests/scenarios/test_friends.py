"""ADDFRIEND, ACCEPTFRIEND, REJECTFRIEND, DELETEFRIEND, SHOWFRIENDS, SHOWREQUESTS (PROTOCOL.md, "Friends")."""

import pytest

from tests.harness import Running


def test_asked_and_accepted(server: Running) -> None:
    alice, bob = server.user("Alice"), server.user("Bob")
    alice.says("ADDFRIEND|alice|bob", "OK|ADDFRIEND|Bob|requested")
    bob.event("FRIENDREQUEST|Alice")
    assert alice.rows("SHOWREQUESTS|alice") == [["out", "Bob"]]
    assert bob.rows("SHOWREQUESTS|bob") == [["in", "Alice"]]
    assert alice.rows("SHOWFRIENDS|alice") == bob.rows("SHOWFRIENDS|bob") == []
    bob.says("ACCEPTFRIEND|bob|ALICE", "OK|ACCEPTFRIEND|Alice")
    alice.event("FRIENDADDED|Bob|online|")
    assert alice.rows("SHOWREQUESTS|alice") == bob.rows("SHOWREQUESTS|bob") == []
    assert alice.rows("SHOWFRIENDS|alice") == [["Bob", "online", ""]]
    assert bob.rows("SHOWFRIENDS|bob") == [["Alice", "online", ""]]
    alice.no_event()
    bob.no_event()


def test_who_asks_back_is_a_friend_at_once(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("ADDFRIEND|alice|bob")
    bob.event("FRIENDREQUEST|alice")
    bob.says("ADDFRIEND|bob|alice", "OK|ADDFRIEND|alice|added")
    alice.event("FRIENDADDED|bob|online|")
    assert bob.rows("SHOWFRIENDS|bob") == [["alice", "online", ""]]
    assert bob.rows("SHOWREQUESTS|bob") == alice.rows("SHOWREQUESTS|alice") == []
    alice.no_event()
    bob.no_event()


def test_a_new_friend_is_shown_as_he_is(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    bob.says("SETSTATUS|bob|busy|writing|tests")
    alice.says("ADDFRIEND|alice|bob")
    bob.says("ACCEPTFRIEND|bob|alice")
    alice.event("FRIENDADDED|bob|busy|writing|tests")


def test_addfriend_refused(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    server.user("carol")
    alice.refused("ADDFRIEND|alice|nobody", "NO_SUCH_USER")
    alice.refused("ADDFRIEND|alice|", "NO_SUCH_USER")
    alice.refused("ADDFRIEND|alice|ALICE", "SELF")
    alice.refused("ADDFRIEND|alice|BOB", "ALREADY_FRIENDS")
    alice.says("ADDFRIEND|alice|carol", "OK|ADDFRIEND|carol|requested")
    alice.refused("ADDFRIEND|alice|Carol", "ALREADY_REQUESTED")
    alice.refused("ADDFRIEND|bob|carol", "NOT_YOU")
    assert alice.rows("SHOWREQUESTS|alice") == [["out", "carol"]]
    bob.no_event()


def test_a_rejected_request_is_gone_on_both_sides_and_may_be_made_again(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("ADDFRIEND|alice|bob")
    bob.event("FRIENDREQUEST|alice")
    bob.says("REJECTFRIEND|bob|Alice", "OK|REJECTFRIEND|alice")
    alice.no_event()
    assert alice.rows("SHOWREQUESTS|alice") == bob.rows("SHOWREQUESTS|bob") == []
    alice.says("ADDFRIEND|alice|bob", "OK|ADDFRIEND|bob|requested")
    bob.event("FRIENDREQUEST|alice")


@pytest.mark.parametrize("verb", ["ACCEPTFRIEND", "REJECTFRIEND"])
def test_no_such_request(server: Running, verb: str) -> None:
    alice, bob = server.friends("alice", "bob")
    carol = server.user("carol")
    alice.says("ADDFRIEND|alice|carol")
    alice.refused(f"{verb}|alice|nobody", "NO_SUCH_USER")
    alice.refused(f"{verb}|alice|", "NO_SUCH_USER")
    alice.refused(f"{verb}|alice|alice", "NO_SUCH_REQUEST")
    alice.refused(f"{verb}|alice|bob", "NO_SUCH_REQUEST")
    alice.refused(f"{verb}|alice|carol", "NO_SUCH_REQUEST")  # it is the one that was asked who answers
    alice.refused(f"{verb}|carol|alice", "NOT_YOU")
    carol.says(f"{verb}|carol|alice", f"OK|{verb}|alice")
    carol.refused(f"{verb}|carol|alice", "NO_SUCH_REQUEST")
    bob.no_event()


def test_a_friendship_ends_on_both_sides(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.says("DELETEFRIEND|alice|BOB", "OK|DELETEFRIEND|bob")
    bob.event("FRIENDREMOVED|alice")
    alice.no_event()
    assert alice.rows("SHOWFRIENDS|alice") == bob.rows("SHOWFRIENDS|bob") == []
    bob.refused("SENDMESSAGE|bob|alice|hi", "NOT_FRIENDS")
    alice.refused("DELETEFRIEND|alice|bob", "NOT_FRIENDS")
    alice.says("SETSTATUS|alice|away|")
    bob.no_event()


def test_a_request_is_taken_back_without_a_word(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("ADDFRIEND|alice|bob")
    bob.event("FRIENDREQUEST|alice")
    bob.refused("DELETEFRIEND|bob|alice", "NOT_FRIENDS")  # it is not his to take back
    alice.says("DELETEFRIEND|alice|bob", "OK|DELETEFRIEND|bob")
    bob.no_event()
    bob.refused("ACCEPTFRIEND|bob|alice", "NO_SUCH_REQUEST")
    assert bob.rows("SHOWREQUESTS|bob") == []


def test_deletefriend_refused(server: Running) -> None:
    alice = server.user("alice")
    server.user("bob")
    alice.refused("DELETEFRIEND|alice|bob", "NOT_FRIENDS")
    alice.refused("DELETEFRIEND|alice|alice", "NOT_FRIENDS")
    alice.refused("DELETEFRIEND|alice|nobody", "NO_SUCH_USER")
    alice.refused("DELETEFRIEND|bob|alice", "NOT_YOU")


def test_lists_are_sorted_by_name_key(server: Running) -> None:
    names = ["Bob", "alice", "Ärger", "carol", "ZED", "ａbba"]
    mia = server.user("mia")
    for name in names:
        server.user(name).says("ADDFRIEND|" + name + "|mia")
    expected = ["ａbba", "alice", "Bob", "carol", "ZED", "Ärger"]
    assert mia.rows("SHOWREQUESTS|mia") == [["in", name] for name in expected]
    for name in names:
        mia.says(f"ACCEPTFRIEND|mia|{name}")
    assert [row[0] for row in mia.rows("SHOWFRIENDS|mia")] == expected


def test_requests_in_come_before_requests_out(server: Running) -> None:
    alice = server.user("alice")
    for name in ("bob", "dora"):
        server.user(name).says(f"ADDFRIEND|{name}|alice")
    for name in ("carol", "anna"):
        server.user(name)
        alice.says(f"ADDFRIEND|alice|{name}")
    assert alice.rows("SHOWREQUESTS|alice") == [["in", "bob"], ["in", "dora"], ["out", "anna"], ["out", "carol"]]


def test_the_lists_of_another(server: Running) -> None:
    alice = server.user("alice")
    server.user("bob")
    for verb in ("SHOWFRIENDS", "SHOWREQUESTS"):
        alice.refused(f"{verb}|bob", "NOT_YOU")
        alice.refused(f"{verb}|nobody", "NOT_YOU")


def test_the_other_sessions_of_both_hear_of_it(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice2, bob2 = server.login("alice"), server.login("bob")
    alice.says("ADDFRIEND|alice|bob")
    for session in (bob, bob2):
        session.event("FRIENDREQUEST|alice")
    bob.says("ACCEPTFRIEND|bob|alice")
    bob2.event("FRIENDADDED|alice|online|")
    for session in (alice, alice2):
        session.event("FRIENDADDED|bob|online|")
    alice2.says("DELETEFRIEND|alice|bob")
    alice.event("FRIENDREMOVED|bob")
    for session in (bob, bob2):
        session.event("FRIENDREMOVED|alice")
    for session in (alice, alice2, bob, bob2):
        session.no_event()
