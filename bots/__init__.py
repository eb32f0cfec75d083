"""The bot kit: `from bots import Bot`, and one file a bot beside this one.

A bot is pure functions: what was said goes in, what to answer comes out. Whoever runs
it (the server, `python3 -m bots try`, a test) does the rest. Nothing here knows the server.
"""

import chatserver  # noqa: F401  # it refuses an old Python with a sentence, before that reads anything else

# isort: split

from bots.kit.bot import Bot
from bots.kit.effects import After, BotError, Cancel, Fetch, Post, Reply, Say, Sorry, Whisper
from bots.kit.event import Event, Friends, State
from bots.kit.running import Effects, Talk
from bots.kit.texts import join_lines, split_lines

__all__ = [
    "After",
    "Bot",
    "BotError",
    "Cancel",
    "Effects",
    "Event",
    "Fetch",
    "Friends",
    "Post",
    "Reply",
    "Say",
    "Sorry",
    "State",
    "Talk",
    "Whisper",
    "join_lines",
    "split_lines",
]
