"""Which names look alike, whatever they are made of: the skeletons of the Unicode Security Mechanisms (UTS #39)."""

from functools import cache
from unicodedata import normalize

from chatserver.protocol.confusables import CONFUSABLES
from chatserver.protocol.names import name_key

_BEFORE_FOLDING = str.maketrans("\u03f2\u03f9\u017f", "cCf")
"""What looks like one letter, and is another one by its compatibility form: the lunate sigmas, the long s."""


def skeletons(name: str) -> set[str]:
    """What a name looks like, as it is shown and in small letters: whoever shares one is taken for the other."""
    key = name_key(name)
    return {_skeleton(key)} if key == name else {_skeleton(key), _skeleton(name)}


def _skeleton(name: str) -> str:
    if name.isascii():  # the quick way: a start does this for every user
        return name.replace("0", "o").replace("1", "l").replace("I", "l").replace("m", "rn").lower()
    decomposed = normalize("NFD", normalize("NFKC", name.translate(_BEFORE_FOLDING)))
    return normalize("NFD", decomposed.translate(_table())).casefold()


@cache
def _table() -> dict[int, str]:
    """Character → its prototype. Made with the first name that is not ASCII: it takes a millisecond."""
    words = CONFUSABLES.split(" ")
    return {ord(like): prototype for prototype, likes in zip(words[::2], words[1::2], strict=True) for like in likes}
