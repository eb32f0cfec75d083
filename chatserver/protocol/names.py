"""Names of users and rooms: what is one, and when two are the same (PROTOCOL.md, "Names")."""

import re
from unicodedata import category, normalize

NAME_CHARS_MAX = 32

# Default_Ignorable_Code_Point of the Unicode Character Database (DerivedCoreProperties),
# which `unicodedata` does not carry: code points that show as nothing, so that two
# names could look alike.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_PLAIN = re.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")


def name_key(name: str) -> str:
    """The key of a name: two names with one key are one name. NFKC(casefold(NFKC(name)))."""
    if name.isascii():
        return name.lower()
    return normalize("NFKC", normalize("NFKC", name).casefold())


def checked_name(name: str) -> str | None:
    """The name in NFC, as it will be shown; None if it is no user name."""
    if _PLAIN.fullmatch(name):
        return name
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
