"""SENDMESSAGE as a decision, alone and in a burst."""

from dataclasses import replace

import pytest

from chatserver.core.commands import SendAgain, SendBurst, SendMessage, StartBot
from chatserver.core.decide import decide
from chatserver.core.events import (
    BurstSent,
    FriendAdded,
    FriendRequested,
    MessageSent,
    RoomLeft,
    TagsRead,
    UserBlocked,
)
from chatserver.core.messages import LOOK_UP, check_text
from chatserver.core.outcome import Refused
from chatserver.core.state import TAG_LIFE_MS, Limits, State
from chatserver.core.tags import StoredTags, Tags
from tests.core.given import (
    ANN,
    BOB,
    DAN,
    EVE,
    FRIENDS,
    NOW_MS,
    PEOPLE,
    ROOM,
    STAMP,
    given,
    nothing,
    refused,
    room_of,
    when,
)

BOT = 5
START_BOT = StartBot("TeaBot", "makes tea", NOW_MS)
NO_ONE_TO_WRITE_TO = [
    ("Ann", "SELF"),
    ("ann", "SELF"),
    ("Eve", "NOT_FRIENDS"),
    ("eve", "NOT_FRIENDS"),
    ("carol", "NO_SUCH_USER"),
    ("", "NO_SUCH_USER"),
    ("#none", "NO_SUCH_ROOM"),
    ("#", "NO_SUCH_ROOM"),
    ("#public", "NOT_MEMBER"),
    ("#private", "NO_SUCH_ROOM"),
]
FITTING = ["x", "x" * 4000, "é" * 3800, "\U0001f375" * 1900, " x ", "\tx", "a|b"]
BLANK = ["", " ", "\t \t", "\u2003", "\u00a0", "\u200b", " \u3164 ", "\u2800"]
TOO_LONG = ["x" * 4001, "é" * 3801, "é" * 3800 + "x", "\U0001f375" * 1900 + "x", " " * 4000 + "xx"]


def send(text: str = "hello", to: str = "bob", tag: str = "", user: int = ANN, now_ms: int = NOW_MS) -> SendMessage:
    return SendMessage(user, to, text, tag, now_ms)


def burst(*texts: str, to: str = "bob", user: int = ANN, tags: list[str] | None = None) -> SendBurst:
    return SendBurst(user, [(to, len(texts))], list(texts), NOW_MS, tags)


def outsiders() -> State:
    """Ann, who has a friend, and two rooms that she is not in."""
    private = room_of(BOB, kind="private", room=-2, name="#private")
    return given(FRIENDS, room_of(BOB, room=-1, name="#public"), private)


# To whom


@pytest.mark.parametrize("name", ["bob", "BOB", "ｂｏｂ"])
def test_a_message_to_a_friend(name: str) -> None:
    state = given(FRIENDS, MessageSent(7, NOW_MS, BOB, ANN, "well?", None))
    events, answer = when(state, send("a | b", name))
    assert events == [MessageSent(8, NOW_MS, ANN, BOB, "a | b", None)]
    assert answer == ["8", STAMP]
    assert (state.last_message_id, state.users[BOB].received_id) == (8, 8)


def test_a_message_to_a_room() -> None:
    state = given(PEOPLE, room_of(ANN, BOB))
    assert when(state, send(to="#TEA")) == ([MessageSent(1, NOW_MS, ANN, ROOM, "hello", None)], ["1", STAMP])
    assert (state.last_message_id, state.rooms[ROOM].received_id) == (1, 1)


def test_a_message_to_a_bot_and_its_answer() -> None:
    state = given(PEOPLE, START_BOT)
    assert when(state, send(to="tea bot")).events == [MessageSent(1, NOW_MS, ANN, BOT, "hello", None)]
    assert when(state, send(to="ann", user=BOT)).events == [MessageSent(2, NOW_MS, BOT, ANN, "hello", None)]


@pytest.mark.parametrize(("name", "code"), NO_ONE_TO_WRITE_TO)
def test_to_whom_one_cannot_write(name: str, code: str) -> None:
    refused(outsiders(), send(to=name), code)
    refused(outsiders(), burst("a", "b", to=name), code)


def test_a_room_that_was_left_is_like_one_never_joined() -> None:
    for kind, code in (("public", "NOT_MEMBER"), ("private", "NO_SUCH_ROOM")):
        state = given(PEOPLE, room_of(BOB, ANN, kind=kind), RoomLeft(0, ROOM, ANN))
        refused(state, send(to="#tea"), code)


def test_who_asked_is_no_friend_yet() -> None:
    state = given(PEOPLE, FriendRequested(ANN, BOB, NOW_MS))
    assert "has not said yes" in refused(state, send(), "NOT_FRIENDS")
    assert "ACCEPTFRIEND" in refused(state, send(to="ann", user=BOB), "NOT_FRIENDS")


def test_friendship_is_looked_at_before_the_text() -> None:
    refused(outsiders(), send("", "Eve"), "NOT_FRIENDS")
    refused(outsiders(), burst("", to="Eve"), "NOT_FRIENDS")


# What


@pytest.mark.parametrize("text", FITTING)
def test_a_text_that_fits_is_kept_as_it_is(text: str) -> None:
    assert when(given(FRIENDS), send(text)).events == [MessageSent(1, NOW_MS, ANN, BOB, text, None)]
    assert when(given(FRIENDS), burst("a", text)).events == [BurstSent(1, NOW_MS, ANN, BOB, ["a", text])]
    assert check_text(Limits(), text) is None


@pytest.mark.parametrize(("text", "code"), [*((t, "BAD_TEXT") for t in BLANK), *((t, "TOO_LONG") for t in TOO_LONG)])
def test_a_text_that_is_blank_or_too_long(text: str, code: str) -> None:
    state = given(FRIENDS)
    said = refused(state, send(text), code)
    for place in (burst(text), burst(text, "a"), burst("a", text), burst("a", text, "b")):
        assert refused(state, place, code) == said
    assert check_text(Limits(), text) == Refused(code, said)


def test_the_lengths_of_a_text_are_settings() -> None:
    state = given(FRIENDS, limits=Limits(message_chars_max=10, message_bytes_max=12))
    when(state, send("x" * 10))
    when(state, send("é" * 6))
    when(state, burst("x" * 10, "é" * 6))
    for text in ("x" * 11, "é" * 7, "é" * 6 + "x", "\U0001f375" * 3 + "x"):
        assert "10 characters and 12 bytes" in refused(state, send(text), "TOO_LONG")
        assert "10 characters and 12 bytes" in refused(state, burst("x", text), "TOO_LONG")


def test_characters_are_counted_where_bytes_would_do() -> None:
    state = given(FRIENDS, limits=Limits(message_chars_max=10, message_bytes_max=7600))
    when(state, send("x" * 10))
    when(state, burst("x" * 10))
    refused(state, send("x" * 11), "TOO_LONG")
    refused(state, burst("x" * 11), "TOO_LONG")


# Tags


def again(
    text: str = "hello", to: str = "bob", sent: tuple[int, int] | None = (1, NOW_MS), now_ms: int = NOW_MS
) -> SendAgain:
    """A send with a tag that was looked up."""
    return SendAgain(ANN, to, text, "t", now_ms, sent, None)


def test_a_tag_that_was_used_is_looked_up_answers_as_it_did_and_sends_nothing() -> None:
    state = given(FRIENDS)
    first = when(state, send(tag="t"))
    assert first == ([MessageSent(1, NOW_MS, ANN, BOB, "hello", "t")], ["1", STAMP])
    when(state, send())
    assert decide(state, send("other", tag="t", now_ms=NOW_MS + 5)) is LOOK_UP
    assert when(state, again("other", now_ms=NOW_MS + 5)) == nothing("1", STAMP)


def test_after_a_start_every_tag_is_looked_up_once() -> None:
    state = given(FRIENDS)
    state.users[ANN].tags = StoredTags()
    assert decide(state, send(tag="new")) is LOOK_UP
    assert decide(state, burst("a", "b", tags=["new", "newer"])) is LOOK_UP
    stored = Tags()
    stored.add("old", 1)
    events, _ = when(state, SendAgain(ANN, "bob", "hello", "new", NOW_MS, None, stored))
    assert events == [TagsRead(ANN, stored), MessageSent(1, NOW_MS, ANN, BOB, "hello", "new")]
    assert decide(state, send(tag="old")) is LOOK_UP
    assert when(state, send(tag="another")).answer == ["2", STAMP]


def test_what_is_stored_is_remembered_also_where_it_says_that_nothing_is_sent() -> None:
    state = given(FRIENDS)
    state.users[ANN].tags = StoredTags()
    stored = Tags()
    stored.add("t", 1)
    assert when(state, SendAgain(ANN, "bob", "hello", "t", NOW_MS, (1, NOW_MS), stored)).answer == ["1", STAMP]
    assert state.users[ANN].tags is stored


def test_a_tag_answers_also_where_the_message_could_not_be_sent_now() -> None:
    state = given(FRIENDS)
    when(state, send(tag="t"))
    assert when(state, again("", "nobody")) == nothing("1", STAMP)


def test_a_tag_is_good_for_a_day() -> None:
    state = given(FRIENDS)
    when(state, send(tag="t"))
    assert when(state, again(now_ms=NOW_MS + TAG_LIFE_MS - 1)) == nothing("1", STAMP)
    late_ms = NOW_MS + TAG_LIFE_MS
    assert when(state, again(now_ms=late_ms)).events == [MessageSent(2, late_ms, ANN, BOB, "hello", "t")]


def test_a_tag_of_which_nothing_is_found_sends() -> None:
    state = given(FRIENDS)
    assert when(state, again(sent=None)).events == [MessageSent(1, NOW_MS, ANN, BOB, "hello", "t")]
    refused(state, again(" ", sent=None), "BAD_TEXT")


def test_a_tag_is_its_senders_and_letter_case_counts() -> None:
    state = given(FRIENDS)
    when(state, send(tag="t"))
    assert when(state, send(tag="T")).answer == ["2", STAMP]
    assert when(state, send(to="ann", tag="t", user=BOB)).answer == ["3", STAMP]


def test_a_send_that_was_refused_does_not_use_its_tag_up() -> None:
    state = given(FRIENDS)
    refused(state, send(" ", tag="t"), "BAD_TEXT")
    assert when(state, send(tag="t")).answer == ["1", STAMP]


# Bursts


def test_a_burst_with_tags_is_one_event_and_remembers_each() -> None:
    state = given(FRIENDS)
    events, answer = when(state, burst("a", "b", tags=["x.1", "x.2"]))
    assert events == [BurstSent(1, NOW_MS, ANN, BOB, ["a", "b"], ["x.1", "x.2"])]
    assert answer == [f"1|{STAMP}", f"2|{STAMP}"]
    assert decide(state, send(tag="x.2")) is LOOK_UP


@pytest.mark.parametrize("tags", [["new", "used"], ["used", "new"], ["new", "new"]])
def test_a_burst_with_a_tag_that_was_used_is_run_line_by_line(tags: list[str]) -> None:
    state = given(FRIENDS)
    when(state, send(tag="used"))
    assert decide(state, burst("a", "b", tags=tags)) is LOOK_UP


def test_a_burst_to_several_is_an_event_for_each_run_of_one_party() -> None:
    state = given(FRIENDS, room_of(ANN))
    command = SendBurst(ANN, [("bob", 2), ("#tea", 1)], ["a", "b", "c"], NOW_MS, ["t", "u", "v"])
    events, answer = when(state, command)
    assert events == [
        BurstSent(1, NOW_MS, ANN, BOB, ["a", "b"], ["t", "u"]),
        BurstSent(3, NOW_MS, ANN, ROOM, ["c"], ["v"]),
    ]
    assert answer == [f"{at}|{STAMP}" for at in (1, 2, 3)]
    assert (state.users[BOB].received_id, state.rooms[ROOM].received_id) == (2, 3)


def test_a_burst_to_several_of_whom_one_is_no_friend_is_refused() -> None:
    refused(given(FRIENDS), SendBurst(ANN, [("bob", 1), ("nobody", 1)], ["a", "b"], NOW_MS), "NO_SUCH_USER")


def test_a_burst_has_ids_in_a_row_and_an_answer_for_each() -> None:
    state = given(FRIENDS, MessageSent(7, NOW_MS, BOB, ANN, "well?", None))
    events, answer = when(state, burst("a", "b | c", "a"))
    assert events == [BurstSent(8, NOW_MS, ANN, BOB, ["a", "b | c", "a"])]
    assert answer == [f"8|{STAMP}", f"9|{STAMP}", f"10|{STAMP}"]
    assert (state.last_message_id, state.users[BOB].received_id) == (10, 10)


def test_a_burst_to_a_room_and_to_a_bot() -> None:
    state = given(PEOPLE, START_BOT, room_of(ANN, EVE))
    assert when(state, burst("a", "b", to="#Tea")).events == [BurstSent(1, NOW_MS, ANN, ROOM, ["a", "b"])]
    assert (state.last_message_id, state.rooms[ROOM].received_id) == (2, 2)
    assert when(state, burst("c", to="Tea Bot")).events == [BurstSent(3, NOW_MS, ANN, BOT, ["c"])]


def test_a_burst_says_what_its_messages_would_say_one_by_one() -> None:
    together, alone = given(FRIENDS), given(FRIENDS)
    answers = [when(alone, send(text)).answer for text in FITTING]
    assert when(together, burst(*FITTING)).answer == ["|".join(answer) for answer in answers]
    assert together.last_message_id == alone.last_message_id


def test_friends_of_a_friend_are_strangers() -> None:
    state = given(FRIENDS, FriendAdded(BOB, EVE, NOW_MS))
    refused(state, send(to="Eve"), "NOT_FRIENDS")


def test_where_the_policy_says_so_strangers_write_to_each_other_unless_one_blocks_the_other() -> None:
    state = given(FRIENDS, UserBlocked(DAN, EVE, NOW_MS))
    refused(state, SendMessage(ANN, "Eve", "hi", "", NOW_MS), "NOT_FRIENDS")
    state.limits = replace(state.limits, direct_messages="everyone")
    assert when(state, SendMessage(ANN, "Eve", "hi", "", NOW_MS)).events
    refused(state, SendMessage(ANN, "Ann", "hi", "", NOW_MS), "SELF")
    refused(state, SendMessage(EVE, "dan", "hi", "", NOW_MS), "NOT_FRIENDS")
    refused(state, SendMessage(DAN, "Eve", "hi", "", NOW_MS), "NOT_FRIENDS")
