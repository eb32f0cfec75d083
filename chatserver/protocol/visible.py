"""Characters that show as nothing."""

import re
from collections.abc import Sequence

# Default_Ignorable_Code_Point of the Unicode Character Database (DerivedCoreProperties), which `unicodedata` does not
# carry.
IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""For a set of a regular expression."""

# Beside them and blanks: the Braille pattern without dots, interlinear annotation, and the musical null notehead.
_VISIBLE = re.compile(f"[^\\s{IGNORABLE}\u2800\ufff9-\ufffb\U0001d159]")


def is_blank(text: str) -> bool:
    """Tell whether a text shows as nothing, an empty one included."""
    if text.isascii():
        return not text or text.isspace()
    return _VISIBLE.search(text) is None


def any_blank(texts: Sequence[str]) -> bool:
    """Tell whether one of many shows as nothing: where all are ASCII, without a call for each."""
    if "".join(texts).isascii():
        return not all(texts) or any(map(str.isspace, texts))
    return any(map(is_blank, texts))
