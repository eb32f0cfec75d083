"""EDITMESSAGE, DELETEMESSAGE and REACT as decisions: given what is known of a message, when asked, then."""

from dataclasses import dataclass, field, replace

import pytest

from chatserver.core.changes import CHANGEABLE_MS, can_see
from chatserver.core.commands import DeleteMessage, EditMessage, Found, React
from chatserver.core.events import (
    Event,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    ReactionChanged,
    RoomEnded,
    RoomLeft,
)
from chatserver.core.evolve import evolve
from chatserver.core.state import Limits, State
from tests.core.given import ANN, BOB, EVE, NOW_MS, ROOM, STAMP, Then, given, heard, refused, room_of, sign_up, when

LIMITS = Limits(reactions_per_message_max=2, reactions_of_all_max=5)
SENT_MS = NOW_MS - 1000
LAST_MESSAGE = MessageSent(9, SENT_MS, BOB, ANN, "well?", None)


@dataclass
class World:
    """Ann has written message 7 to Bob; Eve has nothing to do with it."""

    state: State = field(default_factory=lambda: given(sign_up("ann", "bob", "eve"), LAST_MESSAGE, limits=LIMITS))
    found: Found = field(default_factory=lambda: Found(SENT_MS, ANN, BOB, {}, 0))

    def when(self, command: EditMessage | DeleteMessage | React) -> Then:
        """Decide, and make it so."""
        return when(self.state, command)

    def refused(self, command: EditMessage | DeleteMessage | React, code: str) -> str:
        """The sentence."""
        return refused(self.state, command, code)

    def heard(self, event: Event) -> list[tuple[set[int], str]]:
        return [(set(users), frame) for users, frame in heard(self.state, event)]


@pytest.fixture
def world() -> World:
    return World()


def test_an_edit_is_numbered_with_the_messages_and_heard_by_both(world: World) -> None:
    events, answer = world.when(EditMessage(ANN, 7, "new", NOW_MS, world.found))
    assert events == [MessageEdited(10, 7, ANN, BOB, NOW_MS, "new")]
    assert answer == ["7", STAMP]
    assert world.state.last_message_id == 10
    assert world.heard(events[0]) == [({ANN, BOB}, f"EVENT|EDITED|7|{STAMP}|ann|bob|new\n")]


def test_a_deletion(world: World) -> None:
    events, answer = world.when(DeleteMessage(ANN, 7, NOW_MS, world.found))
    assert events == [MessageDeleted(10, 7, ANN, BOB, NOW_MS)]
    assert answer == ["7"]
    assert world.state.last_message_id == 10
    assert world.heard(events[0]) == [({ANN, BOB}, "EVENT|DELETED|7|ann|bob\n")]


@pytest.mark.parametrize(("user", "shown"), [(ANN, "ann|bob"), (BOB, "bob|ann")])
def test_a_reaction_names_who_reacts_first(world: World, user: int, shown: str) -> None:
    events, answer = world.when(React(user, 7, "👍", NOW_MS, world.found))
    assert events == [ReactionChanged(10, 7, ANN, BOB, NOW_MS, user, "👍", True)]
    assert answer == ["7", "👍", "+"]
    assert world.heard(events[0]) == [({ANN, BOB}, f"EVENT|REACTION|7|{shown}|👍|+\n")]


def test_the_same_reaction_again_takes_it_back_and_once_more_gives_it_again(world: World) -> None:
    stands = world.found._replace(emojis={"👍": True, "x": True}, reactions=5)
    events, answer = world.when(React(BOB, 7, "👍", NOW_MS, stands))
    assert answer == ["7", "👍", "-"]
    assert world.heard(events[0])[0][1] == "EVENT|REACTION|7|bob|ann|👍|-\n"
    taken_back = stands._replace(emojis={"👍": False, "x": True})
    assert world.when(React(BOB, 7, "👍", NOW_MS, taken_back))[1] == ["7", "👍", "+"]


@pytest.mark.parametrize(
    ("own", "others", "sent", "answer"),
    [
        ({"❤\ufe0f": True}, (), "❤", ["❤\ufe0f", "-"]),
        ({"❤": True}, (), "❤\ufe0f", ["❤", "-"]),
        ({"❤": False, "❤\ufe0f": True}, (), "❤", ["❤\ufe0f", "-"]),  # from before they were one
        ({}, ("❤\ufe0f",), "❤", ["❤\ufe0f", "+"]),
        ({"👍": True}, ("🎉",), "❤", ["❤", "+"]),
        ({}, ("🏳\ufe0f\u200d🌈",), "🏳\u200d🌈", ["🏳\ufe0f\u200d🌈", "+"]),
    ],
)
def test_an_emoji_with_and_without_its_variation_selector_is_one(
    world: World, own: dict[str, bool], others: tuple[str, ...], sent: str, answer: list[str]
) -> None:
    found = world.found._replace(emojis=own, others=frozenset(others), reactions=len(own) + len(others))
    assert world.when(React(BOB, 7, sent, NOW_MS, found))[1] == ["7", *answer]


def test_a_message_of_others_and_one_that_is_not_there_are_refused_in_the_same_words(world: World) -> None:
    for command in (
        EditMessage(EVE, 7, "new", NOW_MS, None),
        DeleteMessage(EVE, 7, NOW_MS, None),
        React(EVE, 7, "👍", NOW_MS, None),
    ):
        unknown = world.refused(command, "NO_SUCH_MESSAGE")
        assert world.refused(replace(command, found=world.found), "NO_SUCH_MESSAGE") == unknown


def test_the_other_party_reads_and_reacts_but_changes_nothing(world: World) -> None:
    world.refused(EditMessage(BOB, 7, "new", NOW_MS, world.found), "NOT_ALLOWED")
    world.refused(DeleteMessage(BOB, 7, NOW_MS, world.found), "NOT_ALLOWED")


def test_a_day_long(world: World) -> None:
    last_ms = SENT_MS + CHANGEABLE_MS
    assert "older" in world.refused(EditMessage(ANN, 7, "new", last_ms + 1, world.found), "NOT_ALLOWED")
    assert "older" in world.refused(DeleteMessage(ANN, 7, last_ms + 1, world.found), "NOT_ALLOWED")
    world.when(EditMessage(ANN, 7, "new", last_ms, world.found))
    world.when(DeleteMessage(ANN, 7, last_ms, world.found))
    world.when(React(BOB, 7, "👍", last_ms * 2, world.found))


def test_bad_texts_are_refused_after_everything_else(world: World) -> None:
    world.refused(EditMessage(BOB, 7, "", NOW_MS, world.found), "NOT_ALLOWED")
    world.refused(EditMessage(EVE, 7, "", NOW_MS, world.found), "NO_SUCH_MESSAGE")
    world.refused(EditMessage(ANN, 7, "", NOW_MS + CHANGEABLE_MS, world.found), "NOT_ALLOWED")


def test_a_new_text_must_be_one(world: World) -> None:
    for blank in ("", " ", "\t ", "\u200b", "\u2800 "):
        world.refused(EditMessage(ANN, 7, blank, NOW_MS, world.found), "BAD_TEXT")
    world.refused(EditMessage(ANN, 7, "x" * 4001, NOW_MS, world.found), "TOO_LONG")
    world.refused(EditMessage(ANN, 7, "é" * 3801, NOW_MS, world.found), "TOO_LONG")
    world.when(EditMessage(ANN, 7, "é" * 3800, NOW_MS, world.found))


def test_reactions_are_bounded_a_user_and_in_all(world: World) -> None:
    own = world.found._replace(emojis={"1": True, "2": False}, reactions=2)
    assert "2 emojis" in world.refused(React(BOB, 7, "3", NOW_MS, own), "NOT_ALLOWED")
    many = world.found._replace(emojis={"1": False}, reactions=5)
    assert "5 reactions" in world.refused(React(BOB, 7, "3", NOW_MS, many), "NOT_ALLOWED")
    world.when(React(BOB, 7, "2", NOW_MS, own))
    world.when(React(BOB, 7, "1", NOW_MS, many))


# In rooms


@pytest.fixture
def room(world: World) -> World:
    """Ann has written message 7 in a room that Bob is in too, and Eve is not."""
    world.state = given(sign_up("ann", "bob", "eve"), LAST_MESSAGE, room_of(ANN, BOB), limits=LIMITS)
    world.found = Found(SENT_MS, ANN, ROOM, {}, 0)
    return world


def test_a_message_in_a_room_is_changed_by_its_author_and_reacted_to_by_any_member(room: World) -> None:
    assert room.when(EditMessage(ANN, 7, "new", NOW_MS, room.found))[0] == [
        MessageEdited(10, 7, ANN, ROOM, NOW_MS, "new")
    ]
    events, answer = room.when(React(BOB, 7, "👍", NOW_MS, room.found))
    assert events == [ReactionChanged(11, 7, ANN, ROOM, NOW_MS, BOB, "👍", True)]
    assert answer == ["7", "👍", "+"]
    assert room.when(DeleteMessage(ANN, 7, NOW_MS, room.found))[0] == [MessageDeleted(12, 7, ANN, ROOM, NOW_MS)]


def test_members_change_only_what_is_theirs(room: World) -> None:
    room.refused(EditMessage(BOB, 7, "new", NOW_MS, room.found), "NOT_ALLOWED")
    room.refused(DeleteMessage(BOB, 7, NOW_MS, room.found), "NOT_ALLOWED")


def test_who_is_not_in_the_room_has_no_such_message(room: World) -> None:
    evolve(room.state, RoomLeft(9, ROOM, ANN))
    for user in (EVE, ANN):
        room.refused(EditMessage(user, 7, "new", NOW_MS, room.found), "NO_SUCH_MESSAGE")
        room.refused(DeleteMessage(user, 7, NOW_MS, room.found), "NO_SUCH_MESSAGE")
        room.refused(React(user, 7, "👍", NOW_MS, room.found), "NO_SUCH_MESSAGE")


def test_a_message_of_a_room_that_ended_is_there_no_more(room: World) -> None:
    for event in (RoomLeft(9, ROOM, ANN), RoomLeft(9, ROOM, BOB), RoomEnded(NOW_MS, ROOM)):
        evolve(room.state, event)
    room.refused(React(ANN, 7, "👍", NOW_MS, room.found), "NO_SUCH_MESSAGE")


@pytest.mark.parametrize(("user", "sees"), [(ANN, True), (BOB, True), (EVE, False)])
def test_who_can_see_a_message(room: World, user: int, sees: bool) -> None:
    assert can_see(room.state, user, ANN, BOB) == sees
    assert can_see(room.state, user, BOB, ANN) == sees
    assert can_see(room.state, user, ANN, ROOM) == sees
    assert not can_see(room.state, user, user, -99)
