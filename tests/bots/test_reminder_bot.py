"""ReminderBot: when it speaks, what it keeps, and what it refuses. It is noon UTC when each dialogue begins."""

import pytest

from bots.reminder_bot import REMINDERS_MAX, bot
from bots.testing import Conversation, check_examples, play


def test_examples() -> None:
    assert check_examples(bot) == 6


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
    "said", ["remind me", "in 10 parsecs x", "at 25:00 x", "at 12:60 x", "in 10 minutes", "in -1 s x"]
)
def test_what_it_does_not_understand_gets_help(said: str) -> None:
    play(bot, f"me> {said}\nbot> ReminderBot reminds you of something at its time. You can say: ...")


@pytest.mark.parametrize("said", ["in 53 weeks x", "in 99999999 weeks x", "in 1 hour " + "x" * 301])
def test_too_far_or_too_long_is_refused(said: str) -> None:
    play(bot, f"me> {said}\nbot> I remind you within a year, of at most 300 characters")


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
        bot> For you it is 21:00 now.
        me> at 20:00 sleep
        bot> I will remind you tomorrow at 20:00 JST (no. 1): sleep
        wait> 82799
        wait> 1
        bot> You asked me to remind you: sleep
        """,
    )


@pytest.mark.parametrize("zone", ["Nowhere", "../../etc/passwd", "Europe", "x" * 200, "/etc/passwd"])
def test_no_such_time_zone(zone: str) -> None:
    play(
        bot,
        f"me> timezone {zone}\nbot> I do not know the time zone {zone[:60]}: say for example timezone Europe/Berlin",
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
