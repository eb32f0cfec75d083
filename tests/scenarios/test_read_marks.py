"""MARKREAD, EVENT|READ and SHOWUNREAD; TYPING, which is as short-lived as these are lasting."""

from chatserver.core.state import TYPING_TOLD_MS
from tests.conftest import StartServer
from tests.harness import PASSWORD, Running, befriend
from tests.inside import InThread
from tests.wire import Client


def write(writer: Client, to: str, *texts: str) -> list[str]:
    """Send messages; their ids."""
    ids = []
    for text in texts:
        (frame,) = writer.says(f"SENDMESSAGE|{writer.name}|{to}|{text}")
        ids.append(frame.split("|")[2])
    return ids


def room_of(name: str, owner: Client, *others: Client) -> None:
    """A public room with these members, in which nobody has anything left to hear."""
    owner.says(f"CREATEROOM|{owner.name}|{name}")
    for other in others:
        other.says(f"JOIN|{other.name}|{name}")
    heard_all(owner, *others)


def heard_all(*clients: Client) -> None:
    """Put aside what they have been told so far."""
    for client in clients:
        client.says("PING")
        client.events.clear()


# MARKREAD


def test_the_author_and_the_reader_s_other_sessions_hear_what_was_read(server: Running) -> None:
    alice, bob = server.friends("Alice", "bob")
    phone = server.login("bob")
    first, last = write(alice, "bob", "one", "two")
    for client in (bob, phone):
        client.until("EVENT|MESSAGE|…|two")
    bob.says(f"MARKREAD|bob|ALICE|{first}", f"OK|MARKREAD|Alice|{first}")
    bob.says(f"MARKREAD|bob|alice|{last}", f"OK|MARKREAD|Alice|{last}")
    for client in (alice, phone):
        client.event(f"READ|bob|Alice|{first}")
        client.event(f"READ|bob|Alice|{last}")
        client.no_event()
    bob.no_event()


def test_a_mark_never_goes_back_nor_past_the_end(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    first, last = write(alice, "bob", "one", "two")
    bob.until("EVENT|MESSAGE|…|two")
    bob.says("MARKREAD|bob|alice|999999999999999999", f"OK|MARKREAD|alice|{last}")
    alice.event(f"READ|bob|alice|{last}")
    for number in (first, last, "999999999999999999"):
        bob.says(f"MARKREAD|bob|alice|{number}", f"OK|MARKREAD|alice|{last}")
    alice.no_event()


def test_an_id_of_another_conversation_marks_what_is_below_it(server: Running) -> None:
    alice, bob, carol = server.friends("alice", "bob", "carol")
    write(alice, "bob", "one")
    (between,) = write(carol, "alice", "aside")
    (last,) = write(alice, "bob", "two")
    (aside,) = write(carol, "alice", "aside")
    heard_all(bob)
    bob.says(f"MARKREAD|bob|alice|{between}", f"OK|MARKREAD|alice|{between}")
    assert bob.rows("SHOWUNREAD|bob") == [["alice", "1", last]]
    bob.says(f"MARKREAD|bob|alice|{aside}", f"OK|MARKREAD|alice|{last}")
    assert bob.rows("SHOWUNREAD|bob") == []


def test_whose_messages_were_not_read_hears_nothing(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    (number,) = write(alice, "bob", "mine")
    alice.says(f"MARKREAD|alice|bob|{number}", f"OK|MARKREAD|bob|{number}")
    bob.event("MESSAGE|…|mine")
    bob.no_event()


def test_a_conversation_without_messages_has_no_mark(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    server.user("carol")
    alice.says("MARKREAD|alice|bob|5", "OK|MARKREAD|bob|0")
    alice.says("MARKREAD|alice|carol|5", "OK|MARKREAD|carol|0")
    alice.says("MARKREAD|alice|alice|5", "OK|MARKREAD|alice|0")
    bob.no_event()


def test_what_markread_refuses(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    bob.says("CREATEROOM|bob|#private|private")
    bob.says("CREATEROOM|bob|#public")
    alice.refused("MARKREAD|alice|nobody|1", "NO_SUCH_USER")
    alice.refused("MARKREAD|alice|#nothing|1", "NO_SUCH_ROOM")
    alice.refused("MARKREAD|alice|#private|1", "NO_SUCH_ROOM")
    alice.refused("MARKREAD|alice|#public|1", "NOT_MEMBER")
    alice.refused("MARKREAD|bob|alice|1", "NOT_YOU")
    for number in ("", "0", "-1", "x", "1.5", "²", "1000000000000000000"):
        alice.refused(f"MARKREAD|alice|bob|{number}", "BAD_ARGUMENTS")


def test_marks_outlive_a_restart(server: InThread) -> None:
    alice, bob = server.friends("alice", "bob")
    first, last = write(alice, "bob", "one", "two")
    bob.says(f"MARKREAD|bob|alice|{first}")
    server.restart()
    bob = server.login("bob")
    bob.says("SHOWUNREAD|bob", f"ITEM|SHOWUNREAD|alice|1|{last}", "OK|SHOWUNREAD|1")
    bob.says(f"MARKREAD|bob|alice|{first}", f"OK|MARKREAD|alice|{first}")


def test_in_a_room_all_authors_of_what_was_read_hear_of_it(server: Running) -> None:
    alice, bob, carol, dora = (server.user(name) for name in ("alice", "bob", "carol", "dora"))
    room_of("#Garden", alice, bob, carol, dora)
    write(alice, "#garden", "from alice")
    write(bob, "#garden", "from bob")
    (number,) = write(dora, "#garden", "from dora")
    heard_all(alice, bob, carol)
    dora.says(f"MARKREAD|dora|#GARDEN|{number}", f"OK|MARKREAD|#Garden|{number}")
    for client in (alice, bob):
        client.event(f"READ|dora|#Garden|{number}")
        client.no_event()
    carol.no_event()


def test_a_block_keeps_receipts_away(server: Running) -> None:
    alice, bob, carol = (server.user(name) for name in ("alice", "bob", "carol"))
    room_of("#garden", alice, bob, carol)
    bob.says("BLOCK|bob|alice")
    write(alice, "#garden", "from alice")
    (number,) = write(carol, "#garden", "from carol")
    alice.until("EVENT|MESSAGE|…|from carol")
    bob.says(f"MARKREAD|bob|#garden|{number}")
    alice.no_event()
    carol.until(f"EVENT|READ|bob|#garden|{number}")


# SHOWUNREAD


def test_unread_is_what_others_wrote_behind_the_mark_by_first_id(server: InThread) -> None:
    alice, bob, carol = server.friends("alice", "bob", "carol")
    from_carol = write(carol, "alice", "1", "2")
    from_bob = write(bob, "alice", "3", "4", "5")
    write(alice, "bob", "my own")
    write(alice, "carol", "my own")
    expected = [["carol", "2", from_carol[0]], ["bob", "3", from_bob[0]]]
    assert alice.rows("SHOWUNREAD|alice") == expected
    alice.says(f"MARKREAD|alice|carol|{from_carol[0]}")
    expected = [["carol", "1", from_carol[1]], ["bob", "3", from_bob[0]]]
    assert alice.rows("SHOWUNREAD|alice") == expected
    alice.says(f"MARKREAD|alice|carol|{from_carol[1]}")
    assert alice.rows("SHOWUNREAD|alice") == expected[1:]
    server.restart()  # the index may be filled by now, and may not
    assert server.login("alice").rows("SHOWUNREAD|alice") == expected[1:]
    assert server.login("bob").rows("SHOWUNREAD|bob") == [["alice", "1", str(int(from_bob[2]) + 1)]]


def test_unread_outlives_the_friendship_and_ends_with_the_account(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    (number,) = write(bob, "alice", "hi")
    alice.says("DELETEFRIEND|alice|bob")
    assert alice.rows("SHOWUNREAD|alice") == [["bob", "1", number]]
    bob.says(f"DELETEACCOUNT|bob|{PASSWORD}")
    assert alice.rows("SHOWUNREAD|alice") == []


def test_what_was_deleted_is_unread_no_more(server: InThread) -> None:
    alice, bob = server.friends("alice", "bob")
    first, last = write(alice, "bob", "one", "two")
    for _ in range(2):
        assert bob.rows("SHOWUNREAD|bob") == [["alice", "2", first]]
        server.keep_house()
    alice.says(f"DELETEMESSAGE|alice|{first}")
    assert bob.rows("SHOWUNREAD|bob") == [["alice", "1", last]]
    alice.says(f"DELETEMESSAGE|alice|{last}")
    assert bob.rows("SHOWUNREAD|bob") == []


def test_in_a_room_what_came_before_the_membership_is_not_unread(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    room_of("#garden", alice)
    write(alice, "#garden", "before")
    bob.says("JOIN|bob|#garden")
    assert bob.rows("SHOWUNREAD|bob") == []
    first, _ = write(alice, "#garden", "one", "two")
    write(bob, "#garden", "my own")
    assert bob.rows("SHOWUNREAD|bob") == [["#garden", "2", first]]
    bob.says(f"MARKREAD|bob|#garden|{first}")
    assert bob.rows("SHOWUNREAD|bob") == [["#garden", "1", str(int(first) + 1)]]
    bob.says("LEAVE|bob|#garden")
    assert bob.rows("SHOWUNREAD|bob") == []
    bob.says("JOIN|bob|#garden")
    assert bob.rows("SHOWUNREAD|bob") == []


def test_unread_of_many_pages(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.send(*(f"SENDMESSAGE|alice|bob|{at}" for at in range(4500)))
    ids = [alice.answers("OK|SENDMESSAGE|…")[0].split("|")[2] for _ in range(4500)]
    bob.until("EVENT|MESSAGE|…|4499")
    assert bob.rows("SHOWUNREAD|bob") == [["alice", "4500", ids[0]]]
    bob.says(f"MARKREAD|bob|alice|{ids[4400]}")
    assert bob.rows("SHOWUNREAD|bob") == [["alice", "99", ids[4401]]]


# TYPING


def test_typing_is_heard_by_all_sessions_of_the_other_alone(server: Running) -> None:
    alice, bob = server.friends("Alice", "bob")
    own, phone = server.login("Alice"), server.login("bob")
    alice.says("TYPING|alice|BOB", "OK|TYPING|bob")
    for client in (bob, phone):
        client.event("TYPING|Alice|bob")
    own.no_event()
    alice.no_event()


def test_typing_is_passed_on_once_in_a_while(server: Running) -> None:
    alice, bob, carol = server.friends("alice", "bob", "carol")
    alice.send(*["TYPING|alice|bob"] * 50, "TYPING|alice|carol")
    for _ in range(50):
        alice.answers("OK|TYPING|bob")
    alice.answers("OK|TYPING|carol")
    carol.event("TYPING|alice|carol")
    bob.event("TYPING|alice|bob")
    bob.no_event()
    assert TYPING_TOLD_MS == 2000


def test_typing_in_a_room(server: Running) -> None:
    alice, bob, carol = (server.user(name) for name in ("alice", "bob", "carol"))
    room_of("#garden", alice, bob, carol)
    carol.says("BLOCK|carol|alice")
    alice.says("TYPING|alice|#Garden", "OK|TYPING|#garden")
    bob.event("TYPING|alice|#garden")
    carol.no_event()
    alice.no_event()


def test_what_typing_refuses(server: Running) -> None:
    alice, bob = server.user("alice"), server.user("bob")
    bob.says("CREATEROOM|bob|#public")
    alice.refused("TYPING|alice|alice", "SELF")
    alice.refused("TYPING|alice|bob", "NOT_FRIENDS")
    alice.refused("TYPING|alice|nobody", "NO_SUCH_USER")
    alice.refused("TYPING|alice|#nothing", "NO_SUCH_ROOM")
    alice.refused("TYPING|alice|#public", "NOT_MEMBER")
    alice.refused("TYPING|bob|alice", "NOT_YOU")
    bob.no_event()


def test_nothing_of_typing_is_kept(start_server: StartServer) -> None:
    server = start_server()
    alice, bob = server.user("alice"), server.user("bob")
    befriend(alice, bob)
    bob.close()
    alice.says("TYPING|alice|bob", "OK|TYPING|bob")
    server.login("bob").no_event()
