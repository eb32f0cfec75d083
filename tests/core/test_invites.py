"""Who may sign up, and what everybody is told."""

from dataclasses import replace

import pytest

from chatserver.core import invites
from chatserver.core.accounts import check_sign_up
from chatserver.core.commands import Announce, EndNotice, MakeInvite, RevokeInvite, SignUp, Sweep
from chatserver.core.events import Announced, InviteEnded, InviteSet, NoticeEnded, UserSignedUp
from chatserver.core.state import Limits, State
from tests.core.given import ANN, NOW_MS, PEOPLE, given, heard, log_in, refused, when

LATER_MS = NOW_MS + 1000


def policy(signup: str, *steps: MakeInvite) -> State:
    state = given(*steps)
    state.limits = replace(Limits(), signup=signup)
    return state


def sign_up(code: str | None) -> SignUp:
    return SignUp("Zoe", "a hash", NOW_MS, code)


def test_where_sign_up_is_closed_an_administrator_alone_makes_accounts() -> None:
    state = policy("closed", MakeInvite("abc", 1, LATER_MS))
    refused(state, sign_up("abc"), "NOT_ALLOWED")
    assert check_sign_up(state, "Zoe", "long enough", "abc", NOW_MS) == invites.NO_SIGN_UP
    when(state, sign_up(None))


def test_an_invitation_is_good_for_so_many_accounts() -> None:
    state = policy("invite", MakeInvite("abc", 2, LATER_MS))
    refused(state, sign_up(""), "NOT_ALLOWED")
    refused(state, sign_up("abd"), "NOT_ALLOWED")
    events, _ = when(state, sign_up("abc"))
    assert isinstance(events[0], UserSignedUp)
    assert events[1:] == [InviteSet("abc", 1, LATER_MS)]
    assert when(state, replace(sign_up("abc"), name="Yan")).events[1:] == [InviteEnded("abc")]
    refused(state, replace(sign_up("abc"), name="Xia"), "NOT_ALLOWED")


def test_an_invitation_ends() -> None:
    state = policy("invite", MakeInvite("abc", 2, LATER_MS), MakeInvite("def", 1, NOW_MS + 9000))
    refused(state, replace(sign_up("abc"), now_ms=LATER_MS), "NOT_ALLOWED")
    assert when(state, Sweep(LATER_MS)).events == [InviteEnded("abc")]
    assert when(state, RevokeInvite("def")).events == [InviteEnded("def")]
    refused(state, RevokeInvite("def"), "NOT_ALLOWED")


def test_where_everybody_may_sign_up_a_code_is_not_used() -> None:
    assert len(when(policy("open", MakeInvite("abc", 1, LATER_MS)), sign_up("abc")).events) == 1


def test_a_notice_is_heard_by_who_is_there_and_ends() -> None:
    state = given(PEOPLE, log_in(ANN))
    announced = Announced(1, "tea | five", LATER_MS)
    assert when(state, Announce("tea | five", LATER_MS, NOW_MS)) == ([announced], ["1"])
    assert heard(state, announced) == [([ANN], "EVENT|NOTICE|tea | five\n")]
    when(state, Announce("more", LATER_MS + 1, NOW_MS))
    assert when(state, Sweep(LATER_MS)).events == [NoticeEnded(1)]
    assert when(state, EndNotice(2)).events == [NoticeEnded(2)]
    refused(state, EndNotice(2), "NOT_ALLOWED")


def test_notices_that_are_over_take_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty that were told once, within the hour until the sweep, kept the next one from being told."""
    monkeypatch.setattr(invites, "NOTICES_MAX", 1)
    state = given(Announce("only now", NOW_MS, NOW_MS))
    assert when(state, Announce("tea", LATER_MS, NOW_MS)).events == [NoticeEnded(1), Announced(2, "tea", LATER_MS)]
    refused(state, Announce("more tea", LATER_MS, NOW_MS), "NOT_ALLOWED")


def test_what_is_no_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    refused(given(), Announce(" ", LATER_MS, NOW_MS), "BAD_TEXT")
    refused(given(), Announce("x" * 1001, LATER_MS, NOW_MS), "TOO_LONG")
    monkeypatch.setattr(invites, "NOTICES_MAX", 0)
    refused(given(), Announce("tea", LATER_MS, NOW_MS), "NOT_ALLOWED")
    monkeypatch.setattr(invites, "INVITES_MAX", 0)
    refused(given(), MakeInvite("abc", 1, LATER_MS), "NOT_ALLOWED")
