"""How much room a text takes in a terminal: columns, clusters, wrapping, cutting.

A cluster is what a person calls one character: a base and the marks on it, or emoji joined
by a zero-width joiner. A cursor moves, and Backspace deletes, by clusters.
"""

from functools import lru_cache
from unicodedata import category, east_asian_width

_JOINER = "\u200d"
_EMOJI_PRESENTATION = "\ufe0f"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_REGIONAL = range(0x1F1E6, 0x1F200)


@lru_cache(maxsize=4096)
def _columns(character: str) -> int:
    if category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def clusters(text: str) -> list[str]:
    """Cut a text into clusters; joined together they are the text again."""
    found: list[str] = []
    for character in text:
        if found and _continues(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def _continues(cluster: str, character: str) -> bool:
    if cluster[-1] == _JOINER or ord(character) in _SKIN_TONES or _columns(character) == 0:
        return True
    return len(cluster) == 1 and ord(cluster) in _REGIONAL and ord(character) in _REGIONAL  # two make a flag


def cluster_width(cluster: str) -> int:
    """The columns of one cluster: those of its base, two for an emoji made of several."""
    if len(cluster) > 1 and (_EMOJI_PRESENTATION in cluster or ord(cluster[0]) in _REGIONAL):
        return 2
    return _columns(cluster[0])


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


def wrap(text: str, first: int, other: int) -> list[str]:
    """Break a text into rows: `first` columns for the first, `other` for the rest; at spaces where it can be."""
    rows: list[str] = []
    row: list[str] = []
    used, room = 0, max(first, 2)
    for cluster in clusters(text):
        row.append(cluster)
        used += cluster_width(cluster)
        while used > room:  # what goes on to a narrower row may be too much for that one too
            kept, row = _break(row, room)
            rows.append("".join(kept))
            used, room = sum(map(cluster_width, row)), max(other, 2)
    return [*rows, "".join(row)]


def _break(row: list[str], room: int) -> tuple[list[str], list[str]]:
    """Where to end a row that is too long: what stays, and what goes on to the next."""
    fitting, used = 0, cluster_width(row[0])
    while used <= room:
        fitting += 1
        used += cluster_width(row[fitting])
    for at in range(fitting - 1, 0, -1):
        if row[at] == " ":
            return row[:at], row[at + 1 :]
    return row[:fitting], row[fitting:]
