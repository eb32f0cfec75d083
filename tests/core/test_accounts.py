"""Accounts, sessions and presence as decisions. See also `test_tokens.py` and `test_account_deletion.py`."""

import pytest

from chatserver.core.accounts import BAD_LOGIN, check_password, check_sign_up
from chatserver.core.commands import (
    CloseSession,
    DeleteAccount,
    LogIn,
    LogOut,
    Rehash,
    Resume,
    SetPassword,
    SetStatus,
    SignUp,
    StartBot,
)
from chatserver.core.events import (
    MessageSent,
    OtherSessionsEnded,
    PasswordSet,
    PresenceChanged,
    SessionClosed,
    SessionOpened,
    StatusSet,
    TokenIssued,
    TokenRevoked,
    UserSignedUp,
)
from chatserver.core.evolve import evolve
from chatserver.core.state import Limits, State
from tests.core.given import (
    ANN,
    BOB,
    FRIENDS,
    NOW_MS,
    PEOPLE,
    given,
    log_in,
    nothing,
    refused,
    sign_up,
    token_of,
    when,
)

INVISIBLE = StatusSet("invisible", "", ANN)
NAME_32 = "n" * 32

# SIGNUP


def test_an_account_begins_behind_the_last_message() -> None:
    state = given(FRIENDS, MessageSent(7, NOW_MS, ANN, BOB, "hello", None))
    events, answer = when(state, SignUp("Zoë", "a hash", NOW_MS))
    assert events == [UserSignedUp(5, "Zoë", "zoë", "a hash", NOW_MS, 7)]
    assert answer == ["Zoë"]


def test_a_name_is_kept_in_its_composed_form() -> None:
    events, answer = when(State(), SignUp("Zoe\u0308", "a hash", NOW_MS))
    assert events == [UserSignedUp(1, "Zoë", "zoë", "a hash", NOW_MS, 0)]
    assert answer == ["Zoë"]


@pytest.mark.parametrize("name", ["Ann", "aNN", "ＡＮＮ"])
def test_a_name_is_taken_however_it_is_spelled(name: str) -> None:
    assert name in refused(given(PEOPLE), SignUp(name, "a hash", NOW_MS), "NAME_TAKEN")


@pytest.mark.parametrize("name", ["\u0410nn", "b\u043eb", "b0b", "EVE\u0301e\u0301"[:2] + "\u0435", "TeaB\u03bft"])
def test_a_name_that_looks_like_somebodys_is_refused(name: str) -> None:
    state = given(PEOPLE, StartBot("TeaBot", "makes tea", NOW_MS))
    assert "looks like" in refused(state, SignUp(name, "a hash", NOW_MS), "NAME_TAKEN")
    when(given(PEOPLE, limits=Limits(look_alikes_refused=False)), SignUp(name, "a hash", NOW_MS))


def test_who_looks_alike_is_counted_until_the_last_has_gone() -> None:
    state = given(sign_up("ann1", "Il"), limits=Limits(look_alikes_refused=False))
    evolve(state, UserSignedUp(3, "1l", "1l", "a hash", NOW_MS, 0))
    assert state.look_alikes == {"annl": 1, "ll": 2}
    for user, left in ((2, {"annl": 1, "ll": 1}), (3, {"annl": 1}), (1, {})):
        when(state, DeleteAccount(user, NOW_MS))
        assert state.look_alikes == left


def test_the_name_of_a_deleted_account_is_not_given_out_again() -> None:
    refused(given(PEOPLE, DeleteAccount(ANN, NOW_MS)), SignUp("ann", "a hash", NOW_MS), "NAME_TAKEN")


@pytest.mark.parametrize("name", ["", "_ann", "-ann", "a b", "a|b", "#ann", "ann!", "n" * 33, "a\u200bnn"])
def test_what_is_no_name_is_refused_before_the_password_is_hashed(name: str) -> None:
    check = check_sign_up(State(), name, "long enough")
    assert check is not None
    assert check.code == "BAD_NAME"


@pytest.mark.parametrize("name", ["a", "9", "Ann_b-c.d", NAME_32, "e\u0301" * 32])
def test_what_is_a_name(name: str) -> None:
    assert check_sign_up(State(), name, "long enough") is None


def test_a_taken_name_is_refused_before_the_password_is_hashed() -> None:
    check = check_sign_up(given(PEOPLE), "ANN", "long enough")
    assert check is not None
    assert check.code == "NAME_TAKEN"


@pytest.mark.parametrize("password", ["", "p" * 7, "p" * 257, "e\u0301" * 7, "e" + "\u0301" * 1024, "p" * 8000])
def test_a_password_too_short_or_too_long(password: str) -> None:
    for check in (check_sign_up(State(), "ann", password), check_password(State(), password)):
        assert check is not None
        assert check.code == "BAD_PASSWORD"
        assert "8 to 256" in check.text


@pytest.mark.parametrize("password", ["p" * 8, "p" * 256, "e\u0301" * 256])
def test_a_password_just_short_or_long_enough(password: str) -> None:
    assert check_password(State(), password) is None
    assert check_sign_up(State(), "ann", password) is None


def test_limits_of_a_password_are_settings() -> None:
    state = given(sign_up("ann"), limits=Limits(password_chars_min=3, password_chars_max=4))
    codes = [check and check.code for check in (check_password(state, "p" * length) for length in range(2, 6))]
    assert codes == ["BAD_PASSWORD", None, None, "BAD_PASSWORD"]


# LOGIN, RESUME, LOGOUT


def test_the_first_login_issues_a_token_and_makes_the_user_appear() -> None:
    events, answer = when(given(PEOPLE), LogIn(ANN, b"token", NOW_MS))
    assert events == [TokenIssued(b"token", ANN, NOW_MS), SessionOpened(ANN), PresenceChanged(ANN, "online", "")]
    assert answer == ["Ann"]


def test_a_user_appears_with_the_status_that_was_kept() -> None:
    events, _ = when(given(PEOPLE, StatusSet("busy", "in a meeting", ANN)), LogIn(ANN, b"token", NOW_MS))
    assert events[-1] == PresenceChanged(ANN, "busy", "in a meeting")


def test_a_second_login_changes_nothing_for_friends() -> None:
    events, _ = when(given(PEOPLE, log_in(ANN)), LogIn(ANN, b"token", NOW_MS))
    assert events == [TokenIssued(b"token", ANN, NOW_MS), SessionOpened(ANN)]


def test_an_invisible_user_does_not_appear() -> None:
    events, _ = when(given(PEOPLE, INVISIBLE), LogIn(ANN, b"token", NOW_MS))
    assert events == [TokenIssued(b"token", ANN, NOW_MS), SessionOpened(ANN)]


def test_a_login_to_an_account_deleted_while_the_password_was_checked() -> None:
    state = given(PEOPLE, DeleteAccount(ANN, NOW_MS))
    assert refused(state, LogIn(ANN, b"token", NOW_MS), "BAD_LOGIN") == BAD_LOGIN.text


def test_resume_as_the_only_session_makes_the_user_appear() -> None:
    state = given(PEOPLE, log_in(ANN), CloseSession(ANN, token_of(ANN), NOW_MS))
    events, answer = when(state, Resume("ANN", token_of(ANN), NOW_MS))
    assert events == [SessionOpened(ANN), PresenceChanged(ANN, "online", "")]
    assert answer == ["Ann"]


def test_resume_beside_another_session_changes_nothing_for_friends() -> None:
    events, _ = when(given(PEOPLE, log_in(ANN)), Resume("ann", token_of(ANN), NOW_MS))
    assert events == [SessionOpened(ANN)]


@pytest.mark.parametrize(
    ("name", "token"),
    [("nobody", token_of(ANN)), ("ann", b"no token"), ("bob", token_of(ANN))],
    ids=["no such user", "no such token", "somebody else's token"],
)
def test_resume_is_refused_in_the_same_words_whatever_is_wrong(name: str, token: bytes) -> None:
    assert refused(given(PEOPLE, log_in(ANN)), Resume(name, token, NOW_MS), "BAD_LOGIN") == BAD_LOGIN.text


def test_logout_of_the_last_session_revokes_its_token_and_makes_the_user_disappear() -> None:
    state = given(PEOPLE, log_in(ANN))
    events, answer = when(state, LogOut(ANN, token_of(ANN)))
    assert events == [TokenRevoked(token_of(ANN)), SessionClosed(ANN), PresenceChanged(ANN, "offline", "")]
    assert answer == ["Ann"]
    refused(state, Resume("ann", token_of(ANN), NOW_MS), "BAD_LOGIN")


def test_logout_of_one_of_two_sessions_leaves_the_other_and_its_token() -> None:
    state = given(PEOPLE, log_in(ANN), LogIn(ANN, b"other", NOW_MS))
    events, _ = when(state, LogOut(ANN, b"other"))
    assert events == [TokenRevoked(b"other"), SessionClosed(ANN)]
    assert state.users[ANN].tokens == (token_of(ANN),)


def test_an_invisible_user_does_not_disappear() -> None:
    events, _ = when(given(PEOPLE, INVISIBLE, log_in(ANN)), LogOut(ANN, token_of(ANN)))
    assert events == [TokenRevoked(token_of(ANN)), SessionClosed(ANN)]


def test_a_connection_that_is_gone_leaves_the_token() -> None:
    state = given(PEOPLE, log_in(ANN))
    events, answer = when(state, CloseSession(ANN, token_of(ANN), NOW_MS))
    assert events == [SessionClosed(ANN), PresenceChanged(ANN, "offline", "")]
    assert answer == []
    when(state, Resume("ann", token_of(ANN), NOW_MS))


def test_a_connection_of_a_deleted_account_goes_without_a_trace() -> None:
    state = given(PEOPLE, log_in(ANN), DeleteAccount(ANN, NOW_MS))
    assert when(state, CloseSession(ANN, token_of(ANN), NOW_MS)) == nothing()


# SETPASSWORD


def test_a_new_password_revokes_every_other_token_and_ends_the_other_sessions() -> None:
    tokens = [token_of(ANN, number) for number in range(4)]
    state = given(PEOPLE, log_in(BOB), *(LogIn(ANN, token, NOW_MS) for token in tokens))
    events, answer = when(state, SetPassword(ANN, "new hash", tokens[1]))
    assert events == [
        PasswordSet("new hash", ANN),
        TokenRevoked(tokens[0]),
        TokenRevoked(tokens[2]),
        TokenRevoked(tokens[3]),
        OtherSessionsEnded(ANN),
    ]
    assert answer == ["Ann"]
    assert state.users[ANN].tokens == (tokens[1],)
    assert state.tokens.keys() == {tokens[1], token_of(BOB)}


def test_a_hash_is_renewed_without_another_word() -> None:
    state = given(PEOPLE, log_in(ANN))
    assert when(state, Rehash(ANN, "new hash")) == ([PasswordSet("new hash", ANN)], [])


def test_a_hash_for_an_account_that_has_gone_is_dropped() -> None:
    assert when(given(PEOPLE, DeleteAccount(ANN, NOW_MS)), Rehash(ANN, "new hash")) == nothing()


# SETSTATUS


def test_a_status_is_kept_and_seen() -> None:
    events, answer = when(given(PEOPLE, log_in(ANN)), SetStatus(ANN, "away", "lunch | tea"))
    assert events == [StatusSet("away", "lunch | tea", ANN), PresenceChanged(ANN, "away", "lunch | tea")]
    assert answer == ["away", "lunch | tea"]


def test_without_a_status_it_is_told() -> None:
    state = given(PEOPLE, log_in(ANN), SetStatus(ANN, "away", "lunch"))
    assert when(state, SetStatus(ANN, "", "")) == nothing("away", "lunch")
    assert when(state, SetStatus(ANN, "", "tea")).answer == ["away", "tea"]


def test_the_same_status_again_is_no_event() -> None:
    state = given(PEOPLE, log_in(ANN), SetStatus(ANN, "away", "lunch"))
    assert when(state, SetStatus(ANN, "away", "lunch")) == nothing("away", "lunch")


@pytest.mark.parametrize(("status", "text"), [("busy", "lunch"), ("away", "tea"), ("away", "")])
def test_another_status_or_another_text_is_seen(status: str, text: str) -> None:
    state = given(PEOPLE, log_in(ANN), SetStatus(ANN, "away", "lunch"))
    events, _ = when(state, SetStatus(ANN, status, text))
    assert events == [StatusSet(status, text, ANN), PresenceChanged(ANN, status, text)]


def test_who_becomes_invisible_looks_offline_and_has_no_text() -> None:
    events, answer = when(given(PEOPLE, log_in(ANN)), SetStatus(ANN, "invisible", "here"))
    assert events == [StatusSet("invisible", "here", ANN), PresenceChanged(ANN, "offline", "")]
    assert answer == ["invisible", "here"]


def test_another_text_of_one_who_is_invisible_is_kept_but_not_seen() -> None:
    state = given(PEOPLE, INVISIBLE, log_in(ANN))
    assert when(state, SetStatus(ANN, "invisible", "here")).events == [StatusSet("invisible", "here", ANN)]


def test_who_is_invisible_no_more_appears() -> None:
    events, _ = when(given(PEOPLE, INVISIBLE, log_in(ANN)), SetStatus(ANN, "online", ""))
    assert events == [StatusSet("online", "", ANN), PresenceChanged(ANN, "online", "")]
