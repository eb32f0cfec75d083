"""What SEARCH compares in place of a text: letters alone, whichever way they were typed.

`fold` takes away letter case, accents, width and what cannot be seen, so that whatever a person means is found.
`spell` keeps the accents: what was typed with the same ones comes first. Both cost the same for each character, however
many marks a text piles up; `unicodedata.normalize` alone takes 17 ms for 4,000 of them.
"""

from functools import lru_cache
from unicodedata import category, combining, normalize

_SPELLED_AT_A_TIME = 128  # normalising sorts marks, and takes the square of how many there are


def fold(text: str) -> str:
    """A text without letter case, accents and width; its blanks stay as they are, and none is added."""
    if text.isascii():
        return text.lower()
    return "".join(map(_folded, text))


def letters(text: str) -> int:
    """What a text weighs: its signs, or its letters as it is compared; a sign may stand for fifteen, or for none."""
    return max(len(text), len(fold(text)))


def spell(text: str) -> str:
    """A text without letter case and width: NFKC(casefold(NFKC(text))). A mark at a seam may be left uncomposed."""
    if text.isascii():
        return text.lower()
    pieces = (text[at : at + _SPELLED_AT_A_TIME] for at in range(0, len(text), _SPELLED_AT_A_TIME))
    return "".join(normalize("NFKC", normalize("NFKC", piece).casefold()) for piece in pieces)


@lru_cache(maxsize=1 << 14)
def _folded(character: str) -> str:
    """One character, taken apart: a letter stands for itself, its accents for nothing."""
    if character.isspace():
        return character
    parts = [part for part in normalize("NFKD", normalize("NFKD", character).casefold()) if not part.isspace()]
    return "".join(part for part in parts if not _is_accent(part)) or ("" if _is_accent(character) else character)


def _is_accent(character: str) -> bool:
    """Marks above and below letters, vowel points, and what cannot be seen; not the marks that make another letter."""
    if category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f":
        return True
    return combining(character) >= 200 or 10 <= combining(character) <= 36
