"""What a turn brings about as one: closed, undone, over."""

from chatserver.core.events import FriendAdded, StatusSet
from chatserver.turn.batch import Batch
from chatserver.turn.receiver import Receiver
from chatserver.turn.records import Opening, Record, Reply, standing
from tests.turn.fakes import receiver

ANN, BEN = 1, 2
REPLY = Reply(b"OK|SEND\n", 0, "SEND", 1)
EVENT: Record = (b"EVENT|1\n", 1, None)


def stage(batch: Batch, to: Receiver, *records: Record) -> None:
    if not to.staged:
        batch.dirty.append(to)
    to.staged.extend(records)


def test_closing_takes_what_is_staged_and_says_whom_it_holds_back() -> None:
    batch = Batch(1, 0)
    (ann, _), (ben, _) = receiver(), receiver()
    stage(batch, ann, REPLY)
    stage(batch, ben, EVENT, EVENT)
    stage(batch, ann, EVENT)
    batch.close()
    assert batch.staged == [(ann, [REPLY, EVENT]), (ben, [EVENT, EVENT])]
    assert ann.depends is ben.depends is batch
    assert ann.staged == ben.staged == batch.dirty == []
    stage(Batch(2, 0), ann, REPLY)
    assert batch.staged[0] == (ann, [REPLY, EVENT])


def test_one_with_nothing_left_to_say_is_not_held_back() -> None:
    batch = Batch(1, 0)
    ann, _ = receiver()
    batch.dirty.append(ann)
    batch.close()
    assert batch.staged == []
    assert ann.depends is None


def test_it_knows_which_facts_it_changes_of_events_added_later_too() -> None:
    batch = Batch(1, 0)
    assert not batch.changes([ANN, BEN])
    batch.events.append(StatusSet("busy", "", ANN))
    assert batch.changes([ANN])
    assert not batch.changes([BEN])
    assert not batch.changes([])
    batch.events.append(FriendAdded(BEN, 3, 0))
    assert batch.changes([BEN])
    assert batch.changes([ANN])
    assert batch.changes([4, 3])


def test_undoing_goes_backwards_and_happens_once() -> None:
    batch, undone = Batch(1, 0), list[int]()
    for number in range(3):
        batch.undo.append(lambda number=number: undone.append(number))  # type: ignore[misc]
    batch.revert()
    assert undone == [2, 1, 0]
    batch.revert()
    assert undone == [2, 1, 0]


def test_an_undone_batch_sends_refusals_and_what_stands_alone() -> None:
    batch = Batch(1, 0)
    (ann, _), (ben, _), (cat, _) = receiver(), receiver(), receiver()
    batch.staged.append((cat, [REPLY]))  # it waited for this batch
    stage(batch, ann, standing(b"OK|PING\n"), EVENT, REPLY)
    stage(batch, ben, EVENT)
    batch.revert()
    assert [to for to, _ in batch.staged] == [cat, ann]
    (refused,), (stands, also_refused) = (records for _, records in batch.staged)
    assert stands == standing(b"OK|PING\n")
    assert refused[0] == also_refused[0]
    assert refused[0].startswith(b"ERR|SEND|UNAVAILABLE|")
    assert ann.depends is batch


def test_what_an_undo_tells_goes_with_the_batch() -> None:
    batch = Batch(1, 0)
    ann, _ = receiver()
    batch.undo.append(lambda: stage(batch, ann, standing(b"later\n")))
    stage(batch, ann, standing(b"first\n"))
    batch.revert()
    assert batch.staged == [(ann, [standing(b"first\n"), standing(b"later\n")])]


def test_a_login_that_is_undone_is_not_waited_for() -> None:
    batch = Batch(1, 0)
    ann, _ = receiver()
    ann.special = 3  # one is in another batch
    login = Reply(b"OK|LOGIN\n", Opening(ANN, 0, 0), "LOGIN", 1)
    stage(batch, ann, login, EVENT, login)
    batch.revert()
    assert ann.special == 1


def test_the_end_lets_go_of_everything_and_of_those_who_waited() -> None:
    batch, seen = Batch(1, 0), list[object]()
    batch.events.append(StatusSet("busy", "", ANN))
    batch.undo.append(lambda: seen.append("undone"))
    batch.waiting += [lambda: seen.append(batch.over), lambda: seen.append(batch.waiting)]
    assert not batch.over
    batch.end()
    assert seen == [True, []]
    assert (batch.events, batch.undo, batch.staged, batch.waiting) == ([], [], [], [])
