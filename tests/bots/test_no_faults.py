"""No sentence that a person can write makes a bot of ours fail: a bot that fails with five people is switched off.

Sentences are made of each bot's own words, of times, numbers and signs, in any order; a chance that is seeded each time
alike makes the same ones again.
"""

import ast
from pathlib import Path
from random import Random

import pytest

from bots import Bot
from bots.kit.loading import built_in_bots
from bots.testing import Conversation, canned
from chatserver.protocol.verbs import VERBS
from tests.bots.test_weather_bot import forecast, place
from tests.harness import ROOT

SENTENCES = 4000
NUMBERS = [
    *("0", "1", "2", "00", "05", "9", "31", "99", "366", "367", "400", "00000000111", "999999999999", "9" * 15),
    *("1.5", "-1", "1,5", "٣", "５０", "²", "½", "9999-12-31", "2026-02-30", "0001-01-01", "24:00", "23:59", "9:61"),
]
SIGNS = [*",.?!#@:-–·%'\"([*\\ßİé🙂", "%s", "{}"]
PHRASES_OF = {
    "ReminderBot": [
        *("every 2 days water", "every 2 weeks at 9 water", "every 90 minutes water", "2030-01-01 at 9 call"),
        *("in 2 weeks at 9 call", "call on 2030-01-01", "31 december 2030 at 17:30 call", "timezone UTC+2", "cancel 1"),
    ],
    "WeatherBot": ["Newtown", "1", "home Newtown, Wales", "every morning at 7:30", "forecast Paris 5 days"],
    "NumbersGame": ["play 2", "1", "2", "top 100"],
}
WORDS_OF = {"WeatherBot": ["London", "London,", "UK", "TX", "Newtown", "Newtown,", "ago"], "HelpBot": list(VERBS)}
PAGES: dict[str, object] = {
    "https://geocoding-api": {"results": [place("Newtown", None, "Ireland"), place("Newtown", None, "Wales")]},
    "https://api": forecast({"forecast_days": "16", "latitude": "1"}),
}


def words_of(bot: Bot) -> list[str]:
    """What the bot's own file, its help, and the readers of times know."""
    paths = {Path(handler.function.__code__.co_filename) for handler in bot.handlers}
    paths |= {ROOT / "bots" / f"{name}.py" for name in ("moment_words", "durations", "weather_words")}
    texts = [
        node.value
        for path in sorted(paths)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 60
    ]
    said = [said for handler in bot.handlers for said in handler.examples]
    return sorted({word for text in (*texts, *said) for word in text.split()}) + WORDS_OF.get(bot.name, [])


def sentence(random: Random, bot: Bot, words: list[str]) -> str:
    known = [said for handler in bot.handlers for said in handler.examples] + PHRASES_OF.get(bot.name, [])
    spoken = random.choice(known).split() if random.random() < 0.7 else []
    if random.random() < 0.4:
        spoken = [random.choice(NUMBERS) if word[:1].isdigit() else word for word in spoken]
    for _ in range(random.choice((0, 0, 0, 1, 1, 2, 3, 5, 9))):
        kind = random.random()
        word = random.choice(words if kind < 0.5 else NUMBERS if kind < 0.85 else SIGNS)
        at = random.randint(0, len(spoken))
        spoken[at : at + (random.random() < 0.5)] = [word * (1 if random.random() < 0.97 else 500)]
    return random.choice((" ", " ", " ", "")).join(spoken)[:4000] or "help"


@pytest.mark.parametrize("bot", built_in_bots(), ids=lambda bot: bot.name)
def test_no_sentence_makes_a_bot_fail(bot: Bot) -> None:
    random = Random(bot.name)
    words = words_of(bot)
    for _ in range(SENTENCES // 40):
        talk = Conversation(bot, canned(PAGES), random=random)
        said: list[str] = []
        for _ in range(40):
            said.append(sentence(random, bot, words))
            try:
                talk.say(said[-1], room=random.choice((None, "#den")))
                if random.random() < 0.1:
                    talk.pass_time(random.choice((1, 3600, 40 * 86_400)))
            except Exception as error:
                raise AssertionError(f"{bot.name} failed: {error!r}, after {said[-6:]}") from error
