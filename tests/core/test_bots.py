"""Bots as decisions: their accounts, and what is kept for them."""

from chatserver.core.bots import EVERYBODY
from chatserver.core.commands import BotTimer, DeleteAccount, KeepForBot, SignUp, StartBot, StopBot
from chatserver.core.events import BotRemembered, BotStarted, BotTimerRemoved, BotTimerSet, MessageSent, UserSignedUp
from chatserver.core.listings import Bots, Rows, rows_of
from chatserver.core.state import State, User
from tests.core.given import ANN, BOB, NOW_MS, given, log_in, nothing, refused, sign_up, when

BOT = 3
PEOPLE = sign_up("Ann", "bob")
START_TEA = StartBot("TeaBot", "makes tea", NOW_MS)


def test_a_bot_gets_its_account_the_first_time() -> None:
    state = given(PEOPLE, MessageSent(7, NOW_MS, ANN, BOB, "hello", None))
    events, answer = when(state, START_TEA)
    assert events == [UserSignedUp(BOT, "TeaBot", "teabot", "", NOW_MS, 7), BotStarted(BOT, "makes tea")]
    assert answer == ["TeaBot"]


def test_a_bot_that_has_its_account_only_starts() -> None:
    state = given(PEOPLE, START_TEA)
    outcome = when(state, StartBot("TEABOT", "makes more tea", NOW_MS))
    assert outcome == ([BotStarted(BOT, "makes more tea")], ["TeaBot"])


def test_the_name_of_a_person_is_not_a_bots_also_when_the_person_has_gone() -> None:
    wants = StartBot("ANN", "wants her name", NOW_MS)
    assert "ANN" in refused(given(PEOPLE), wants, "NAME_TAKEN")
    assert "ANN" in refused(given(PEOPLE, DeleteAccount(ANN, NOW_MS)), wants, "NAME_TAKEN")


def test_the_name_of_a_bot_is_not_given_out() -> None:
    state = given(PEOPLE, START_TEA)
    refused(state, SignUp("teabot", "a hash", NOW_MS), "NAME_TAKEN")
    state.bots.clear()
    refused(state, SignUp("teabot", "a hash", NOW_MS), "NAME_TAKEN")


def test_what_is_kept() -> None:
    state = given(PEOPLE, START_TEA)
    timers = (BotTimer("pot", 5, ""), BotTimer("cup", None, ""), BotTimer("milk", 7, "#tea"))
    outcome = when(state, KeepForBot(BOT, ANN, '{"n":1}', '{"all":1}', timers))
    assert outcome.events == [
        BotRemembered(BOT, ANN, '{"n":1}'),
        BotRemembered(BOT, EVERYBODY, '{"all":1}'),
        BotTimerSet(BOT, ANN, "pot", 5, ""),
        BotTimerSet(BOT, ANN, "milk", 7, "#tea"),
    ]
    assert outcome.answer == []


def test_what_is_as_it_was_is_not_kept_again() -> None:
    state = given(PEOPLE, START_TEA)
    assert when(state, KeepForBot(BOT, ANN, None, None, ())) == nothing()
    assert when(state, KeepForBot(BOT, ANN, "", None, ())).events == [BotRemembered(BOT, ANN, "")]
    assert when(state, KeepForBot(BOT, ANN, None, "", ())).events == [BotRemembered(BOT, EVERYBODY, "")]


def test_a_timer_that_is_due_at_the_begin_of_time_is_one() -> None:
    events, _ = when(given(PEOPLE, START_TEA), KeepForBot(BOT, ANN, None, None, (BotTimer("", 0, ""),)))
    assert events == [BotTimerSet(BOT, ANN, "", 0, "")]


def test_only_a_timer_that_is_there_is_removed() -> None:
    set_for_ann = KeepForBot(BOT, ANN, None, None, (BotTimer("pot", 5, ""),))
    state = given(PEOPLE, START_TEA, set_for_ann)
    remove = (BotTimer("pot", None, ""),)
    assert when(state, KeepForBot(BOT, BOB, None, None, remove)) == nothing()
    assert when(state, KeepForBot(4, ANN, None, None, remove)) == nothing()
    assert when(state, KeepForBot(BOT, ANN, None, None, remove)).events == [BotTimerRemoved(BOT, ANN, "pot")]
    assert when(state, KeepForBot(BOT, ANN, None, None, remove)) == nothing()


def test_an_account_that_goes_takes_its_memory_along() -> None:
    keep = KeepForBot(BOT, ANN, '{"n":1}', '{"all":1}', (BotTimer("pot", 5, ""),))
    state = given(PEOPLE, START_TEA, keep, DeleteAccount(ANN, NOW_MS))
    assert (state.bot_memory, state.bot_timers) == ({EVERYBODY: {BOT: '{"all":1}'}}, {})


def bots_of(state: State) -> Rows:
    return rows_of(Bots(state, User(0, "", "", "")))


def test_bots_are_listed_by_name() -> None:
    state = given([StartBot(name, f"is {name}", NOW_MS) for name in ("b", "C", "A")])
    assert bots_of(state) == [("A", "is A"), ("b", "is b"), ("C", "is C")]
    del state.bots[1]
    assert bots_of(state) == [("A", "is A"), ("C", "is C")]


def test_a_bot_that_is_stopped_is_no_bot_any_more_and_keeps_its_account() -> None:
    state = given([StartBot("A", "is A", NOW_MS), StopBot(1)])
    assert bots_of(state) == []
    assert not state.users[1].sessions
    assert when(state, StopBot(1)) == ([], [])
    assert when(state, StartBot("A", "is back", NOW_MS)) == ([BotStarted(1, "is back")], ["A"])


def test_people_are_no_bots() -> None:
    assert bots_of(given(PEOPLE, log_in(ANN))) == []
