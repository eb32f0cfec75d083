"""A text of a bot as messages that the wire can carry: clean, on one line each, none too long."""

from collections.abc import Iterable

from bots.kit.effects import BotError
from chatserver.protocol.frames import clean

MESSAGE_CHARS_MAX = 4000
MESSAGE_BYTES_MAX = 7600
"""The limits of a message's text (PROTOCOL.md, "Messages")."""
LINE_BREAK = "\u2424"
"""What stands for a line break within a message by convention (PROTOCOL.md, "Lines in a text")."""


def split_lines(text: str) -> list[str]:
    """The lines of a message, as whoever wrote it in a browser typed them."""
    return text.split(LINE_BREAK)


def join_lines(lines: Iterable[str]) -> str:
    """One message of several lines, for clients that break there; others see a sign for each break."""
    return LINE_BREAK.join(lines)


def messages(text: str, chars_max: int = MESSAGE_CHARS_MAX) -> list[str]:
    """Cut a text into messages, between words where it can. Raises BotError if there is nothing to say in it."""
    text = clean(text.replace("\r\n", "\n")).strip()
    try:
        fits = len(text) <= chars_max and len(text.encode()) <= MESSAGE_BYTES_MAX
    except UnicodeEncodeError:  # half a surrogate pair, as broken JSON can hold
        return messages(text.encode(errors="replace").decode(), chars_max)
    if fits:
        if not text:
            raise BotError("a message is not blank: return None to say nothing")
        return [text]
    parts = []
    while text:
        end = _end(text, chars_max)
        parts.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return parts


def _end(text: str, chars_max: int) -> int:
    """Where to cut: after the last word that fits, or in the middle of one that does not fit at all."""
    fitting = text[:chars_max].encode()[:MESSAGE_BYTES_MAX].decode(errors="ignore")
    if len(fitting) == len(text):
        return len(text)
    blank = fitting.rfind(" ")
    return blank if blank > 0 else len(fitting)
