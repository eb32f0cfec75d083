"""Tests of a bot without a server: play a dialogue, or its own examples.

`play(bot, "me> hello\\nbot> Hello me!")` raises AssertionError where the bot says something else.
"""

import re
from collections.abc import Mapping
from random import Random

from bots.kit.bot import Bot
from bots.kit.conversation import NOON_MS, Conversation
from bots.kit.fetching import Fetcher, canned

__all__ = ["Conversation", "canned", "check_examples", "play"]

_LINE = re.compile(r"\s*([^\s>]+)>\s?(.*)")
_ROOM = re.compile(r"([^@]+)@(#.+)")


def play(
    bot: Bot,
    dialogue: str,
    *,
    fetch: Fetcher | Mapping[str, object] | None = None,
    seed: int = 0,
    time_ms: int = NOON_MS,
    config: Mapping[str, str] | None = None,
    conversation: Conversation | None = None,
) -> Conversation:
    """Play a dialogue, and return the conversation as it then stands.

    `me> hi` says it (any other name is another user, `me@#tea> hi` says it in a room), `bot> …`
    is what must come back, line by line, with `...` for anything, `wait> 600` lets so many
    seconds pass, and `friends> me ann` makes these friends of one another. Whatever the bot
    says must stand in the dialogue.
    """
    talk = conversation or Conversation(
        bot, _fetcher(fetch), time_ms, Random(seed), config if config is not None else {}
    )
    said: list[str] = []
    for number, line in enumerate(dialogue.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("# "):
            continue
        parsed = _LINE.fullmatch(line.rstrip())
        assert parsed, f"line {number} of the dialogue is not `name> text`: {line.strip()!r}"
        speaker, text = parsed.groups()
        if speaker == "bot":
            assert said, f"line {number}: the bot should say {text!r}, and says nothing more"
            answer = said.pop(0)
            assert _alike(text, answer), f"line {number}: the bot should say\n  {text}\nand says\n  {answer}"
        else:
            assert not said, f"before line {number} the bot also says {said[0]!r}"
            said = _turn(talk, speaker, text)
    assert not said, f"at the end the bot also says {said[0]!r}"
    return talk


def check_examples(
    bot: Bot, fetch: Fetcher | Mapping[str, object] | None = None, config: Mapping[str, str] | None = None
) -> int:
    """Play every example of a bot, each in a conversation of its own; return how many there are.

    An answer of several lines is several messages.
    """
    count = 0
    for handler in bot.handlers:
        for said, answer in handler.examples.items():
            expected = "".join(f"\nbot> {line}" for line in answer.splitlines())
            play(bot, f"me> {said}{expected}", fetch=fetch, config=config)
            count += 1
    return count


def _turn(talk: Conversation, speaker: str, text: str) -> list[str]:
    if speaker == "wait":
        return [said for _, said in talk.pass_time(float(text))]
    if speaker == "friends":
        talk.befriend(text.split())
        return []
    in_room = _ROOM.fullmatch(speaker)
    if in_room:
        return talk.say(text, in_room[1], in_room[2])
    return talk.say(text, speaker)


def _fetcher(fetch: Fetcher | Mapping[str, object] | None) -> Fetcher:
    if fetch is None or isinstance(fetch, Mapping):
        return canned(dict(fetch or {}))
    return fetch


def _alike(expected: str, answer: str) -> bool:
    pattern = ".*".join(map(re.escape, expected.strip().split("...")))
    return re.fullmatch(pattern, answer) is not None
