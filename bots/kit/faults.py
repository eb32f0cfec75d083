"""Where a bot broke, in one line for its author: file, line, and what went wrong. Never what was said."""

import traceback
from pathlib import Path

_KIT = str(Path(__file__).parent)


def where_it_broke(error: BaseException) -> str:
    """The innermost place outside the kit and the standard library's own files, and the error's kind and text."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_KIT)]
    own = [
        frame for frame in frames if not frame.filename.startswith("<") and "/lib/python" not in frame.filename
    ] or frames
    place = f"{own[-1].filename}:{own[-1].lineno}: " if own else ""
    return f"{place}{type(error).__name__}: {' '.join(str(error).split())[:300]}"
