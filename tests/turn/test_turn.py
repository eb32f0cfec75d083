"""Commands applied to State, and the batch that gathers: when things leave, in which order, and what they wait for."""

from collections.abc import Callable

from chatserver.core.commands import SendMessage, SetStatus, ShowTyping
from chatserver.core.events import MessageSent, Typed
from chatserver.core.outcome import Refused
from chatserver.core.state import snapshot
from chatserver.turn.records import standing
from tests.turn.turns import ANN, BEN, NOW_MS, World, busy, message

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
    before = snapshot(world.turn.state)
    outcome = world.turn.execute(None, SendMessage(ANN, "nobody", "hi", "", NOW_MS))
    assert isinstance(outcome, Refused)
    assert world.turn.batch.events == []
    assert snapshot(world.turn.state) == before


def test_subscribers_are_told_in_order_and_passing_events_are_not_stored(world: World) -> None:
    told: list[object] = []
    ann, _ = world.hear(ANN)
    world.turn.subscribers = {
        Typed: [lambda origin, event: told.append((1, origin)), lambda origin, event: told.append((2, event.user))]
    }
    world.do(ann, ShowTyping(ANN, "ben", NOW_MS))
    assert told == [(1, ann), (2, ANN)]
    assert world.turn.batch.events == []


def test_marks_go_with_a_batch_unless_the_store_cannot_write(world: World) -> None:
    ben, _ = world.hear(BEN)
    ben.user = BEN
    world.do(None, message("hi"))
    world.store_all()
    world.turn.unavailable = True
    world.turn.store_marks([ben])
    assert world.turn.batch.events == []
    world.turn.unavailable = False
    world.turn.store_marks([ben])
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


# A batch with much for many leaves over several turns.


def crowd(world: World, many: int) -> list[Callable[[], str]]:
    """So many sessions of Ben's, of whom one is sent something a turn."""
    release = world.turn.release
    release.at_once = release.slice = 1
    release.turn_s = 0.0
    return [world.hear(BEN)[1] for _ in range(many)]


def received(heard: list[Callable[[], str]]) -> list[str]:
    """What came since the last look, in short; of those who got something."""
    texts = [hear() for hear in heard]
    return ["".join(line[-1] for line in text.splitlines()) for text in texts if text]


def test_what_is_for_many_leaves_over_several_turns_and_the_next_batch_waits(world: World) -> None:
    heard = crowd(world, 3)
    world.do(None, message("a"))
    world.turn.end()
    world.do(None, message("b"))
    world.flusher.work()
    assert received(heard) == ["a"]
    assert not world.turn.is_settled
    world.turn.end()
    assert received(heard) == ["a"]
    assert not world.flusher.jobs
    world.turn.end()
    assert received(heard) == ["a"]
    assert world.flusher.jobs
    world.store_all()
    for _ in heard:
        world.turn.end()
    assert received(heard) == ["b"] * 3
    assert world.turn.is_settled


def test_an_answer_does_not_overtake_what_still_leaves_and_passes_what_is_for_others(world: World) -> None:
    heard = crowd(world, 2)
    world.do(None, message("a"))
    world.turn.end()
    world.flusher.work()
    assert received(heard[:1]) == []
    assert received(heard[1:]) == ["a"]
    waits, was_sent = world.turn.hearers[BEN]
    for receiver in (waits, was_sent):
        world.turn.stage_behind(receiver, standing(b"PONG x\n"), None)
    assert world.turn.held_back(waits) is not None
    assert world.turn.held_back(was_sent) is None
    world.turn.end()
    assert received(heard) == ["ax", "x"]


def test_who_waits_for_a_batch_waits_until_all_of_it_has_left(world: World) -> None:
    crowd(world, 3)
    told: list[bool] = []
    world.do(None, message("a"))
    world.turn.batch.when_over(told.append)
    world.turn.end()
    world.flusher.work()
    world.turn.end()
    assert not told
    world.turn.end()
    assert told == [True]


def test_what_failed_is_told_behind_what_still_leaves(world: World) -> None:
    heard = crowd(world, 2)
    ann, said = world.hear(ANN)
    world.do(ann, message("a"), "a")
    world.turn.end()
    world.flusher.work()
    world.do(ann, message("b"), "b")
    world.turn._undo_all("the tests say so")
    for _ in range(4):
        world.turn.end()
    assert said().replace("|", " ").split()[:4] == ["OK", "a", "ERR", "b"]
    assert received(heard) == ["a", "a"]
