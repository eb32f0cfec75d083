"""Decisions about accounts, sessions and presence.

Passwords arrive hashed and tokens arrive as hashes: the core never sees either.
"""

from collections.abc import Sequence

from chatserver.core.commands import (
    CloseSession,
    DeleteAccount,
    KeepTokens,
    LogIn,
    LogOut,
    Rehash,
    Resume,
    SetPassword,
    SetStatus,
    SignUp,
)
from chatserver.core.events import (
    AccountDeleted,
    Event,
    FriendRemoved,
    OtherSessionsEnded,
    PasswordSet,
    PresenceChanged,
    RequestRemoved,
    SanctionEnded,
    SessionClosed,
    SessionOpened,
    StatusSet,
    TokenIssued,
    TokenRevoked,
    TokenUsed,
    UserSignedUp,
    UserUnblocked,
)
from chatserver.core.invites import check_policy, used
from chatserver.core.moderation import check_login
from chatserver.core.outcome import Outcome, Refused
from chatserver.core.rooms import leave_all
from chatserver.core.sanctions import EXPIRED
from chatserver.core.state import State, User, seen_as
from chatserver.protocol.look_alikes import skeletons
from chatserver.protocol.names import checked_name, name_key
from chatserver.protocol.normal import normal

TOKEN_USE_MS = 60_000
"""A token's last use is stored no finer than this (ms): a client that comes and goes all the time costs no write."""

STATUSES = ("online", "away", "busy", "invisible")
_BAD_NAME = Refused(
    "BAD_NAME",
    "A name has 1 to 32 characters: a letter or digit first, then letters, digits, _ - or . : choose another",
)
BAD_LOGIN = Refused("BAD_LOGIN", "The user name and the password or token do not fit: check both, or SIGNUP")


def check_sign_up(state: State, name: str, password: str, code: str | None = None, now_ms: int = 0) -> Refused | None:
    """What can be refused before a password is hashed, which is dear."""
    uninvited = check_policy(state, code, now_ms)
    if uninvited:
        return uninvited
    proper = checked_name(name)
    if proper is None:
        return _BAD_NAME
    refused = check_password(state, password)
    return refused or _check_free(state, proper, by_admin=code is None)


def check_name(state: State, name: str) -> Refused | None:
    """Refuse a name that an administrator cannot give to an account."""
    proper = checked_name(name)
    return _BAD_NAME if proper is None else _check_free(state, proper, by_admin=True)


def check_password(state: State, password: str) -> Refused | None:
    """Refuse a password that is too short or too long."""
    limits = state.limits
    is_short = len(password) <= limits.password_chars_typed_max  # looked at first: it costs nothing
    if is_short and limits.password_chars_min <= len(normal("NFC", password)) <= limits.password_chars_max:
        return None
    return Refused(
        "BAD_PASSWORD",
        f"A password has {limits.password_chars_min} to {limits.password_chars_max} characters: choose another",
    )


def sign_up(state: State, command: SignUp) -> Outcome:
    """Make an account, unless the name was taken while the password was being hashed."""
    name = checked_name(command.name) or ""
    refused = check_policy(state, command.code, command.now_ms)
    refused = refused or _check_free(state, name, by_admin=command.code is None)
    if refused:
        return refused
    user = state.last_user_id + 1
    event = UserSignedUp(user, name, name_key(name), command.password_hash, command.now_ms, state.last_message_id)
    return (event, *used(state, command.code)), (name,)


def log_in(state: State, command: LogIn) -> Outcome:
    """Open a session with a new token; beyond the most tokens a user may have, the oldest goes."""
    user = state.users.get(command.user)
    if user is None:  # deleted while the password was being checked
        return BAD_LOGIN
    refused = check_login(user, command.now_ms)
    if refused:
        return refused
    surplus = len(user.tokens) + 1 - state.limits.tokens_per_user_max
    events: list[Event] = [TokenRevoked(token_hash) for token_hash in user.tokens[: max(surplus, 0)]]
    events.append(TokenIssued(command.token_hash, user.id, command.now_ms))
    return (*events, *_open(user)), (user.name,)


def resume(state: State, command: Resume) -> Outcome:
    """Open a session with an old token, whose life begins anew."""
    user, token = state.find(command.username), state.tokens.get(command.token_hash)
    if user is None or token is None or token.user != user.id:
        return BAD_LOGIN
    if command.now_ms - token.used_ms > state.limits.token_life_ms:
        return BAD_LOGIN
    refused = check_login(user, command.now_ms)
    if refused:
        return refused
    return (*_used(state, command.token_hash, command.now_ms), *_open(user)), (user.name,)


def log_out(state: State, command: LogOut) -> Outcome:
    """End this session and its token."""
    user = state.users[command.user]
    return (TokenRevoked(command.token_hash), *_close(user)), (user.name,)


def close_session(state: State, command: CloseSession) -> Outcome:
    """A connection is gone; the token was in use until now."""
    user = state.users.get(command.user)
    if user is None:
        return (), ()
    return (*_used(state, command.token_hash, command.now_ms), *_close(user)), ()


def _used(state: State, token_hash: bytes, now_ms: int) -> Sequence[Event]:
    """A use is worth a write if the last one that was noted is some time ago."""
    token = state.tokens.get(token_hash)
    return (TokenUsed(now_ms, token_hash),) if token and now_ms - token.used_ms > TOKEN_USE_MS else ()


def lasting(events: Sequence[Event]) -> list[Event]:
    """What logins and their ends have left: a token that was both issued and revoked among them leaves nothing."""
    issued = {event.token_hash for event in events if isinstance(event, TokenIssued)}
    revoked = {event.token_hash for event in events if isinstance(event, TokenRevoked)}
    passing = issued & revoked
    return [event for event in events if getattr(event, "token_hash", None) not in passing]


def keep_tokens(state: State, command: KeepTokens) -> Outcome:
    """Make the life of tokens in use longer, and revoke those whose life is over."""
    now_ms = command.now_ms
    events: list[Event] = []
    for token_hash, token in state.tokens.items():
        if token_hash in command.in_use:
            if now_ms - token.used_ms > TOKEN_USE_MS:
                events.append(TokenUsed(now_ms, token_hash))
        elif now_ms - token.used_ms > state.limits.token_life_ms:
            events.append(TokenRevoked(token_hash))
    return events, ()


def set_password(state: State, command: SetPassword) -> Outcome:
    """Replace the password; every other session and token ends."""
    user = state.users.get(command.user)
    if user is None:  # deleted while the password was being checked, for who need not be logged in
        return BAD_LOGIN
    events: list[Event] = [PasswordSet(command.password_hash, user.id)]
    events += [TokenRevoked(token_hash) for token_hash in user.tokens if token_hash != command.token_hash]
    if user.sanctions and EXPIRED in user.sanctions:
        events.append(SanctionEnded(user.id, EXPIRED))
    events.append(OtherSessionsEnded(user.id))
    return events, (user.name,)


def rehash(state: State, command: Rehash) -> Outcome:
    """Keep the hash of an unchanged password up to the setting."""
    if command.user not in state.users:
        return (), ()
    return (PasswordSet(command.password_hash, command.user),), ()


def delete_account(state: State, command: DeleteAccount) -> Outcome:
    """Take a user out of everything."""
    user = state.users[command.user]
    events = leave_all(state, user, command.now_ms)
    events += [FriendRemoved(user.id, friend) for friend in sorted(user.friends)]
    events += [RequestRemoved(user.id, asked) for asked in sorted(user.asked)]
    askers = {other for other in user.askers | user.blocks if user.id in state.users[other].asked}
    events += [RequestRemoved(asker, user.id) for asker in sorted(askers)]  # a block hides some from the user
    events += [UserUnblocked(user.id, blocked) for blocked in sorted(user.blocks)]
    events += [UserUnblocked(blocker, user.id) for blocker in sorted(user.blocked_by)]
    return (*events, AccountDeleted(command.now_ms, state.last_message_id, user.id)), (user.name,)


def set_status(state: State, command: SetStatus) -> Outcome:
    """Change what friends see. A status that is left out stays; where the text is too, both are told."""
    user = state.users[command.user]
    status = command.status or user.status
    answer = (status, command.text) if command.status or command.text else (user.status, user.status_text)
    if answer == (user.status, user.status_text):
        return (), answer
    seen = ("offline", "") if status == "invisible" else answer
    changed = (PresenceChanged(user.id, *seen),) if seen != seen_as(user) else ()
    return (StatusSet(*answer, user.id), *changed), answer


def _check_free(state: State, name: str, *, by_admin: bool) -> Refused | None:
    key, kept = name_key(name), frozenset() if by_admin else state.limits.kept_keys
    if key in state.by_key or key in state.reserved or key in kept:
        return Refused("NAME_TAKEN", f"The name {name} is taken: choose another")
    if state.limits.look_alikes_refused and (state.looks_like_another(name) or _looks_like_one_of(name, kept)):
        return Refused("NAME_TAKEN", f"The name {name} looks like one that is taken: choose another")
    return None


def _looks_like_one_of(name: str, kept: frozenset[str]) -> bool:
    return not skeletons(name).isdisjoint(kept.union(*map(skeletons, kept)))


def _open(user: User) -> tuple[Event, ...]:
    appears = not user.sessions and user.status != "invisible"
    changed = (PresenceChanged(user.id, user.status, user.status_text),) if appears else ()
    return (SessionOpened(user.id), *changed)


def _close(user: User) -> tuple[Event, ...]:
    disappears = user.sessions == 1 and user.status != "invisible"
    changed = (PresenceChanged(user.id, "offline", ""),) if disappears else ()
    return (SessionClosed(user.id), *changed)
