"""Decisions of administrators about people, and what users can tell them: sanctions, sessions, reports.

That somebody may administer is looked at before a command is made: the core knows no administrators.
"""

from chatserver.core.changes import visible
from chatserver.core.commands import CloseReport, EndSessions, NoteDeed, Pardon, Report, ResetPassword, Sanction
from chatserver.core.events import (
    DeedNoted,
    Event,
    MessageReported,
    PasswordSet,
    ReportClosed,
    SanctionEnded,
    SanctionSet,
    TokenRevoked,
    UserRemoved,
)
from chatserver.core.outcome import Outcome, Refused, no_such_user, quoted
from chatserver.core.sanctions import DISABLED, EXPIRED, FOREVER_MS, MUTED, SUSPENDED, check_reason, ends, kept_from
from chatserver.core.state import NO_PASSWORD, REPORTS_KEPT, State, User
from chatserver.protocol.visible import is_blank

REPORTS_PER_HOUR = REPORTS_KEPT
HOUR_MS = 3_600_000
WHY_CHARS_MAX = 1000

KINDS = (SUSPENDED, MUTED, EXPIRED, DISABLED)


def set_sanction(state: State, command: Sanction) -> Outcome:
    """Keep a user from something; who is suspended is shown out."""
    user = find_person(state, command.name, command.kind)
    if isinstance(user, Refused):
        return user
    if command.until_ms <= command.now_ms:
        return Refused("BAD_COMMAND", "That time is over already: name one that is still to come")
    refused = check_reason(command.reason)
    if refused:
        return refused
    events: list[Event] = [SanctionSet(user.id, command.kind, command.until_ms, command.reason)]
    if command.kind == SUSPENDED:
        events.append(UserRemoved(user.id, "SUSPENDED", suspended(command.until_ms, command.reason)))
    return events, (user.name,)


def pardon(state: State, command: Pardon) -> Outcome:
    """End a sanction."""
    user = find_person(state, command.name, command.kind)
    if isinstance(user, Refused):
        return user
    if command.kind not in (user.sanctions or {}):
        return Refused("NOT_ALLOWED", f"{user.name} is not {command.kind}: user show says what holds")
    return (SanctionEnded(user.id, command.kind),), (user.name,)


def end_sessions(state: State, command: EndSessions) -> Outcome:
    """Show a user out, and make tokens worthless."""
    user = state.users.get(command.user)
    if user is None:
        return Refused("NO_SUCH_USER", "That user is gone: nothing is left to end")
    events: list[Event] = [TokenRevoked(each) for each in user.tokens if each in command.token_hashes]
    only = command.token_hashes if command.only_theirs else None
    return (*events, UserRemoved(user.id, "REMOVED", command.text, only)), (user.name,)


def reset_password(state: State, command: ResetPassword) -> Outcome:
    """Give a user a password for once: nobody is logged in with the old one, or by an old token, any more."""
    user = state.users.get(command.user)
    if user is None:
        return Refused("NO_SUCH_USER", "That user is gone: create another one")
    events: list[Event] = [PasswordSet(command.password_hash, user.id)]
    events += [TokenRevoked(token_hash) for token_hash in user.tokens]
    events.append(SanctionSet(user.id, EXPIRED, FOREVER_MS, ""))
    events.append(UserRemoved(user.id, "REMOVED", "An administrator has given you a new password: ask for it"))
    return events, (user.name,)


def report(state: State, command: Report) -> Outcome:
    """Tell the administrators of a message that one can read."""
    found = visible(state, command.user, command.id, command.found)
    if isinstance(found, Refused):
        return found
    if found.sender == command.user:
        return Refused("SELF", "You wrote that message yourself: DELETEMESSAGE takes it back")
    if is_blank(command.why):
        return Refused("BAD_TEXT", "Say why you report it: write something behind the id")
    if len(command.why) > WHY_CHARS_MAX:
        return Refused("TOO_LONG", f"A report has at most {WHY_CHARS_MAX} characters: make it shorter")
    recent = [at for at in state.reported.get(command.user, ()) if 0 <= command.now_ms - at < HOUR_MS]
    if len(recent) >= REPORTS_PER_HOUR:
        minutes = -((command.now_ms - HOUR_MS - recent[0]) // 60_000)
        return Refused("THROTTLED", f"You have made {REPORTS_PER_HOUR} reports in an hour: try again in {minutes} min")
    number = state.last_report_id + 1
    made = MessageReported(
        number, command.now_ms, command.user, command.id, found.sender, found.recipient, command.text, command.why
    )  # fmt: skip
    return (made,), (str(command.id),)


def close_report(state: State, command: CloseReport) -> Outcome:
    """Note that a report has been dealt with."""
    if not 1 <= command.report <= state.last_report_id:
        return Refused("NOT_ALLOWED", f"There is no report {command.report}: reports lists them")
    return (ReportClosed(command.report, command.now_ms),), (str(command.report),)


def note_deed(state: State, command: NoteDeed) -> Outcome:
    """Keep who has done what."""
    return (DeedNoted(command.now_ms, command.actor, command.deed),), ()


def find_person(state: State, name: str, kind: str = "") -> User | Refused:
    """The user of that name who is no bot, or the bot for what can be done to bots alone."""
    user = state.find(name)
    if user is None:
        return no_such_user(name)
    is_bot = user.password_hash == NO_PASSWORD
    if is_bot != (kind == DISABLED):
        hint = "is a bot: bot disable switches it off" if is_bot else "is no bot: bot list shows those there are"
        return Refused("NOT_ALLOWED", f"{quoted(user.name)} {hint}")
    return user


def check_login(user: User, now_ms: int) -> Refused | None:
    """Refuse a login whose password or token was right."""
    sanction = kept_from(user, SUSPENDED, now_ms)
    if sanction:
        return Refused("SUSPENDED", suspended(*sanction))
    if kept_from(user, EXPIRED, now_ms):
        change = f"SETPASSWORD|{user.name}|this password|a new one"
        return Refused(
            "PASSWORD_EXPIRED", f"This password is good for choosing another one alone: {change}, then LOGIN"
        )
    return None


def suspended(until_ms: int, reason: str) -> str:
    """What somebody who is suspended reads."""
    said = f" ({reason})" if reason else ""
    return f"An administrator has suspended this account {ends(until_ms)}{said}: ask whoever runs this server"
