"""DiceBot and HelpBot."""

import re

import pytest

from bots import dice_bot, help_bot
from bots.testing import Conversation, check_examples, play
from chatserver.protocol.verbs import VERBS


def test_dice_examples() -> None:
    assert check_examples(dice_bot.bot) == 8


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


@pytest.mark.parametrize(
    ("said", "head", "rolled"),
    [
        ("d20", "1d20", (20,)),
        ("Roll a d20, please!", "1d20", (20,)),
        ("throw two dice", "2d6", (6, 6)),
        ("roll d%", "1d%", (100,)),
        ("3d6+2", "3d6+2", (6, 6, 6, 2)),
        ("roll 2d6 - 1d4 + 10", "2d6-1d4+10", (6, 6, 4, 10)),
        ("２d６", "2d6", (6, 6)),
    ],
)
def test_dice_as_players_write_them(said: str, head: str, rolled: tuple[int, ...]) -> None:
    [answer] = Conversation(dice_bot.bot).say(said)
    asked, _, shown = answer.partition(": ")
    sum_of, _, total = shown.partition(" = ")
    terms = [int(term.replace(" ", "")) for term in re.findall(r"-? ?\d+", sum_of)]
    assert asked == head
    assert len(terms) == len(rolled)
    assert all(1 <= abs(term) <= most for term, most in zip(terms, rolled, strict=True))
    assert int(total or terms[0]) == sum(terms)


@pytest.mark.parametrize("said", ["3d6+", "3d6 fire", "d", "d6d6", "²d6", "5", "roll for initiative"])
def test_what_is_not_all_dice_is_not_rolled(said: str) -> None:
    [answer] = Conversation(dice_bot.bot).say(said)
    assert answer == dice_bot.bot.help_text()


def test_a_roll_fits_a_message() -> None:
    [most] = Conversation(dice_bot.bot).say("91d1000" + "+1d1000" * 9)
    assert len(most) < 1000
    play(dice_bot.bot, "me> 1d6+100d6\nbot> I have 1 to 100 dice ...")
    play(dice_bot.bot, "me> 1d6" + "+1" * 10 + "\nbot> I add up to 10 kinds of dice: ...")


@pytest.mark.parametrize("said", ["flip a coin", "Please toss the coin.", "heads or tails?"])
def test_a_coin_is_a_coin_however_it_is_asked(said: str) -> None:
    assert Conversation(dice_bot.bot).say(said)[0] in ("Heads", "Tails")


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


@pytest.mark.parametrize(
    ("said", "verb"),
    [
        ("how do I leave a room?", "LEAVE"),
        ("How can I change my password", "SETPASSWORD"),
        ("how do I remove a friend?", "DELETEFRIEND"),
        ("how do I log out", "LOGOUT"),
        ("who is online?", "SHOWFRIENDS"),
        ("find messages", "SEARCH"),
    ],
)
def test_help_bot_finds_the_verb_that_a_sentence_is_after(said: str, verb: str) -> None:
    [_, answer] = Conversation(help_bot.bot).say(said)  # behind the greeting
    assert answer == f"{verb}: {VERBS[verb].help}. Type: {VERBS[verb].usage}"


@pytest.mark.parametrize("said", ["thanks", "hi there", "", "blue"])
def test_help_bot_does_not_guess(said: str) -> None:
    talk = Conversation(help_bot.bot)
    talk.say("hi")
    assert talk.say(said) == [help_bot.bot.help_text()]


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
