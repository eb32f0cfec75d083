"""What programs post to a hook, said in its room by HookBot. It knows no HTTP (`fronts/web/hooks`).

It counts as an answer to who made the hook, whose word its name is: so it goes with that account, and the hook too.

HookBot alone makes tokens and takes them back; here is looked up what it keeps of them in this very turn, so that one
that is revoked is unknown at once.
"""

import json
from collections.abc import Callable

from bots.hook_bot import NAME, hash_of
from bots.kit.texts import join_lines, messages
from chatserver.bothost.floods import FloodGate, Verdict
from chatserver.bothost.surroundings import Chat
from chatserver.core.bots import EVERYBODY
from chatserver.core.commands import AnswerForBot
from chatserver.core.outcome import Refused
from chatserver.core.sanctions import DISABLED
from chatserver.core.state import User
from chatserver.protocol.visible import is_blank

MESSAGES_PER_S = 1
BURST = 20
PARTS_MAX = 4  # messages that one post may become

UNKNOWN = Refused("NO_SUCH_HOOK", "There is no such hook: ask the owner of the room for its address")
TOO_FAST = Refused(
    "TOO_FAST", f"A hook takes {BURST} posts at once, and then {MESSAGES_PER_S} a second: try again later"
)
NOT_THERE = Refused("NOT_MEMBER", f"{NAME} is not in this room any more: whoever owns it has to invite it")
NOT_STORED = Refused("UNAVAILABLE", "It could not be stored: try again later")
BLANK = Refused("BAD_TEXT", "There is no text in it")

Done = Callable[[Refused | None], None]


class Hooks:
    """The hooks into rooms."""

    def __init__(self, chat: Chat, clock: Callable[[], float]) -> None:
        self._chat = chat
        self._floods = FloodGate(MESSAGES_PER_S, BURST, clock)
        self._memory = "{}"
        self._rooms: dict[str, tuple[int, str, str]] = {}  # hash of a token → room, the hook's name, and its maker's

    def deliver(self, token: str, text: Callable[[], str], done: Done) -> None:
        """Say a text in the room of a token. `done` is called with what is refused, or None once it is on the disk.

        The text is asked for where the token counts alone; what that raises is the caller's.
        """
        refused = self._say(token, text)
        if refused is not None:
            done(refused)
            return
        self._chat.batch.when_over(lambda stored: done(None if stored else NOT_STORED))

    def _say(self, token: str, read_text: Callable[[], str]) -> Refused | None:
        chat = self._chat
        bot = chat.state.find(NAME)
        found = self._find(bot, token) if bot is not None and bot.id in chat.state.bots else None
        maker = chat.state.find(found[2]) if found is not None else None
        if bot is None or found is None or maker is None or (bot.sanctions and DISABLED in bot.sanctions):
            return UNKNOWN
        if chat.unavailable:
            return NOT_STORED
        room, name, _ = found
        if room not in bot.rooms:
            return NOT_THERE
        if self._floods.judge(hash_of(token)) is not Verdict.ANSWER:
            return TOO_FAST
        text = read_text()
        if is_blank(text):
            return BLANK
        limit = chat.state.limits.message_chars_max
        parts = messages(f"[{name}] {join_lines(text.strip().splitlines())}", limit)
        if len(parts) > PARTS_MAX:
            return Refused("TOO_LONG", f"A text has at most about {PARTS_MAX * limit} characters")
        for part in parts:
            outcome = chat.execute(None, AnswerForBot(bot.id, room, part, 0, maker.id, chat.stamp()))
            if isinstance(outcome, Refused):
                return outcome
        return None

    def _find(self, bot: User, token: str) -> tuple[int, str, str] | None:
        memory = self._chat.state.bot_memory.get(EVERYBODY, {}).get(bot.id, "{}")
        if memory != self._memory:
            self._memory = memory
            self._rooms = {
                row["hash"]: (int(place), key.removeprefix("in:"), row["by"])
                for place, hooks in json.loads(memory).items()
                for key, row in hooks.items()
                if key.startswith("in:") and "hash" in row and "by" in row  # not where the maker's account is gone
            }
        return self._rooms.get(hash_of(token))
