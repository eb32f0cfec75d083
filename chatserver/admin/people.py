"""Commands about accounts and sessions."""

import secrets
from collections.abc import Callable
from functools import partial
from heapq import nsmallest

from chatserver.admin.asked import Asked
from chatserver.admin.desk import Desk
from chatserver.admin.result import Later, Outcome, Result, Value, stamp
from chatserver.core.accounts import check_sign_up
from chatserver.core.commands import DeleteAccount, EndSessions, Pardon, ResetPassword, Sanction, SignUp
from chatserver.core.moderation import find_person
from chatserver.core.outcome import Refused, no_such_user, quoted
from chatserver.core.sanctions import MUTED, SUSPENDED, check_reason, ends
from chatserver.core.state import NO_PASSWORD, User
from chatserver.net.workers import Result as Worked
from chatserver.protocol.names import name_key
from chatserver.sessions.client import Client

LISTED_MAX = 1000
MUTE_MS = 3_600_000
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
SHOWN_OUT = "An administrator has ended this session: log in again, or ask whoever runs this server"


def who(desk: Desk, asked: Asked) -> Outcome:
    """Everybody who is connected."""
    clients = sorted(desk.clients(), key=lambda client: (client.name == "", name_key(client.name), client.since_ms))
    now_ms = desk.now_ms()
    columns = ("user", "address", "door", "since", "idle_s", "unsent_bytes")
    return Result(
        f"{len(clients)} connections", columns, [_connection(client, now_ms) for client in clients[:LISTED_MAX]]
    )


def _connection(client: Client, now_ms: int) -> tuple[Value, ...]:
    idle_s = max(0, now_ms - client.seen_ms) // 1000
    unsent = client.receiver.connection.unsent
    return client.name or None, client.address, client.front.name, stamp(client.since_ms), idle_s, unsent


def user_list(desk: Desk, asked: Asked) -> Outcome:
    """Accounts by name, those whose name holds a text."""
    part = name_key(asked.argument(0))
    found = [user for user in desk.state.users.values() if part in user.key]
    rows = [
        (user.name, _kind(user), user.sessions, len(user.friends), len(user.rooms), _sanctions(user))
        for user in nsmallest(LISTED_MAX, found, key=lambda user: user.key)
    ]
    more = f"; the first {LISTED_MAX} are shown: name a part of the name" if len(found) > LISTED_MAX else ""
    columns = ("user", "kind", "sessions", "friends", "rooms", "sanctions")
    return Result(f"{len(found)} accounts{more}", columns, rows)


def user_show(desk: Desk, asked: Asked) -> Outcome:
    """One account."""
    user = desk.state.find(asked.argument(0))
    if user is None:
        return no_such_user(asked.argument(0))
    created = desk.store.history.connection.execute("SELECT created_ms FROM users WHERE id = ?", (user.id,)).fetchone()
    facts: list[tuple[str, Value]] = [
        ("name", user.name),
        ("id", user.id),
        ("kind", _kind(user)),
        ("created", stamp(created[0]) if created else None),
        ("sessions", user.sessions),
        ("status", user.status),
        ("friends", len(user.friends)),
        ("rooms", ", ".join(sorted(desk.state.rooms[room].name for room in user.rooms)) or None),
        ("tokens", len(user.tokens)),
        ("is administrator", user.key in desk.settings.admin_keys),
    ]
    facts += [
        (kind, f"{ends(until_ms)} {reason}".strip()) for kind, (until_ms, reason) in (user.sanctions or {}).items()
    ]
    return Result(user.name, ("what", "value"), facts)


def user_create(desk: Desk, asked: Asked) -> Outcome | Later:
    """An account with a password for once."""
    name = asked.argument(0)
    password = make_password(desk)
    refused = check_sign_up(desk.state, name, password, None, desk.now_ms())
    return refused or Later(lambda done: _hash(desk, password, done, partial(_create, desk, name)))


def _create(desk: Desk, name: str, made: str) -> Outcome:
    outcome = desk.execute(SignUp(name, made, desk.now_ms(), None))
    if isinstance(outcome, Refused):
        return outcome
    return _reset(desk, outcome[1][0], made)


def user_passwd(desk: Desk, asked: Asked) -> Outcome | Later:
    """Another password for once: for whoever has forgotten theirs."""
    user = find_person(desk.state, asked.argument(0))
    if isinstance(user, Refused):
        return user
    password, name = make_password(desk), user.name
    return Later(lambda done: _hash(desk, password, done, partial(_reset, desk, name)))


def _reset(desk: Desk, name: str, made: str) -> Outcome:
    user = find_person(desk.state, name)
    if isinstance(user, Refused):
        return user
    outcome = desk.execute(ResetPassword(user.id, made))
    return outcome if isinstance(outcome, Refused) else Result(name)


def _hash(desk: Desk, password: str, done: Callable[[Outcome], None], then: Callable[[str], Outcome]) -> None:
    def hashed(worked: Worked[str]) -> None:
        if worked.value is None:
            done(Refused("INTERNAL", f"The password could not be hashed ({worked.error}): try again later"))
            return
        outcome = then(worked.value)
        if isinstance(outcome, Refused):
            done(outcome)
            return
        said = f"SETPASSWORD|{outcome.text}|{password}|a new one"
        text = f"{outcome.text} has the password {password} for once: {said} comes before the first LOGIN"
        done(Result(text, ("user", "password"), [(outcome.text, password)]))

    desk.dispatch.logins.hash_for(password, hashed)


def make_password(desk: Desk) -> str:
    """A password for once."""
    size = max(12, desk.settings.password_chars_min)
    return "".join(secrets.choice(PASSWORD_LETTERS) for _ in range(size))


def user_suspend(desk: Desk, asked: Asked) -> Outcome:
    """Keep a user out."""
    return _sanction(desk, asked, SUSPENDED, asked.until_ms(desk.now_ms()))


def user_reinstate(desk: Desk, asked: Asked) -> Outcome:
    """Let a user in again."""
    return _pardon(desk, asked, SUSPENDED)


def mute(desk: Desk, asked: Asked) -> Outcome:
    """Keep a user from writing."""
    now_ms = desk.now_ms()
    return _sanction(desk, asked, MUTED, asked.until_ms(now_ms, now_ms + MUTE_MS))


def unmute(desk: Desk, asked: Asked) -> Outcome:
    """Let a user write again."""
    return _pardon(desk, asked, MUTED)


def _sanction(desk: Desk, asked: Asked, kind: str, until_ms: int) -> Outcome:
    reason = asked.options.get("reason", "")
    outcome = desk.execute(Sanction(asked.argument(0), kind, until_ms, reason, desk.now_ms()))
    return outcome if isinstance(outcome, Refused) else Result(f"{outcome[1][0]} is {kind} {ends(until_ms)}")


def _pardon(desk: Desk, asked: Asked, kind: str) -> Outcome:
    outcome = desk.execute(Pardon(asked.argument(0), kind))
    return outcome if isinstance(outcome, Refused) else Result(f"{outcome[1][0]} is not {kind} any more")


def user_delete(desk: Desk, asked: Asked) -> Outcome:
    """Remove an account, and all that it wrote."""
    user = find_person(desk.state, asked.argument(0))
    if isinstance(user, Refused):
        return user
    outcome = desk.execute(DeleteAccount(user.id, desk.now_ms()))
    return (
        outcome
        if isinstance(outcome, Refused)
        else Result(f"{outcome[1][0]} is deleted; what it wrote goes bit by bit")
    )


def user_rename(desk: Desk, asked: Asked) -> Outcome:
    """Names stay whose they are."""
    return Refused(
        "NOT_ALLOWED",
        "No account is ever renamed, since old messages and friends know it by its name: make another one",
    )


def sessions(desk: Desk, asked: Asked) -> Outcome:
    """Sessions of a user, and the tokens that can bring one back."""
    user = find_person(desk.state, asked.argument(0))
    if isinstance(user, Refused):
        return user
    rows: list[tuple[Value, ...]] = []
    for token_hash in user.tokens:
        here = [client for client in desk.clients() if client.token_hash == token_hash]
        used = stamp(desk.state.tokens[token_hash].used_ms)
        rows.append(
            (_shown_token(token_hash), used, len(here), ", ".join(sorted({client.address for client in here})) or None)
        )
    return Result(f"{user.name}: {len(rows)} tokens", ("session", "last_use", "open", "addresses"), rows)


def sessions_end(desk: Desk, asked: Asked) -> Outcome:
    """End all sessions of a user, or one, and make the tokens worthless."""
    user = find_person(desk.state, asked.argument(0))
    if isinstance(user, Refused):
        return user
    one = asked.argument(1).lower()
    tokens = tuple(each for each in user.tokens if not one or _shown_token(each) == one)
    if one and not tokens:
        return Refused("NOT_ALLOWED", f"{user.name} has no session {quoted(one)}: sessions {user.name} lists them")
    outcome = desk.execute(EndSessions(user.id, tokens, SHOWN_OUT, only_theirs=bool(one)))
    return outcome if isinstance(outcome, Refused) else Result(f"{user.name}: {len(tokens)} tokens are worthless now")


def _shown_token(token_hash: bytes) -> str:
    """What a session is called here: the beginning of its token's hash, from which no token can be made."""
    return token_hash.hex()[:8]


def kick(desk: Desk, asked: Asked) -> Outcome:
    """Close a user's connections; the user may come back."""
    user = find_person(desk.state, asked.argument(0))
    if isinstance(user, Refused):
        return user
    open_sessions = user.sessions
    reason = asked.options.get("reason", "")
    refused = check_reason(reason)
    if refused:
        return refused
    text = f"An administrator has ended this session: {reason}" if reason else SHOWN_OUT
    outcome = desk.execute(EndSessions(user.id, (), text))
    return outcome if isinstance(outcome, Refused) else Result(f"{user.name}: {open_sessions} sessions are ended")


def _kind(user: User) -> str:
    return "bot" if user.password_hash == NO_PASSWORD else "person"


def _sanctions(user: User) -> str | None:
    return ", ".join(sorted(user.sanctions)) if user.sanctions else None
