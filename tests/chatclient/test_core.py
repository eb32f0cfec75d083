"""The client without I/O: given what a server says, then these events and these bytes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatclient.core import events as ev
from chatclient.core.client import ClientCore, Phase
from chatclient.core.commands import BadCommand, NotLoggedInError
from chatclient.core.outcomes import (
    CaughtUp,
    Event,
    LoggedIn,
    LoggedOut,
    LoginDelayed,
    LoginFailed,
    Sent,
    Unanswered,
)
from tests.chatclient.fake import HELLO

TIME = "2026-11-24T12:00:00.000Z"


def feed(core: ClientCore, *lines: str) -> list[Event]:
    return core.receive("".join(f"{line}\n" for line in lines).encode())


def said(core: ClientCore) -> list[str]:
    """What the client sends, without its tags."""
    return [re.sub(r"#t\.\d+", "", line) for line in core.take_output().decode().splitlines()]


def answer(core: ClientCore, *lines: str) -> list[Event]:
    """Answer the commands sent, in their order: `{}` in a line becomes the echo of the next one.

    A line that begins with `ITEM` belongs to the command that the next `OK` answers.
    """
    echoes = iter([line.split("|")[0] for line in core.take_output().decode().splitlines()])
    whole, echo = [], ""
    for line in lines:
        if "{}" in line and not echo:
            echo = next(echoes)
        whole.append(line.replace("{}", echo))
        if not line.startswith("ITEM"):
            echo = ""
    return feed(core, *whole)


@pytest.fixture
def core() -> ClientCore:
    return ClientCore("t")


def ready(core: ClientCore) -> ClientCore:
    """Logged in as alice, caught up, with nothing seen."""
    core.login("alice", "password")
    core.opened()
    feed(core, HELLO)
    answer(core, "OK|{}|alice|token")
    answer(core, "OK|{}|0|0")
    answer(core, "OK|{}|0|0")
    assert core.phase is Phase.READY
    return core


def reconnected(core: ClientCore) -> ClientCore:
    """After a loss: logged in again, with the questions of the catch-up not answered yet."""
    core.lost()
    core.opened()
    feed(core, HELLO)
    assert said(core) == ["RESUME|alice|token"]
    feed(core, f"OK|RESUME#{last_tag(core)}|alice|token")
    return core


def last_tag(core: ClientCore) -> str:
    return f"t.{core._tags_used}"


def test_nothing_is_said_before_the_server_has_greeted(core: ClientCore) -> None:
    core.login("alice", "secret password")
    core.opened()
    assert core.take_output() == b""
    assert feed(core, HELLO) == [ev.Hello("welcome")]
    assert said(core) == ["LOGIN|alice|secret password"]


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"\xff\xfe\x00garbage\n",
        b"x" * 20_000,
        b"OK|PING|\n",
        b"HELLO|otherserver|1|hi\n",
        b"HELLO|chatserver|2|hi\n",
    ],
)
def test_a_stranger_is_told_nothing(core: ClientCore, data: bytes) -> None:
    core.login("alice", "secret password")
    core.opened()
    happened = core.receive(data)
    assert isinstance(happened[0], ev.Stranger)
    assert "\x1b" not in happened[0].text
    assert "\n" not in happened[0].text
    assert core.take_output() == b""


def test_a_server_that_is_full_says_so_in_place_of_hello(core: ClientCore) -> None:
    core.opened()
    assert feed(core, "BYE|FULL|too many") == [ev.Bye("FULL", "too many")]


def test_a_login_goes_on_to_find_where_to_begin(core: ClientCore) -> None:
    core.login("ALICE", "password")
    core.opened()
    feed(core, HELLO)
    assert answer(core, "OK|{}|alice|token") == [LoggedIn("alice", "token", again=False)]
    assert core.phase is Phase.CATCHING_UP
    assert answer(core, f"ITEM|{{}}|7|{TIME}|bob|alice|hi", "OK|{}|1|0") == []
    assert said(core) == ["SYNC|alice|7|500"]
    assert feed(core, f"OK|SYNC#{last_tag(core)}|0|0") == [CaughtUp()]
    assert core.last_id == 7


def test_a_first_login_never_syncs_past_the_backlog_it_was_given(core: ClientCore) -> None:
    core.login("alice", "password")
    core.opened()
    feed(core, HELLO)
    missed = f"EVENT|MISSED|5|{TIME}|bob|alice|hi"
    assert answer(core, "OK|{}|alice|token", missed)[1:] == [ev.Message(5, TIME, "bob", "alice", "hi", "missed")]
    answer(core, f"ITEM|{{}}|3|{TIME}|bob|alice|old", "OK|{}|1|1")
    assert said(core) == ["SYNC|alice|5|500"]
    happened = feed(core, f"ITEM|SYNC#{last_tag(core)}|6|{TIME}|bob|alice|more", f"OK|SYNC#{last_tag(core)}|1|0")
    assert happened == [ev.Message(6, TIME, "bob", "alice", "more", "sync"), CaughtUp()]


def test_an_answer_finds_its_command_by_the_tag(core: ClientCore) -> None:
    ready(core)
    first, second = core.command("SHOWFRIENDS"), core.command("ping", "a|b")
    assert answer(core, "ITEM|{}|bob|online|at|home", "OK|{}|1", "OK|{}|a|b") == [
        ev.Ok("SHOWFRIENDS", first, ("1",), (("bob", "online", "at|home"),)),
        ev.Ok("PING", second, ("a|b",)),
    ]


def test_an_event_between_two_answers_is_no_answer(core: ClientCore) -> None:
    ready(core)
    tag = core.command("PING")
    assert answer(core, "EVENT|STATUS|bob|away|lunch | late", "OK|{}|") == [
        ev.StatusChanged("bob", "away", "lunch | late"),
        ev.Ok("PING", tag, ("",)),
    ]


def test_a_message_is_sent_once_its_ok_is_here(core: ClientCore) -> None:
    ready(core)
    tag = core.command("SENDMESSAGE", "bob", "hi | there")
    assert core.unsent == 1
    assert answer(core, f"OK|{{}}|1|{TIME}") == [Sent(tag, 1, TIME, "bob", "hi | there")]
    assert core.unsent == 0


def test_a_refusal_carries_its_code(core: ClientCore) -> None:
    ready(core)
    tag = core.command("SENDMESSAGE", "bob", "hi")
    assert answer(core, "ERR|{}|NOT_FRIENDS|Ask | first") == [
        ev.Refused("SENDMESSAGE", tag, "NOT_FRIENDS", "Ask | first")
    ]
    assert core.unsent == 0


def test_a_message_seen_twice_is_shown_once(core: ClientCore) -> None:
    ready(core)
    message = f"EVENT|MESSAGE|4|{TIME}|bob|alice|hi"
    assert len(feed(core, message, message, message.replace("MESSAGE|4", "MISSED|3"))) == 1


def test_an_unanswered_message_is_sent_again_under_its_tag_before_the_catch_up(core: ClientCore) -> None:
    ready(core)
    tag = core.command("SENDMESSAGE", "bob", "hi")
    core.take_output()
    assert core.lost() == []
    reconnected(core)
    sent = core.take_output().decode().splitlines()
    assert sent[0] == f"SENDMESSAGE#{tag}|alice|bob|hi"
    assert [line.split("#")[0] for line in sent] == ["SENDMESSAGE", "SYNC"]
    happened = feed(
        core,
        f"OK|SENDMESSAGE#{tag}|9|{TIME}",
        f"ITEM|SYNC#{last_tag(core)}|9|{TIME}|alice|bob|hi",
        f"OK|SYNC#{last_tag(core)}|1|0",
    )
    assert happened == [Sent(tag, 9, TIME, "bob", "hi"), CaughtUp()]


def test_messages_written_while_offline_go_out_in_their_order(core: ClientCore) -> None:
    ready(core)
    tag = core.command("SENDMESSAGE", "bob", "one")
    core.take_output()
    core.lost()
    core.command("SENDMESSAGE", "bob", "two")
    reconnected(core)
    assert said(core) == ["SENDMESSAGE|alice|bob|one", "SYNC|alice|0|500"]
    assert core.unsent == 2
    feed(core, f"OK|SENDMESSAGE#{tag}|1|{TIME}", f"OK|SYNC#{last_tag(core)}|0|0")
    assert said(core) == ["SENDMESSAGE|alice|bob|two"]


def test_a_catch_up_takes_page_after_page_and_tells_what_came_live_meanwhile_in_its_place(core: ClientCore) -> None:
    ready(core)
    feed(core, f"EVENT|MESSAGE|10|{TIME}|bob|alice|ten")
    reconnected(core)
    assert said(core) == ["SYNC|alice|10|500"]
    assert feed(core, f"EVENT|MESSAGE|14|{TIME}|bob|alice|fourteen") == []
    tag = last_tag(core)
    happened = feed(
        core,
        f"ITEM|SYNC#{tag}|11|{TIME}|bob|alice|eleven",
        f"ITEM|SYNC#{tag}|12|{TIME}|alice|bob|of my other session",
        f"OK|SYNC#{tag}|2|1",
    )
    assert [(event.id, event.origin) for event in happened if isinstance(event, ev.Message)] == [
        (11, "sync"),
        (12, "sync"),
    ]
    assert said(core) == ["SYNC|alice|12|500"]
    tag = last_tag(core)
    happened = feed(
        core,
        f"ITEM|SYNC#{tag}|13|{TIME}|bob|alice|thirteen",
        f"ITEM|SYNC#{tag}|14|{TIME}|bob|alice|fourteen",
        f"OK|SYNC#{tag}|2|0",
    )
    assert [(event.id, event.origin) for event in happened if isinstance(event, ev.Message)] == [
        (13, "sync"),
        (14, "live"),
    ]
    assert happened[-1] == CaughtUp()
    assert core.last_id == 14


def test_a_loss_during_the_catch_up_begins_it_again_where_it_was(core: ClientCore) -> None:
    ready(core)
    reconnected(core)
    core.take_output()
    tag = last_tag(core)
    feed(core, f"EVENT|MESSAGE|9|{TIME}|bob|alice|live", f"ITEM|SYNC#{tag}|5|{TIME}|bob|alice|a", f"OK|SYNC#{tag}|1|1")
    reconnected(core)
    assert said(core) == ["SYNC|alice|5|500"]
    tag = last_tag(core)
    happened = feed(
        core,
        f"ITEM|SYNC#{tag}|7|{TIME}|bob|alice|b",
        f"ITEM|SYNC#{tag}|9|{TIME}|bob|alice|live",
        f"OK|SYNC#{tag}|2|0",
    )
    assert [event.id for event in happened if isinstance(event, ev.Message)] == [7, 9]


def test_what_cannot_be_repeated_is_reported_as_unanswered(core: ClientCore) -> None:
    ready(core)
    tag = core.command("ADDFRIEND", "bob")
    core.command("SHOWFRIENDS")
    core.take_output()
    assert core.lost() == [Unanswered("ADDFRIEND", tag)]
    core.opened()
    feed(core, HELLO)
    core.take_output()
    feed(core, f"OK|RESUME#{last_tag(core)}|alice|token")
    assert said(core) == ["SYNC|alice|0|500"]
    feed(core, f"OK|SYNC#{last_tag(core)}|0|0")
    assert said(core) == ["SHOWFRIENDS|alice"]


def test_a_refused_token_falls_back_to_the_password(core: ClientCore) -> None:
    ready(core)
    core.lost()
    core.opened()
    feed(core, HELLO)
    assert answer(core, "ERR|{}|BAD_LOGIN|no such token") == []
    assert said(core) == ["LOGIN|alice|password"]


def test_a_refused_token_without_a_password_is_the_end(core: ClientCore) -> None:
    core.resume("alice", "old token")
    core.opened()
    feed(core, HELLO)
    assert answer(core, "ERR|{}|BAD_LOGIN|no") == [LoginFailed("BAD_LOGIN", "no")]
    assert core.name is None


@pytest.mark.parametrize("code", ["THROTTLED", "UNAVAILABLE", "INTERNAL"])
def test_a_login_that_held_once_is_tried_again_when_the_server_is_in_trouble(core: ClientCore, code: str) -> None:
    ready(core)
    core.lost()
    core.opened()
    feed(core, HELLO)
    assert answer(core, f"ERR|{{}}|{code}|later") == [LoginDelayed(code, "later")]
    assert core.name == "alice"


def test_no_secret_is_in_what_a_log_would_show(core: ClientCore) -> None:
    core.login("alice", "a secret password")
    core.opened()
    feed(core, HELLO)
    core.command("SIGNUP", "bob", "a secret password")
    held = f"{core.credentials!r} {core._queue.sent!r} {core._queue.waiting!r}"
    shown = held + repr(answer(core, "OK|{}|alice|a secret token"))
    assert "secret" not in shown
    assert "alice" in shown


def test_logging_out_forgets_who_it_was(core: ClientCore) -> None:
    ready(core)
    tag = core.command("LOGOUT")
    assert answer(core, "OK|{}|alice") == [ev.Ok("LOGOUT", tag, ("alice",)), LoggedOut("alice")]
    with pytest.raises(NotLoggedInError):
        core.command("SHOWFRIENDS")


def test_the_unsent_messages_of_one_user_are_never_sent_by_another(core: ClientCore) -> None:
    ready(core)
    core.lost()
    tag = core.command("SENDMESSAGE", "bob", "from alice")
    core.login("carol", "password")
    core.opened()
    feed(core, HELLO)
    assert answer(core, "OK|{}|carol|token")[0] == Unanswered("SENDMESSAGE", tag)
    assert said(core) == ["SYNC|carol|0|1"]


def test_a_login_by_hand_believes_a_server_that_counts_from_one_again(core: ClientCore) -> None:
    ready(core)
    feed(core, f"EVENT|MESSAGE|900|{TIME}|bob|alice|before")
    core.lost()
    core.login("alice", "password")
    core.opened()
    feed(core, HELLO)
    answer(core, "OK|{}|alice|token")
    assert len(feed(core, f"EVENT|MESSAGE|1|{TIME}|bob|alice|after")) == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (("SENDMESSAGE", "bob", "a\nb"), "line break"),
        (("SENDMESSAGE", "bob", "a\x1b[2Jb"), "control"),
        (("SENDMESSAGE", "bob", "x" * 9000), "too long"),
        (("SENDMESSAGE", "bob", "\udcff"), "UTF-8"),
        (("ADDFRIEND", "bob|carol"), "|"),
    ],
)
def test_a_command_that_would_be_no_frame_is_refused_at_once(
    core: ClientCore, fields: tuple[str, ...], says: str
) -> None:
    ready(core)
    with pytest.raises(BadCommand, match=re.escape(says)):
        core.command(*fields)
    assert core.take_output() == b""


def test_a_raw_line_keeps_its_own_tag_and_gets_one_if_it_has_none(core: ClientCore) -> None:
    ready(core)
    assert core.raw("PING#mine|x") == "mine"
    tag = core.raw("PING|y")
    assert core.take_output().decode() == f"PING#mine|x\nPING#{tag}|y\n"
    assert feed(core, "OK|PING#mine|x", f"OK|PING#{tag}|y") == [
        ev.Ok("PING", "mine", ("x",)),
        ev.Ok("PING", tag, ("y",)),
    ]


@pytest.mark.parametrize(
    "line",
    ["", "WHAT", "OK", "OK|", "ITEM|PING", "ERR", "EVENT|MESSAGE|x|y", f"EVENT|MESSAGE|a|{TIME}|b|c|d", "HELLO", "BYE"],
)
def test_no_line_of_a_server_makes_the_client_fail(core: ClientCore, line: str) -> None:
    ready(core)
    core.command("PING")
    feed(core, line)
    feed(core, f"EVENT|MESSAGE|2|{TIME}|bob|alice|still here")
    assert core.last_id == 2


def test_an_event_of_a_kind_to_come_is_handed_on(core: ClientCore) -> None:
    ready(core)
    assert feed(core, "EVENT|WAVES|bob|twice") == [ev.OtherEvent("WAVES", ("bob", "twice"))]


def test_a_deleted_account_does_not_come_back(core: ClientCore) -> None:
    ready(core)
    feed(core, "BYE|DELETED|gone")
    core.lost()
    assert not core.has_purpose


def test_a_keep_alive_is_not_an_event(core: ClientCore) -> None:
    ready(core)
    core.keep_alive()
    assert core.awaits_answer
    assert answer(core, "OK|{}|") == []
    assert not core.awaits_answer


ECHOES = [f"{verb}#t.{number}" for verb in ("PING", "SYNC", "LOGIN", "SENDMESSAGE", "LOGOUT") for number in range(1, 9)]
FIELDS = ["", "0", "1", "7", "-1", "9" * 18, "x", TIME, "alice", "bob", "\x1b[2J", "a|b", "٣"]
FRAMES = st.builds(
    lambda kind, echo, fields: "|".join([kind, echo, *fields]),
    st.sampled_from(["OK", "ERR", "ITEM", "EVENT", "BYE", "HELLO", "NONSENSE"]),
    st.sampled_from([*ECHOES, "MESSAGE", "MISSED", "READ", "STATUS", "chatserver", "?", ""]),
    st.lists(st.sampled_from(FIELDS), max_size=6),
)


@given(st.integers(0, 3), st.lists(FRAMES, max_size=40), st.binary(max_size=40))
def test_nothing_a_server_says_makes_the_client_fail(begun: int, lines: list[str], noise: bytes) -> None:
    """`begun`: how many answers of an orderly start come before the nonsense."""
    core = ClientCore("t")
    core.login("alice", "password")
    core.opened()
    feed(core, HELLO)
    for line in ("OK|{}|alice|token", "OK|{}|0|0", "OK|{}|0|0")[:begun]:
        answer(core, line)
    for line in lines:
        core.receive(f"{line}\n".encode())
        if core.credentials and core.phase is Phase.READY:
            core.command("SENDMESSAGE", "bob", "hi")
        core.take_output()
    core.receive(noise)
    core.lost()
    assert core.phase is Phase.OFFLINE
    assert not core.awaits_answer


def test_a_server_that_says_there_is_more_for_ever_is_not_asked_for_ever(core: ClientCore) -> None:
    core.login("alice", "password")
    core.opened()
    feed(core, HELLO)
    answer(core, "OK|{}|alice|token")
    for _ in range(200):
        if core.phase is Phase.READY:
            break
        answer(core, f"ITEM|{{}}|5|{TIME}|bob|alice|again", "OK|{}|1|1")
    assert core.phase is Phase.READY
