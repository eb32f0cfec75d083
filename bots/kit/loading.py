"""Bot files: a file becomes a Bot, or a sentence that says in which line it went wrong.

Loading runs the file: it is code, and its author is trusted as the one who runs it.
"""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable
from importlib.abc import Loader
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from bots.kit.bot import Bot

BUILT_IN = ("help_bot", "weather_bot", "numbers_game", "reminder_bot", "dice_bot")
"""The files beside the kit that every server runs."""


class BotFileError(Exception):
    """A bot file is refused; the text holds file, line (0: none) and sentence."""

    def __init__(self, path: Path, line: int, sentence: str) -> None:
        super().__init__(f"{path}:{line}: {sentence}" if line else f"{path}: {sentence}")
        self.path = path
        self.line = line
        self.sentence = sentence


def built_in_bots() -> list[Bot]:
    """The bots that come with the server."""
    found = []
    for name in BUILT_IN:
        module = importlib.import_module(f"bots.{name}")
        found += _bots_of(module)
    return found


def load_file(path: Path) -> Bot:
    """Load the bot of a file. Raises BotFileError."""
    module = _run(path)
    found = _bots_of(module)
    if len(found) != 1:
        what = 'has no bot: write bot = Bot("MyBot", "…") in it' if not found else "has more than one bot: split it"
        raise BotFileError(path, 1, f"this file {what}")
    found[0].path = path
    return found[0]


def bot_files(folder: Path) -> list[Path]:
    """The bot files of a folder, by name; none where it cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if _is_bot_file(path))
    except OSError:
        return []


def _is_bot_file(path: Path) -> bool:
    return path.suffix == ".py" and not path.name.startswith(("_", "test_", "conftest"))


def load_folder(folder: Path, taken: Iterable[Bot] = ()) -> tuple[list[Bot], list[BotFileError]]:
    """Load every bot file of a folder, by name; what is refused comes back beside what is loaded.

    Files that begin with `_` or `test_` are no bots. A name that a bot before it has is refused.
    """
    keys = {bot.key for bot in taken}
    loaded: list[Bot] = []
    refused: list[BotFileError] = []
    try:
        paths = sorted(path for path in folder.iterdir() if _is_bot_file(path))
    except OSError as error:
        return [], [BotFileError(folder, 0, f"this folder of bots cannot be read: {error.strerror}")]
    for path in paths:
        try:
            bot = load_file(path)
            if bot.key in keys:
                raise BotFileError(path, 1, f"there is a bot called {bot.name} already: give this one another name")
        except BotFileError as error:
            refused.append(error)
        else:
            keys.add(bot.key)
            loaded.append(bot)
    return loaded, refused


def _run(path: Path) -> ModuleType:
    name = f"bot_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_Source(name, str(path)))
    if spec is None or spec.loader is None or path.suffix != ".py":
        raise BotFileError(path, 1, "this is no Python file: a bot file ends in .py")
    module = importlib.util.module_from_spec(spec)
    former = sys.modules.get(name)
    sys.modules[name] = module  # dataclasses and pickles of the file look themselves up here
    try:
        _execute(spec.loader, module, path)
    except BaseException:
        if former is not None:
            sys.modules[name] = former  # which runs on
        raise
    return module


def _execute(loader: Loader, module: ModuleType, path: Path) -> None:
    try:
        loader.exec_module(module)
    except SyntaxError as error:
        raise BotFileError(path, error.lineno or 1, f"this is no Python: {error.msg}") from None
    except FileNotFoundError:
        raise BotFileError(path, 0, "there is no such file") from None
    except (Exception, SystemExit) as error:  # whatever a file's own code raises: the server starts without it
        raise BotFileError(path, _line(error, path), _sentence(error)) from None


class _Source(SourceFileLoader):
    """Reads the file itself: what is kept beside it is taken for the same where it changes twice in a second."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def _line(error: BaseException, path: Path) -> int:
    """The last line of this very file on the way to the fault."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == path.resolve()]
    return (lines[-1] if lines else None) or 1


def _sentence(error: BaseException) -> str:
    text = " ".join(str(error).split())[:300]
    kind = type(error).__name__
    return text if kind == "BotError" else f"{kind}: {text}" if text else kind


def _bots_of(module: ModuleType) -> list[Bot]:
    unique = {id(value): value for value in vars(module).values() if isinstance(value, Bot)}
    return list(unique.values())
