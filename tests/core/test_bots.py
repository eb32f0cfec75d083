"""What the core decides about bots, and that the store brings it back."""

import sqlite3
from pathlib import Path

from chatserver.core.bots import EVERYBODY, keep_for_bot, list_bots, start_bot
from chatserver.core.commands import (
    AddFriend,
    BotTimer,
    Command,
    DeleteAccount,
    KeepForBot,
    SendMessage,
    SignUp,
    StartBot,
)
from chatserver.core.decide import decide
from chatserver.core.events import (
    BotRemembered,
    BotStarted,
    BotTimerRemoved,
    BotTimerSet,
    FriendAdded,
    MessageSent,
    UserSignedUp,
)
from chatserver.core.evolve import evolve
from chatserver.core.outcome import Refused
from chatserver.core.state import Limits, State, snapshot
from chatserver.store import schema
from chatserver.store.store import Store

NOW_MS = 1_000_000
SIGN_UP_ANN = SignUp("ann", "a hash", NOW_MS)
START_TEA = StartBot("TeaBot", "makes tea", NOW_MS)


def given(*commands: Command) -> State:
    """A chat in which these commands were done: ann is user 1, TeaBot user 2."""
    state = State(Limits(friends_max=2))
    for command in commands:
        outcome = decide(state, command)
        assert not isinstance(outcome, Refused), outcome
        for event in outcome[0]:
            evolve(state, event)
    return state


def events(state: State, command: Command) -> list[object]:
    outcome = decide(state, command)
    assert not isinstance(outcome, Refused), outcome
    return list(outcome[0])


def refusal(state: State, command: Command) -> str:
    outcome = decide(state, command)
    assert isinstance(outcome, Refused), outcome
    return outcome.code


def test_a_bot_gets_its_account_the_first_time() -> None:
    state = given(SIGN_UP_ANN)
    assert events(state, START_TEA) == [
        UserSignedUp(2, "TeaBot", "teabot", "", NOW_MS, 0),
        BotStarted(2, "makes tea"),
    ]


def test_a_bot_that_has_its_account_only_starts() -> None:
    state = given(SIGN_UP_ANN, START_TEA)
    assert events(state, StartBot("teabot", "makes more tea", NOW_MS)) == [BotStarted(2, "makes more tea")]


def test_the_name_of_a_person_is_not_a_bots_also_when_the_person_has_gone() -> None:
    state = given(SIGN_UP_ANN)
    assert refusal(state, StartBot("Ann", "wants her name", NOW_MS)) == "NAME_TAKEN"
    state = given(SIGN_UP_ANN, DeleteAccount(1, NOW_MS))
    assert refusal(state, StartBot("Ann", "wants her name", NOW_MS)) == "NAME_TAKEN"


def test_a_bot_is_befriended_at_once() -> None:
    state = given(SIGN_UP_ANN, START_TEA)
    assert events(state, AddFriend(1, "tea bot", NOW_MS)) == [FriendAdded(1, 2, NOW_MS)]
    state = given(SIGN_UP_ANN, START_TEA, AddFriend(1, "TeaBot", NOW_MS))
    assert refusal(state, AddFriend(1, "TeaBot", NOW_MS)) == "ALREADY_FRIENDS"


def test_bots_count_among_the_most_friends_one_may_have() -> None:
    bots = [StartBot(name, "is there", NOW_MS) for name in ("A", "B", "C")]
    state = given(SIGN_UP_ANN, *bots, AddFriend(1, "A", NOW_MS), AddFriend(1, "B", NOW_MS))
    assert refusal(state, AddFriend(1, "C", NOW_MS)) == "NOT_ALLOWED"


def test_a_bot_and_a_user_write_to_each_other_without_being_friends() -> None:
    state = given(SIGN_UP_ANN, START_TEA)
    assert events(state, SendMessage(1, "TeaBot", "tea", "", NOW_MS)) == [MessageSent(1, NOW_MS, 1, 2, "tea", None)]
    assert events(state, SendMessage(2, "ann", "tea", "", NOW_MS)) == [MessageSent(1, NOW_MS, 2, 1, "tea", None)]


def test_a_bot_that_does_not_run_is_a_stranger() -> None:
    state = given(SIGN_UP_ANN, START_TEA)
    state.bots.clear()
    assert refusal(state, SendMessage(1, "TeaBot", "tea", "", NOW_MS)) == "NOT_FRIENDS"
    assert refusal(state, SendMessage(1, "Tea Bot", "tea", "", NOW_MS)) == "NO_SUCH_USER"


def test_what_is_kept() -> None:
    state = given(SIGN_UP_ANN, START_TEA)
    timers = (BotTimer("pot", 5, ""), BotTimer("cup", None, ""))
    assert events(state, KeepForBot(2, 1, '{"n":1}', '{"all":1}', timers)) == [
        BotRemembered(2, 1, '{"n":1}'),
        BotRemembered(2, EVERYBODY, '{"all":1}'),
        BotTimerSet(2, 1, "pot", 5, ""),
    ]
    assert keep_for_bot(state, KeepForBot(2, 1, None, None, ())) == ([], ())


def test_only_a_timer_that_is_there_is_removed() -> None:
    state = given(SIGN_UP_ANN, START_TEA, KeepForBot(2, 1, None, None, (BotTimer("pot", 5, ""),)))
    gone = KeepForBot(2, 1, None, None, (BotTimer("pot", None, ""),))
    assert events(state, gone) == [BotTimerRemoved(2, 1, "pot")]
    evolve(state, BotTimerRemoved(2, 1, "pot"))
    assert events(state, gone) == []


def test_an_account_that_goes_takes_its_memory_along() -> None:
    keep = KeepForBot(2, 1, '{"n":1}', '{"all":1}', (BotTimer("pot", 5, ""),))
    state = given(SIGN_UP_ANN, START_TEA, keep, DeleteAccount(1, NOW_MS))
    assert (state.bot_memory, state.bot_timers) == ({EVERYBODY: {2: '{"all":1}'}}, {})


def test_bots_are_listed_by_name() -> None:
    state = given(*[StartBot(name, f"is {name}", NOW_MS) for name in ("b", "C", "A")])
    assert list_bots(state) == [("A", "is A"), ("b", "is b"), ("C", "is C")]
    assert start_bot(state, StartBot("B", "is B", NOW_MS)) == ((BotStarted(1, "is B"),), ("b",))


def test_the_store_brings_it_back_and_forgets_what_is_gone(tmp_path: Path) -> None:
    state = State()
    store = Store(str(tmp_path / "chat.db"))
    keep = KeepForBot(2, 1, '{"n":1}', '{"ä":1}', (BotTimer("pot", 5, ""), BotTimer("cup", 7, "#tea")))
    change = KeepForBot(2, 1, '{"n":2}', None, (BotTimer("pot", None, ""), BotTimer("cup", 9, "")))
    for command in (SIGN_UP_ANN, START_TEA, keep, change):
        outcome = decide(state, command)
        assert not isinstance(outcome, Refused)
        for event in outcome[0]:
            evolve(state, event)
        store.write([event for event in outcome[0] if not isinstance(event, BotStarted)])
        store.commit()
    loaded = store.load(Limits(), NOW_MS)
    store.close()
    assert snapshot(loaded, NOW_MS) == snapshot(state, NOW_MS)
    assert loaded.bot_timers == {1: {(2, "cup"): (9, "")}}
    assert loaded.bot_memory == {1: {2: '{"n":2}'}, EVERYBODY: {2: '{"ä":1}'}}


def test_a_file_from_before_bots_grows(tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    connection = sqlite3.connect(path)
    schema.MIGRATIONS[0](connection)
    connection.execute("PRAGMA user_version = 1")
    connection.execute("INSERT INTO users (id, name, key, created_ms, delivered_id) VALUES (1, 'ann', 'ann', 5, 0)")
    connection.commit()
    connection.close()
    store = Store(str(path))
    state = store.load(Limits(), NOW_MS)
    store.close()
    assert list(state.by_name) == ["ann"]
    assert (state.bot_memory, state.bot_timers) == ({}, {})
