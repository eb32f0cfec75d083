"""Decisions of administrators about people, and reports."""

import pytest

from chatserver.core.commands import (
    CloseReport,
    DeleteAccount,
    EditMessage,
    EndSessions,
    Found,
    LogIn,
    Pardon,
    React,
    Report,
    ResetPassword,
    Resume,
    Sanction,
    SendBurst,
    SendMessage,
    SetPassword,
    SetTopic,
    Sweep,
)
from chatserver.core.events import (
    BotStarted,
    MessageReported,
    PasswordSet,
    ReportClosed,
    SanctionEnded,
    SanctionSet,
    TokenRevoked,
    UserRemoved,
    UserSignedUp,
)
from chatserver.core.moderation import REPORTS_PER_HOUR
from chatserver.core.sanctions import DISABLED, EXPIRED, FOREVER_MS, MUTED, SUSPENDED, shown_s
from tests.core.given import (
    ANN,
    BOB,
    EVE,
    FRIENDS,
    NOW_MS,
    PEOPLE,
    given,
    log_in,
    nothing,
    refused,
    room_of,
    token_of,
    when,
)

LATER_MS = NOW_MS + 3_600_000
FROM_ANN = Found(NOW_MS, ANN, BOB, {}, 0)


def sanction(kind: str, name: str = "bob", until_ms: int = LATER_MS, reason: str = "spam") -> Sanction:
    return Sanction(name, kind, until_ms, reason, NOW_MS)


def test_who_is_suspended_is_shown_out_and_told_until_when_and_why() -> None:
    state = given(FRIENDS, log_in(BOB))
    events, answer = when(state, sanction(SUSPENDED))
    assert answer == ["bob"]
    assert events[0] == SanctionSet(BOB, SUSPENDED, LATER_MS, "spam")
    assert isinstance(events[1], UserRemoved)
    assert "2026-12-02T13:00:01.000Z (spam)" in events[1].text


@pytest.mark.parametrize("command", [LogIn(BOB, b"new", NOW_MS), Resume("bob", token_of(BOB), NOW_MS)])
def test_who_is_suspended_does_not_get_in_until_it_ends(command: LogIn | Resume) -> None:
    state = given(FRIENDS, log_in(BOB), sanction(SUSPENDED))
    assert "spam" in refused(state, command, "SUSPENDED")
    command.now_ms = LATER_MS
    when(state, command)


def test_a_pardon_ends_it_at_once() -> None:
    state = given(FRIENDS, sanction(SUSPENDED, until_ms=FOREVER_MS))
    assert "for good" in refused(state, LogIn(BOB, b"new", NOW_MS), "SUSPENDED")
    assert when(state, Pardon("BOB", SUSPENDED)) == ([SanctionEnded(BOB, SUSPENDED)], ["bob"])
    when(state, LogIn(BOB, b"new", NOW_MS))
    refused(state, Pardon("bob", SUSPENDED), "NOT_ALLOWED")


def test_who_is_muted_writes_nothing_and_learns_for_how_long() -> None:
    state = given(FRIENDS, room_of(BOB), sanction(MUTED, until_ms=NOW_MS + 90_000))
    mine = Found(NOW_MS, BOB, ANN, {}, 0)
    for command in (
        SendMessage(BOB, "Ann", "hi", "", NOW_MS),
        SendBurst(BOB, [("Ann", 2)], ["hi", "ho"], NOW_MS),
        EditMessage(BOB, 1, "ho", NOW_MS, mine),
        React(BOB, 1, "x", NOW_MS, mine),
        SetTopic(BOB, "#tea", "milk", NOW_MS),
    ):
        assert "91 s from now (spam)" in refused(state, command, "MUTED")
    when(state, SendMessage(BOB, "Ann", "hi", "", NOW_MS + 90_000))
    when(state, SendMessage(ANN, "bob", "hi", "", NOW_MS))


@pytest.mark.parametrize(
    ("seconds", "said"), [(1, "1 s"), (119, "119 s"), (121, "3 min"), (7200, "2 h"), (172_801, "3 d")]
)
def test_a_time_is_said_in_its_largest_unit(seconds: int, said: str) -> None:
    assert shown_s(seconds) == said


def test_what_cannot_be_a_sanction() -> None:
    state = given(FRIENDS, UserSignedUp(9, "TeaBot", "teabot", "", NOW_MS, 0), BotStarted(9, "tea"))
    refused(state, sanction(MUTED, "nobody"), "NO_SUCH_USER")
    refused(state, sanction(MUTED, "TeaBot"), "NOT_ALLOWED")
    refused(state, sanction(DISABLED, "bob"), "NOT_ALLOWED")
    refused(state, sanction(MUTED, until_ms=NOW_MS), "BAD_COMMAND")
    refused(state, sanction(MUTED, reason="x" * 201), "TOO_LONG")
    when(state, sanction(DISABLED, "TeaBot"))


def test_a_password_that_was_given_is_good_for_another_one_alone() -> None:
    state = given(FRIENDS, log_in(BOB))
    events, _ = when(state, ResetPassword(BOB, "once"))
    assert [type(event) for event in events] == [PasswordSet, TokenRevoked, SanctionSet, UserRemoved]
    assert "SETPASSWORD|bob|" in refused(state, LogIn(BOB, b"new", NOW_MS), "PASSWORD_EXPIRED")
    events, _ = when(state, SetPassword(BOB, "chosen", b""))
    assert SanctionEnded(BOB, EXPIRED) in events
    when(state, LogIn(BOB, b"new", NOW_MS))


def test_sessions_end_and_only_the_tokens_that_are_named() -> None:
    state = given(FRIENDS, log_in(BOB), LogIn(BOB, token_of(BOB, 2), NOW_MS))
    events, _ = when(state, EndSessions(BOB, (token_of(BOB),), "go"))
    assert events == [TokenRevoked(token_of(BOB)), UserRemoved(BOB, "REMOVED", "go")]
    refused(state, EndSessions(99, (), "go"), "NO_SUCH_USER")


def test_a_report_keeps_the_message_and_whose_it_is() -> None:
    state = given(FRIENDS)
    reported = MessageReported(1, NOW_MS, BOB, 7, ANN, BOB, "buy!", "spam | again")
    assert when(state, Report(BOB, 7, "spam | again", NOW_MS, FROM_ANN, "buy!")) == ([reported], ["7"])
    assert when(state, CloseReport(1, NOW_MS)) == ([ReportClosed(1, NOW_MS)], ["1"])
    refused(state, CloseReport(2, NOW_MS), "NOT_ALLOWED")


def test_what_cannot_be_reported() -> None:
    state = given(FRIENDS)
    refused(state, Report(EVE, 7, "spam", NOW_MS, FROM_ANN, ""), "NO_SUCH_MESSAGE")
    refused(state, Report(BOB, 7, "spam", NOW_MS, None, ""), "NO_SUCH_MESSAGE")
    refused(state, Report(ANN, 7, "spam", NOW_MS, FROM_ANN, ""), "SELF")
    refused(state, Report(BOB, 7, "  ", NOW_MS, FROM_ANN, ""), "BAD_TEXT")
    refused(state, Report(BOB, 7, "\u200b", NOW_MS, FROM_ANN, ""), "BAD_TEXT")
    refused(state, Report(BOB, 7, "x" * 1001, NOW_MS, FROM_ANN, ""), "TOO_LONG")


def test_reports_are_so_many_an_hour() -> None:
    state = given(FRIENDS)
    for at in range(REPORTS_PER_HOUR):
        when(state, Report(BOB, 7, "spam", NOW_MS + at, FROM_ANN, ""))
    assert "60 min" in refused(state, Report(BOB, 7, "spam", NOW_MS + 10, FROM_ANN, ""), "THROTTLED")
    when(state, Report(BOB, 7, "spam", NOW_MS + 3_600_000, FROM_ANN, ""))


def test_when_somebody_reported_goes_with_the_account() -> None:
    state = given(FRIENDS)
    when(state, Report(BOB, 7, "spam", NOW_MS, FROM_ANN, ""))
    assert list(state.reported) == [BOB]
    when(state, DeleteAccount(BOB, NOW_MS))
    assert state.reported == {}


def test_the_sweep_forgets_what_has_ended() -> None:
    state = given(PEOPLE, sanction(MUTED), sanction(SUSPENDED, "Eve", FOREVER_MS))
    assert when(state, Sweep(NOW_MS)) == nothing()
    assert when(state, Sweep(LATER_MS)) == ([SanctionEnded(BOB, MUTED)], [])
    assert state.users[BOB].sanctions is None
