"""Which handler answers what, what help says, and how a bot that is written wrongly is refused."""

from collections.abc import Callable

import pytest

from bots import Bot, BotError, Event
from bots.kit.conversation import Conversation
from bots.kit.patterns import compile_usage


def told(bot: Bot, text: str) -> list[str]:
    return Conversation(bot).say(text)


def fields(usage: str, text: str, **kinds: Callable[[str], object]) -> dict[str, str | None] | None:
    match = compile_usage(usage, kinds).fullmatch(text)
    return match.groupdict() if match else None


def test_plain_words_stand_for_themselves_in_any_letter_case() -> None:
    assert fields("give up", "Give UP") == {}
    assert fields("give up", "give") is None
    assert fields("what? (now)", "what? (now)") == {}


def test_a_field_takes_words_and_the_last_one_the_rest() -> None:
    assert fields("tell <who> to <what>", "tell the two to go to bed") == {"who": "the two", "what": "go to bed"}


def test_an_optional_field_may_be_left_out() -> None:
    assert fields("play [highest]", "play") == {"highest": None}
    assert fields("play [highest]", "play 7") == {"highest": "7"}


def test_a_field_declared_int_takes_a_number_only() -> None:
    assert fields("<count>d<sides>", "2d6", count=int, sides=int) == {"count": "2", "sides": "6"}
    assert fields("<count>d<sides>", "xd6", count=int, sides=int) is None


@pytest.mark.parametrize("usage", ["", "a <B>", "a <b", "x[y]", "<a> <a>"])
def test_a_usage_line_that_cannot_be_read_is_refused(usage: str) -> None:
    with pytest.raises(BotError):
        compile_usage(usage, {})


def test_the_first_handler_that_fits_answers() -> None:
    bot = Bot("B", "does things")
    bot.on("go home")(lambda: "first")
    bot.on("go <place>")(lambda place: f"second {place}")
    bot.on("<anything>")(lambda anything: f"third {anything}")
    assert [told(bot, text) for text in ("go home", "GO  away", "stay")] == [["first"], ["second away"], ["third stay"]]


def test_numbers_come_as_int_and_what_is_left_out_as_the_default() -> None:
    bot = Bot("B", "does things")

    @bot.on("play [highest]")
    def play(highest: int = 100) -> str:
        return repr(highest)

    assert told(bot, "play") == ["100"]
    assert told(bot, "play 007") == ["7"]
    assert told(bot, "play x") == [bot.help_text()]


def test_a_regular_expression_matches_as_a_whole() -> None:
    bot = Bot("B", "does things")

    @bot.matching(r"(?P<left>[0-9]+) ?\+ ?(?P<right>[0-9]+)", "1 + 2", examples={"1 + 2": "3"})
    def add(left: int, right: int) -> str:
        return str(left + right)

    assert told(bot, "20+22") == ["42"]
    assert told(bot, "20+22!") == [bot.help_text()]


def test_help_shows_usage_help_and_examples() -> None:
    bot = Bot("TeaBot", "makes tea")
    bot.on("brew [kind]", help="a pot", examples={"brew mint": "..."})(lambda kind="": kind)
    said = "TeaBot makes tea. You can say: brew [kind] (a pot). For example: brew mint"
    assert told(bot, "help") == told(bot, "?") == told(bot, "what is this") == [said]


def test_help_comes_before_a_handler_that_takes_anything() -> None:
    bot = Bot("B", "does things")
    bot.on("<anything>")(lambda anything: anything)
    assert told(bot, "Help") == [bot.help_text()]


def test_a_bot_may_explain_itself() -> None:
    bot = Bot("B", "does things")
    bot.on("help")(lambda: "my own")
    assert told(bot, "help") == ["my own"]


def test_otherwise_hears_what_nothing_else_fits() -> None:
    bot = Bot("B", "does things")
    bot.on("go")(lambda: "gone")

    @bot.otherwise
    def otherwise(event: Event) -> str:
        return f"what is {event.text}?"

    assert told(bot, "stay") == ["what is stay?"]
    assert told(bot, "") == ["what is ?"]


@pytest.mark.parametrize("name", ["", "My Bot", "a|b", "_x", "x" * 33])
def test_a_name_that_no_user_can_have_is_refused(name: str) -> None:
    with pytest.raises(BotError, match="no name for a bot"):
        Bot(name, "does things")


@pytest.mark.parametrize("help", ["", "  ", "two\nlines", "a|b", "x" * 201])
def test_help_is_one_line_without_a_bar(help: str) -> None:
    with pytest.raises(BotError, match="one line of help"):
        Bot("B", help)


def test_in_rooms_has_two_values() -> None:
    assert Bot("B", "does things", in_rooms="all").in_rooms == "all"
    with pytest.raises(BotError, match="in_rooms"):
        Bot("B", "does things", in_rooms="some")


def test_a_handler_takes_what_there_is() -> None:
    bot = Bot("B", "does things")
    with pytest.raises(
        BotError, match="takes 'colour', which is none of event, state, shared, known, friends, nor a field of 'go <x>'"
    ):
        bot.on("go <x>")(lambda event, colour: "")
    with pytest.raises(BotError, match="'x'"):
        bot.on("go [x]")(lambda x: "no default for what may be left out")
    with pytest.raises(BotError, match="'x'"):
        bot.on("go <x>", "go")(lambda x: "nor for what one of the usage lines lacks")
    with pytest.raises(BotError, match="'x'"):
        bot.timer(lambda x: "")


def test_an_async_handler_is_refused() -> None:
    async def handler() -> str:
        return ""

    with pytest.raises(BotError, match="async"):
        Bot("B", "does things").on("go")(handler)


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(BotError, match="cannot be read"):
        Bot("B", "does things").matching("(", "x")(lambda: "")
