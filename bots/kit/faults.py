"""Where a bot broke, in one line: the innermost place in its own file, not in the kit or what runs it."""

import traceback
from pathlib import Path
from types import FrameType

from bots.kit.effects import BotError

_KIT = Path(__file__).parent
_OTHERS = (str(_KIT), str(_KIT.parents[1] / "chatserver"), str(_KIT.parent / "testing.py"), "<")
_STANDARD_LIBRARY = str(Path(traceback.__file__).parent)


def place_of(error: BaseException) -> str:
    """File, line and kind, for a log. An error's own text may hold what a user said; the kit's own do not."""
    place = _innermost(traceback.extract_tb(error.__traceback__)) + type(error).__name__
    return f"{place}: {error}" if isinstance(error, BotError) else place


def place_in(frame: FrameType | None) -> str:
    """File and line where a bot is at work now; empty if none is."""
    return _innermost(traceback.extract_stack(frame)).rstrip(": ") if frame else ""


def _innermost(stack: traceback.StackSummary) -> str:
    frames = [frame for frame in stack if not frame.filename.startswith(_OTHERS)]
    own = [frame for frame in frames if not _is_standard(frame.filename)]
    return "".join(f"{frame.filename}:{frame.lineno}: " for frame in (own or frames)[-1:])


def _is_standard(path: str) -> bool:
    return path.startswith(_STANDARD_LIBRARY) and "site-packages" not in path


def where_it_broke(error: BaseException) -> str:
    """The same with the error's own text, for its author's eyes alone."""
    text = "" if isinstance(error, BotError) else f": {' '.join(str(error).split())[:300]}"
    return place_of(error) + text
