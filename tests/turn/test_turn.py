"""Commands applied to State, the batch that gathers, and what becomes of it; the store is real, the flusher is not."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from chatserver.core.commands import (
    AddFriend,
    CloseSession,
    Command,
    CreateRoom,
    KeepTokens,
    LogIn,
    LogOut,
    Resume,
    SendMessage,
    SetStatus,
    ShowTyping,
    SignUp,
)
from chatserver.core.events import FriendAdded, MessageSent, StatusSet, Typed
from chatserver.core.outcome import Refused
from chatserver.core.state import Limits, snapshot
from chatserver.net.workers import Pool
from chatserver.store.errors import StoreBroken, StoreUnavailable
from chatserver.store.store import Store
from chatserver.turn.receiver import Receiver
from chatserver.turn.records import UNAVAILABLE, Reply, standing
from chatserver.turn.turn import Turn
from tests.bots.fakes import FakeLoop
from tests.turn.fakes import FakePool, receiver

ANN, BEN = 1, 2
NOW_MS = 1_796_212_801_000


class Disk(Store):
    """A store whose writes and commits fail with `error` while there is one."""

    error: Exception | None = None
    write_error: Exception | None = None

    def write(self, events: Any) -> None:
        if self.write_error is not None and events:
            raise self.write_error
        super().write(events)

    def commit(self) -> None:
        if self.error is not None and self._connection.in_transaction:
            raise self.error
        super().commit()


class World:
    """A turn, its disk, its flusher and its loop; Ann and Ben are friends, and stored."""

    def __init__(self, path: Path) -> None:
        self.disk = Disk(str(path), "off")
        self.loop, self.flusher = FakeLoop(), FakePool()
        self.broken: list[Exception] = []
        self.turn = Turn(
            self.disk,
            cast(Pool, self.flusher),
            Limits(),
            lambda: NOW_MS,
            lambda receiver: None,
            self.broken.append,
            self.loop,
            0.0,
        )
        self.turn.execute(None, SignUp("ann", "hash", NOW_MS))
        self.turn.execute(None, SignUp("ben", "hash", NOW_MS))
        self.turn.batch.events.append(FriendAdded(ANN, BEN, NOW_MS))
        for user, friend in ((ANN, BEN), (BEN, ANN)):
            self.turn.state.users[user].friends.add(friend)
        self.store_all()
        self.turn.has_stored = False

    def store_all(self) -> None:
        """End turns until nothing waits."""
        self.turn.end()
        while self.flusher.jobs:
            self.flusher.work()
            self.turn.end()

    def fail(self, error: Exception | None = None) -> None:
        """What is in flight fails."""
        self.disk.error = error or StoreUnavailable("full")
        self.flusher.work()
        self.disk.error = None

    def hear(self, user: int) -> tuple[Receiver, Callable[[], str]]:
        """Somebody who hears what a user hears, and a look at what has come since the last one."""
        made, connection = receiver()
        self.turn.hearers.setdefault(user, []).append(made)
        self.turn.state.users[user].sessions = len(self.turn.hearers[user])
        return made, connection.text

    def do(self, origin: Receiver | None, command: Command, echo: str = "DO") -> None:
        """As a line does it: the command, and its answer staged."""
        outcome = self.turn.execute(origin, command)
        if origin is not None:
            said = f"ERR|{echo}|{outcome.code}\n" if isinstance(outcome, Refused) else f"OK|{echo}\n"
            self.turn.stage(origin, Reply(said.encode(), 0, echo, 1))

    def loaded(self) -> dict[str, object]:
        """State as the file has it."""
        return snapshot(self.disk.load(Limits(), NOW_MS), NOW_MS)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "chat.db")
    yield made
    made.disk.close()


def message(text: str) -> SendMessage:
    return SendMessage(ANN, "ben", text, "", NOW_MS)


def busy(text: str = "") -> SetStatus:
    return SetStatus(ANN, "busy", text)


def is_unavailable(outcome: object) -> bool:
    return outcome is UNAVAILABLE


# When things leave.


def test_nothing_leaves_before_it_is_stored(world: World) -> None:
    ann, said = world.hear(ANN)
    _, heard = world.hear(BEN)
    world.do(ann, message("hi"))
    world.turn.end()
    assert said() == heard() == ""
    assert not world.turn.has_stored
    world.flusher.work()
    assert said() == "OK|DO\n"
    assert heard().startswith("EVENT|MESSAGE|1|")
    assert world.turn.has_stored
    assert world.turn.stored_message_id == 1


def test_the_one_who_acts_does_not_hear_of_it_and_other_sessions_do(world: World) -> None:
    ann, said = world.hear(ANN)
    _, beside = world.hear(ANN)
    world.do(ann, message("hi"))
    world.store_all()
    assert said() == "OK|DO\n"
    assert beside().endswith("|ann|ben|hi\n")


def test_a_turn_without_events_is_sent_at_its_end(world: World) -> None:
    ann, said = world.hear(ANN)
    world.do(ann, SetStatus(ANN, "online", ""))  # so it is already
    world.turn.stage(ann, standing(b"more\n"))
    assert said() == ""
    world.turn.end()
    assert said() == "OK|DO\nmore\n"
    assert not world.turn.has_stored
    assert world.flusher.jobs == []


def test_what_gathers_while_the_log_works_is_one_batch(world: World) -> None:
    ann, said = world.hear(ANN)
    for text in "abc":
        world.do(ann, message(text), text)
        world.turn.end()
    assert len(world.flusher.jobs) == 1
    world.flusher.work()
    assert said() == "OK|a\n"
    assert world.turn.stored_message_id == 1
    world.turn.end()
    world.flusher.work()
    assert said() == "OK|b\nOK|c\n"
    assert world.turn.stored_message_id == 3
    assert world.turn.is_settled


def test_a_turn_has_one_time_stamp(world: World) -> None:
    assert world.turn.stamp() == NOW_MS
    world.turn.now_ms = 5
    assert world.turn.stamp() == 5
    world.turn.end()
    assert world.turn.stamp() == NOW_MS


def test_it_is_settled_when_nothing_waits_for_the_disk(world: World) -> None:
    assert world.turn.is_settled
    world.do(None, message("hi"))
    assert not world.turn.is_settled
    world.turn.end()
    assert not world.turn.is_settled
    world.flusher.work()
    assert world.turn.is_settled


# Staged behind something.


def test_what_depends_on_nothing_leaves_at_the_end_of_the_turn_while_the_log_works(world: World) -> None:
    ann, said = world.hear(ANN)
    world.do(None, busy("in flight"))
    world.turn.end()
    world.turn.stage_behind(ann, standing(b"free\n"), None)
    assert said() == ""
    world.turn.end()
    assert said() == "free\n"


def test_it_does_not_overtake_what_is_staged_before(world: World) -> None:
    ann, said = world.hear(ANN)
    world.do(ann, message("hi"))
    world.turn.stage_behind(ann, standing(b"free 1\n"), None)
    world.turn.end()
    world.turn.stage_behind(ann, standing(b"free 2\n"), None)
    world.turn.end()
    assert said() == ""
    world.flusher.work()
    assert said() == "OK|DO\nfree 1\nfree 2\n"


def test_what_waits_for_a_batch_in_flight_leaves_with_it(world: World) -> None:
    ann, said = world.hear(ANN)
    world.do(None, busy("in flight"))
    flying = world.turn.batch
    world.turn.end()
    world.do(None, busy("gathers"))
    world.turn.stage_behind(ann, standing(b"shown\n"), flying)
    world.flusher.work()
    assert said() == "shown\n"


def test_what_waits_for_the_open_batch_is_staged_in_it(world: World) -> None:
    ann, said = world.hear(ANN)
    world.do(None, busy("gathers"))
    world.turn.stage_behind(ann, standing(b"shown\n"), world.turn.batch)
    world.turn.end()
    assert said() == ""
    world.flusher.work()
    assert said() == "shown\n"


def test_what_waits_for_an_earlier_batch_stays_behind_what_waits_for_a_later_one(world: World) -> None:
    ann, said = world.hear(ANN)
    world.do(None, busy("in flight"))
    flying = world.turn.batch
    world.turn.end()
    world.turn.stage(ann, standing(b"first\n"))
    world.turn.stage_behind(ann, standing(b"second\n"), flying)
    world.flusher.work()
    assert said() == ""
    world.turn.end()
    assert said() == "first\nsecond\n"


def test_a_batch_that_is_over_holds_nothing_back(world: World) -> None:
    ann, said = world.hear(ANN)
    world.do(ann, message("in flight"))
    over = world.turn.batch
    world.store_all()
    said()
    world.turn.stage_behind(ann, standing(b"free\n"), over)
    world.turn.end()
    assert said() == "free\n"


def test_free_frames_leave_before_what_a_batch_brings_in_the_same_turn(world: World) -> None:
    """The flusher's word may come in the turn in which they were staged, before that turn's end."""
    ann, said = world.hear(ANN)
    world.do(None, busy("in flight"))
    flying = world.turn.batch
    world.turn.end()
    world.turn.stage_behind(ann, standing(b"first\n"), None)
    world.turn.stage_behind(ann, standing(b"second\n"), flying)
    world.flusher.work()
    world.turn.end()
    assert said() == "first\nsecond\n"


def test_free_frames_leave_before_what_a_failure_answers(world: World) -> None:
    ann, said = world.hear(ANN)
    world.do(None, busy("in flight"))
    world.turn.end()
    world.turn.stage_behind(ann, standing(b"first\n"), None)
    world.do(ann, message("gathers"))
    world.fail()
    world.turn.end()
    assert [line[:8] for line in said().splitlines()] == ["first", "ERR|DO|U"]


def test_what_is_held_back_names_its_batch(world: World) -> None:
    ann, _ = world.hear(ANN)
    turn = world.turn
    assert turn.held_back(ann) is None
    world.do(ann, message("1"))
    first = turn.batch
    assert turn.held_back(ann) is first
    turn.end()
    assert turn.held_back(ann) is first is not turn.batch
    turn.stage(ann, standing(b"more"))
    assert turn.held_back(ann) is turn.batch
    world.store_all()
    assert turn.held_back(ann) is None


# What is not stored of some facts.


def test_undurable_is_the_last_batch_that_changes_a_fact(world: World) -> None:
    turn = world.turn
    assert turn.undurable([ANN]) is None
    world.do(None, busy())
    first = turn.batch
    assert turn.undurable([ANN]) is first
    assert turn.undurable([BEN, (ANN, 0)]) is None
    turn.end()
    assert turn.undurable([ANN]) is first
    world.do(None, message("hi"))
    second = turn.batch
    assert turn.undurable([ANN]) is first
    assert turn.undurable([ANN, (ANN, BEN)]) is second
    world.do(None, busy("more"))
    assert turn.undurable([ANN]) is second
    world.store_all()
    assert turn.undurable([ANN, (ANN, BEN)]) is None


def test_undurable_knows_which_batch_made_a_message(world: World) -> None:
    turn = world.turn
    world.do(None, message("1"))
    world.store_all()
    world.do(None, message("2"))
    first = turn.batch
    turn.end()
    world.do(None, message("3"))
    world.do(None, message("4"))
    made = [turn.undurable([], message) for message in range(6)]
    assert made == [None, None, first, turn.batch, turn.batch, None]


# Commands.


def test_a_refusal_changes_nothing(world: World) -> None:
    before = snapshot(world.turn.state, 0)
    outcome = world.turn.execute(None, SendMessage(ANN, "nobody", "hi", "", NOW_MS))
    assert isinstance(outcome, Refused)
    assert world.turn.batch.events == []
    assert snapshot(world.turn.state, 0) == before


def test_subscribers_are_told_in_order_and_passing_events_are_not_stored(world: World) -> None:
    told: list[object] = []
    ann, _ = world.hear(ANN)
    world.turn.subscribers = {
        Typed: [lambda origin, event: told.append((1, origin)), lambda origin, event: told.append((2, event.user))]
    }
    world.do(ann, ShowTyping(ANN, "ben", NOW_MS))
    assert told == [(1, ann), (2, ANN)]
    assert world.turn.batch.events == []


# Failures.


def test_a_failed_batch_leaves_nothing(world: World) -> None:
    ann, said = world.hear(ANN)
    _, heard = world.hear(BEN)
    before = snapshot(world.turn.state, NOW_MS)
    undone: list[str] = []
    world.do(ann, message("hi"))
    world.turn.batch.undo.append(lambda: undone.append("undone"))
    world.turn.stage_behind(ann, standing(b"OK|PING\n"), None)
    world.turn.end()
    world.fail()
    assert [line[:18] for line in said().splitlines()] == ["ERR|DO|UNAVAILABLE", "OK|PING"]
    assert heard() == ""
    assert undone == ["undone"]
    assert snapshot(world.turn.state, NOW_MS) == before == world.loaded()
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

    def load(limits: Limits, now_ms: int) -> None:
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
    assert snapshot(turn.state, NOW_MS) == outage.loaded()


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
    assert snapshot(turn.state, NOW_MS) == outage.loaded()
    assert turn.state.users[ANN].tokens == (b"1", b"2", b"3")


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
    assert snapshot(turn.state, NOW_MS) == outage.loaded()


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


def test_marks_go_with_a_batch_unless_the_store_cannot_write(world: World) -> None:
    ben, _ = world.hear(BEN)
    ben.user = BEN
    world.do(None, message("hi"))
    world.store_all()
    world.turn.unavailable = True
    world.turn.store_marks()
    assert world.turn.batch.events == []
    world.turn.unavailable = False
    world.turn.store_marks()
    assert [event[:1] for event in world.turn.batch.events] == [(1,)]
    assert world.turn.state.users[BEN].delivered_id == 1


def test_what_is_no_message_delivers_none(world: World) -> None:
    ben, heard = world.hear(BEN)
    ben.user = BEN
    world.do(None, message("hi"))
    world.store_all()
    assert world.turn.credit.handed.pop(ben) == 1
    world.do(None, ShowTyping(ANN, "ben", NOW_MS))
    world.store_all()
    assert "EVENT|TYPING" in heard()
    assert world.turn.credit.handed == {}


def test_every_message_of_the_batch_is_an_event_of_its_own(world: World) -> None:
    world.do(None, message("1"))
    world.do(None, message("2"))
    assert [type(event) for event in world.turn.batch.events] == [MessageSent] * 2
