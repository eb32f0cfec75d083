"""Accounts and rooms that are made of a list: all of it, or a refusal that names the line."""

import pytest

from chatserver.core.commands import MakeRooms, MakeUsers, NewRoom, NewUser
from chatserver.core.events import RetentionSet, RoomCreated, RoomJoined, SanctionSet, TopicSet, UserSignedUp
from chatserver.core.sanctions import EXPIRED, FOREVER_MS
from chatserver.core.state import Limits
from tests.core.given import ANN, BOB, NOW_MS, PEOPLE, ROOM, given, refused, room_of, when


def users(*names: str) -> MakeUsers:
    return MakeUsers([NewUser(line, name, f"hash of {name}") for line, name in enumerate(names, 2)], NOW_MS)


def room(name: str, owner: str = "Ann", members: tuple[str, ...] = (), line: int = 2, topic: str = "") -> NewRoom:
    return NewRoom(line, name, "public", owner, topic, members, None)


def test_accounts_of_a_list_have_a_password_for_once() -> None:
    state = given(PEOPLE)
    first = state.last_user_id + 1
    events, answer = when(state, users("new", "Ünal"))
    assert events == [
        UserSignedUp(first, "new", "new", "hash of new", NOW_MS, 0),
        SanctionSet(first, EXPIRED, FOREVER_MS, ""),
        UserSignedUp(first + 1, "Ünal", "ünal", "hash of Ünal", NOW_MS, 0),
        SanctionSet(first + 1, EXPIRED, FOREVER_MS, ""),
    ]
    assert answer == ["2"]
    assert state.find("ÜNAL")


@pytest.mark.parametrize(
    ("names", "code", "said"),
    [
        (("new", "_new"), "BAD_NAME", "line 3: "),
        (("new", "x" * 33), "BAD_NAME", "line 3: "),
        (("new", "ANN"), "NAME_TAKEN", "line 3: "),
        (("new", "other", "NEW"), "NAME_TAKEN", "line 4: NEW stands in line 2 too"),
        (("Bill", "BiII"), "NAME_TAKEN", "line 3: BiII looks like the name in line 2"),
        (("corn", "com", "x"), "NAME_TAKEN", "line 3: com looks like the name in line 2"),
        (("com", "corn", "x"), "NAME_TAKEN", "line 3: corn looks like the name in line 2"),
        (("new", "аnn"), "NAME_TAKEN", "line 3: "),
    ],
)
def test_one_wrong_name_refuses_all(names: tuple[str, ...], code: str, said: str) -> None:
    state = given(PEOPLE)
    before = state.last_user_id
    assert refused(state, users(*names), code).startswith(said)
    assert state.last_user_id == before


def test_look_alikes_are_taken_where_the_setting_says_so() -> None:
    state = given(PEOPLE)
    state.limits = Limits(look_alikes_refused=False)
    when(state, users("Bill", "BiII"))


def test_rooms_of_a_list_have_owner_members_topic_and_days() -> None:
    state = given(PEOPLE)
    new = [NewRoom(2, "#tea", "private", "Ann", "leaves", ("bob", "ANN", "bob"), 7), room("#bar", "bob", line=3)]
    events, answer = when(state, MakeRooms(new, NOW_MS))
    assert events == [
        RoomCreated(-1, "#tea", "#tea", "private", ANN, NOW_MS),
        RoomJoined(-1, ANN, 0, NOW_MS),
        RoomJoined(-1, BOB, 0, NOW_MS),
        TopicSet("leaves", -1, ANN),
        RetentionSet(7, -1),
        RoomCreated(-2, "#bar", "#bar", "public", BOB, NOW_MS),
        RoomJoined(-2, BOB, 0, NOW_MS),
    ]
    assert answer == ["2"]
    assert state.last_room_id == -2


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (room("tea", line=3), "BAD_NAME"),
        (room("#", line=3), "BAD_NAME"),
        (room("#BAR", line=3), "NAME_TAKEN"),
        (room("#TEA", line=3), "NAME_TAKEN"),
        (room("#x", "nobody", line=3), "NO_SUCH_USER"),
        (room("#x", "ann", ("bob", "nobody"), line=3), "NO_SUCH_USER"),
        (room("#x", topic="t" * 281, line=3), "TOO_LONG"),
    ],
)
def test_one_wrong_room_refuses_all(wrong: NewRoom, code: str) -> None:
    state = given(PEOPLE, room_of(ANN, kind="private"))
    assert refused(state, MakeRooms([room("#bar"), wrong], NOW_MS), code).startswith("line 3: ")
    assert list(state.rooms) == [ROOM]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(rooms_max=2), "rooms_max"),
        (Limits(rooms_per_user_max=2), "line 3: Ann would be in more than 2 rooms"),
        (Limits(members_per_room_max=1), "line 3: "),
    ],
)
def test_a_list_keeps_to_the_limits(limits: Limits, said: str) -> None:
    state = given(PEOPLE, room_of(ANN))
    state.limits = limits
    new = [room("#a", "ann"), room("#b", "ann", ("bob",), line=3)]
    assert said in refused(state, MakeRooms(new, NOW_MS), "NOT_ALLOWED")
