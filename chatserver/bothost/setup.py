"""Puts the bots of a server together: which ones there are, and what they run on."""

import logging
from collections.abc import Sequence
from pathlib import Path
from random import Random

from bots import Bot
from bots.hook_bot import bot as hook_bot
from bots.kit.loading import built_in_bots, load_folder
from bots.kit.watchdog import Watchdog
from chatserver.bothost.floods import FloodGate
from chatserver.bothost.host import BotHost
from chatserver.bothost.pages import PageLimits, Pages
from chatserver.net.reactor import Reactor
from chatserver.net.workers import WorkerPool
from chatserver.settings import SettingError, Settings
from chatserver.turn.turn import Turn

log = logging.getLogger(__name__)


def load_bots(folder: str, *, with_hooks: bool = False) -> list[Bot]:
    """The built-in bots and those of a folder (empty: none); what cannot be loaded is logged and left out."""
    bots = _own_bots(with_hooks)
    if not folder:
        return bots
    loaded, refused = load_folder(Path(folder), bots)
    for error in refused:
        log.error("a bot is left out: %s", error)
    if loaded:
        log.info("bots from %s: %s", folder, ", ".join(bot.name for bot in loaded))
    return bots + loaded


def reload_bots(folder: str, *, with_hooks: bool = False) -> list[Bot]:
    """The same once more. Raises SettingError where one of them cannot be loaded."""
    bots = _own_bots(with_hooks)
    loaded, refused = load_folder(Path(folder), bots)
    if refused:
        raise SettingError(str(refused[0]))
    return bots + loaded


def _own_bots(with_hooks: bool) -> list[Bot]:
    return [*built_in_bots(), *([hook_bot] if with_hooks else [])]


def start_bots(
    bots: Sequence[Bot],
    settings: Settings,
    reactor: Reactor,
    pool: WorkerPool,
    random: Random,
    turn: Turn,
    hooks_at: str = "",
) -> BotHost:
    """A host for the bots, with the limits that the operator has chosen."""
    limits = PageLimits(
        timeout_s=settings.bot_page_timeout_s,
        bytes_max=settings.bot_page_bytes_max,
        threads_per_bot=max(1, settings.bot_page_threads // 2),
        waiting_max=settings.bot_pages_waiting_max,
        kept_bytes_max=settings.bot_pages_bytes_max,
    )
    pages = Pages(reactor, pool, limits)
    floods = FloodGate(settings.bot_messages_per_s, settings.bot_messages_burst, reactor.clock)
    watchdog = Watchdog(settings.bot_step_ms_max / 1000)
    config = {
        "weather_url": settings.weather_url,
        "hooks_url": settings.hooks_url or hooks_at,
        "hooks_private": settings.hooks_private,
    }
    return BotHost(bots, turn, reactor, pages, floods, random, config, watchdog)
