"""The bot kit: `from bots import Bot`, and one file a bot beside this one.

A bot is pure functions: what was said goes in, what to answer comes out. Whoever runs
it (the server, `python3 -m bots try`, a test) does the rest. Nothing here knows the server.
"""

from bots.kit.bot import Bot
from bots.kit.effects import After, BotError, Cancel, Fetch, Reply, Say, Sorry
from bots.kit.event import Event, State
from bots.kit.running import Effects, Talk

__all__ = ["After", "Bot", "BotError", "Cancel", "Effects", "Event", "Fetch", "Reply", "Say", "Sorry", "State", "Talk"]
