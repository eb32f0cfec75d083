"""EXPLAIN: what became of one message, for those whom it concerns."""

import pytest

from tests.harness import PASSWORD, Running
from tests.inside import InThread
from tests.scenarios.test_read_marks import room_of, write
from tests.wire import Client


def fate(client: Client, number: str) -> list[list[str]]:
    """What the rows say of whom."""
    return [row[:2] for row in client.rows(f"EXPLAIN|{client.name}|{number}")]


def test_stored_then_delivered_then_read(server: Running) -> None:
    alice, bob = server.friends("Alice", "bob")
    bob.close()
    alice.event("STATUS|bob|offline|")
    (frame,) = alice.says("SENDMESSAGE|alice|bob|hi")
    _, _, number, when = frame.split("|")
    alice.says(
        f"EXPLAIN|alice|{number}",
        f"ITEM|EXPLAIN|stored|Alice|…{when}…",
        "ITEM|EXPLAIN|waiting|bob|no session of bob has been handed it in full yet",
        "OK|EXPLAIN|2",
    )
    bob = server.login("bob")
    bob.event("MISSED|…|hi")
    alice.says(
        f"EXPLAIN|alice|{number}",
        "ITEM|EXPLAIN|stored|Alice|…",
        "ITEM|EXPLAIN|delivered|bob|handed to a session, within the second before …Z",
        "OK|EXPLAIN|2",
    )
    bob.says(f"MARKREAD|bob|alice|{number}")
    expected = [["stored", "Alice"], ["delivered", "bob"], ["read", "bob"]]
    assert fate(alice, number) == fate(bob, number) == expected


def test_a_delivery_before_a_restart_is_known_but_not_its_time(server: InThread) -> None:
    alice, bob = server.friends("alice", "bob")
    (number,) = write(alice, "bob", "hi")
    bob.until("EVENT|MESSAGE|…|hi")
    server.restart()
    server.login("alice").says(
        f"EXPLAIN|alice|{number}",
        "ITEM|EXPLAIN|stored|alice|…",
        "ITEM|EXPLAIN|delivered|bob|…not remembered…",
        "OK|EXPLAIN|2",
    )


def test_who_is_invisible_looks_as_if_away_but_knows_it_themselves(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    bob.says("SETSTATUS|bob|invisible")
    (number,) = write(alice, "bob", "hi")
    bob.until("EVENT|MESSAGE|…|hi")
    assert fate(alice, number) == [["stored", "alice"], ["waiting", "bob"]]
    assert fate(bob, number) == [["stored", "alice"], ["delivered", "bob"]]


@pytest.mark.parametrize("blocker", [0, 1])
def test_a_block_keeps_receipts_away(server: Running, blocker: int) -> None:
    alice, bob = server.friends("alice", "bob")
    (number,) = write(alice, "bob", "hi")
    bob.until("EVENT|MESSAGE|…|hi")
    bob.says(f"MARKREAD|bob|alice|{number}")
    assert fate(alice, number) == [["stored", "alice"], ["delivered", "bob"], ["read", "bob"]]
    (alice, bob)[blocker].says(f"BLOCK|{('alice', 'bob')[blocker]}|{('bob', 'alice')[blocker]}")
    assert fate(alice, number) == [["stored", "alice"], ["waiting", "bob"]]


def test_in_a_room_the_sender_learns_of_all_and_a_member_of_themselves(server: Running) -> None:
    alice, bob, carol, dora = (server.user(name) for name in ("alice", "bob", "carol", "dora"))
    room_of("#garden", alice, bob, carol)
    carol.close()
    (number,) = write(alice, "#garden", "hi")
    dora.says("JOIN|dora|#garden")  # too late to be one for whom it was
    bob.says(f"MARKREAD|bob|#garden|{number}")
    rows = fate(alice, number)
    assert rows[:3] == [["stored", "alice"], ["delivered", "bob"], ["read", "bob"]]
    assert [who for _, who in rows[3:]] == ["carol"]
    assert fate(bob, number) == [["stored", "alice"], ["delivered", "bob"], ["read", "bob"]]
    assert fate(dora, number) == [["stored", "alice"]]


def test_a_bot_and_a_deleted_account(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    (to_bot,) = write(alice, "DiceBot", "roll")
    assert fate(alice, to_bot) == [["stored", "alice"], ["delivered", "DiceBot"]]
    (to_bob,) = write(alice, "bob", "hi")
    bob.says(f"DELETEACCOUNT|bob|{PASSWORD}")
    assert fate(alice, to_bob) == [["stored", "alice"], ["gone", "bob"]]


def test_what_explain_refuses(server: Running) -> None:
    alice, bob, carol = server.friends("alice", "bob", "carol")
    (number,) = write(alice, "bob", "hi")
    room_of("#garden", alice, bob)
    (in_room,) = write(alice, "#garden", "hi")
    for other in (number, in_room, "999999999999999999"):
        carol.refused(f"EXPLAIN|carol|{other}", "NO_SUCH_MESSAGE")
    carol.refused(f"EXPLAIN|alice|{number}", "NOT_YOU")
    for text in ("", "0", "x", "-1", "1000000000000000000"):
        carol.refused(f"EXPLAIN|carol|{text}", "BAD_ARGUMENTS")
