"""How much room a text takes in a terminal: columns, clusters, wrapping, cutting.

A cluster is what a person calls one character: a base and the marks on it, a syllable put together from parts, or
emoji joined by a zero-width joiner. A cursor moves, and Backspace deletes, by clusters.
"""

import re
from functools import lru_cache
from itertools import pairwise
from unicodedata import category, east_asian_width

_JOINER = "\u200d"
_EMOJI_PRESENTATION = "\ufe0f"
_KEYCAP = "\u20e3"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_REGIONAL = range(0x1F1E6, 0x1F200)
_JAMO_THAT_FOLLOW = range(0x1160, 0x1200)  # vowels and last consonants of a Hangul syllable
_EMOJI_BLOCKS = range(0x1F300, 0x1FB00)  # where newer emoji come that `unicodedata` does not know yet
_SPACE = re.compile(" ")
_ADDRESS = re.compile(r"(?:https?|ftps?|file|mailto|irc|xmpp)://?\S+|www\.\S+", re.IGNORECASE)


@lru_cache(maxsize=4096)
def _columns(character: str) -> int:
    kind = category(character)
    if kind in ("Mn", "Me", "Cf") or ord(character) in _JAMO_THAT_FOLLOW:
        return 0
    if kind == "Cn" and ord(character) in _EMOJI_BLOCKS:
        return 2
    return 2 if east_asian_width(character) in "WF" else 1


def clusters(text: str) -> list[str]:
    """Cut a text into clusters; joined together they are the text again."""
    if text.isascii():
        return list(text)
    found: list[str] = []
    for character in text:
        if found and _continues(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def _continues(cluster: str, character: str) -> bool:
    if cluster[-1] == _JOINER or _columns(character) == 0:
        return True
    if ord(character) in _SKIN_TONES:
        return category(cluster[0]) == "So" or ord(cluster[0]) in _EMOJI_BLOCKS
    return len(cluster) == 1 and ord(cluster) in _REGIONAL and ord(character) in _REGIONAL  # two make a flag


def cluster_width(cluster: str) -> int:
    """The columns of one cluster: those of its base, two for an emoji made of several."""
    if len(cluster) > 1 and (_EMOJI_PRESENTATION in cluster or ord(cluster[0]) in _REGIONAL or _is_emoji(cluster)):
        return 2
    return _columns(cluster[0])


def _is_emoji(cluster: str) -> bool:
    """Whether several emoji, an emoji and its skin, or a digit and its key stand in one place."""
    joined = any(before == _JOINER and category(each)[0] == "S" for before, each in pairwise(cluster))
    return joined or _KEYCAP in cluster or any(_columns(each) == 2 for each in cluster[1:])


def width(text: str) -> int:
    """The columns of a text."""
    return len(text) if text.isascii() else sum(map(cluster_width, clusters(text)))


def cut(text: str, columns: int) -> str:
    """As much of the text's beginning as fits in so many columns."""
    kept = ""
    for cluster in clusters(text):
        columns -= cluster_width(cluster)
        if columns < 0:
            break
        kept += cluster
    return kept


def wrap(text: str, first: int, other: int, whole: int = 0) -> list[str]:
    """Break a text into rows: `first` columns for the first, `other` for the rest; at spaces where it can be.

    An address is never broken where it fits into `whole` columns, those of a row without indent: it then stands on a
    row by itself, even if that is wider than the others.
    """
    rows: list[str] = []
    row, used, room, other = "", 0, max(first, 2), max(other, 2)
    for word in _words(text):
        size, is_address = width(word), _ADDRESS.match(word) is not None
        begins = not rows and not row and is_address and size <= whole  # beside a head that leaves too little room
        if used + size > room and ((row.strip() and (size <= other or is_address)) or begins):
            rows.append(row.removesuffix(" "))
            row, used, room, word = "", 0, other, word.removeprefix(" ")
            size = width(word)
        if used + size <= room or (is_address and used + size <= whole):
            row, used = row + word, used + size
            continue
        for cluster in clusters(word):
            if used + cluster_width(cluster) > room and row:
                rows.append(row)
                row, used, room = "", 0, other
            row, used = row + cluster, used + cluster_width(cluster)
    return [*rows, row] if row or not rows else rows


def _words(text: str) -> list[str]:
    """The text in pieces that are not to be broken where it can be avoided: words, addresses, each space by itself."""
    edges = {0, len(text)}
    for found in (*_ADDRESS.finditer(text), *_SPACE.finditer(text)):
        edges.update(found.span())
    return [text[start:end] for start, end in pairwise(sorted(edges))]
