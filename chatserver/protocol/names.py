"""Names of users and rooms: what is one, and when two are the same (PROTOCOL.md, "Names")."""

import re
from unicodedata import category, normalize

from chatserver.protocol.visible import IGNORABLE

NAME_CHARS_MAX = 32
NAME_CHARS_TYPED_MAX = 4 * NAME_CHARS_MAX
"""The longest that a name may be as it is typed: one character in NFC is four at most in any other form of it."""
NO_KEY = "|"
"""The key of whatever is too long to be a name. No name has it, as none holds a `|`."""

_INVISIBLE = re.compile(f"[{IGNORABLE}]")
"""With these, two names could look alike."""
_PLAIN = re.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")


def name_key(name: str) -> str:
    """The key of a name: two names with one key are one name. NFKC(casefold(NFKC(name)))."""
    if len(name) > NAME_CHARS_TYPED_MAX:
        return NO_KEY
    if name.isascii():
        return name.lower()
    return normalize("NFKC", normalize("NFKC", name).casefold())


def checked_name(name: str) -> str | None:
    """The name in NFC, as it will be shown; None if it is no user name."""
    if _PLAIN.fullmatch(name):
        return name
    if len(name) > NAME_CHARS_TYPED_MAX:
        return None
    name = normalize("NFC", name)
    if not 1 <= len(name) <= NAME_CHARS_MAX or _INVISIBLE.search(name):
        return None
    if not _starts_a_name(name[0]) or not all(map(_continues_a_name, name)):
        return None
    return name


def _starts_a_name(character: str) -> bool:
    kind = category(character)
    return kind[0] == "L" or kind == "Nd"


def _continues_a_name(character: str) -> bool:
    return character in "_-." or _starts_a_name(character) or category(character) in ("Mn", "Mc")
