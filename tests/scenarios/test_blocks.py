"""BLOCK, UNBLOCK, SHOWBLOCKS (PROTOCOL.md, "Friends")."""

from tests.inside import InThread as Running


def test_a_block_ends_a_friendship_on_both_sides(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.says("BLOCK|alice|Bob", "OK|BLOCK|bob")
    bob.event("FRIENDREMOVED|alice")
    bob.refused("SENDMESSAGE|bob|alice|hi", "NOT_FRIENDS")
    alice.refused("SENDMESSAGE|alice|bob|hi", "NOT_FRIENDS")
    assert alice.rows("SHOWBLOCKS|alice") == [["bob"]]
    assert bob.rows("SHOWBLOCKS|bob") == []
    alice.says("BLOCK|alice|bob", "OK|BLOCK|bob")
    alice.says("SETSTATUS|alice|away")
    bob.no_event()
    server.restart()
    assert server.login("alice").rows("SHOWBLOCKS|alice") == [["bob"]]


def test_what_is_refused(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    for verb in ("BLOCK", "UNBLOCK"):
        alice.refused(f"{verb}|alice|alice", "SELF")
        alice.refused(f"{verb}|alice|nobody", "NO_SUCH_USER")
    alice.says("UNBLOCK|alice|bob", "OK|UNBLOCK|bob")
    alice.says("BLOCK|alice|bob")
    alice.refused("ADDFRIEND|alice|bob", "NOT_ALLOWED")
    bob.no_event()


def test_the_blocked_one_asks_in_vain_and_unblock_forgets_it(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("BLOCK|alice|bob")
    bob.says("ADDFRIEND|bob|alice", "OK|ADDFRIEND|alice|requested")
    bob.refused("ADDFRIEND|bob|alice", "ALREADY_REQUESTED")
    assert bob.rows("SHOWREQUESTS|bob") == [["out", "alice"]]
    assert alice.rows("SHOWREQUESTS|alice") == []
    alice.refused("ACCEPTFRIEND|alice|bob", "NO_SUCH_REQUEST")
    alice.no_event()
    server.restart()
    alice, bob = server.login("alice"), server.login("bob")
    alice.no_event()
    assert bob.rows("SHOWREQUESTS|bob") == [["out", "alice"]]
    alice.says("UNBLOCK|alice|bob", "OK|UNBLOCK|bob")
    assert bob.rows("SHOWREQUESTS|bob") == []
    bob.says("ADDFRIEND|bob|alice", "OK|ADDFRIEND|alice|requested")
    alice.event("FRIENDREQUEST|bob")


def test_the_blocked_one_may_take_the_hidden_request_back(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    alice.says("BLOCK|alice|bob")
    bob.says("ADDFRIEND|bob|alice")
    bob.says("DELETEFRIEND|bob|alice", "OK|DELETEFRIEND|alice")
    assert bob.rows("SHOWREQUESTS|bob") == []


def test_a_request_that_waits_is_hidden_by_a_block(server: Running) -> None:
    alice, bob, carol = server.user("alice"), server.user("bob"), server.user("carol")
    bob.says("ADDFRIEND|bob|alice")
    alice.event("FRIENDREQUEST|bob")
    alice.says("ADDFRIEND|alice|carol")
    carol.event("FRIENDREQUEST|alice")
    alice.says("BLOCK|alice|bob")
    alice.says("BLOCK|alice|carol")
    assert alice.rows("SHOWREQUESTS|alice") == carol.rows("SHOWREQUESTS|carol") == []
    assert bob.rows("SHOWREQUESTS|bob") == [["out", "alice"]]


def test_a_room_in_common_is_not_touched_but_invitations_and_status_are(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    bob.says("CREATEROOM|bob|#den")
    alice.says("JOIN|alice|#den")
    bob.event("JOINED|#den|alice")
    alice.says("BLOCK|alice|bob")
    bob.says("SENDMESSAGE|bob|#den|hi all")
    alice.event("MESSAGE|1|…|bob|#den|hi all")
    assert bob.rows("SHOWMEMBERS|bob|#den") == [["alice", "offline", "member"], ["bob", "online", "owner"]]
    assert alice.rows("SHOWMEMBERS|alice|#den") == [["alice", "online", "member"], ["bob", "offline", "owner"]]
    bob.says("CREATEROOM|bob|#lair|private")
    bob.says("INVITE|bob|#lair|alice", "OK|INVITE|#lair|alice")
    alice.no_event()
    alice.refused("JOIN|alice|#lair", "NO_SUCH_ROOM")


def test_a_bot_that_is_blocked_says_no_more(server: Running) -> None:
    alice = server.user("alice")
    alice.says("SENDMESSAGE|alice|DiceBot|roll")
    alice.event("MESSAGE|2|…|DiceBot|alice|…")
    alice.says("BLOCK|alice|DiceBot")
    alice.says("SENDMESSAGE|alice|DiceBot|roll", "OK|SENDMESSAGE|3|…")
    alice.no_event()


def test_blocks_go_with_the_account_of_either(server: Running) -> None:
    alice, bob, carol = server.user("alice"), server.user("bob"), server.user("carol")
    alice.says("BLOCK|alice|bob")
    bob.says("BLOCK|bob|carol")
    carol.says("ADDFRIEND|carol|bob")
    bob.says("DELETEACCOUNT|bob|correct horse", "OK|DELETEACCOUNT|bob")
    assert alice.rows("SHOWBLOCKS|alice") == []
    assert carol.rows("SHOWREQUESTS|carol") == []
