"""NumbersGame: the game, the bests, the table, and what is refused."""

import json

import pytest

from bots.numbers_game import BESTS_KEPT, TABLE_ROWS, bot
from bots.testing import Conversation, check_examples, play


def solved(talk: Conversation, user: str, highest: int = 100) -> tuple[str, int]:
    """Play a whole game by halving; the last answer and the number of tries."""
    talk.say(f"play {highest}", user)
    low, high, tries = 1, highest, 0
    while True:
        middle = (low + high) // 2
        tries += 1
        [said] = talk.say(str(middle), user)
        if said.startswith("Higher"):
            low = middle + 1
        elif said.startswith("Lower"):
            high = middle - 1
        else:
            return said, tries


def won_in(talk: Conversation, user: str, tries: int, highest: int = 100) -> str:
    """Win a game in so many tries, by looking into the bot's head."""
    talk.say(f"start {highest}", user)
    secret = json.loads(talk.states[user])["game"]["secret"]
    for _ in range(tries - 1):
        talk.say(str(secret % highest + 1), user)
    return talk.say(str(secret), user)[0]


def test_examples() -> None:
    assert check_examples(bot) == 9


def test_a_game_says_higher_and_lower_and_counts() -> None:
    play(
        bot,
        """
        me> start
        bot> I think of a number from 1 to 100. Your guess?
        me> 1
        bot> Higher than 1! (1 try so far)
        me> guess 100
        bot> Lower than 100! (2 tries so far)
        me> 0
        bot> My number is from 1 to 100. This try does not count.
        me> 101
        bot> My number is from 1 to 100. This try does not count.
        me> 50
        bot> Right, it is 50! You needed 3 tries. That is your personal best. ...
        me> 50
        bot> There is no game on. Say play to start one.
        """,
        seed=0,
    )


@pytest.mark.parametrize("said", ["50", "50.", "５０", "guess 50!", "is it 50?", "@NumbersGame 50", "Numbers Game: 50"])
def test_ways_to_guess(said: str) -> None:
    play(bot, f"me> play\nbot> ...\nme> {said}\nbot> Right, it is 50! ...", seed=0)


@pytest.mark.parametrize(("level", "highest"), [("easy", 10), ("Normal", 100), ("hard", 1000), ("insane", 1_000_000)])
def test_levels(level: str, highest: int) -> None:
    play(bot, f"me> play {level}\nbot> I think of a number from 1 to {highest}. Your guess?")


@pytest.mark.parametrize("highest", [2, 100, 1000, 1_000_000])
def test_every_game_can_be_won(highest: int) -> None:
    talk = Conversation(bot)
    for _ in range(20):
        said, tries = solved(talk, "me", highest)
        assert f"You needed {tries} tr" in said
        assert 2 ** (tries - 1) <= highest


@pytest.mark.parametrize("highest", ["0", "1", "1000001", "999999999999999"])
def test_a_range_that_makes_no_game_is_refused(highest: str) -> None:
    play(bot, f"me> play {highest}\nbot> I play from 1 to anything between 2 and 1000000: say for example play 1000")


def test_give_up_tells_the_number_and_ends_the_game() -> None:
    talk = play(bot, "me> play 1000\nbot> ...\nme> 1\nbot> ...")
    secret = json.loads(talk.states["me"])["game"]["secret"]
    told = f"It was {secret}. You had 1 try. Say play for another game."
    play(bot, f"me> give up\nbot> {told}\nme> give up\nbot> There is no...", conversation=talk)


def test_a_new_game_drops_the_old_one_and_says_so() -> None:
    play(
        bot, "me> play\nbot> ...\nme> 1\nbot> ...\nme> play 10\nbot> I drop the game you had after 1 try. I think of..."
    )


def test_the_personal_best_is_the_fewest_tries_of_its_range() -> None:
    talk = Conversation(bot)
    assert "That is your personal best." in won_in(talk, "me", 5)
    assert "Your personal best is 5." in won_in(talk, "me", 6)
    assert "That is your personal best." in won_in(talk, "me", 2)
    won_in(talk, "me", 3, 1000)
    assert talk.say("best") == ["Your best: 1 to 100 in 2 tries, 1 to 1000 in 3 tries"]


def test_the_table_ranks_all_players_and_each_once() -> None:
    talk = Conversation(bot)
    won_in(talk, "ann", 5)
    won_in(talk, "bob", 1)
    won_in(talk, "cho", 5)
    won_in(talk, "ann", 9)
    won_in(talk, "bob", 3)
    expected = ["The best from 1 to 100: 1. bob 1 try, 2. ann 5 tries, 3. cho 5 tries"]
    assert talk.say("table", "dan") == talk.say("top", "dan") == expected
    assert talk.say("table 1000") == ["Nobody has won from 1 to 1000 yet. Say play to be the first."]


def test_the_table_of_friends_has_only_them_however_many_are_better() -> None:
    talk = Conversation(bot)
    talk.befriend(["me", "ann", "bob", "cho"])
    talk.befriend(["bob", "zed"])
    won_in(talk, "me", 7)
    won_in(talk, "ann", 9)
    won_in(talk, "bob", 2, 1000)
    for player in range(TABLE_ROWS):
        won_in(talk, f"player{player}", 1)
    talk.say("play", "ann")  # who is in a game has a best all the same
    for said in ("friends", "Friends 100", "table friends", "top of my friends", "best of friends normal"):
        assert talk.say(said) == ["The best of you and your friends from 1 to 100: 1. me 7 tries, 2. ann 9 tries"]
    assert talk.say("friends hard", "zed") == ["The best of you and your friends from 1 to 1000: 1. bob 2 tries"]
    assert talk.say("friends 1000", "ann") == talk.say("friends 1000", "zed")
    none = "Neither you nor a friend of yours has won from 1 to 10 yet. Say play to be the first."
    assert talk.say("friends easy") == [none]


def test_the_tables_of_the_levels() -> None:
    talk = Conversation(bot)
    won_in(talk, "ann", 3, 10)
    assert talk.say("table easy") == talk.say("top 10") == ["The best from 1 to 10: 1. ann 3 tries"]


def test_what_is_remembered_has_an_end() -> None:
    talk = Conversation(bot)
    for player in range(TABLE_ROWS + 5):
        won_in(talk, f"player{player}", 2)
    for highest in range(2, BESTS_KEPT + 12):
        won_in(talk, "me", 1, highest)
    assert len(json.loads(talk.shared)["100"]) == TABLE_ROWS
    assert set(json.loads(talk.shared)) == {"10", "100"}
    assert len(json.loads(talk.states["me"])["best"]) == BESTS_KEPT


def test_two_users_play_at_once() -> None:
    talk = Conversation(bot)
    talk.say("play", "ann")
    talk.say("play 10", "bob")
    before = talk.states["ann"]
    talk.say("3", "bob")
    assert talk.states["ann"] == before


def test_a_game_goes_on_from_its_stored_state() -> None:
    first = Conversation(bot)
    first.say("play")
    first.say("1")
    second = Conversation(bot, states=dict(first.states), shared=first.shared)
    assert "(2 tries so far)" in second.say("100")[0]


def test_a_room_plays_by_turns() -> None:
    talk = play(
        bot,
        """
        ann@#den> together
        bot> I think of a number from 1 to 100. Guess by turns: nobody twice, one after another.
        bob@#den> together
        bot> #den plays already, from 1 to 100: guess, or say give up
        """,
    )
    secret = json.loads(talk.shared)["#den"]["secret"]
    assert secret != 1
    play(
        bot,
        f"""
        ann@#den> 1
        bot> Higher than 1! (1 try so far)
        ann@#den> {secret}
        bot> It is another's turn, ann: this try does not count.
        ann> {secret}
        bot> There is no game on. Say play to start one.
        ann@#other> {secret}
        bot> There is no game on. Say play to start one.
        bob@#den> {secret}
        bot> Right, bob, it is {secret}! Together you needed 2 tries.
        bob@#den> {secret}
        bot> There is no game on. Say play to start one.
        """,
        conversation=talk,
    )
    assert json.loads(talk.shared) == {}


def test_a_room_gives_up_together_and_games_of_ones_own_go_on() -> None:
    play(
        bot,
        """
        ann> play
        bot> I think of a number from 1 to 100. Your guess?
        ann@#den> together 1
        bot> I play from 1 to anything between 2 and 1000000: say for example together 1000
        ann@#den> together 2
        bot> I think of a number from 1 to 2. ...
        bob@#den> give up
        bot> It was ... You had 0 tries. Say together for another game.
        ann> 100
        bot> Lower than 100! (1 try so far)
        """,
    )
