"""PollBot, the example of BOTS.md's reader."""

import json

from bots.examples.poll_bot import POLLS_MAX, bot
from bots.testing import Conversation, check_examples, play
from chatserver.bothost.forgetting import without_user


def test_examples() -> None:
    assert check_examples(bot) == 2


def test_a_poll_from_question_to_close() -> None:
    play(
        bot,
        """
        ann> poll Where to eat?: pizza, sushi, pizza
        bot> Where to eat? 1 pizza (0) · 2 sushi (0). Say vote 1 to choose pizza.
        ann> vote 2
        bot> You voted for sushi. Where to eat? 1 pizza (0) · 2 sushi (1).
        bob> vote 2
        bot> ...2 sushi (2).
        bob> vote 1
        bot> You voted for pizza. ...1 pizza (1) · 2 sushi (1).
        bob> vote 3
        bot> There are options 1 to 2. Where to eat? ...
        bob> close
        bot> This poll is ann's to close.
        ann> close
        bot> Closed. Where to eat? 1 pizza (1) · 2 sushi (1).
        ann> results
        bot> There is no poll here. ...
        """,
    )


def test_each_room_has_its_own() -> None:
    play(
        bot,
        """
        ann@#a> poll One?: x, y
        bot> One? ...
        ann@#b> poll Two?: x, y
        bot> Two? ...
        bob@#a> results
        bot> One? ...
        bob> results
        bot> There is no poll here. ...
        """,
    )


def test_too_few_options() -> None:
    play(bot, "me> poll Lunch?: pizza,\nbot> A poll has 2 to 10 options, ...")


def test_old_polls_make_place() -> None:
    talk = Conversation(bot)
    for number in range(POLLS_MAX + 5):
        talk.say("poll One?: x, y", room=f"#room{number}")
    assert list(json.loads(talk.shared)) == [f"#room{number}" for number in range(5, POLLS_MAX + 5)]


def test_a_poll_goes_with_the_account_that_asked_it() -> None:
    """What the server takes out of `shared` then leaves nothing of the question."""
    talk = Conversation(bot)
    talk.say("poll Secret?: x, y", room="#a")
    (author, _), *_ = json.loads(talk.shared).values()
    assert "Secret" not in without_user(talk.shared, author)
    assert "Secret" in without_user(talk.shared, "somebody else")
