"""Rooms: who is in, who hears, who sees what was said (PROTOCOL.md, "Rooms")."""

import pytest

from tests.inside import InThread as Running


def test_a_room_is_made_and_its_maker_owns_it(server: Running) -> None:
    alice = server.user("alice")
    again = server.login("alice")
    alice.says("CREATEROOM|alice|#Den", "OK|CREATEROOM|#Den|public")
    again.event("JOINED|#Den|alice")
    alice.says("CREATEROOM|alice|#attic|private", "OK|CREATEROOM|#attic|private")
    assert alice.rows("SHOWROOMS|alice") == [
        ["#attic", "private", "1", "joined", ""],
        ["#Den", "public", "1", "joined", ""],
    ]
    assert alice.rows("SHOWMEMBERS|alice|#den") == [["alice", "online", "owner"]]


@pytest.mark.parametrize("name", ["", "#", "den", "##den", "#d en", "#_den", "#" + "x" * 33])
def test_a_name_that_is_none(server: Running, name: str) -> None:
    server.user("alice").refused(f"CREATEROOM|alice|{name}", "BAD_NAME")


def test_a_name_that_is_taken(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("CREATEROOM|alice|#Den")
    bob.refused("CREATEROOM|bob|#dEN", "NAME_TAKEN")
    alice.says("CREATEROOM|alice|#Lair|private")
    alice.refused("CREATEROOM|alice|#LAIR", "NAME_TAKEN")
    alice.says("INVITE|alice|#lair|bob")
    bob.event("INVITED|#Lair|alice")
    bob.refused("CREATEROOM|bob|#lair", "NAME_TAKEN")


@pytest.mark.parametrize("kind", ["public", "private"])
def test_a_private_room_keeps_its_name_from_nobody_who_cannot_know_it(server: Running, kind: str) -> None:
    """Each of the two rooms is the only one of that name for those who are in it, also after a restart."""
    alice, bob, carol = server.user("alice"), server.user("bob"), server.user("carol")
    alice.says("CREATEROOM|alice|#Den|private")
    alice.says("INVITE|alice|#Den|carol")
    bob.says(f"CREATEROOM|bob|#den|{kind}", f"OK|CREATEROOM|#den|{kind}")
    carol.says("JOIN|carol|#den", "OK|JOIN|#Den")
    alice.event("JOINED|#Den|carol")
    for _ in range(2):
        bob.says("SENDMESSAGE|bob|#den|for nobody else")
        alice.says("SENDMESSAGE|alice|#den|for carol")
        carol.until("EVENT|MESSAGE|…|alice|#Den|for carol")
        for client in (alice, bob):
            client.no_event()
        assert alice.rows("SHOWROOMS|alice") == [["#Den", "private", "2", "joined", ""]]
        assert bob.rows("SHOWROOMS|bob") == [["#den", kind, "1", "joined", ""]]
        assert [row[4] for row in bob.rows("HISTORY|bob|#DEN")] == ["for nobody else"] * (_ + 1)
        alice.refused("KICK|alice|#den|bob", "NOT_MEMBER")
        server.restart()
        alice, bob, carol = server.login("alice"), server.login("bob"), server.login("carol")
        carol.no_event()
    alice.says("LEAVE|alice|#den", "OK|LEAVE|#Den")
    assert alice.rows("SHOWROOMS|alice") == ([["#den", "public", "1", "-", ""]] if kind == "public" else [])
    alice.refused("SENDMESSAGE|alice|#den|hi", "NOT_MEMBER" if kind == "public" else "NO_SUCH_ROOM")


def test_a_bot_in_two_rooms_of_one_name_answers_where_it_was_asked(server: Running) -> None:
    rooms = server.user("alice"), server.user("bob")
    for client in rooms:
        client.says(f"CREATEROOM|{client.name}|#den|private")
        client.says(f"INVITE|{client.name}|#den|DiceBot", "OK|INVITE|#den|DiceBot")
    for client in rooms:
        client.says(f"SENDMESSAGE|{client.name}|#den|@DiceBot roll")
        client.event("MESSAGE|…|DiceBot|#den|…")
    for client in rooms:
        client.no_event()


def test_join_and_leave_are_heard_by_members_and_own_sessions(server: Running) -> None:
    alice, bob, carol = server.user("alice"), server.user("bob"), server.user("carol")
    bob_again = server.login("bob")
    alice.says("CREATEROOM|alice|#den")
    bob.says("JOIN|bob|#DEN", "OK|JOIN|#den")
    for hearer in (alice, bob_again):
        hearer.event("JOINED|#den|bob")
    bob.says("JOIN|bob|#den", "OK|JOIN|#den")
    bob.says("LEAVE|bob|#den", "OK|LEAVE|#den")
    for hearer in (alice, bob_again):
        hearer.event("LEFT|#den|bob")
    bob.refused("LEAVE|bob|#den", "NOT_MEMBER")
    for quiet in (alice, bob, bob_again, carol):
        quiet.no_event()


def test_a_message_in_a_room(server: Running) -> None:
    alice, bob, carol = server.user("alice"), server.user("bob"), server.user("carol")
    alice.says("CREATEROOM|alice|#Den")
    bob.says("JOIN|bob|#den")
    alice.event("JOINED|#Den|bob")
    carol.refused("SENDMESSAGE|carol|#den|hi", "NOT_MEMBER")
    carol.refused("SENDMESSAGE|carol|#nowhere|hi", "NO_SUCH_ROOM")
    bob.refused("SENDMESSAGE|bob|#den|  ", "BAD_TEXT")
    bob.says("SENDMESSAGE#1|bob|#den|hello|all", "OK|SENDMESSAGE#1|1|…")
    alice.event("MESSAGE|1|…|bob|#Den|hello|all")
    bob.says("SENDMESSAGE#1|bob|#den|hello|all", "OK|SENDMESSAGE#1|1|…")
    assert [row[2:] for row in alice.rows("HISTORY|alice|#den")] == [["bob", "#Den", "hello", "all"]]
    carol.refused("HISTORY|carol|#den", "NOT_MEMBER")
    for quiet in (alice, bob, carol):
        quiet.no_event()


def test_a_member_sees_the_history_before_joining_but_is_sent_only_what_came_since(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("CREATEROOM|alice|#den")
    alice.says("SENDMESSAGE|alice|#den|before")
    bob.says("JOIN|bob|#den")
    bob.says("LOGOUT")
    alice.says("SENDMESSAGE|alice|#den|since")
    bob = server.login("bob")
    bob.expect("EVENT|MISSED|2|…|alice|#den|since")
    assert [row[4] for row in bob.rows("HISTORY|bob|#den")] == ["before", "since"]
    assert [row[4] for row in bob.rows("SYNC|bob|0")] == ["since"]


def test_what_was_said_during_an_earlier_stay_stays_in_sync_and_waits(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("CREATEROOM|alice|#den")
    bob.says("JOIN|bob|#den")
    bob.says("LOGOUT")
    alice.says("SENDMESSAGE|alice|#den|one")
    alice.says("KICK|alice|#den|bob", "OK|KICK|#den|bob")
    alice.says("SENDMESSAGE|alice|#den|two")
    bob = server.login("bob")
    bob.expect("EVENT|MISSED|1|…|alice|#den|one")
    bob.says("JOIN|bob|#den")
    alice.says("SENDMESSAGE|alice|#den|three")
    bob.event("MESSAGE|3|…|alice|#den|three")
    assert [row[4] for row in bob.rows("SYNC|bob|0")] == ["one", "three"]
    server.restart()
    bob = server.login("bob")
    assert [row[4] for row in bob.rows("SYNC|bob|0")] == ["one", "three"]
    bob.no_event()


def test_sync_merges_friends_and_rooms_in_the_order_of_ids(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    for room in ("#one", "#two"):
        alice.says(f"CREATEROOM|alice|{room}")
        bob.says(f"JOIN|bob|{room}")
    for text, to in enumerate(["#one", "bob", "#two", "bob", "#one"] * 3):
        alice.says(f"SENDMESSAGE|alice|{to}|{text}")
    assert [row[4] for row in bob.rows("SYNC|bob|0")] == [str(text) for text in range(15)]
    bob.send("SYNC|bob|4|3")
    assert [frame.split("|")[2] for frame in bob.answer()] == ["5", "6", "7", "3"]


def test_a_private_room_is_not_there_for_those_outside(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("CREATEROOM|alice|#den|private")
    for line in (
        "JOIN|bob|#den",
        "LEAVE|bob|#den",
        "INVITE|bob|#den|bob",
        "KICK|bob|#den|alice",
        "SETTOPIC|bob|#den|x",
    ):
        bob.refused(line, "NO_SUCH_ROOM")
    for line in ("SHOWMEMBERS|bob|#den", "HISTORY|bob|#den", "SENDMESSAGE|bob|#den|hi"):
        bob.refused(line, "NO_SUCH_ROOM")
    assert bob.rows("SHOWROOMS|bob") == []


def test_an_invitation_opens_a_private_room_once(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("CREATEROOM|alice|#den|private")
    alice.says("INVITE|alice|#den|Bob", "OK|INVITE|#den|bob")
    bob.event("INVITED|#den|alice")
    alice.says("INVITE|alice|#den|bob", "OK|INVITE|#den|bob")
    bob.no_event()
    bob.says("LOGOUT")
    server.restart()
    bob = server.login("bob")
    bob.expect("EVENT|INVITED|#den|alice")
    bob.refused("HISTORY|bob|#den", "NO_SUCH_ROOM")
    bob.says("JOIN|bob|#den", "OK|JOIN|#den")
    bob.says("LEAVE|bob|#den")
    bob.refused("JOIN|bob|#den", "NO_SUCH_ROOM")


def test_refusals_of_invite_kick_topic_and_members(server: Running) -> None:
    alice, bob, carol = server.user("alice"), server.user("bob"), server.user("carol")
    alice.says("CREATEROOM|alice|#den")
    bob.says("JOIN|bob|#den")
    carol.refused("INVITE|carol|#den|bob", "NOT_MEMBER")
    alice.refused("INVITE|alice|#den|nobody", "NO_SUCH_USER")
    alice.refused("INVITE|alice|#nowhere|bob", "NO_SUCH_ROOM")
    bob.refused("KICK|bob|#den|alice", "NOT_ALLOWED")
    alice.refused("KICK|alice|#den|alice", "NOT_ALLOWED")
    alice.refused("KICK|alice|#den|carol", "NOT_MEMBER")
    alice.refused("KICK|alice|#den|nobody", "NO_SUCH_USER")
    carol.refused("KICK|carol|#den|bob", "NOT_MEMBER")
    carol.refused("SETTOPIC|carol|#den|x", "NOT_MEMBER")
    alice.refused(f"SETTOPIC|alice|#den|{'x' * 281}", "TOO_LONG")
    carol.refused("SHOWMEMBERS|carol|#den", "NOT_MEMBER")
    alice.refused("CREATEROOM|alice|#new|secret", "BAD_ARGUMENTS")
    assert len(alice.rows("SHOWMEMBERS|alice|#den")) == 2


def test_a_topic(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("CREATEROOM|alice|#den")
    bob.says("JOIN|bob|#den")
    bob.says("SETTOPIC|bob|#den|tea | cake", "OK|SETTOPIC|#den|tea | cake")
    assert alice.event("JOINED|#den|bob")
    alice.event("TOPIC|#den|bob|tea | cake")
    assert alice.rows("SHOWROOMS|alice") == [["#den", "public", "2", "joined", "tea ", " cake"]]
    bob.says("SETTOPIC|bob|#den|", "OK|SETTOPIC|#den|")
    alice.event("TOPIC|#den|bob|")


def test_the_one_who_is_kicked_hears_it(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("CREATEROOM|alice|#den")
    bob.says("JOIN|bob|#den")
    alice.says("KICK|alice|#den|bob")
    bob.event("LEFT|#den|bob")
    bob.refused("SENDMESSAGE|bob|#den|hi", "NOT_MEMBER")


def test_an_owner_hands_over_to_the_longest_standing_member(server: Running) -> None:
    alice, bob, carol = server.user("alice"), server.user("bob"), server.user("carol")
    alice.says("CREATEROOM|alice|#den")
    carol.says("JOIN|carol|#den")
    bob.says("JOIN|bob|#den")
    alice.says("LEAVE|alice|#den")
    alice.says("JOIN|alice|#den")
    assert [row[0::2] for row in bob.rows("SHOWMEMBERS|bob|#den")] == [
        ["alice", "member"],
        ["bob", "member"],
        ["carol", "owner"],
    ]
    server.restart()
    carol = server.login("carol")
    carol.says("LEAVE|carol|#den")
    bob = server.login("bob")
    assert bob.rows("SHOWMEMBERS|bob|#den") == [["alice", "offline", "member"], ["bob", "online", "owner"]]


def test_an_empty_room_ends_and_a_new_one_has_its_own_history(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("CREATEROOM|alice|#den")
    alice.says("SENDMESSAGE|alice|#den|old")
    alice.says("INVITE|alice|#den|bob")
    alice.says("LEAVE|alice|#den")
    bob.refused("JOIN|bob|#den", "NO_SUCH_ROOM")
    bob.says("CREATEROOM|bob|#DEN")
    assert bob.rows("HISTORY|bob|#den") == []
    server.restart()
    alice, bob = server.login("alice"), server.login("bob")
    assert bob.rows("HISTORY|bob|#den") == []
    bob.no_event()
    assert [row[3:] for row in alice.rows("SYNC|alice|0")] == [["#den", "old"]]


def test_who_deletes_the_account_leaves_every_room(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("CREATEROOM|alice|#den")
    alice.says("CREATEROOM|alice|#alone")
    bob.says("JOIN|bob|#den")
    alice.event("JOINED|#den|bob")
    alice.says("SENDMESSAGE|alice|#den|secret")
    bob.event("MESSAGE|1|…|alice|#den|secret")
    alice.says("DELETEACCOUNT|alice|correct horse", "OK|DELETEACCOUNT|alice")
    bob.event("LEFT|#den|alice")
    assert bob.rows("SHOWROOMS|bob") == [["#den", "public", "1", "joined", ""]]
    assert bob.rows("SHOWMEMBERS|bob|#den") == [["bob", "online", "owner"]]
    assert bob.rows("HISTORY|bob|#den") == []


def test_a_bot_joins_at_once_and_hears_what_is_addressed_to_it(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("CREATEROOM|alice|#den")
    bob.says("JOIN|bob|#den")
    alice.event("JOINED|#den|bob")
    alice.says("INVITE|alice|#den|Dice Bot", "OK|INVITE|#den|DiceBot")
    bob.event("JOINED|#den|DiceBot")
    alice.says("SENDMESSAGE|alice|#den|roll 2d6")
    alice.says("SENDMESSAGE|alice|#den|@DiceBot roll 2d6")
    bob.event("MESSAGE|1|…|alice|#den|roll 2d6")
    bob.event("MESSAGE|2|…|alice|#den|@DiceBot roll 2d6")
    bob.event("MESSAGE|3|…|DiceBot|#den|…")
    alice.says("LEAVE|alice|#den")
    bob.event("LEFT|#den|alice")
    bob.says("LEAVE|bob|#den")
    assert bob.rows("SHOWROOMS|bob") == []  # a room with bots alone is empty
