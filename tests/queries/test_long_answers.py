"""Long answers step by step: what each step costs is counted, and what happens between two of them holds."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import get_args

import pytest

from chatserver.core.commands import MarkRead
from chatserver.core.events import (
    AccountDeleted,
    BurstSent,
    EditWithheld,
    FriendAdded,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    ReactionChanged,
    RoomCreated,
    RoomJoined,
    RoomLeft,
    UserSignedUp,
)
from chatserver.queries import long_answers, look_ups, messages
from chatserver.queries.jobs import FINDS, TEXTS, Outcome, Room
from chatserver.queries.requests import (
    Answer,
    AskMarkRead,
    Export,
    LongQuery,
    Search,
    ShowConversations,
    ShowHistory,
    ShowSync,
    ShowUnread,
)
from chatserver.store import changes
from chatserver.store import history as history_module
from chatserver.store.postings import ID_MAX
from chatserver.store.store import Store
from chatserver.turn.batch import Batch
from tests.queries.turns import FakeTurn

ANN, BEN, CAT = 1, 2, 3
ROOM = -1
INSTRUCTIONS_MAX = 40_000
"""Of SQLite in one step: a row takes some 20, and as long as 0.3 µs where it is of a text."""


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(Store(":memory:")) as made:
        yield made


@pytest.fixture
def turn(store: Store) -> FakeTurn:
    made = FakeTurn(store)
    made.write(*(UserSignedUp(at, name, name, "hash", 0, 0) for at, name in ((ANN, "ann"), (BEN, "ben"), (CAT, "cat"))))
    made.write(FriendAdded(ANN, BEN, 0), RoomCreated(ROOM, "#room", "#room", "public", ANN, 0))
    made.write(RoomJoined(ROOM, ANN, 0, 0), RoomJoined(ROOM, BEN, 0, 0))
    store.commit()
    return made


def work_out(
    turn: FakeTurn, user: int, query: LongQuery | AskMarkRead, between: Callable[[int], None] = lambda step: None
) -> tuple[Outcome, int]:
    """What a job comes to, and in how many steps once it has room; `between` is called after each."""
    job = look_ups.look_up(turn, user, query) if isinstance(query, AskMarkRead) else long_answers.job(turn, user, query)
    steps = 0
    while True:
        try:
            if isinstance(next(job), Room):
                continue
        except StopIteration as end:
            return end.value, steps
        steps += 1
        between(steps)


def answer(
    turn: FakeTurn, user: int, query: LongQuery | AskMarkRead, between: Callable[[int], None] = lambda step: None
) -> Answer:
    result, _ = work_out(turn, user, query, between)
    assert isinstance(result, Answer)
    return result


def ids(found: Answer) -> list[int]:
    return [int(row[0]) for row in found.rows or []]


def marks(found: Answer) -> list[str]:
    return b"".join(found.marks).decode().splitlines()


def longest_step(turn: FakeTurn, store: Store, user: int, query: LongQuery) -> tuple[int, int]:
    """Instructions of SQLite in the longest step, and the steps."""
    counts = [0]

    def tick() -> int:
        counts[-1] += 100
        return 0

    store._connection.set_progress_handler(tick, 100)
    _, steps = work_out(turn, user, query, lambda step: counts.append(0))
    store._connection.set_progress_handler(None, 0)
    return max(counts), steps


def test_every_long_query_is_answered() -> None:
    assert long_answers.TABLE.keys() == set(get_args(LongQuery))


# HISTORY


def test_history_is_the_same_however_it_is_cut(turn: FakeTurn, monkeypatch: pytest.MonkeyPatch) -> None:
    turn.write(
        *(MessageSent(at, 5, *((ANN, BEN), (BEN, ANN), (ANN, ROOM))[at % 3], f"t{at}", None) for at in range(1, 300))
    )
    turn.write(MessageEdited(300, 298, BEN, ANN, 6, "edited"), ReactionChanged(301, 297, ANN, BEN, 7, BEN, "x", True))
    for cost in (10**9, 1):
        monkeypatch.setattr(history_module, "STEP_COST", cost)
        for module, name in ((changes, "STEP_COST"), (changes, "STEP_ROWS"), (messages, "ROWS_PER_STEP")):
            monkeypatch.setattr(module, name, min(cost, 100))
        found = answer(turn, ANN, ShowHistory("ben", 50, ID_MAX))
        assert ids(found) == [at for at in range(1, 300) if at % 3 != 2][-50:]
        assert [mark.split("|")[1:3] for mark in marks(found)] == [["EDITED", "298"], ["REACTION", "297"]]
        assert ids(answer(turn, ANN, ShowHistory("#room", 5, 200))) == [185, 188, 191, 194, 197]
        assert ids(answer(turn, ANN, ShowHistory("ben", 5, 4))) == [1, 3]


def test_long_texts_make_more_steps(turn: FakeTurn) -> None:
    def steps(chars: int) -> int:
        first_id = turn.state.last_message_id + 1
        turn.write(BurstSent(first_id, 5, ANN, BEN, ["x" * chars] * 500))
        result, steps = work_out(turn, ANN, ShowHistory("ben", 500, ID_MAX))
        assert isinstance(result, Answer)
        assert len(result.rows or []) == 500
        return steps

    short, long = steps(10), steps(4000)
    assert short < 12
    assert long >= 500 * 2 * 4000 // history_module.STEP_COST


def test_a_step_of_history_is_bounded_whatever_is_marked(turn: FakeTurn, store: Store) -> None:
    turn.write(BurstSent(1, 5, ANN, BEN, ["é" * 3800] * 500))
    for at in range(20):
        first = 501 + 500 * at
        turn.write(*(ReactionChanged(first + of, 1 + of, ANN, BEN, 5, BEN, f"e{at}", at % 2 == 0) for of in range(500)))
    longest, steps = longest_step(turn, store, ANN, ShowHistory("ben", 500, ID_MAX))
    assert longest < INSTRUCTIONS_MAX
    assert steps > 30
    found = marks(answer(turn, ANN, ShowHistory("ben", 500, ID_MAX)))
    assert len(found) == 5000


def test_of_too_many_marks_the_newest_reactions_and_all_edits(turn: FakeTurn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MARKS_MAX", 3)
    monkeypatch.setattr(changes, "STEP_ROWS", 4)
    turn.write(*(MessageSent(at, 5, ANN, BEN, "t", None) for at in (1, 2)))
    turn.write(MessageEdited(3, 1, ANN, BEN, 5, "x"), MessageEdited(4, 2, ANN, BEN, 5, "y"))
    turn.write(*(ReactionChanged(at, 1 + at % 2, ANN, BEN, 5, BEN, f"e{at}", True) for at in range(5, 20)))
    found = [mark.split("|") for mark in marks(answer(turn, ANN, ShowHistory("ben", 9, ID_MAX)))]
    assert [mark[2] if mark[1] == "EDITED" else mark[5] for mark in found] == ["1", "2", "e17", "e18", "e19"]


# SYNC


def test_sync_is_the_same_however_it_is_cut(turn: FakeTurn, monkeypatch: pytest.MonkeyPatch) -> None:
    ways = ((ANN, BEN), (BEN, ANN), (BEN, ROOM), (CAT, BEN))
    turn.write(*(MessageSent(at, 5, *ways[at % 4], f"t{at}", None) for at in range(1, 201)))
    turn.write(MessageEdited(201, 4, ANN, BEN, 6, "edited"), ReactionChanged(202, 6, BEN, ROOM, 7, BEN, "x", True))
    turn.write(ReactionChanged(203, 5, BEN, ANN, 7, ANN, "y", False), MessageEdited(204, 3, CAT, BEN, 7, "unseen"))
    mine = [at for at in range(1, 201) if at % 4 != 3]
    for cost in (10**9, 1):
        monkeypatch.setattr(history_module, "STEP_COST", cost)
        for module, name in ((changes, "STEP_COST"), (messages, "ROWS_PER_STEP")):
            monkeypatch.setattr(module, name, min(cost, 100))
        found = answer(turn, ANN, ShowSync(0, 500))
        assert (ids(found), found.fields, found.passed) == (mine, ("0",), 204)
        assert [mark.split("|")[1:3] for mark in marks(found)] == [["EDITED", "4"], ["REACTION", "6"]]
        found = answer(turn, ANN, ShowSync(10, 7))
        assert (ids(found), found.fields, found.passed, found.marks) == (
            [12, 13, 14, 16, 17, 18, 20],
            ("1",),
            20,
            [],
        )
        assert [mark.split("|")[5:] for mark in marks(answer(turn, ANN, ShowSync(200, 7)))][-1] == ["y", "-"]
        found = answer(turn, ANN, ShowSync(500, 7))
        assert (ids(found), found.fields, found.passed) == ([], ("0",), 500)


def test_of_too_many_changes_sync_shows_the_newest(turn: FakeTurn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MARKS_MAX", 12)
    turn.write(BurstSent(1, 5, ANN, BEN, ["t", "t"]))
    turn.write(MessageEdited(3, 1, ANN, BEN, 5, "x" * 2000), ReactionChanged(4, 1, ANN, BEN, 5, BEN, "y", True))
    turn.write(MessageEdited(5, 2, ANN, BEN, 5, "x" * 1999), ReactionChanged(6, 1, ANN, BEN, 5, BEN, "z", True))
    for cost in (250, 1):
        monkeypatch.setattr(changes, "STEP_COST", cost)
        found = [mark.split("|")[1] for mark in marks(answer(turn, BEN, ShowSync(0, 9)))]
        assert found == ["REACTION", "EDITED", "REACTION"]


def test_a_step_of_sync_is_bounded(turn: FakeTurn, store: Store) -> None:
    turn.write(BurstSent(1, 5, BEN, ROOM, ["é" * 3800] * 500))
    for at in range(12):
        first = 501 + 500 * at
        turn.write(*(ReactionChanged(first + of, 1 + of, BEN, ROOM, 5, BEN, f"e{at}", True) for of in range(500)))
    longest, steps = longest_step(turn, store, ANN, ShowSync(0, 500))
    assert longest < INSTRUCTIONS_MAX
    assert steps > 30
    assert len(marks(answer(turn, ANN, ShowSync(0, 500)))) == 5000


def test_what_comes_while_sync_is_worked_out_is_not_of_it(turn: FakeTurn) -> None:
    turn.write(BurstSent(1, 5, BEN, ANN, ["kept"] * 2))
    found = answer(turn, ANN, ShowSync(0, 9), lambda step: turn.write(MessageSent(2 + step, 5, BEN, ANN, "new", None)))
    assert (ids(found), found.passed) == ([1, 2], 2)


def test_what_is_not_stored_yet_is_waited_for_once(turn: FakeTurn) -> None:
    turn.in_flight = Batch(1, 0)
    job = long_answers.job(turn, ANN, ShowHistory("ben", 9, ID_MAX))
    assert next(job) is turn.in_flight
    assert turn.asked == [([ANN, BEN, (ANN, BEN)], 0)]
    assert next(job) is TEXTS
    assert next(job) is None


@pytest.mark.parametrize(
    ("query", "room"),
    [
        *((each, TEXTS) for each in (ShowHistory("ben", 9, ID_MAX), ShowSync(0, 9), Export(0))),
        *((each, FINDS) for each in (Search("no"), ShowUnread(), ShowConversations())),
    ],
)
def test_what_may_gather_much_asks_for_room_before_it_does(turn: FakeTurn, query: LongQuery, room: Room) -> None:
    assert next(long_answers.job(turn, ANN, query)) is room


def test_a_room_that_was_left_while_its_history_waited_is_not_shown(turn: FakeTurn) -> None:
    job = long_answers.job(turn, ANN, ShowHistory("#room", 9, ID_MAX))
    assert next(job) is TEXTS
    turn.write(RoomLeft(1, ROOM, ANN))
    with pytest.raises(StopIteration) as end:
        next(job)
    assert end.value.value.code == "NOT_MEMBER"


# SEARCH


def test_an_edit_that_a_block_keeps_away_is_found_by_its_author_alone(turn: FakeTurn) -> None:
    """As after a friendship that has ended: who is blocked cannot tell."""
    turn.write(MessageSent(1, 5, ANN, BEN, "an old word", None), MessageSent(2, 5, BEN, ANN, "a new word", None))
    turn.write(EditWithheld(3, 1, ANN, BEN, 6, "a new wörd"))
    for user, words, expected in (
        *((ANN, "old", []), (ANN, "new", [1, 2]), (ANN, "wörd", [1, 2]), (BEN, "old", [1]), (BEN, "new", [2])),
    ):
        assert (words, ids(answer(turn, user, Search(words)))) == (words, expected)
    texts = [row[-1] for row in answer(turn, ANN, Search("new")).rows or []]
    assert texts == ["a new wörd", "a new word"]


def test_of_many_kept_away_edits_the_newest_are_found(turn: FakeTurn) -> None:
    turn.write(BurstSent(1, 5, ANN, BEN, ["word"] * 90))
    turn.write(*(EditWithheld(100 + at, 1 + at, ANN, BEN, 6, "word anew") for at in range(40)))
    assert ids(answer(turn, ANN, Search("word"))) == [*range(41, 91)]
    assert ids(answer(turn, ANN, Search("anew"))) == [*range(1, 41)]


# The others


@pytest.mark.parametrize("is_deleted", [False, True], ids=["", "by a deleted account"])
@pytest.mark.parametrize(
    "query", [ShowUnread(), AskMarkRead("#room", ID_MAX), Export(0), Search("no"), ShowHistory("#room", 500, ID_MAX)]
)
def test_a_step_is_bounded_in_a_room_where_much_was_said(
    turn: FakeTurn, store: Store, query: LongQuery, is_deleted: bool
) -> None:
    turn.write(MessageSent(1, 5, ANN, ROOM, "first", None))
    turn.write(BurstSent(2, 5, BEN, ROOM, ["é" * 1000] * 6000))
    if is_deleted:
        store.write([AccountDeleted(9, 6001, BEN)])
    longest, steps = longest_step(turn, store, ANN, query)
    assert longest < INSTRUCTIONS_MAX
    assert steps >= (2 if is_deleted else 5)


def test_unread_is_counted_over_pages(turn: FakeTurn) -> None:
    turn.write(BurstSent(1, 5, BEN, ROOM, ["hi"] * 1200), BurstSent(1201, 5, CAT, ANN, ["hi"] * 700))
    turn.write(MessageDeleted(1901, 1, BEN, ROOM, 6), MessageSent(1902, 5, ANN, CAT, "hi", None))
    assert answer(turn, ANN, ShowUnread()).rows == [("#room", "1199", "2"), ("cat", "700", "1201")]
    result, _ = work_out(turn, ANN, AskMarkRead("#room", 1199))
    assert result == MarkRead(ANN, ROOM, 1199, 1199, (BEN,))
    result, _ = work_out(turn, ANN, AskMarkRead("cat", 5000))
    assert result == MarkRead(ANN, CAT, 5000, 1902, (ANN, CAT))


def test_export_goes_on_where_a_page_of_messages_or_of_deeds_ends(
    turn: FakeTurn, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn.write(BurstSent(1, 5, BEN, ANN, [f"t{at}" for at in range(30)]))
    turn.write(*(ReactionChanged(30 + at, at, BEN, ANN, 5, ANN, "x", True) for at in range(1, 31)))
    turn.write(*(MessageSent(60 + at, 5, ANN, BEN, "more", None) for at in range(1, 20)))
    everything = answer(turn, ANN, Export(0))
    for cost, page in ((10**9, 7), (1, 200), (1, 7)):
        monkeypatch.setattr(history_module, "STEP_COST", cost)
        monkeypatch.setattr(long_answers, "EXPORT_PAGE", page)
        again = answer(turn, ANN, Export(0))
        assert again.fields == ("0",)
        assert sorted(again.rows or []) == sorted(everything.rows or [])
