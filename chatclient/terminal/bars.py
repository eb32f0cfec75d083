"""The title row, and the status row: the connection first, then who and how, the windows, what is unsent, who types."""

from math import ceil

from chatclient.core.client import Phase
from chatclient.net.carrier import Carrier
from chatclient.terminal.desk import Desk, status_text
from chatclient.terminal.lines import LINE_BREAK, Piece, printable
from chatclient.terminal.textwidth import cut

STATUS_COLUMNS_MAX = 20


def title_row(desk: Desk) -> tuple[Piece, ...]:
    """What the open conversation is: its name, and its topic or how the friend is."""
    window = desk.window
    below = Piece("  ↓ PageDown for what is newer" if window.is_scrolled else "", "warn")
    if not window.place:
        return (Piece(" pipechat ", "bar"), below, Piece("  /help, /to NAME or #ROOM, /friends, /rooms, /bots", "dim"))
    about = window.topic if window.place.startswith("#") else status_text(*desk.statuses.get(window.place, ("", "")))
    about = about or ("bot" if window.place in desk.bots else "")
    seen = f"  read by {', '.join(sorted(window.readers))}" if window.readers else ""
    return (
        Piece(printable(f" {window.place} "), "bar"),
        Piece(printable(f"  {about}")),
        Piece("  muted" if window.is_muted else "", "dim"),
        Piece(printable(seen), "dim"),
        below,
    )


def status_row(carrier: Carrier, desk: Desk, now: float, hint: str = "") -> tuple[Piece, ...]:
    """The pieces of the row; `now` is monotonic, in seconds; `hint` is about the line being typed."""
    typing = ", ".join(desk.typing_here())
    how = "" if desk.status == ("online", "") else f" ({cut(status_text(*desk.status), STATUS_COLUMNS_MAX)})"
    return (
        _connection(carrier, now),
        Piece(f"  {hint}" if hint else "", "warn"),
        Piece(printable(f"  {desk.me or 'nobody'}{how} @ {carrier.target}"), "dim"),
        Piece(f"  {carrier.core.unsent} unsent" if carrier.core.unsent else "", "alert"),
        Piece(printable(f"  {typing} typing…") if typing else "", "dim"),
        *_windows(desk),
    )


def paste_hint(text: str) -> str:
    """The question that a text of several lines is."""
    lines = text.count(LINE_BREAK) + 1
    return f"1 message of {lines} lines? Enter sends" if lines > 1 else ""


def _windows(desk: Desk) -> list[Piece]:
    """What is unread first, mentions before the rest, then the other windows, each with the number that opens it."""
    numbers = {place: number for number, place in enumerate(desk.places(), 1)}
    waiting = [window for window in desk.windows.values() if window.unread]
    waiting.sort(key=lambda window: (window.is_muted, -window.mentions))
    pieces = [Piece("  unread:", "warn")] if waiting else []
    for window in waiting:
        style = "dim" if window.is_muted else "mention" if window.mentions else "warn"
        called = f" @{window.mentions}" if window.mentions else ""
        number = numbers.get(window.place, 0)
        pieces.append(Piece(printable(f" {number}:{window.place} {window.unread}{called}"), style))
    for place, number in numbers.items():
        if place not in desk.unread:
            pieces.append(Piece(printable(f"  {number}:{place}"), "bold" if place == desk.place else "dim"))
    return pieces


def _connection(carrier: Carrier, now: float) -> Piece:
    phase = carrier.core.phase
    if phase is Phase.READY or (phase is Phase.ANONYMOUS and carrier.core.name is None):
        return Piece(f"● {phase.value}", "good")
    if phase is not Phase.OFFLINE:
        return Piece(f"○ {phase.value}", "warn")
    if carrier.retry_at is None:
        return Piece("○ offline", "alert")
    return Piece(f"○ offline, next try in {max(0, ceil(carrier.retry_at - now))} s", "alert")
