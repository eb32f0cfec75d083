"""Who may sign up, and what everybody is told: invitation codes and notices, and the hourly sweep of what has ended."""

from chatserver.core.commands import Announce, EndNotice, MakeInvite, RevokeInvite, Sweep
from chatserver.core.events import Announced, BanEnded, Event, InviteEnded, InviteSet, NoticeEnded, SanctionEnded
from chatserver.core.outcome import Outcome, Refused
from chatserver.core.state import State

INVITES_MAX = 10_000
NOTICES_MAX = 20
NOTICE_CHARS_MAX = 1000
NO_SIGN_UP = Refused("NOT_ALLOWED", "Nobody can sign up here: ask whoever runs this server for an account")
NOT_INVITED = Refused(
    "NOT_ALLOWED", "One signs up here with an invitation code that is still good: REDEEM|username|password|code"
)


def check_policy(state: State, code: str | None, now_ms: int) -> Refused | None:
    """Refuse a sign-up that the policy does not allow; a code of None is an administrator's."""
    policy = state.limits.signup
    if code is None or policy == "open":
        return None
    if policy == "closed":
        return NO_SIGN_UP
    found = state.invites.get(code)
    return None if found is not None and found[1] > now_ms else NOT_INVITED


def used(state: State, code: str | None) -> tuple[Event, ...]:
    """What a sign-up leaves of the code it came with."""
    found = state.invites.get(code) if code and state.limits.signup == "invite" else None
    if code is None or found is None:
        return ()
    uses, until_ms = found
    return (InviteEnded(code),) if uses <= 1 else (InviteSet(code, uses - 1, until_ms),)


def make_invite(state: State, command: MakeInvite) -> Outcome:
    """Make a code."""
    if len(state.invites) >= INVITES_MAX:
        return Refused("NOT_ALLOWED", f"There are {INVITES_MAX} codes, which is the most: invite revoke ends one")
    return (InviteSet(command.code, command.uses, command.until_ms),), (command.code,)


def revoke_invite(state: State, command: RevokeInvite) -> Outcome:
    """Make a code worthless."""
    if command.code not in state.invites:
        return Refused("NOT_ALLOWED", "There is no such code: invite list shows those there are")
    return (InviteEnded(command.code),), (command.code,)


def announce(state: State, command: Announce) -> Outcome:
    """Tell everybody."""
    if not command.text.strip():
        return Refused("BAD_TEXT", "A notice needs a text that is not blank: write something")
    if len(command.text) > NOTICE_CHARS_MAX:
        return Refused("TOO_LONG", f"A notice has at most {NOTICE_CHARS_MAX} characters: make it shorter")
    over = [number for number, (_, until_ms) in state.notices.items() if until_ms <= command.now_ms]
    if len(state.notices) - len(over) >= NOTICES_MAX:
        return Refused("NOT_ALLOWED", f"There are {NOTICES_MAX} notices, which is the most: announce end ends one")
    number = max(state.notices, default=0) + 1
    events: list[Event] = [NoticeEnded(each) for each in over]
    return [*events, Announced(number, command.text, command.until_ms)], (str(number),)


def end_notice(state: State, command: EndNotice) -> Outcome:
    """Tell it no more."""
    if command.notice not in state.notices:
        return Refused("NOT_ALLOWED", f"There is no notice {command.notice}: announce list shows those there are")
    return (NoticeEnded(command.notice),), (str(command.notice),)


def sweep(state: State, command: Sweep) -> Outcome:
    """Forget what has ended."""
    now_ms = command.now_ms
    events: list[Event] = [BanEnded(network) for network, (until_ms, _) in state.bans.items() if until_ms <= now_ms]
    events += [InviteEnded(code) for code, (_, until_ms) in state.invites.items() if until_ms <= now_ms]
    events += [NoticeEnded(number) for number, (_, until_ms) in state.notices.items() if until_ms <= now_ms]
    for user in state.users.values():
        if user.sanctions:
            over = [kind for kind, (until_ms, _) in user.sanctions.items() if until_ms <= now_ms]
            events += [SanctionEnded(user.id, kind) for kind in over]
    return events, ()
