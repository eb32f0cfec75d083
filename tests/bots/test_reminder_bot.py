"""ReminderBot: when it speaks, what it keeps, and what it refuses. It is noon UTC when each dialogue begins."""

from time import thread_time

import pytest

from bots.reminder_bot import REMINDERS_MAX, UNCLEAR, bot
from bots.testing import Conversation, check_examples, play


def test_examples() -> None:
    assert check_examples(bot) == 7


def test_it_speaks_at_its_time_and_once() -> None:
    play(
        bot,
        """
        me> remind me in 10 minutes to drink tea
        bot> I will remind you at 12:10 UTC (no. 1): drink tea
        wait> 599
        wait> 1
        bot> You asked me to remind you: drink tea
        wait> 99999
        me> list
        bot> I have nothing to remind you of.
        """,
    )


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("remind me in 5 seconds to x", "at 12:00:05 UTC"),
        ("in 90s x", "at 12:01:30 UTC"),
        ("Remind me in an hour that x", "at 13:00 UTC"),
        ("in 2 hours x", "at 14:00 UTC"),
        ("in 1 day x", "tomorrow at 12:00 UTC"),
        ("in 3 days x", "on 05 December 2026 at 12:00 UTC"),
        ("in 2 weeks x", "on 16 December 2026 at 12:00 UTC"),
        ("at 17:30 x", "at 17:30 UTC"),
        ("remind me at 9.05 to x", "tomorrow at 09:05 UTC"),
        ("at 12:00 x", "tomorrow at 12:00 UTC"),
    ],
)
def test_ways_to_say_when(said: str, when: str) -> None:
    play(bot, f"me> {said}\nbot> I will remind you {when} (no. 1): x")


@pytest.mark.parametrize(
    ("said", "when", "what"),
    [
        ("remind me in 1 hour 30 minutes to stretch", "at 13:30 UTC", "stretch"),
        ("remind me in 1 hour and 30 minutes to stretch", "at 13:30 UTC", "stretch"),
        ("in 1h30m stretch", "at 13:30 UTC", "stretch"),
        ("in 1h 30m stretch", "at 13:30 UTC", "stretch"),
        ("in 1.5 hours stretch", "at 13:30 UTC", "stretch"),
        ("in an hour and a half stretch", "at 13:30 UTC", "stretch"),
        ("in half an hour tea", "at 12:30 UTC", "tea"),
        ("in a quarter of an hour tea", "at 12:15 UTC", "tea"),
        ("in 30 min. tea", "at 12:30 UTC", "tea"),
        ("in 5minutes tea", "at 12:05 UTC", "tea"),
        ("in ５ MIN tea", "at 12:05 UTC", "tea"),
        ("in 5 minutes, tea", "at 12:05 UTC", "tea"),
        ("in 1h30 tea", "at 13:30 UTC", "tea"),
        ("in twenty-five minutes tea", "at 12:25 UTC", "tea"),
        ("in a fortnight renew the passport", "on 16 December 2026 at 12:00 UTC", "renew the passport"),
        ("set a reminder for 5pm to call Bob", "at 17:00 UTC", "call Bob"),
        ("Please set an alarm in 10 minutes: tea", "at 12:10 UTC", "tea"),
        ("at half past five pm leave", "at 17:30 UTC", "leave"),
        ("at quarter to 18 leave", "at 17:45 UTC", "leave"),
        ("a quarter past 13 leave", "at 13:15 UTC", "leave"),
        ("leave at quarter to one", "tomorrow at 00:45 UTC", "leave"),
        ("at 17h30 the train", "at 17:30 UTC", "the train"),
        ("at 17h the train", "at 17:00 UTC", "the train"),
        ("at five pm the train", "at 17:00 UTC", "the train"),
        ("on the 5th of december pay the rent", "on 05 December 2026 at 09:00 UTC", "pay the rent"),
        ("on 24.12. at 18:00 presents", "on 24 December 2026 at 18:00 UTC", "presents"),
        ("24.12.2026 presents", "on 24 December 2026 at 09:00 UTC", "presents"),
        ("weekdays at 9 stand up", "every weekday at 09:00 UTC", "stand up"),
        ("yoga mondays and thursdays at 18:00", "every Monday and Thursday at 18:00 UTC", "yoga"),
        ("at 18:00 it is dinner time", "at 18:00 UTC", "it is dinner time"),
        ("in 2 days at 9:00 call Ann", "on 04 December 2026 at 09:00 UTC", "call Ann"),
        ("at 5:30 pm call Ann", "at 17:30 UTC", "call Ann"),
        ("5pm call Ann", "at 17:00 UTC", "call Ann"),
        ("at 12:15 am check the oven", "tomorrow at 00:15 UTC", "check the oven"),
        ("at 9:00 tomorrow call Ann", "tomorrow at 09:00 UTC", "call Ann"),
        ("tomorrow at 9 call Ann", "tomorrow at 09:00 UTC", "call Ann"),
        ("tomorrow call Ann", "tomorrow at 09:00 UTC", "call Ann"),
        ("tonight at 8 the film", "at 20:00 UTC", "the film"),
        ("the day after tomorrow at noon lunch", "on 04 December 2026 at 12:00 UTC", "lunch"),
        ("on friday at 17:30 go home", "on 04 December 2026 at 17:30 UTC", "go home"),
        ("at 17:30 on friday go home", "on 04 December 2026 at 17:30 UTC", "go home"),
        ("wednesday at 11:00 yoga", "on 09 December 2026 at 11:00 UTC", "yoga"),
        ("wednesday at 13:00 yoga", "at 13:00 UTC", "yoga"),
        ("on december 24th at 6 pm presents", "on 24 December 2026 at 18:00 UTC", "presents"),
        ("2026-12-24 18:00 presents", "on 24 December 2026 at 18:00 UTC", "presents"),
        ("on 1 may picnic", "on 01 May 2027 at 09:00 UTC", "picnic"),
        ("remind me to drink tea in 10 minutes", "at 12:10 UTC", "drink tea"),
        ("please remind me to buy 3 eggs at 5pm", "at 17:00 UTC", "buy 3 eggs"),
        ("call Ann tomorrow at 9", "tomorrow at 09:00 UTC", "call Ann"),
        ("can you remind me in ten minutes to Call Ann?", "at 12:10 UTC", "Call Ann"),
        ("every weekday at 9 stand up", "every weekday at 09:00 UTC", "stand up"),
        ("at 9 every weekday stand up", "every weekday at 09:00 UTC", "stand up"),
        ("stand up every weekday at 9", "every weekday at 09:00 UTC", "stand up"),
        ("every monday and thursday at 10 gym", "every Monday and Thursday at 10:00 UTC", "gym"),
        ("every evening at 7 read", "every day at 19:00 UTC", "read"),
        ("every 2 days at 9 water", "every 2 days at 09:00 UTC", "water"),
        ("every 30 minutes move", "every 30 minutes", "move"),
        ("every hour drink", "every hour", "drink"),
    ],
)
def test_plain_sentences_are_understood_whole(said: str, when: str, what: str) -> None:
    play(bot, f"me> {said}\nbot> I will remind you {when} (no. 1): {what}")


@pytest.mark.parametrize(
    "said",
    [
        *("remind me", "remind me to call Ann", "in 10 parsecs x", "in 5 30 minutes x", "in 1 month x", "in -1 s x"),
        *(
            "at 25:00 x",
            "at 24:00 x",
            "at 12:60 x",
            "at 13pm x",
            "at 9:00 am pm x",
            "on 31 february x",
        ),
        *("in 5 minutes ago tea", "in 10 minutes or so tea", "in 5 minutes and 3 hours tea", "every other day x"),
        *("at 17:00 call Ann tomorrow", "in 5 minutes tea in 3 hours", "at 5pm tomorrow or friday call"),
        "the train at 9:15 leaves",
    ],
)
def test_what_it_does_not_understand_whole_is_refused_with_an_example(said: str) -> None:
    talk = play(bot, f"me> {said}\nbot> {UNCLEAR}")
    assert not talk.timers


@pytest.mark.parametrize("when", ["at 5", "in 10 minutes", "tomorrow at 9:00", "every weekday", "on friday"])
def test_a_moment_alone_is_asked_what_for(when: str) -> None:
    for said in (when, f"remind me {when}", f"Remind me {when}, please."):
        play(bot, f"me> {said}\nbot> Of what? Say for example: remind me {when}... to stretch")


@pytest.mark.parametrize(
    "said",
    ["at 9:00 UTC+2 x", "at 9 am CET x", "x at 9:00 EST", "at 9:00 Berlin time x", "at 9 pm new york time call Ann"],
)
def test_another_clock_than_ones_own_is_not_passed_over(said: str) -> None:
    assert not play(bot, f"me> {said}\nbot> I go by your own clock, ...").timers


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("UTC", "at 17:00 UTC x"),
        ("Berlin", "at 5 pm CET x"),
        ("Berlin", "at 17:00 Berlin time x"),
        ("Berlin", "x at 17:00 berlin time"),
    ],
)
def test_one_s_own_clock_may_be_named(zone: str, said: str) -> None:
    play(bot, f"me> timezone {zone}\nbot> ...\nme> {said}\nbot> I will remind you at 17:00 ... (no. 1): x")


@pytest.mark.parametrize("said", ["hello", "what can you do", "9 call Ann"])
def test_what_is_about_no_time_gets_help(said: str) -> None:
    play(bot, f"me> {said}\nbot> ReminderBot reminds you of something at its time. You can say: ...")


@pytest.mark.parametrize("said", ["at 9:00 today x", "2020-01-01 x"])
def test_what_has_passed_is_refused(said: str) -> None:
    play(bot, f"me> {said}\nbot> That time has passed already: say for example in 10 minutes, or tomorrow at 9:00")


def test_a_repeated_one_comes_again_until_it_is_stopped() -> None:
    play(
        bot,
        """
        me> every weekday at 13:00 stand up
        bot> I will remind you every weekday at 13:00 UTC (no. 1): stand up
        wait> 3600
        bot> You asked me to remind you: stand up (no. 1; stop 1 ends it)
        wait> 86400
        bot> You asked me to remind you: stand up (no. 1; stop 1 ends it)
        wait> 86400
        bot> You asked me to remind you: stand up (no. 1; stop 1 ends it)
        wait> 172800
        me> list
        bot> no. 1 every weekday at 13:00 UTC: stand up
        wait> 86400
        bot> You asked me to remind you: stand up (no. 1; stop 1 ends it)
        me> stop
        bot> I will not remind you of no. 1: stand up
        wait> 999999
        """,
    )


def test_one_that_is_repeated_too_often_is_refused() -> None:
    play(bot, "me> every minute x\nbot> I repeat a reminder every 5 minutes at most: ...")


def test_an_hour_stays_the_same_where_clocks_are_put_back() -> None:
    """It is winter in Berlin; the clocks go forward in March."""
    play(
        bot,
        """
        me> timezone berlin
        bot> For you it is 13:00 now (Europe/Berlin).
        me> on 28 march 2027 at 9:00 x
        bot> I will remind you on 28 March 2027 at 09:00 CEST (no. 1): x
        me> on 27 march 2027 at 9:00 x
        bot> I will remind you on 27 March 2027 at 09:00 CET (no. 2): x
        """,
    )


@pytest.mark.parametrize(
    ("said", "number"),
    [("cancel 2", 2), ("cancel #2", 2), ("Cancel no. 2", 2), ("stop 2", 2), ("delete reminder 2.", 2)],
)
def test_ways_to_cancel(said: str, number: int) -> None:
    play(
        bot,
        "me> in 1 hour x\nbot> ...\nme> in 2 hours y\nbot> ...\n"
        f"me> {said}\nbot> I will not remind you of no. {number}: y",
    )


def test_all_can_be_cancelled() -> None:
    talk = play(
        bot, "me> in 1 hour x\nbot> ...\nme> in 2 hours y\nbot> ...\nme> cancel all\nbot> I dropped no. 1, no. 2."
    )
    assert not talk.timers
    play(bot, "me> cancel all\nbot> There is none to cancel.", conversation=talk)


def test_cancel_alone_asks_which_if_there_are_several() -> None:
    play(bot, "me> in 1 hour x\nbot> ...\nme> in 2 hours y\nbot> ...\nme> cancel\nbot> Which one? ...")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("europe/berlin", "13:00 now (Europe/Berlin)"),
        ("BERLIN", "13:00 now (Europe/Berlin)"),
        ("new york", "07:00 now (America/New_York)"),
        ("utc", "12:00 now (UTC)"),
        ("UTC+2", "14:00 now (UTC+02:00)"),
        ("GMT-5:30", "06:30 now (UTC-05:30)"),
        ("CET", "13:00 now (CET)"),
    ],
)
def test_ways_to_name_a_time_zone(said: str, told: str) -> None:
    play(bot, f"me> timezone {said}\nbot> For you it is {told}.")


@pytest.mark.parametrize(
    "said", ["in 53 weeks x", "in 99999999 weeks x", "in 1 hour " + "x" * 301, "9999-12-31 x", "call on 9999-12-31"]
)
@pytest.mark.parametrize("zone", ["UTC", "UTC-14", "Asia/Tokyo"])
def test_too_far_or_too_long_is_refused(said: str, zone: str) -> None:
    play(bot, f"me> timezone {zone}\nbot> ...\nme> {said}\nbot> I remind you within a year, of at most 300 characters")


@pytest.mark.parametrize("every", ["400 days at 17:00", "999999999999 days at 17:00", "53 weeks", "9999 hours"])
def test_what_comes_back_after_more_than_a_year_is_refused(every: str) -> None:
    """Its first time may be today: it would fail when it is to be set again."""
    said = "I repeat a reminder at least once in 366 days: say for example every 30 days pay the rent"
    play(bot, f"me> every {every} water\nbot> {said}\nwait> 86400")


def test_once_a_year_is_not_too_seldom() -> None:
    talk = Conversation(bot)
    assert talk.say("every 366 days at 17:00 water") == ["I will remind you every 366 days at 17:00 UTC (no. 1): water"]
    assert len(talk.pass_time(367 * 86_400)) == 2


def test_what_is_far_too_long_is_not_looked_into_for_a_moment() -> None:
    for said in ("a " * 1950, "remind me at " + "9 " * 1900, "remind me at a" + "\u0327\u0301" * 1900):
        start = thread_time()
        play(bot, f"me> {said}\nbot> I remind you within a year, of at most 300 characters")
        assert thread_time() - start < 0.02


def test_list_is_in_order_of_time_and_cancel_drops_one() -> None:
    play(
        bot,
        """
        me> at 9:00 late
        bot> ...
        me> in 1 hour soon
        bot> ...
        me> list
        bot> no. 2 at 13:00 UTC: soon · no. 1 tomorrow at 09:00 UTC: late
        me> cancel 2
        bot> I will not remind you of no. 2: soon
        me> cancel 2
        bot> There is no reminder no. 2. Say list to see yours.
        wait> 80000
        bot> You asked me to remind you: late
        """,
    )


def test_a_time_zone_moves_the_clock() -> None:
    play(
        bot,
        """
        me> timezone Asia/Tokyo
        bot> For you it is 21:00 now (Asia/Tokyo).
        me> at 20:00 sleep
        bot> I will remind you tomorrow at 20:00 JST (no. 1): sleep
        wait> 82799
        wait> 1
        bot> You asked me to remind you: sleep
        """,
    )


@pytest.mark.parametrize(
    "zone", ["Nowhere", "../../etc/passwd", "Europe", "x" * 200, "/etc/passwd", "localtime", "leapseconds"]
)
def test_no_such_time_zone(zone: str) -> None:
    play(
        bot,
        f"me> timezone {zone}\nbot> I do not know the time zone {zone[:60]}: say for example timezone Europe/Berlin...",
    )


def test_reminders_have_a_number_at_most() -> None:
    talk = Conversation(bot)
    for _ in range(REMINDERS_MAX):
        assert talk.say("in 1 hour x")[0].startswith("I will")
    assert talk.say("in 1 hour x") == ["I keep 20 reminders for you already: cancel one first (say list to see them)"]
    talk.say("cancel 3")
    assert talk.say("in 1 hour x")[0].startswith("I will")
    assert len(talk.timers) == REMINDERS_MAX


def test_in_a_room_it_says_whom_it_reminds() -> None:
    play(bot, "ann@#tea> in 5 s brew\nbot> ...\nwait> 5\nbot> ann, you asked me to remind you: brew")


def test_a_timer_without_its_reminder_says_nothing() -> None:
    talk = play(bot, "me> in 5 s brew\nbot> ...")
    talk.states.clear()
    play(bot, "wait> 5", conversation=talk)
