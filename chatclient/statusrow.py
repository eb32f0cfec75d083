"""The status row: the connection first, then who, what is unread, what is unsent, who is typing."""

from math import ceil

from chatclient.carrier import Carrier
from chatclient.core import Phase
from chatclient.desk import Desk
from chatclient.lines import Piece, printable


def status_row(carrier: Carrier, desk: Desk, now: float) -> tuple[Piece, ...]:
    """The pieces of the row; `now` is monotonic, in seconds."""
    counts = ", ".join(f"{place} {count}" for place, count in desk.unread.items())
    typing = ", ".join(desk.typing_here())
    return (
        _connection(carrier, now),
        Piece(f"  {desk.me or 'nobody'} @ {carrier.target}", "dim"),
        Piece(printable(f"  unread: {counts}") if counts else "", "warn"),
        Piece(f"  {carrier.core.unsent} unsent" if carrier.core.unsent else "", "alert"),
        Piece(printable(f"  {typing} typing…") if typing else "", "dim"),
    )


def _connection(carrier: Carrier, now: float) -> Piece:
    phase = carrier.core.phase
    if phase is Phase.READY or (phase is Phase.ANONYMOUS and carrier.core.name is None):
        return Piece(f"● {phase.value}", "good")
    if phase is not Phase.OFFLINE:
        return Piece(f"○ {phase.value}", "warn")
    if carrier.retry_at is None:
        return Piece("○ offline", "alert")
    return Piece(f"○ offline, next try in {max(0, ceil(carrier.retry_at - now))} s", "alert")
