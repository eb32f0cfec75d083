"""Long answers from State, in steps: what happens between two of them is in it, as far as the asker hears of it."""

from collections.abc import Callable, Iterable
from itertools import count
from random import Random
from typing import cast

import pytest

from chatserver.core.commands import (
    AcceptFriend,
    AddFriend,
    Block,
    Command,
    CreateRoom,
    DeleteAccount,
    DeleteFriend,
    HandOver,
    Invite,
    JoinRoom,
    Kick,
    LeaveRoom,
    NameModerator,
    RejectFriend,
    SetStatus,
    SetTopic,
    StartBot,
    Unblock,
)
from chatserver.core.decide import decide
from chatserver.core.events import FriendAdded, FriendRequested, UserBlocked
from chatserver.core.evolve import evolve
from chatserver.core.listings import Gathered, Listing
from chatserver.core.outcome import Refused
from chatserver.core.state import State
from chatserver.queries import answers
from chatserver.queries.jobs import Chat, Shown
from chatserver.queries.requests import (
    Answer,
    ShowBlocks,
    ShowBots,
    ShowFriends,
    ShowMembers,
    ShowRequests,
    ShowRooms,
)
from tests.core.given import ANN, NOW_MS, given, log_in, room_of, sign_up

QUERIES = [ShowFriends(), ShowRequests(), ShowBots(), ShowBlocks(), ShowRooms(), ShowMembers("#tea")]
Rows = list[tuple[str, ...]]


class FakeChat:
    """A chat that a job looks at."""

    def __init__(self, state: State) -> None:
        self.state = state


def in_steps(state: State, query: object, between: Callable[[int], None]) -> Shown:
    """A job's answer to Ann; something happens after each of its steps."""
    job = answers.job(cast(Chat, FakeChat(state)), ANN, query)
    for step in count():
        try:
            next(job)
        except StopIteration as end:
            return cast(Shown, end.value)
        between(step)
    raise AssertionError


def many(people: int = 30) -> State:
    """Ann knows some of the others, asks some and blocks some; they are in a room, and there are other rooms."""
    others = range(2, people + 2)
    return given(
        sign_up("Ann", *(f"u{(at * 7) % people:03}" for at in range(people))),
        StartBot("TeaBot", "makes tea", NOW_MS),
        log_in(*others[::2]),
        [FriendAdded(ANN, other, NOW_MS) for other in others[::3]],
        [FriendRequested(ANN, other, NOW_MS) for other in others[1::6]],
        [FriendRequested(other, ANN, NOW_MS) for other in others[2::6]],
        [UserBlocked(ANN, other, NOW_MS) for other in others[4::6]],
        room_of(3, ANN, *others[::2]),
        [room_of(2, 4, room=-at, name=f"#{at}") for at in range(2, 20)],
        [room_of(2, ANN, kind="private", room=-at, name=f"#{at - 10}") for at in range(20, 25)],
    )


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: type(query).__name__)
def test_it_is_the_same_in_steps_and_at_once(query: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "ROWS_A_STEP", 3)
    state, steps = many(), list[int]()
    shown = in_steps(state, query, steps.append)
    assert shown == answers.answer(state, ANN, query)
    assert isinstance(shown.answer, Answer)
    assert shown.answer.rows
    assert len(steps) >= len(shown.answer.rows) / 3


def test_a_step_takes_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand members in one step took 25 ms, and as long again for each client that asked in the same turn."""
    looked, taken = list[int](), Gathered.take

    def take(gathered: Gathered, listing: Listing, numbers: Iterable[int]) -> None:
        looked.append(len(list(numbers)))
        taken(gathered, listing, numbers)

    monkeypatch.setattr(Gathered, "take", take)
    monkeypatch.setattr(answers, "ROWS_AT_ONCE", 20)
    monkeypatch.setattr(answers, "ROWS_A_STEP", 10)
    state = many(50)
    assert answers.is_long(state, ANN, ShowMembers("#tea"))
    assert not answers.is_long(state, ANN, ShowMembers("#none"))
    assert not answers.is_long(state, ANN, ShowBots())
    in_steps(state, ShowMembers("#tea"), lambda step: None)
    assert max(looked) == 10
    assert looked[-1] == 0, "at the end nothing is new"


def test_of_a_room_that_one_has_left_meanwhile_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "ROWS_A_STEP", 3)
    state = many()

    def leave(step: int) -> None:
        if step == 2:
            do(state, LeaveRoom(ANN, "#tea", NOW_MS))

    shown = in_steps(state, ShowMembers("#tea"), leave)
    assert isinstance(shown.answer, Refused)
    assert shown.answer.code == "NOT_MEMBER"


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: type(query).__name__)
@pytest.mark.parametrize("seed", range(20))
def test_what_happens_meanwhile_is_in_it(query: object, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else an event would come before an answer that knows nothing of it."""
    monkeypatch.setattr(answers, "ROWS_A_STEP", 3)
    random, state = Random(seed), many()

    def go_on(step: int) -> None:
        for _ in range(20):
            do(state, some_command(random, state))

    shown = in_steps(state, query, go_on)
    now = answers.answer(state, ANN, query)
    assert shown.facts == now.facts
    assert heard(state, query, shown.answer) == heard(state, query, now.answer)


def do(state: State, command: Command) -> None:
    """Do it, if it may be done."""
    outcome = decide(state, command)
    if not isinstance(outcome, Refused):
        for event in outcome[0]:
            evolve(state, event)


def some_command(random: Random, state: State) -> Command:
    """Of Ann, or of somebody else."""
    others = [name for name in state.by_name if name not in ("Ann", "TeaBot")]
    name, room = random.choice(others), random.choice(["#tea", "#tea", *(f"#{at}" for at in range(2, 30))])
    user, other = random.choice([(ANN, name), (state.by_name[name].id, "Ann"), (3, name)])
    made: list[Command] = [
        AddFriend(user, other, NOW_MS),
        AcceptFriend(user, other, NOW_MS),
        RejectFriend(user, other),
        DeleteFriend(user, other),
        Block(user, other, NOW_MS),
        Unblock(user, other),
        SetStatus(state.by_name[name].id, random.choice(["busy", "invisible"]), ""),
        CreateRoom(user, room, random.choice(["public", "private"]), NOW_MS),
        JoinRoom(user, room, NOW_MS),
        LeaveRoom(user, random.choice([room, "#none"]) if user == ANN and room == "#tea" else room, NOW_MS),
        Invite(user, room, other, NOW_MS),
        Kick(user, room, name, NOW_MS),
        SetTopic(user, room, f"topic {random.random()}", NOW_MS),
        HandOver(user, room, other),
        NameModerator(user, room, other, random.random() < 0.5),
        StartBot(f"Bot{random.randrange(9)}", "does this", NOW_MS),
    ]
    if random.random() < 0.02 and state.by_name[name].id != 3:
        return DeleteAccount(state.by_name[name].id, NOW_MS)
    return random.choice(made)


def heard(state: State, query: object, answer: Answer | Refused) -> Rows:
    """The rows but for what Ann hears nothing of: how strangers are, and what becomes of rooms that she is not in."""
    if isinstance(answer, Refused):
        return [(answer.code,)]
    rows, friends = answer.rows or [], {state.users[friend].name for friend in state.users[ANN].friends}
    if isinstance(query, ShowRooms):
        return [row if row[3] == "joined" else (row[0], row[1], row[3]) for row in rows]
    if isinstance(query, ShowMembers):
        return [row if row[0] in friends else (row[0], row[2]) for row in rows]
    return rows
