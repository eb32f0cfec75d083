"""What a bot's faults lead to, by user and by text."""

from chatserver.bothost.faults import (
    PAUSE_S,
    PAUSED,
    SET_ASIDE,
    SWITCHED_OFF,
    TEXT_FAULTS_MAX,
    TEXTS_KEPT,
    USER_FAULTS_MAX,
    USERS_MAX,
    Faults,
)

ANN, BOB = 1, 2


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_faults_with_something_that_works_between_them_lead_to_nothing() -> None:
    faults = Faults(Clock())
    for number in range(3 * USER_FAULTS_MAX):
        faults.failed(ANN, str(number))
        faults.worked()
    assert faults.refusal(ANN, "x") is None


def test_a_user_waits_for_a_while_and_nobody_else_does() -> None:
    clock = Clock()
    faults = Faults(clock)
    for number in range(USER_FAULTS_MAX):
        assert faults.refusal(ANN, "x") is None
        faults.failed(ANN, str(number))
    assert faults.refusal(ANN, "x") == PAUSED
    assert faults.refusal(BOB, "x") is None
    clock.now_s = PAUSE_S
    assert faults.refusal(ANN, "x") is None


def test_a_text_is_set_aside_for_everybody_until_newer_ones_have_taken_its_place() -> None:
    faults = Faults(Clock())
    for _ in range(TEXT_FAULTS_MAX):
        assert faults.refusal(ANN, "poison") is None
        faults.failed(ANN, "poison")
        faults.worked()
    assert faults.refusal(BOB, "poison") == SET_ASIDE
    for number in range(TEXTS_KEPT):
        faults.failed(ANN, str(number))
        faults.worked()
    assert faults.refusal(BOB, "poison") is None


def test_timers_and_pages_have_no_text() -> None:
    faults = Faults(Clock())
    for _ in range(TEXT_FAULTS_MAX):
        faults.failed(ANN, None)
    assert faults.refusal(ANN, None) is None


def test_users_one_after_another_switch_it_off() -> None:
    faults = Faults(Clock())
    for user in range(USERS_MAX - 1):
        faults.failed(user, "x")
    assert not faults.is_off
    assert "switched off" in faults.failed(USERS_MAX, "y")
    assert faults.refusal(99, "z") == SWITCHED_OFF
    faults.reset()
    assert faults.refusal(99, "z") is None
