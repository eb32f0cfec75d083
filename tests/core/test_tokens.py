"""How exactly the last use of a token is kept: its life is counted from there."""

import pytest

from chatserver.core.accounts import TOKEN_USE_MS
from chatserver.core.commands import CloseSession, Command, LogIn, Resume, SignUp
from chatserver.core.decide import decide
from chatserver.core.events import TokenUsed
from chatserver.core.evolve import evolve
from chatserver.core.outcome import Refused
from chatserver.core.state import Limits, State

NOW_MS = 1_795_358_345_123
LIFE_MS = 10 * TOKEN_USE_MS
TOKEN = b"a hash"


@pytest.fixture
def state() -> State:
    state = State(Limits(token_life_ms=LIFE_MS))
    do(state, SignUp("ann", "x", NOW_MS))
    do(state, LogIn(1, TOKEN, NOW_MS))
    return state


def do(state: State, command: Command) -> list[TokenUsed]:
    outcome = decide(state, command)
    assert not isinstance(outcome, Refused)
    for event in outcome[0]:
        evolve(state, event)
    return [event for event in outcome[0] if isinstance(event, TokenUsed)]


@pytest.mark.parametrize("command", [Resume("ann", TOKEN, 0), CloseSession(1, TOKEN, 0)], ids=["resume", "close"])
def test_a_use_soon_after_the_last_one_is_not_written(state: State, command: Resume | CloseSession) -> None:
    command.now_ms = NOW_MS + TOKEN_USE_MS
    assert do(state, command) == []
    command.now_ms += 1
    assert do(state, command) == [TokenUsed(NOW_MS + TOKEN_USE_MS + 1, TOKEN)]


def test_a_token_lives_from_its_last_use(state: State) -> None:
    now_ms = NOW_MS
    for _ in range(3):
        now_ms += LIFE_MS
        do(state, Resume("ann", TOKEN, now_ms))
    assert isinstance(decide(state, Resume("ann", TOKEN, now_ms + LIFE_MS + 1)), Refused)
