"""Puts the bots of a server together: which ones there are, and what they run on."""

import logging
from collections.abc import Sequence
from pathlib import Path
from random import Random

from bots import Bot
from bots.kit.loading import built_in_bots, load_folder
from chatserver.bothost.floods import FloodGate
from chatserver.bothost.host import BotHost
from chatserver.bothost.pages import PageLimits, Pages
from chatserver.net.reactor import Reactor
from chatserver.net.workers import WorkerPool
from chatserver.settings import Settings
from chatserver.turn.turn import Turn

log = logging.getLogger(__name__)


def load_bots(folder: str) -> list[Bot]:
    """The built-in bots and those of a folder (empty: none); what cannot be loaded is logged and left out."""
    bots = built_in_bots()
    if not folder:
        return bots
    loaded, refused = load_folder(Path(folder), bots)
    for error in refused:
        log.error("a bot is left out: %s", error)
    if loaded:
        log.info("bots from %s: %s", folder, ", ".join(bot.name for bot in loaded))
    return bots + loaded


def start_bots(
    bots: Sequence[Bot], settings: Settings, reactor: Reactor, pool: WorkerPool, random: Random, turn: Turn
) -> BotHost:
    """A host for the bots, with the limits that the operator has chosen."""
    limits = PageLimits(
        timeout_s=settings.bot_page_timeout_s,
        bytes_max=settings.bot_page_bytes_max,
        threads_per_bot=max(1, settings.bot_page_threads // 2),
    )
    pages = Pages(reactor, pool, limits)
    floods = FloodGate(settings.bot_messages_per_s, settings.bot_messages_burst, reactor.clock)
    return BotHost(bots, turn, reactor, pages, floods, random, {"weather_url": settings.weather_url})
