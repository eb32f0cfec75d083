"""Who hears of a change to a message, and the frame: between two, in a room, across a block, where one has gone."""

import pytest

from chatserver.core.audience_changes import Change, change_frame, hearers
from chatserver.core.commands import DeleteAccount
from chatserver.core.events import MessageDeleted, MessageEdited, ReactionChanged, UserBlocked
from tests.core.given import ANN, BOB, DAN, EVE, FRIENDS, NOW_MS, PEOPLE, ROOM, STAMP, given, heard, room_of

EDITED = MessageEdited(10, 7, ANN, BOB, NOW_MS, "a | b")
DELETED = MessageDeleted(10, 7, ANN, BOB, NOW_MS)
REACTED = ReactionChanged(10, 7, ANN, BOB, NOW_MS, ANN, "👍", True)
BOB_REACTED = REACTED._replace(user=BOB, stands=False)
CHANGES = [EDITED, DELETED, REACTED, BOB_REACTED]

each_change = pytest.mark.parametrize("change", CHANGES)


@pytest.mark.parametrize(
    ("change", "frame"),
    [
        (EDITED, f"EVENT|EDITED|7|{STAMP}|Ann|bob|a | b\n"),
        (DELETED, "EVENT|DELETED|7|Ann|bob\n"),
        (REACTED, "EVENT|REACTION|7|Ann|bob|👍|+\n"),
        (BOB_REACTED, "EVENT|REACTION|7|bob|Ann|👍|-\n"),
    ],
)
def test_a_change_between_two_is_heard_by_both(change: Change, frame: str) -> None:
    state = given(FRIENDS, change)
    assert heard(state, change) == [([ANN, BOB], frame)]
    assert change_frame(state, change) == frame.encode()


@pytest.mark.parametrize(
    ("change", "frame"),
    [
        (EDITED, f"EVENT|EDITED|7|{STAMP}|Ann|#tea|a | b\n"),
        (DELETED, "EVENT|DELETED|7|Ann|#tea\n"),
        (REACTED, "EVENT|REACTION|7|Ann|#tea|👍|+\n"),
        (BOB_REACTED, "EVENT|REACTION|7|bob|#tea|👍|-\n"),
    ],
)
def test_a_change_in_a_room_is_heard_by_its_members_across_blocks_too(change: Change, frame: str) -> None:
    in_room = change._replace(recipient=ROOM)
    blocks = [UserBlocked(BOB, ANN, NOW_MS), UserBlocked(ANN, BOB, NOW_MS)]
    state = given(PEOPLE, room_of(DAN, ANN, BOB), *blocks, in_room)
    assert heard(state, in_room) == [([ANN, BOB, DAN], frame)]


@each_change
def test_who_blocks_the_one_who_acts_does_not_hear_of_it(change: Change) -> None:
    actor = change.user if isinstance(change, ReactionChanged) else ANN
    other = ANN + BOB - actor
    assert hearers(given(PEOPLE, UserBlocked(other, actor, NOW_MS)), change) == [actor]


@each_change
def test_who_is_blocked_by_the_one_who_acts_hears_of_it(change: Change) -> None:
    actor = change.user if isinstance(change, ReactionChanged) else ANN
    assert hearers(given(PEOPLE, UserBlocked(actor, ANN + BOB - actor, NOW_MS)), change) == [ANN, BOB]


@each_change
def test_who_blocks_somebody_else_hears_of_it(change: Change) -> None:
    state = given(PEOPLE, UserBlocked(ANN, EVE, NOW_MS), UserBlocked(BOB, EVE, NOW_MS))
    assert hearers(state, change) == [ANN, BOB]


@pytest.mark.parametrize("change", [EDITED, DELETED, REACTED])
def test_where_the_recipient_has_gone_the_sender_hears_of_it_and_reads_the_old_name(change: Change) -> None:
    state = given(FRIENDS, DeleteAccount(BOB, NOW_MS))
    assert hearers(state, change) == [ANN]
    assert b"|Ann|bob" in change_frame(state, change)


def test_where_the_sender_has_gone_the_recipient_hears_of_it_and_reads_the_old_name() -> None:
    state = given(FRIENDS, DeleteAccount(ANN, NOW_MS))
    assert hearers(state, BOB_REACTED) == [BOB]
    assert change_frame(state, BOB_REACTED) == "EVENT|REACTION|7|bob|Ann|👍|-\n".encode()
