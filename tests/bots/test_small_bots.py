"""DiceBot and HelpBot."""

import pytest

from bots import dice_bot, help_bot
from bots.testing import Conversation, check_examples, play
from chatserver.protocol.verbs import VERBS


def test_dice_examples() -> None:
    assert check_examples(dice_bot.bot) == 5


@pytest.mark.parametrize(("said", "count", "sides"), [("roll", 1, 6), ("3d8", 3, 8), ("roll 100d1000", 100, 1000)])
def test_dice_are_within_their_sides_and_add_up(said: str, count: int, sides: int) -> None:
    [answer] = Conversation(dice_bot.bot).say(said)
    head, _, rolled = answer.partition(": ")
    dice, _, total = rolled.partition(" = ")
    values = [int(value) for value in dice.split(" + ")]
    assert head == f"{count}d{sides}"
    assert len(values) == count
    assert all(1 <= value <= sides for value in values)
    assert total == (str(sum(values)) if count > 1 else "")


@pytest.mark.parametrize("said", ["0d6", "101d6", "2d1", "2d1001", "999999999d6"])
def test_dice_that_do_not_exist_are_refused(said: str) -> None:
    play(dice_bot.bot, f"me> {said}\nbot> I have 1 to 100 dice of 2 to 1000 sides: say for example roll 2d6")


def test_every_side_and_every_option_comes_up() -> None:
    talk = Conversation(dice_bot.bot)
    assert {talk.say("roll")[0] for _ in range(200)} == {f"1d6: {side}" for side in range(1, 7)}
    assert {talk.say("flip")[0] for _ in range(50)} == {"Heads", "Tails"}
    assert {talk.say("choose tea, coffee or milk")[0] for _ in range(100)} == {"tea", "coffee", "milk"}
    play(dice_bot.bot, "me> choose ,\nbot> Say what to choose from: choose tea or coffee")


def test_help_bot_examples() -> None:
    assert check_examples(help_bot.bot) == 3


def test_help_bot_greets_a_user_once() -> None:
    play(
        help_bot.bot,
        """
        ann> hi
        bot> Welcome, ann! I am HelpBot. ...
        ann> hi
        bot> HelpBot explains the commands and lists the bots. You can say: ...
        bob> help
        bot> Welcome, bob! ...
        bot> HelpBot explains the commands and lists the bots. ...
        bob> help
        bot> HelpBot explains the commands and lists the bots. ...
        """,
    )


def test_help_bot_explains_every_verb() -> None:
    talk = Conversation(help_bot.bot)
    talk.say("hi")
    [listed] = talk.say("commands")
    for verb in VERBS.values():
        assert verb.name in listed
        assert talk.say(f"explain {verb.name.lower()}") == [f"{verb.name}: {verb.help}. Type: {verb.usage}"]


def test_help_bot_names_the_nearest_verb() -> None:
    play(
        help_bot.bot,
        """
        me> explain adfriend
        bot> Welcome...
        bot> There is no command of this name. Do you mean ADDFRIEND?
        me> explain xyzzy
        bot> There is no command of this name. Say commands for all of them.
        """,
    )


def test_help_bot_lists_the_bots() -> None:
    talk = Conversation(help_bot.bot, bots={"A": "does this", "B": "does that"})
    assert talk.say("bots")[1] == "You can write to A (does this) · B (does that). Say help to any of them."
