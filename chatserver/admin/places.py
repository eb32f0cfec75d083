"""Commands about rooms, networks, invitations, notices and reports."""

from base64 import b32encode

from chatserver.admin.asked import Asked, UsageError, whole
from chatserver.admin.desk import Desk
from chatserver.admin.result import Outcome, Result, Value, stamp
from chatserver.core import bans
from chatserver.core.commands import (
    Announce,
    Ban,
    CloseReport,
    CloseRoom,
    EndNotice,
    HandOver,
    MakeInvite,
    RevokeInvite,
    SetRetention,
    Unban,
)
from chatserver.core.networks import is_within, network_key, network_of
from chatserver.core.outcome import Refused, quoted
from chatserver.core.rooms import find_any_room, role_of
from chatserver.core.sanctions import ends

ROWS_MAX = 1000
REPORTS_MAX = 100  # up to 8.6 KB each: the message that is reported, and why
NUMBER_MAX = 10**12
USES_MAX = 10_000
AS_ALL = "default"
DAYS_MAX = 36_500
WEEK_MS = 604_800_000


def room_list(desk: Desk, asked: Asked) -> Outcome:
    """All rooms, private ones included."""
    state = desk.state
    rooms = sorted(state.rooms.values(), key=lambda room: room.key)
    rows = [
        (
            *(room.name, -room.id, room.kind, len(room.members), state.name_of(room.owner)),
            *(room.history_days, room.topic),
        )
        for room in rooms[:ROWS_MAX]
    ]
    names = ("room", "number", "kind", "members", "owner", "history_days", "topic")
    return Result(f"{len(rooms)} rooms", names, rows)


def room_show(desk: Desk, asked: Asked) -> Outcome:
    """Who is in a room."""
    room = find_any_room(desk.state, asked.argument(0))
    if isinstance(room, Refused):
        return room
    users = desk.state.users
    rows = [(users[member].name, role_of(room, member), users[member].sessions) for member in room.members]
    kept = f"messages are kept {_kept(room.history_days, desk.settings.history_days)}"
    return Result(f"{room.name}, {room.kind}: {len(rows)} members; {kept}", ("user", "role", "sessions"), rows)


def room_handover(desk: Desk, asked: Asked) -> Outcome:
    """Give a room another owner."""
    outcome = desk.execute(HandOver(0, asked.argument(0), asked.argument(1)))
    return outcome if isinstance(outcome, Refused) else Result(f"{outcome[1][1]} owns {outcome[1][0]} now")


def room_retention(desk: Desk, asked: Asked) -> Outcome:
    """Say how long messages of a room are kept."""
    days = None if asked.argument(1) == AS_ALL else history_days(asked.argument(1))
    outcome = desk.execute(SetRetention(asked.argument(0), days))
    if isinstance(outcome, Refused):
        return outcome
    kept = _kept(days, desk.settings.history_days)
    return Result(f"Messages of {outcome[1][0]} are kept {kept}; older ones go within an hour, or with purge")


def history_days(text: str) -> int:
    """For how many days a room keeps its messages, 0: for good. Raises UsageError."""
    if text.isascii() and text.isdigit() and 0 <= int(text[:6]) <= DAYS_MAX:
        return int(text[:6])
    raise UsageError(f"history_days is a whole number from 0 (for good) to {DAYS_MAX}, not '{text[:40]}'")


def _kept(own: int | None, of_all: int) -> str:
    days = of_all if own is None else own
    said = "for good" if not days else "1 day" if days == 1 else f"{days} days"
    return f"{said}, as the setting history_days says" if own is None else said


def room_close(desk: Desk, asked: Asked) -> Outcome:
    """End a room."""
    outcome = desk.execute(CloseRoom(asked.argument(0), desk.now_ms()))
    return outcome if isinstance(outcome, Refused) else Result(f"{outcome[1][0]} is closed: its name is free")


def ban(desk: Desk, asked: Asked) -> Outcome:
    """Keep a network out, and show out who is in from there."""
    network, now_ms = _network(asked), desk.now_ms()
    until_ms = asked.until_ms(now_ms)
    outcome = desk.execute(Ban(network, until_ms, asked.options.get("reason", ""), now_ms))
    if isinstance(outcome, Refused):
        return outcome
    key = network_key(network)
    inside = [client for client in desk.clients() if is_within(client.address, key)]
    text = bans.kept_out(until_ms, asked.options.get("reason", ""))
    desk.dispatch.sessions.ending += [(client, "BANNED", text) for client in inside]  # said behind the answer
    return Result(f"{network} is kept out {ends(until_ms)}; {len(inside)} connections are ended")


def unban(desk: Desk, asked: Asked) -> Outcome:
    """Let a network in again."""
    outcome = desk.execute(Unban(_network(asked)))
    return outcome if isinstance(outcome, Refused) else Result(f"{outcome[1][0]} may connect again")


def list_bans(desk: Desk, asked: Asked) -> Outcome:
    """Who is kept out."""
    rows = [(network, ends(until_ms), reason) for network, (until_ms, reason) in sorted(desk.state.bans.items())]
    return Result(f"{len(rows)} bans", ("network", "end", "reason"), rows)


def _network(asked: Asked) -> str:
    network = network_of(asked.argument(0))
    if network is None:
        raise UsageError(
            f"a network is written like 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32, not {quoted(asked.argument(0))}"
        )
    return network


def invite_create(desk: Desk, asked: Asked) -> Outcome:
    """A code for sign-ups."""
    uses, until_ms = asked.number("uses", 1, USES_MAX), asked.until_ms(desk.now_ms(), desk.now_ms() + WEEK_MS)
    code = b32encode(desk.random_bytes(10)).decode().lower()
    outcome = desk.execute(MakeInvite(code, uses, until_ms))
    if isinstance(outcome, Refused):
        return outcome
    note = "" if desk.settings.signup == "invite" else f"; it matters once signup=invite (now {desk.settings.signup})"
    return Result(f"REDEEM|username|password|{code} makes an account{note}", _CODE, [(code, uses, ends(until_ms))])


_CODE = ("code", "uses", "end")


def invite_list(desk: Desk, asked: Asked) -> Outcome:
    """The codes that are good."""
    rows = [(code, uses, ends(until_ms)) for code, (uses, until_ms) in desk.state.invites.items()]
    return Result(f"{len(rows)} codes", _CODE, rows)


def invite_revoke(desk: Desk, asked: Asked) -> Outcome:
    """Make a code worthless."""
    outcome = desk.execute(RevokeInvite(asked.argument(0)))
    return outcome if isinstance(outcome, Refused) else Result("The code is worthless now")


def announce(desk: Desk, asked: Asked) -> Outcome:
    """Tell everybody something."""
    now_ms = desk.now_ms()
    outcome = desk.execute(Announce(asked.argument(0), asked.until_ms(now_ms, now_ms), now_ms))
    if isinstance(outcome, Refused):
        return outcome
    people = len({client.user for client in desk.clients() if client.user})
    return Result(f"Notice {outcome[1][0]} is told to {people} people who are here")


def announce_list(desk: Desk, asked: Asked) -> Outcome:
    """What is told at logins."""
    notices, now_ms = desk.state.notices.items(), desk.now_ms()
    rows = [(number, ends(until_ms), text) for number, (text, until_ms) in notices if until_ms > now_ms]
    return Result(f"{len(rows)} notices", ("number", "end", "text"), rows)


def announce_end(desk: Desk, asked: Asked) -> Outcome:
    """Tell it no more."""
    outcome = desk.execute(EndNotice(whole(asked.argument(0), "a notice's number", NUMBER_MAX)))
    return outcome if isinstance(outcome, Refused) else Result(f"Notice {outcome[1][0]} is told no more")


def reports(desk: Desk, asked: Asked) -> Outcome:
    """What users have reported."""
    where = "" if "all" in asked.options else " WHERE closed_ms IS NULL"
    query = (
        f"SELECT id, time_ms, user, message, author, party, closed_ms, why, text FROM reports{where} ORDER BY id DESC"
    )
    found = desk.store.history.connection.execute(f"{query} LIMIT {REPORTS_MAX + 1}").fetchall()
    rows: list[tuple[Value, ...]] = []
    for number, time_ms, user, message, author, party, closed_ms, why, text in found[:REPORTS_MAX]:
        by, of, to = (desk.state.name_of(each) for each in (user, author, party))
        closed = stamp(closed_ms) if closed_ms else None
        rows.append((number, stamp(time_ms), by, message, of, to, closed, why, text))
    names = ("number", "time", "by", "message", "author", "to", "closed", "why", "text")
    more = "; there are older ones: close some to see them" if len(found) > REPORTS_MAX else ""
    return Result(f"{len(rows)} reports{more}", names, rows)


def report_close(desk: Desk, asked: Asked) -> Outcome:
    """A report has been dealt with."""
    number = whole(asked.argument(0), "a report's number", NUMBER_MAX)
    outcome = desk.execute(CloseReport(number, desk.now_ms()))
    return outcome if isinstance(outcome, Refused) else Result(f"Report {number} is closed")
