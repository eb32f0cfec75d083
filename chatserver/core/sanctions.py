"""What somebody may be kept from, until when, and how that is told."""

from chatserver.core.outcome import Refused
from chatserver.core.state import User
from chatserver.protocol.times import format_time

SUSPENDED, MUTED = "suspended", "muted"
EXPIRED = "password expired"
"""The password was given by an administrator, and has to be changed before a login."""
DISABLED = "disabled"
"""Of bots alone: it answers nobody."""
FOREVER_MS = 253_402_300_799_999
"""The last millisecond of the year 9999 stands for an end that nobody has set."""
REASON_CHARS_MAX = 200


def kept_from(user: User, kind: str, now_ms: int) -> tuple[int, str] | None:
    """Until when, and why, if it holds now."""
    found = user.sanctions.get(kind) if user.sanctions else None
    return found if found is not None and found[0] > now_ms else None


def check_reason(reason: str) -> Refused | None:
    """Refuse one that is too long for the line which tells it."""
    if len(reason) <= REASON_CHARS_MAX:
        return None
    return Refused("TOO_LONG", f"A reason has at most {REASON_CHARS_MAX} characters: make it shorter")


def is_kept_from_writing(user: User, now_ms: int) -> bool:
    """Whether what this user has others say, as a bot, would be said against a sanction."""
    return bool(user.sanctions) and any(kept_from(user, kind, now_ms) for kind in (MUTED, SUSPENDED))


def check_mute(user: User, now_ms: int) -> Refused | None:
    """Refuse what a muted user would write. Where a user has no sanctions it need not be called."""
    found = kept_from(user, MUTED, now_ms)
    if found is None:
        return None
    left = f", {shown_s((found[0] - now_ms) // 1000 + 1)} from now" if found[0] < FOREVER_MS else ""
    reason = f" ({found[1]})" if found[1] else ""
    return Refused("MUTED", f"An administrator keeps you from writing {ends(found[0])}{left}{reason}: read until then")


def ends(until_ms: int) -> str:
    """Until when something holds, for a sentence."""
    return "for good" if until_ms >= FOREVER_MS else f"until {format_time(until_ms)}"


def shown_s(seconds: int) -> str:
    """A number of seconds as people say it, in its largest unit, rounded up."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{-(-seconds // size)} {unit}"
    return f"{seconds} s"
