"""Which lines of the server run, in whatever process: each is written down when it is first met.

A copy of the tree has `begin()` at the end of its `chatserver/__init__.py`, so that servers which a test starts write
too, and one that is killed loses nothing. It is told by the environment where to write.
"""

import os
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

WHERE = "PIPECHAT_LINES"  # of the environment: the file for the lines of now; it changes with the file of tests
ROOT = f"{Path(__file__).resolve().parents[2]}/"
PACKAGE = f"{ROOT}chatserver/"

_unmet: dict[CodeType, set[int]] = {}
_out = -1


def write_to(path: str) -> None:
    """From now on lines are written there, those too that were met before; nowhere if it is empty."""
    global _out
    os.environ[WHERE] = path
    if _out != -1:
        os.close(_out)
    _out = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT) if path else -1
    _unmet.clear()


def begin() -> None:
    """Watch this process."""
    write_to(os.environ.get(WHERE, ""))
    threading.settrace(_called)
    sys.settrace(_called)


def _called(frame: FrameType, event: str, argument: Any) -> Any:
    code = frame.f_code
    if _out == -1 or not code.co_filename.startswith(PACKAGE):
        return None
    unmet = _unmet.get(code)
    if unmet is None:
        unmet = _unmet[code] = {line for *_, line in code.co_lines() if line} - {code.co_firstlineno}
        _write(code, code.co_firstlineno)
    return _line if unmet else None


def _line(frame: FrameType, event: str, argument: Any) -> Any:
    unmet = _unmet.get(frame.f_code, set())
    if event == "line" and frame.f_lineno in unmet:
        unmet.discard(frame.f_lineno)
        _write(frame.f_code, frame.f_lineno)
    return _line


def _write(code: CodeType, line: int) -> None:
    function = code.co_qualname.partition(".<locals>")[0]
    os.write(_out, f"{code.co_filename[len(ROOT) :]}\t{function}\t{line}\n".encode())
