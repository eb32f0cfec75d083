"""What lines lead to: answers in order, defects that end at their client's edge, and what waits until it is stored."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from chatserver.core import decide
from chatserver.core.commands import Command, SendBurst, SetStatus
from chatserver.core.outcome import Refused
from chatserver.queries import answers, long_answers, look_ups, requests
from chatserver.queries.requests import ShowUnread
from chatserver.sessions.logins import Logins
from chatserver.sessions.sessions import Sessions
from chatserver.store.errors import StoreBroken, StoreUnavailable
from tests.model.world import Session, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()
    assert not made.defects


def heads(session: Session, fields: int = 2) -> list[str]:
    return ["|".join(frame.split("|")[:fields]) for frame in session.frames()]


def together(world: World, *said: tuple[Session, str]) -> None:
    """All of it is read in one turn."""
    for session, text in said:
        session.line.incoming += f"{text}\n".encode()
    world.settle()


def two(world: World) -> tuple[Session, Session]:
    """Ann and Ben, who are friends."""
    ann, ben = world.user("ann"), world.user("ben")
    world.befriend(ann, ben)
    return ann, ben


def test_every_request_is_answered_from_one_table() -> None:
    rows = [*answers.TABLE, *long_answers.TABLE, *look_ups.TABLE]
    known = {*get_args(requests.Query), *get_args(requests.LongQuery), *get_args(requests.LookUp)}
    assert len(rows) == len(known)
    assert set(rows) == known


def test_a_resume_that_is_refused_for_another_reason_than_its_token_is_no_failed_login(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[tuple[str, str]] = []
    monkeypatch.setattr(Logins, "failed", lambda logins, *who: failed.append(who))
    world.user("ann")
    stranger = world.connect("")
    with monkeypatch.context() as patch:
        patch.setattr(Sessions, "resume", lambda *_: Refused("UNAVAILABLE", "later"))
        together(world, (stranger, "RESUME|ann|good"))
    assert failed == []
    together(world, (stranger, "RESUME|ann|bad"))
    assert [name for _, name in failed] == ["ann"]


# Defects.


def test_a_defect_in_a_query_leaves_the_good_commands_of_its_turn_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, ben = two(world)
    monkeypatch.setattr("chatserver.core.listings.Friends.row", lambda listing, number: 1 // 0)
    together(world, (ben, "SENDMESSAGE|ben|ann|hi"), (ann, "SHOWFRIENDS|ann\nPING|1"), (ben, "SETSTATUS|ben|busy"))
    assert heads(ben) == ["OK|SENDMESSAGE", "OK|SETSTATUS"]
    told = heads(ann)
    assert [frame for frame in told if not frame.startswith("EVENT")] == ["ERR|SHOWFRIENDS", "OK|PING"]
    assert "EVENT|MESSAGE" in told
    assert "a defect in SHOWFRIENDS" in world.defects.pop()
    world.restart()


def test_a_defect_in_a_long_query_does_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, ben = two(world)

    def defective(chat: Any, user: int, query: Any) -> Any:
        yield
        raise ValueError("a defect")

    monkeypatch.setitem(long_answers.TABLE, ShowUnread, defective)
    together(world, (ben, "SENDMESSAGE|ben|ann|hi"), (ann, "SHOWUNREAD|ann\nPING|1"))
    assert heads(ben) == ["OK|SENDMESSAGE"]
    assert sorted(heads(ann, 3)) == ["ERR|SHOWUNREAD|INTERNAL", "EVENT|MESSAGE|1", "OK|PING|1"]
    assert "a defect in SHOWUNREAD" in world.defects.pop()


def test_a_defect_in_a_decision_changes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, ben = two(world)
    monkeypatch.setitem(decide.TABLE, SetStatus, lambda state, command: 1 // 0)
    together(world, (ben, "SENDMESSAGE|ben|ann|hi"), (ann, "SETSTATUS|ann|busy"))
    assert heads(ben) == ["OK|SENDMESSAGE"]
    assert "ERR|SETSTATUS|INTERNAL" in heads(ann, 3)
    world.defects.clear()
    world.restart()


def test_a_defect_in_a_burst_is_answered_once_a_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, _ = two(world)
    turn = world.server.turn
    execute = turn.execute

    def defective(origin: Any, command: Command) -> Any:
        if isinstance(command, SendBurst):
            raise ValueError("a defect")
        return execute(origin, command)

    monkeypatch.setattr(turn, "execute", defective)
    world.say(ann, "\n".join(f"SENDMESSAGE|ann|ben|{at}" for at in range(4)))
    told = heads(ann)
    assert len(told) == 4
    assert set(told) <= {"ERR|SENDMESSAGE", "OK|SENDMESSAGE"}
    world.defects.clear()


# Stores that fail while they are read.


def test_a_store_that_cannot_be_read_now_is_unavailable(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, _ = two(world)

    def unreadable(*arguments: Any) -> Any:
        raise StoreUnavailable("no memory")

    monkeypatch.setattr(type(world.disk.history), "said_page", unreadable)
    world.say(ann, "HISTORY|ann|ben\nPING|1")
    assert heads(ann, 3) == ["ERR|HISTORY|UNAVAILABLE", "OK|PING|1"]


def test_a_page_that_cannot_be_read_is_no_defect_and_fills_no_log(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite calls a database malformed of which the disk (EIO) does not give a page."""
    ann, _ = two(world)

    def unreadable(*arguments: Any) -> Any:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    monkeypatch.setattr(type(world.disk.history), "said_page", unreadable)
    for _ in range(3):
        world.say(ann, "HISTORY|ann|ben\nPING|1")
        assert heads(ann, 3) == ["ERR|HISTORY|UNAVAILABLE", "OK|PING|1"]
    assert caplog.text.count("check the disk") == 1
    assert "Traceback" not in caplog.text


def test_a_store_that_is_broken_ends_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path)
    ann, _ = two(world)

    def broken(*arguments: Any) -> Any:
        raise StoreBroken("no flush")

    monkeypatch.setattr(type(world.disk.history), "said_page", broken)
    world.say(ann, "HISTORY|ann|ben")
    assert ann.frames() == []
    assert world.server.failure == "no flush"
    world.server.failure = ""
    world.close()


# What an answer shows is stored.


def in_flight(world: World, session: Session, text: str) -> None:
    """This is decided, and the disk takes its time."""
    world.flusher.hold()
    world.say(session, text)


def let_go(world: World) -> None:
    world.flusher.let_go()
    world.settle()


def test_answers_from_state_wait_for_what_they_show_alone(world: World) -> None:
    ann, ben = two(world)
    cat = world.user("cat")
    in_flight(world, ben, "SETSTATUS|ben|busy")
    world.say(ann, "SHOWFRIENDS|ann")
    world.say(cat, "SHOWFRIENDS|cat")
    assert heads(cat) == ["OK|SHOWFRIENDS"]
    assert heads(ann) == []
    let_go(world)
    assert sorted(heads(ann)) == ["EVENT|STATUS", "ITEM|SHOWFRIENDS", "OK|SHOWFRIENDS"]


def test_that_a_room_is_gone_is_told_once_that_is_stored(world: World) -> None:
    ann, ben = two(world)
    world.say(ann, "CREATEROOM|ann|#tea")
    ann.frames()
    in_flight(world, ann, "LEAVE|ann|#tea")
    world.say(ben, "SHOWROOMS|ben\nSHOWMEMBERS|ben|#tea")
    assert heads(ben) == []
    let_go(world)
    assert heads(ben, 3) == ["OK|SHOWROOMS|0", "ERR|SHOWMEMBERS|NO_SUCH_ROOM"]


def test_that_a_message_is_read_is_explained_once_that_is_stored(world: World) -> None:
    ann, ben = two(world)
    world.say(ann, "SENDMESSAGE|ann|ben|hi")
    world.pass_time(2)
    ann.frames(), ben.frames()
    in_flight(world, ben, "MARKREAD|ben|ann|1")
    world.say(ann, "EXPLAIN|ann|1")
    assert ann.frames() == []
    let_go(world)
    told = ann.frames()
    assert [frame.split("|")[2] for frame in told if frame.startswith("ITEM")] == ["stored", "delivered", "read"]


def test_what_turns_out_not_to_be_so_is_not_explained(world: World) -> None:
    ann, ben = two(world)
    world.say(ann, "SENDMESSAGE|ann|ben|hi")
    world.pass_time(2)
    ann.frames(), ben.frames()
    world.disk.is_full = True
    in_flight(world, ben, "MARKREAD|ben|ann|1")
    world.say(ann, "EXPLAIN|ann|1\nPING|1")
    let_go(world)
    assert heads(ann, 3) == ["ERR|EXPLAIN|UNAVAILABLE", "OK|PING|1"]
    world.disk.is_full = False
    world.pass_time(2)


def test_a_room_that_is_left_while_its_end_is_looked_up_is_refused(world: World) -> None:
    ann, ben = two(world)
    world.say(ann, "CREATEROOM|ann|#tea")
    world.say(ben, "JOIN|ben|#tea")
    ann.frames(), ben.frames()
    in_flight(world, ann, "SENDMESSAGE|ann|#tea|hi")
    world.say(ben, "MARKREAD|ben|#tea|1")
    world.say(ann, "KICK|ann|#tea|ben")
    let_go(world)
    assert "ERR|MARKREAD|NOT_MEMBER" in heads(ben, 3)


# Order.


def test_answers_keep_the_order_of_their_lines_when_a_flush_ends_in_between(world: World) -> None:
    ann, ben = two(world)
    in_flight(world, ann, "CREATEROOM|ann|#tea")
    ben.line.incoming += b"PING|1\nSHOWROOMS|ben\nPING|2\n"
    let_go(world)
    assert heads(ben) == ["OK|PING", "ITEM|SHOWROOMS", "OK|SHOWROOMS", "OK|PING"]


def test_a_sync_counts_as_delivered_and_a_history_does_not(world: World) -> None:
    ann, ben = two(world)
    world.hang_up(ben)
    world.pass_time(2)
    for _ in range(1002):
        ann.line.incoming += b"SENDMESSAGE|ann|ben|hi\n"
    world.settle()
    ben = world.connect("ben")
    world.say(ben, "LOGIN|ben|correct horse")
    assert len(ben.frames()) == 1001
    world.say(ben, "HISTORY|ben|ann|3")
    assert len(ben.frames()) == 4
    world.say(ben, "SYNC|ben|1001")
    assert heads(ben, 3) == ["ITEM|SYNC|1002", "OK|SYNC|1"]
    world.hang_up(ben)
    world.pass_time(2)
    assert [frame.split("|")[2] for frame in world.login("ben") if "|MISSED|" in frame] == ["1001"]


def test_a_look_up_is_refused_while_nothing_can_be_stored(world: World) -> None:
    ann, _ = two(world)
    world.say(ann, "SENDMESSAGE|ann|ben|hi")
    ann.frames()
    world.disk.is_full = True
    world.say(ann, "EDITMESSAGE|ann|1|ho\nEDITMESSAGE|ann|1|hu\nHISTORY|ann|ben")
    assert heads(ann, 3) == ["ERR|EDITMESSAGE|UNAVAILABLE"] * 2 + ["ITEM|HISTORY|1", "OK|HISTORY|1"]
    world.disk.is_full = False
    world.pass_time(2)
    world.say(ann, "EDITMESSAGE|ann|1|ho")
    assert heads(ann) == ["OK|EDITMESSAGE"]
