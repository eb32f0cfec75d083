"""A folder of bot files whose changes take effect while the server runs (`bots_reload`).

Once a second the folder is looked at. What has changed, and was the same in two looks, so that no half of a file is
read, is loaded between two turns, and runs in the place of what it was; its memory lies in State, and stays. What
cannot be loaded runs on as it was.
"""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bots import Bot
from bots.kit.loading import BotFileError, bot_files, load_file
from bots.kit.watchdog import Overdue
from chatserver.bothost.host import BotHost
from chatserver.bothost.surroundings import Chat, Loop

log = logging.getLogger(__name__)

LOOK_S = 1.0

Stamps = dict[Path, tuple[int, int]]
"""Of each file: when it was changed, and its size."""


class BotFolder:
    """Looks at a folder, and lets a host run what is in it."""

    def __init__(self, folder: Path, host: BotHost, loop: Loop, chat: Chat) -> None:
        self._folder = folder
        self._host = host
        self._loop = loop
        self._chat = chat
        self._loaded = self._seen = _stamps(folder)
        loop.call_later(LOOK_S, self._look)

    def _look(self) -> None:
        self._loop.call_later(LOOK_S, self._look)
        before, self._seen = self._seen, _stamps(self._folder)
        if self._seen == before != self._loaded and not self._chat.unavailable:
            changed = {path for path, stamp in self._seen.items() if self._loaded.get(path) != stamp}
            gone = self._loaded.keys() - self._seen.keys()
            self._chat.batch.undo.append(partial(setattr, self, "_loaded", self._loaded))
            self._loaded = self._seen
            self._change(changed, gone)

    def _change(self, changed: set[Path], gone: set[Path]) -> None:
        bots = [bot for bot in self._host.bots if bot.path not in gone]
        done = [f"{bot.name} is gone" for bot in self._host.bots if bot.path in gone]
        for path in sorted(changed):
            bot = self._load(path, bots)
            if bot is None:
                continue
            at = next((at for at, former in enumerate(bots) if former.path == path), len(bots))
            bots[at : at + 1] = [bot]
            done.append(f"{bot.name} is as {path.name} has it now")
        if done:
            self._host.replace(bots, keeps_faults=True)
            log.info("bots: %s", ", ".join(done))

    def _load(self, path: Path, bots: Sequence[Bot]) -> Bot | None:
        """The bot of a file; None, and a sentence in the log, where there is none."""
        others = {bot.key for bot in bots if bot.path != path}
        try:
            self._host.watchdog.begin(path.name)
            try:
                bot = load_file(path)
            finally:
                self._host.watchdog.end()
            if bot.key in others:
                raise BotFileError(path, 1, f"there is a bot called {bot.name} already: give this one another name")
        except BotFileError as error:
            log.error("a bot runs on as it was, or not at all: %s", error)
            return None
        except Overdue:
            log.error("a bot runs on as it was, or not at all: %s takes too long to be loaded", path)
            return None
        return bot


def _stamps(folder: Path) -> Stamps:
    found = {}
    for path in bot_files(folder):
        try:
            status = path.stat()
        except OSError:  # it goes just now
            continue
        found[path] = status.st_mtime_ns, status.st_size
    return found
