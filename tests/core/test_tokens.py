"""The tokens of `accounts.py`: how many there are, and how long they live from their last use."""

import pytest

from chatserver.core.accounts import TOKEN_USE_MS
from chatserver.core.commands import CloseSession, KeepTokens, LogIn, LogOut, Resume
from chatserver.core.events import PresenceChanged, SessionClosed, SessionOpened, TokenIssued, TokenRevoked, TokenUsed
from chatserver.core.state import Limits, State
from tests.core.given import ANN, BOB, NOW_MS, given, log_in, nothing, refused, sign_up, token_of, when

LIFE_MS = 10 * TOKEN_USE_MS
TOKEN = token_of(ANN)


@pytest.fixture
def state() -> State:
    """Ann is logged in, her token was used right now, and a token lives for ten minutes."""
    return given(sign_up("ann", "bob"), log_in(ANN), limits=Limits(token_life_ms=LIFE_MS, tokens_per_user_max=3))


@pytest.mark.parametrize(
    ("command", "others"),
    [
        (Resume("ann", TOKEN, 0), [SessionOpened(ANN)]),
        (CloseSession(ANN, TOKEN, 0), [SessionClosed(ANN), PresenceChanged(ANN, "offline", "")]),
    ],
    ids=["resume", "close"],
)
def test_a_use_soon_after_the_last_one_is_not_written(
    state: State, command: Resume | CloseSession, others: list[object]
) -> None:
    state.users[ANN].sessions = 1
    command.now_ms = NOW_MS + TOKEN_USE_MS
    assert when(state, command).events == others
    state.users[ANN].sessions = 1
    command.now_ms += 1
    assert when(state, command).events == [TokenUsed(NOW_MS + TOKEN_USE_MS + 1, TOKEN), *others]


def test_a_token_lives_from_its_last_use(state: State) -> None:
    now_ms = NOW_MS
    for _ in range(3):
        now_ms += LIFE_MS
        when(state, Resume("ann", TOKEN, now_ms))
    refused(state, Resume("ann", TOKEN, now_ms + LIFE_MS + 1), "BAD_LOGIN")


def test_a_session_whose_token_was_revoked_ends_without_a_use(state: State) -> None:
    given_up = [TokenRevoked(TOKEN)]
    state = given(sign_up("ann"), log_in(ANN), *given_up)
    events, _ = when(state, CloseSession(ANN, TOKEN, NOW_MS + LIFE_MS))
    assert events == [SessionClosed(ANN), PresenceChanged(ANN, "offline", "")]


def test_logout_with_a_token_that_was_revoked_before(state: State) -> None:
    state = given(sign_up("ann"), log_in(ANN), TokenRevoked(TOKEN))
    when(state, LogOut(ANN, TOKEN))
    assert (state.tokens, state.users[ANN].sessions) == ({}, 0)


def test_as_many_tokens_as_there_may_be_stay_good(state: State) -> None:
    for token in (b"second", b"third"):
        events, _ = when(state, LogIn(ANN, token, NOW_MS))
        assert events == [TokenIssued(token, ANN, NOW_MS), SessionOpened(ANN)]
    assert state.users[ANN].tokens == (TOKEN, b"second", b"third")


def test_with_one_token_too_many_the_oldest_goes(state: State) -> None:
    for token in (b"second", b"third"):
        when(state, LogIn(ANN, token, NOW_MS))
    when(state, LogIn(BOB, token_of(BOB), NOW_MS))
    events, _ = when(state, LogIn(ANN, b"fourth", NOW_MS))
    assert events == [TokenRevoked(TOKEN), TokenIssued(b"fourth", ANN, NOW_MS), SessionOpened(ANN)]
    assert state.tokens.keys() == {b"second", b"third", b"fourth", token_of(BOB)}


def test_where_fewer_tokens_are_allowed_than_before_all_that_are_too_many_go(state: State) -> None:
    for token in (b"second", b"third"):
        when(state, LogIn(ANN, token, NOW_MS))
    state.limits = Limits(tokens_per_user_max=1)
    events, _ = when(state, LogIn(ANN, b"fourth", NOW_MS))
    revoked = [TokenRevoked(token) for token in (TOKEN, b"second", b"third")]
    assert events == [*revoked, TokenIssued(b"fourth", ANN, NOW_MS), SessionOpened(ANN)]


def test_the_hourly_look_revokes_tokens_whose_life_is_over(state: State) -> None:
    when(state, LogIn(BOB, token_of(BOB), NOW_MS + 1))
    assert when(state, KeepTokens(frozenset(), NOW_MS + LIFE_MS)) == nothing()
    assert when(state, KeepTokens(frozenset(), NOW_MS + LIFE_MS + 1)) == ([TokenRevoked(TOKEN)], [])
    assert when(state, KeepTokens(frozenset(), NOW_MS + LIFE_MS + 2)) == ([TokenRevoked(token_of(BOB))], [])


def test_the_hourly_look_keeps_tokens_of_open_sessions(state: State) -> None:
    when(state, LogIn(BOB, token_of(BOB), NOW_MS))
    in_use = frozenset([TOKEN])
    assert when(state, KeepTokens(in_use, NOW_MS + TOKEN_USE_MS)) == nothing()
    late_ms = NOW_MS + LIFE_MS + 1
    events, _ = when(state, KeepTokens(in_use, late_ms))
    assert events == [TokenUsed(late_ms, TOKEN), TokenRevoked(token_of(BOB))]
