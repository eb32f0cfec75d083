"""Batches that cannot be stored, defects, and a store that cannot write for a while: what is undone, and what holds."""

import pytest

from chatserver.core.commands import (
    AddFriend,
    CloseSession,
    CreateRoom,
    KeepTokens,
    LogIn,
    LogOut,
    Resume,
    SetStatus,
    ShowTyping,
)
from chatserver.core.events import StatusSet, Typed
from chatserver.core.outcome import Refused
from chatserver.core.state import Limits, snapshot
from chatserver.store.errors import StoreBroken, StoreUnavailable
from chatserver.turn.records import standing
from tests.turn.turns import ANN, BEN, NOW_MS, World, busy, is_unavailable, message

# Failures.


def test_a_failed_batch_leaves_nothing(world: World) -> None:
    ann, said = world.hear(ANN)
    _, heard = world.hear(BEN)
    before = snapshot(world.turn.state)
    undone: list[str] = []
    world.do(ann, message("hi"))
    world.turn.batch.undo.append(lambda: undone.append("undone"))
    world.turn.stage_behind(ann, standing(b"OK|PING\n"), None)
    world.turn.end()
    world.fail()
    assert [line[:18] for line in said().splitlines()] == ["ERR|DO|UNAVAILABLE", "OK|PING"]
    assert heard() == ""
    assert undone == ["undone"]
    assert snapshot(world.turn.state) == before == world.loaded()
    assert world.turn.unavailable
    assert world.turn.stored_message_id == 0
    assert world.turn.state.users[ANN].sessions == world.turn.state.users[BEN].sessions == 1


def test_what_gathers_behind_it_is_undone_first(world: World) -> None:
    order: list[int] = []
    reloaded: list[str] = []
    world.turn.reloaded = [lambda: reloaded.append("bots"), lambda: reloaded.append("more")]
    for number in (1, 2):
        world.do(None, message("hi"))
        world.turn.batch.undo.append(lambda number=number: order.append(number))  # type: ignore[misc]
        world.turn.end()
    waited: list[int] = []
    world.turn.batch.waiting.append(lambda: waited.append(2))
    world.fail()
    assert order == [2, 1]
    assert waited == [2]
    assert reloaded == ["bots", "more"]
    assert world.turn.is_settled
    assert world.turn.batch.after_id == world.turn.state.last_message_id == 0


def test_rows_that_cannot_be_written_fail_at_once(world: World) -> None:
    ann, said = world.hear(ANN)
    world.disk.write_error = StoreUnavailable("full")
    world.do(ann, message("hi"))
    world.turn.end()
    assert said().startswith("ERR|DO|UNAVAILABLE")
    assert world.turn.unavailable
    assert not world.broken


def test_a_defect_in_an_events_rows_undoes_the_batch_and_the_server_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ann, said = world.hear(ANN)
    world.disk.write_error = ValueError("a defect")
    world.do(ann, message("hi"))
    world.turn.end()
    assert said().startswith("ERR|DO|UNAVAILABLE")
    assert "a defect in a batch's events" in caplog.text
    assert not world.turn.unavailable
    world.disk.write_error = None
    world.do(ann, message("again"))
    world.store_all()
    assert said() == "OK|DO\n"


def test_a_defect_in_a_commit_undoes_the_batch_and_the_server_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ann, said = world.hear(ANN)
    world.do(ann, message("hi"))
    world.turn.end()
    world.fail(ValueError("a defect"))
    assert said().startswith("ERR|DO|UNAVAILABLE")
    assert "a defect in a commit" in caplog.text
    assert not world.turn.unavailable
    assert not world.broken


@pytest.mark.parametrize("where", ["write", "commit"])
def test_a_broken_store_ends_the_server_and_nothing_is_sent(world: World, where: str) -> None:
    ann, said = world.hear(ANN)
    broken = StoreBroken("no flush")
    world.do(ann, message("hi"))
    if where == "write":
        world.disk.write_error = broken
        world.turn.end()
    else:
        world.turn.end()
        world.fail(broken)
    assert world.broken == [broken]
    assert said() == ""
    world.disk.write_error = None


def test_a_store_that_cannot_be_read_again_ends_the_server(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, said = world.hear(ANN)
    world.do(ann, message("hi"))
    world.turn.end()
    gone = StoreBroken("gone")

    def load(limits: Limits) -> None:
        raise gone

    monkeypatch.setattr(world.disk, "load", load)
    world.fail()
    assert world.broken == [gone]
    assert said() == ""


def break_off(origin: object, event: object) -> None:
    raise ValueError("a defect in the middle of an event")


def test_a_defect_in_the_middle_of_an_event_undoes_what_gathers_and_no_more(world: World) -> None:
    """What is in flight keeps its own fate: it is waited for."""
    ann, said = world.hear(ANN)
    world.do(ann, message("in flight"), "1")
    world.turn.end()
    world.do(ann, message("gathers"), "2")
    world.turn.subscribers = {StatusSet: [break_off]}
    with pytest.raises(ValueError, match="a defect"):
        world.turn.execute(ann, busy())
    job, _ = world.flusher.jobs[0]
    job()  # the flusher is done, and has not told the loop
    world.turn.defect()
    assert [line[:20] for line in said().splitlines()] == ["OK|1", "ERR|2|UNAVAILABLE|Th"]
    assert world.turn.state.last_message_id == 1
    assert world.turn.state.users[ANN].status == "online"
    assert not world.turn.unavailable


def test_a_defect_that_left_state_whole_undoes_nothing(world: World) -> None:
    ann, said = world.hear(ANN)
    world.do(ann, message("gathers"))
    world.turn.defect()
    assert said() == ""
    world.store_all()
    assert said() == "OK|DO\n"


# While the store cannot write.


@pytest.fixture
def outage(world: World) -> World:
    """Its store cannot write, and says so."""
    world.do(None, busy())
    world.turn.end()
    world.fail()
    return world


def test_commands_are_refused_but_what_changes_nothing_stored_goes_on(outage: World) -> None:
    turn = outage.turn
    assert is_unavailable(turn.execute(None, message("hi")))
    assert is_unavailable(turn.execute(None, busy()))
    assert is_unavailable(turn.execute(None, CreateRoom(ANN, "#tea", "public", NOW_MS)))
    assert is_unavailable(turn.execute(None, LogOut(ANN, b"token")))
    assert turn.batch.events == []
    assert not is_unavailable(turn.execute(None, ShowTyping(ANN, "ben", NOW_MS)))
    assert not is_unavailable(turn.execute(None, SetStatus(ANN, "online", "")))
    refused = turn.execute(None, AddFriend(ANN, "ben", NOW_MS))
    assert isinstance(refused, Refused)
    assert refused.code == "ALREADY_FRIENDS"


def test_logins_go_on_in_memory_and_are_stored_when_it_can_write(outage: World) -> None:
    turn = outage.turn
    turn.execute(None, LogIn(ANN, b"new", NOW_MS))
    turn.execute(None, Resume("ann", b"new", NOW_MS))
    turn.execute(None, CloseSession(ANN, b"new", NOW_MS + 10**9))
    turn.execute(None, KeepTokens(frozenset(), NOW_MS + 10**9))
    assert b"new" in turn.state.tokens
    assert turn.batch.events == []
    assert b"new" not in outage.loaded()["tokens"]  # type: ignore[operator]
    turn.recover()
    outage.flusher.work()
    assert not turn.unavailable
    assert outage.loaded()["tokens"] == {b"new": (ANN, NOW_MS + 10**9)}
    assert snapshot(turn.state) == outage.loaded()


def test_a_probe_that_fails_keeps_what_has_happened_meanwhile(outage: World) -> None:
    turn = outage.turn
    turn.execute(None, LogIn(ANN, b"1", NOW_MS))
    turn.recover()
    turn.execute(None, LogIn(ANN, b"2", NOW_MS))
    outage.fail()
    assert turn.unavailable
    turn.execute(None, LogIn(ANN, b"3", NOW_MS))
    assert turn.state.users[ANN].tokens == (b"1", b"2", b"3")
    turn.recover()
    outage.flusher.work()
    assert not turn.unavailable
    outage.store_all()
    assert snapshot(turn.state) == outage.loaded()
    assert turn.state.users[ANN].tokens == (b"1", b"2", b"3")


def test_an_outage_keeps_nothing_of_tokens_that_have_come_and_gone(outage: World) -> None:
    turn, most = outage.turn, Limits().tokens_per_user_max
    for at in range(most + 100):
        turn.execute(None, LogIn(ANN, b"%d" % at, NOW_MS))
        turn.recover()
        outage.fail()
    before = outage.disk.written
    turn.recover()
    outage.flusher.work()
    assert outage.disk.written - before == most
    assert turn.state.users[ANN].tokens == tuple(b"%d" % at for at in range(100, most + 100))
    assert snapshot(turn.state) == outage.loaded()


def test_a_probe_whose_rows_cannot_be_written_is_tried_again(outage: World) -> None:
    turn = outage.turn
    turn.execute(None, LogIn(ANN, b"1", NOW_MS))
    outage.disk.write_error = StoreUnavailable("full")
    turn.recover()
    assert turn.unavailable
    assert outage.flusher.jobs == []
    outage.disk.write_error = None
    turn.recover()
    outage.flusher.work()
    assert not turn.unavailable
    assert b"1" in outage.loaded()["tokens"]


def test_a_probe_with_nothing_to_store_writes_all_the_same(outage: World) -> None:
    outage.turn.recover()
    outage.fail()
    assert outage.turn.unavailable
    reloaded: list[str] = []
    outage.turn.reloaded = [lambda: reloaded.append("bots")]
    outage.turn.recover()
    outage.turn.recover()  # while one is on its way
    assert len(outage.flusher.jobs) == 1
    outage.flusher.work()
    assert not outage.turn.unavailable
    assert reloaded == ["bots"]


@pytest.mark.parametrize("error", [StoreBroken("no flush"), ValueError("a defect")])
def test_a_probe_that_breaks_ends_the_server(outage: World, error: Exception) -> None:
    outage.turn.recover()
    outage.fail(error)
    assert outage.broken == [error]


def test_a_login_that_came_during_the_probe_is_undone_with_the_batch_that_answers_it(outage: World) -> None:
    """Those from before the probe were answered, and are stored with it."""
    turn = outage.turn
    ann, said = outage.hear(ANN)
    turn.execute(None, LogIn(ANN, b"1", NOW_MS))
    turn.recover()
    outage.do(ann, LogIn(ANN, b"2", NOW_MS))
    turn.end()
    outage.flusher.work()
    assert not turn.unavailable
    turn.end()
    assert said() == ""
    outage.fail()
    assert said().startswith("ERR|DO|UNAVAILABLE")
    assert turn.state.users[ANN].tokens == (b"1",)
    assert snapshot(turn.state) == outage.loaded()


def test_a_login_of_an_outage_outlives_a_defect(outage: World) -> None:
    """State comes from the disk again, and what the disk does not have yet is put into it."""
    turn = outage.turn
    turn.execute(None, LogIn(ANN, b"1", NOW_MS))
    turn.end()
    turn.subscribers = {Typed: [break_off]}
    with pytest.raises(ValueError, match="a defect"):
        turn.execute(None, ShowTyping(ANN, "ben", NOW_MS))
    turn.recover()
    turn.execute(None, LogIn(ANN, b"2", NOW_MS))
    outage.flusher.jobs[0][0]()
    turn.log.settle()
    assert turn.state.users[ANN].tokens == (b"1", b"2")
    turn.unavailable = True
    turn.execute(None, LogIn(ANN, b"3", NOW_MS))
    with pytest.raises(ValueError, match="a defect"):
        turn.execute(None, ShowTyping(ANN, "ben", NOW_MS + 10_000))
    turn.defect()
    assert turn.state.users[ANN].tokens == (b"1", b"3")  # the second was in the batch that is undone


# The end.


def test_closing_stores_what_is_left(world: World) -> None:
    world.do(None, message("gathers"))
    world.turn.close()
    assert world.disk.history.message(1) is not None


def test_closing_stores_what_happened_in_an_outage(outage: World) -> None:
    outage.turn.execute(None, LogIn(ANN, b"1", NOW_MS))
    outage.turn.close()
    assert b"1" in outage.loaded()["tokens"]  # type: ignore[operator]


def test_closing_raises_where_the_disk_is_full(world: World) -> None:
    world.do(None, message("gathers"))
    world.disk.error = StoreUnavailable("full")
    with pytest.raises(StoreUnavailable):
        world.turn.close()
