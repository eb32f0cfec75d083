"""EXPORT: what is stored about a user, as rows that a person can read. Each begins with what it is."""

from collections.abc import Iterator

from chatserver.core.bots import EVERYBODY
from chatserver.core.sanctions import FOREVER_MS
from chatserver.core.state import State, User
from chatserver.protocol.frames import clean
from chatserver.protocol.times import format_time
from chatserver.store.about import About
from chatserver.store.changes import Deed

Row = tuple[str, ...]
MEMORY_CHARS = 1500  # of what a bot remembers in one row: it may be longer than a frame


def about_rows(state: State, user: User, about: About) -> list[Row]:
    """All but the messages and what was done to them."""
    rows: list[Row] = [
        ("account", user.name, format_time(about.created_ms)),
        ("status", user.status, user.status_text),
    ]
    rows += [("login", format_time(made_ms), format_time(used_ms)) for made_ms, used_ms in about.logins]
    for kind, parties in (
        ("friend", about.friends),
        ("request out", about.asked),
        ("request in", about.askers),
        ("block", about.blocks),
    ):
        rows += sorted((kind, state.name_of(party), format_time(at_ms)) for party, at_ms in parties)
    for room, since_ms, goes_on in about.stays:
        rows.append(("room", state.name_of(room), format_time(since_ms), "member" if goes_on else "left"))
    own_days = [(state.name_of(room), state.rooms[room].history_days) for room in user.rooms]
    rows += sorted(("history", name, str(days or "for good")) for name, days in own_days if days is not None)
    for room, inviter, at_ms in about.invitations:
        rows.append(("invitation", state.name_of(room), state.name_of(inviter), format_time(at_ms)))
    rows += sorted(("read", state.name_of(party), str(upto)) for party, upto in (user.read or {}).items())
    rows += [("report", str(message), format_time(at_ms), why) for message, at_ms, why in about.reports]
    rows += [
        ("sanction", kind, "for good" if until_ms >= FOREVER_MS else format_time(until_ms), reason)
        for kind, (until_ms, reason) in (user.sanctions or {}).items()
    ]
    return [*rows, *_bot_rows(state, user)]


def deed_row(deed: Deed) -> Row:
    """What the user has done to a message."""
    if deed.emoji:
        return deed.kind, str(deed.message), deed.emoji, format_time(deed.time_ms)
    return deed.kind, str(deed.message), format_time(deed.time_ms)


def _bot_rows(state: State, user: User) -> Iterator[Row]:
    memories = [(user.id, "bot memory")]
    if user.id in state.bots:
        memories.append((EVERYBODY, "bot memory of all"))
    for of, kind in memories:
        for bot, text in state.bot_memory.get(of, {}).items():
            for at in range(0, len(text), MEMORY_CHARS):
                yield kind, state.name_of(bot), clean(text[at : at + MEMORY_CHARS])
    for (bot, name), (due_ms, room) in state.bot_timers.get(user.id, {}).items():
        yield "bot timer", state.name_of(bot), clean(name), format_time(due_ms), room
