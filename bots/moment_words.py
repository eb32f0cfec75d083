"""A moment as people say it (`tomorrow at 9`, `in 1 hour 30 minutes`, `every weekday at 8:30`). Pure.

A phrase is read whole or not at all: a part that is not understood would be a reminder at a wrong time. Each reader
below takes the words and where it begins, and gives what it found and where that ends; None if it is not there.
"""

import re
import unicodedata
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

from bots.durations import GLUED, NUMBERS, Words, duration, is_unit, seconds_in, word_at
from bots.moments import DAY_S, DAYTIME, Moment, Passed

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY_NAMES = {name[:length]: at for at, name in enumerate(WEEKDAYS) for length in (3, len(name))}
DAY_NAMES |= {"tues": 1, "thur": 3, "thurs": 3}
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
MONTH_NAMES = {name[:length]: at for at, name in enumerate(MONTHS, 1) for length in (3, len(name))} | {"sept": 9}
PARTS = {"morning": 9, "noon": 12, "midday": 12, "afternoon": 15, "evening": 19, "night": 20}  # the hour meant

_GROUPS = {"day": range(7), "weekday": range(5), "workday": range(5), "weekend": range(5, 7)}
_HOURS = {word: number for word, number in NUMBERS.items() if number <= 12 and word not in ("a", "an")}

_TIME_WORDS = frozenset((
    *("and", "or", "at", "in", "on", "every", "each", "from", "past", "ago", "am", "pm", "a.m.", "p.m.", "o'clock"),
    *("today", "tomorrow", "tonight", "half", "quarter", "until", "till", "before", "after", "now", "later", "-", "–"),
    *PARTS,
    "midnight",
))  # fmt: skip
_CLOCK = re.compile(r"([0-9]{1,2})(?:[:.]([0-9]{2}))?(am|pm)?")
_CLOCK_WITH_H = re.compile(r"([0-9]{1,2})h([0-9]{2})?")
_NUMERIC_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.(20[0-9]{2})?")
_DAY_OF_MONTH = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th|\.)?")


def normal(word: str) -> str:
    """A word as the readers compare it."""
    plain = unicodedata.normalize("NFKC", word).casefold().rstrip(",;:").replace("’", "'")
    return plain[:-1] if plain.endswith(".") and plain.count(".") == 1 else plain


def read(words: Words, at: int) -> tuple[Moment, int] | None:
    """The longest phrase that stands here."""
    return _repetition(words, at) or _ahead(words, at) or _date_and_clock(words, at)


def looks_like_time(words: Words, at: int) -> bool:
    """Whether a word belongs to a moment rather than to what one is reminded of."""
    word = words[at] if at < len(words) else ""
    follows = words[at + 1] if at + 1 < len(words) else ""
    if word[:1].isdigit():
        return bool(_CLOCK.fullmatch(word) and not word.isdigit()) or is_unit(follows) or bool(GLUED.fullmatch(word))
    return word in _TIME_WORDS or word in DAY_NAMES or is_unit(word)


def _ahead(words: Words, at: int) -> tuple[Moment, int] | None:
    begins = at + 1 if word_at(words, at) == "in" else at
    found = duration(words, begins)
    if not found:
        return None
    seconds, end = found
    if begins == at:
        if words[end : end + 2] == ["from", "now"]:
            return Moment(seconds=seconds), end + 2
        return None
    if seconds % DAY_S == 0 and seconds and (clock := _clock(words, end)):
        return Moment(seconds=seconds, clock=clock[0]), clock[1]
    return Moment(seconds=seconds), end


# A day, and an hour of it.


def _date_and_clock(words: Words, at: int) -> tuple[Moment, int] | None:
    """Either may come first, and either may be missing."""
    if clock := _clock(words, at):
        moment, end = Moment(clock=clock[0]), clock[1]
        if ahead := _ahead(words, end):
            seconds = ahead[0].seconds
            whole = ahead[0].clock is None and seconds and seconds % DAY_S == 0
            return (Moment(seconds=seconds, clock=clock[0]), ahead[1]) if whole else (moment, end)
        day = _day(words, end)
        return (_with_clock(day[0], clock[0]), day[1]) if day else (moment, end)
    day = _day(words, at)
    if not day:
        return None
    clock = _clock(words, day[1], is_led=True)
    return (_with_clock(day[0], clock[0]), clock[1]) if clock else day


def _with_clock(day: Moment, clock: time) -> Moment:
    """An hour of an afternoon or evening is one after noon: tonight at 8."""
    if day.clock and day.clock.hour >= PARTS["noon"] and clock.hour < PARTS["noon"]:
        clock = clock.replace(hour=clock.hour + 12)
    return replace(day, clock=clock)


def _clock(words: Words, at: int, is_led: bool = False) -> tuple[time, int] | None:
    """`at 9`, `5 pm`, `17:30`. A bare number needs `at` before it, or a day (`is_led`: but also then, `at`)."""
    has_at = word_at(words, at) in ("at", "@")
    at += has_at
    word = word_at(words, at)
    if word in ("noon", "midday", "midnight"):
        return time(12 if word != "midnight" else 0), at + 1
    if has_at and (with_h := _CLOCK_WITH_H.fullmatch(word)):
        word = f"{with_h[1]}:{with_h[2] or '00'}"
    elif part := _part_of_hour(words, at):
        word, at = part
    elif has_at and word in _HOURS:
        word = str(_HOURS[word])
    match = _CLOCK.fullmatch(word.replace("a.m.", "am").replace("p.m.", "pm"))
    if not match:
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    end = at + 1
    follows = word_at(words, end).replace(".", "")
    if not half and follows in ("am", "pm"):
        half, end = follows, end + 1
    elif not half and follows == "o'clock" and match[2] is None:
        end += 1
    elif not half and match[2] is None and not has_at:
        return None
    if (half and not 1 <= hour <= 12) or hour > 23 or minute > 59:
        return None
    return time(hour % 12 + (12 if half == "pm" else 0) if half else hour, minute), end


def _part_of_hour(words: Words, at: int) -> tuple[str, int] | None:
    """`half past five`, `quarter to 6`, `a quarter past 9`: as a clock shows it, and where its hour stands."""
    at += word_at(words, at) == "a"
    part, side, said = (word_at(words, at + step) for step in range(3))
    minutes, hour = {"half": 30, "quarter": 15}.get(part), _HOURS.get(said) or (int(said) if said.isdecimal() else None)
    if minutes is None or hour is None or side not in (("past",) if part == "half" else ("past", "to")):
        return None
    at_hour, minute = (hour, minutes) if side == "past" else ((hour - 1) % 24, 60 - minutes)
    return f"{at_hour}:{minute}", at + 2


def _day(words: Words, at: int) -> tuple[Moment, int] | None:
    at += word_at(words, at) == "on"
    at += word_at(words, at) == "the" and _DAY_OF_MONTH.fullmatch(word_at(words, at + 1)) is not None
    word = word_at(words, at)
    if word == "tonight":
        return Moment(day=lambda today: today, clock=time(PARTS["night"])), at + 1
    if word in ("today", "tomorrow"):
        return _part(words, at + 1, 0 if word == "today" else 1)
    if word == "this" and word_at(words, at + 1) in PARTS:
        return _part(words, at + 1, 0)
    after = at + (word == "the")
    if list(words[after : after + 3]) == ["day", "after", "tomorrow"]:
        return _part(words, after + 3, 2)
    return _weekday(words, at) or _date(words, at)


def _part(words: Words, at: int, ahead: int) -> tuple[Moment, int]:
    hour = PARTS.get(word_at(words, at))
    moment = Moment(day=lambda today: today + timedelta(days=ahead), clock=time(hour) if hour else None)
    return moment, at + (hour is not None)


def _weekday(words: Words, at: int) -> tuple[Moment, int] | None:
    is_next = word_at(words, at) == "next"
    at += is_next or word_at(words, at) == "this"
    wanted = DAY_NAMES.get(word_at(words, at))
    if wanted is None:
        return None
    hour = PARTS.get(word_at(words, at + 1))

    def day(today: date) -> date:
        ahead = (wanted - today.weekday()) % 7
        return today + timedelta(days=ahead or 7 * is_next)

    return Moment(day=day, clock=time(hour) if hour else None, week_on=True), at + 1 + (hour is not None)


def _date(words: Words, at: int) -> tuple[Moment, int] | None:
    """`2026-12-24`, `24 december`, `december 24th`, each with a year or without."""
    try:
        whole = date.fromisoformat(word_at(words, at)) if "-" in word_at(words, at) else None
    except ValueError:
        return None
    if whole:
        return Moment(day=lambda today: whole), at + 1
    if numeric := _NUMERIC_DATE.fullmatch(word_at(words, at)):
        return _of_year(int(numeric[3]) if numeric[3] else None, int(numeric[2]), int(numeric[1]), at + 1)
    first, second = word_at(words, at), word_at(words, at + 1)
    if second == "of":
        second, at = word_at(words, at + 2), at + 1
    month_word, number = (first, second) if first in MONTH_NAMES else (second, first)
    match = _DAY_OF_MONTH.fullmatch(number)
    if month_word not in MONTH_NAMES or not match:
        return None
    month, end, year = MONTH_NAMES[month_word], at + 2, None
    if re.fullmatch("20[0-9]{2}", word_at(words, end)):
        year, end = int(words[end]), end + 1
    return _of_year(year, month, int(match[1]), end)


def _of_year(year: int | None, month: int, number: int, end: int) -> tuple[Moment, int] | None:
    try:
        date(year or 2024, month, number)  # a leap year: whether there is such a day at all
    except ValueError:
        return None

    def day(today: date) -> date:
        for candidate in (year,) if year else range(today.year, today.year + 5):
            try:
                if (found := date(candidate, month, number)) >= today or year:
                    return found
            except ValueError:
                continue  # the 29th of February
        raise Passed

    return Moment(day=day), end


# Again and again.


def _repetition(words: Words, at: int) -> tuple[Moment, int] | None:
    clock = _clock(words, at)
    begins = clock[1] if clock else at
    days = _repeated_days(words, begins)
    if days:
        rule, end, hour = days
        behind = None if clock else _clock(words, end, is_led=True)
        clock_found, end = (behind[0], behind[1]) if behind else (clock[0] if clock else None, end)
        at_time = _with_clock(Moment(clock=hour), clock_found).clock if clock_found else hour or DAYTIME
        assert at_time is not None
        return Moment(every={**rule, "at": [at_time.hour, at_time.minute]}), end
    if clock or word_at(words, at) not in ("every", "each"):
        return None
    found = duration(words, at + 1)
    if not found:  # every hour
        unit_s = seconds_in(word_at(words, at + 1))
        found = (unit_s, at + 2) if unit_s else None
    if not found or found[0] != int(found[0]):
        return None
    return Moment(every={"seconds": int(found[0])}), found[1]


def _repeated_days(words: Words, at: int) -> tuple[dict[str, Any], int, time | None] | None:
    """The rule without its hour, the end, and the hour that a part of the day stands for."""
    word = word_at(words, at)
    if word == "daily":
        return {"on": list(range(7))}, at + 1, None
    if word.removesuffix("s") in (*_GROUPS, *WEEKDAYS) and word.endswith("s"):  # mondays at 9
        return _group(word, at + 1) or _listed_days(words, at)
    if word not in ("every", "each"):
        return None
    word, end = word_at(words, at + 1), at + 2
    if word in PARTS:
        return {"on": list(range(7))}, end, time(PARTS[word])
    if group := _group(word, end):
        return group
    if word == "week":
        return {"days": 7}, end, None
    if word.isdecimal() and seconds_in(word_at(words, end)) in (DAY_S, 7 * DAY_S):
        days = int(word) * (seconds_in(words[end]) or 0) // DAY_S
        return ({"days": days}, end + 1, None) if days else None
    return _listed_days(words, at + 1)


def _group(word: str, end: int) -> tuple[dict[str, Any], int, None] | None:
    days = _GROUPS.get(word.removesuffix("s"))
    return ({"on": list(days)}, end, None) if days else None


def _listed_days(words: Words, at: int) -> tuple[dict[str, Any], int, time | None] | None:
    """`monday`, `mondays and thursdays`, `tue, wed and fri`."""
    days: list[int] = []
    end = at
    while True:
        start = end + (bool(days) and word_at(words, end) == "and")
        day = DAY_NAMES.get(word_at(words, start), DAY_NAMES.get(word_at(words, start).removesuffix("s")))
        if day is None:
            break
        days.append(day)
        end = start + 1
    return ({"on": sorted(set(days))}, end, None) if days else None
