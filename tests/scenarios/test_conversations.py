"""SHOWCONVERSATIONS: the list of talks that a client begins with."""

from tests.harness import PASSWORD, Running
from tests.inside import InThread
from tests.scenarios.test_read_marks import heard_all, room_of, write
from tests.wire import Client


def talks(client: Client) -> list[list[str]]:
    """Without the times."""
    return [[row[0], row[1], *row[3:]] for row in client.rows(f"SHOWCONVERSATIONS|{client.name}")]


def test_the_newest_comes_first_with_what_is_unread_and_what_the_other_has_read(server: Running) -> None:
    alice, bob, carol = server.friends("alice", "bob", "carol")
    asked = write(alice, "bob", "one", "two")
    (third,) = write(carol, "alice", "three")
    first_unread, last = write(bob, "alice", "four", "five")
    bob.says(f"MARKREAD|bob|alice|{asked[0]}")
    heard_all(alice, bob, carol)
    assert talks(alice) == [["bob", last, "2", first_unread, asked[0]], ["carol", third, "1", third, "0"]]
    assert talks(bob) == [["alice", last, "1", asked[1], "0"]]
    alice.says(f"MARKREAD|alice|bob|{last}")
    assert talks(alice)[0] == ["bob", last, "0", "0", asked[0]]
    bob.event(f"READ|alice|bob|{last}")
    assert talks(bob)[0][4] == last


def test_the_time_is_that_of_the_last_message(server: Running) -> None:
    _, bob = server.friends("alice", "bob")
    write(bob, "alice", "one")
    (frame,) = bob.says("SENDMESSAGE|bob|alice|two")
    _, _, number, time = frame.split("|")
    assert bob.rows("SHOWCONVERSATIONS#t|bob") == [["alice", number, time, "0", "0", "0"]]


def test_who_has_no_messages_has_no_conversation(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    room_of("#empty", alice, bob)
    assert alice.rows("SHOWCONVERSATIONS|alice") == []


def test_a_room_is_one_as_long_as_one_is_in_it(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    write(alice, "bob", "aside")
    room_of("#Garden", alice, bob)
    first, last = write(alice, "#garden", "roses", "thorns")
    bob.says(f"MARKREAD|bob|#garden|{first}")
    heard_all(alice, bob)
    assert talks(bob)[0] == ["#Garden", last, "1", last, "0"]
    assert talks(alice)[0] == ["#Garden", last, "0", "0", "0"], "how far many have read is nobody's mark"
    bob.says("LEAVE|bob|#garden")
    assert [row[0] for row in talks(bob)] == ["alice"]


def test_whom_one_only_wrote_to_is_in_it_also_after_the_friendship_and_a_restart(server: InThread) -> None:
    alice, _ = server.friends("alice", "bob")
    (number,) = write(alice, "bob", "hello?")
    alice.says("DELETEFRIEND|alice|bob")
    assert talks(alice) == [["bob", number, "0", "0", "0"]]
    write(alice, "DiceBot", *["roll"] * 300)
    server.keep_house()  # notes who has written with whom
    server.restart()
    assert {row[0] for row in talks(server.login("alice"))} == {"bob", "DiceBot"}
    assert [row[0] for row in talks(server.login("bob"))] == ["alice"]


def test_a_deleted_message_keeps_its_place_but_is_not_unread(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    first, last = write(alice, "bob", "one", "two")
    alice.says(f"DELETEMESSAGE|alice|{last}")
    heard_all(bob)
    assert talks(bob) == [["alice", last, "1", first, "0"]]


def test_a_block_keeps_away_what_was_read_in_both_directions(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    (number,) = write(alice, "bob", "one")
    heard_all(bob)
    (answer,) = write(bob, "alice", "two")
    bob.says(f"MARKREAD|bob|alice|{number}")
    heard_all(alice)
    alice.says(f"MARKREAD|alice|bob|{answer}")
    bob.says("BLOCK|bob|alice")
    assert talks(alice) == [["bob", answer, "0", "0", "0"]]
    assert talks(bob) == [["alice", answer, "0", "0", "0"]]


def test_a_deleted_account_takes_its_conversations_along(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    write(alice, "bob", "one")
    write(bob, "alice", "two")
    heard_all(alice)
    bob.says(f"DELETEACCOUNT|bob|{PASSWORD}", "OK|DELETEACCOUNT|bob")
    assert talks(alice) == []


def test_refusals(server: Running) -> None:
    alice, _ = server.friends("alice", "bob")
    alice.refused("SHOWCONVERSATIONS", "BAD_ARGUMENTS")
    alice.refused("SHOWCONVERSATIONS|bob", "NOT_YOU")
    alice.refused("SHOWCONVERSATIONS|alice|bob", "BAD_ARGUMENTS")
    server.connect().refused("SHOWCONVERSATIONS|alice", "NOT_LOGGED_IN")
