"""Where a bot broke, in one line: the innermost place that is neither the kit's nor the standard library's."""

import traceback
from pathlib import Path

_KIT = str(Path(__file__).parent)


def place_of(error: BaseException) -> str:
    """File, line and kind, for a log: the error's own text may hold what a user said."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_KIT)]
    own = [frame for frame in frames if not frame.filename.startswith("<") and "/lib/python" not in frame.filename]
    last = (own or frames)[-1:]
    return "".join(f"{frame.filename}:{frame.lineno}: " for frame in last) + type(error).__name__


def where_it_broke(error: BaseException) -> str:
    """The same with the error's own text, for its author's eyes alone."""
    return f"{place_of(error)}: {' '.join(str(error).split())[:300]}"
