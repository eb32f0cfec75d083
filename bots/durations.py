"""How long something takes, as people say it: `1 hour and 30 minutes`, `1h30m`, `half an hour`. Pure.

Each reader takes the words and where it begins, and gives what it found and where that ends; None if it is not there.
"""

import re
from collections.abc import Sequence

Words = Sequence[str]

UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400, "fortnight": 14 * 86_400}
SHORT = {
    "s": "second",
    "sec": "second",
    "m": "minute",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "d": "day",
    "w": "week",
}
NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "ninety": 90,
}  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty")
NUMBERS |= {
    f"{tens}-{one}": NUMBERS[tens] + number
    for tens in _TENS
    for one, number in list(NUMBERS.items())
    if 1 < number < 10
}
NUMBERS |= {f"{tens}-one": NUMBERS[tens] + 1 for tens in _TENS}

_NUMBER = re.compile(r"[0-9]{1,12}(?:[.,][0-9]{1,3})?")
GLUED = re.compile(r"(?:[0-9]{1,12}(?:\.[0-9]{1,3})?[a-z]+)+")
_HOURS_MINUTES = re.compile(r"([0-9]{1,3})h([0-5][0-9])")
_PIECE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([a-z]+)")


def duration(words: Words, at: int) -> tuple[float, int] | None:
    """`1 hour and 30 minutes`, `1h30m`, `half an hour`: units from the longest to the shortest."""
    total, last_s, end = 0.0, float("inf"), at
    while item := _amount(words, end + (end > at and word_at(words, end) == "and")):
        seconds, unit_s, after = item
        if unit_s >= last_s:
            return None
        total, last_s, end = total + seconds, unit_s, after
    return (total, end) if end > at else None


def _amount(words: Words, at: int) -> tuple[float, float, int] | None:
    """One number with its unit: seconds, those of the smallest unit, and the end."""
    word = word_at(words, at)
    if GLUED.fullmatch(word):
        return _glued(word, at)
    if glued := _HOURS_MINUTES.fullmatch(word):
        return int(glued[1]) * 3600 + int(glued[2]) * 60, 60, at + 1
    if word in ("half", "quarter") or (word == "a" and word_at(words, at + 1) in ("half", "quarter")):
        return _fraction(words, at + (word == "a"))
    if _NUMBER.fullmatch(word):
        number = float(word.replace(",", "."))
    elif word in NUMBERS:
        number = NUMBERS[word]
    else:
        return None
    end = at + 1
    if list(words[end : end + 3]) == ["and", "a", "half"]:
        number, end = number + 0.5, end + 3
    unit_s = seconds_in(word_at(words, end))
    if unit_s is None:
        return None
    if list(words[end + 1 : end + 4]) == ["and", "a", "half"] and not is_unit(word_at(words, end + 4)):
        number, end = number + 0.5, end + 3
    return number * unit_s, unit_s, end + 1


def _glued(word: str, at: int) -> tuple[float, float, int] | None:
    total, last_s = 0.0, float("inf")
    for number, unit in _PIECE.findall(word):
        unit_s = seconds_in(unit)
        if unit_s is None or unit_s >= last_s:
            return None
        total, last_s = total + float(number) * unit_s, unit_s
    return total, last_s, at + 1


def _fraction(words: Words, at: int) -> tuple[float, float, int] | None:
    part = 0.5 if words[at] == "half" else 0.25
    end = at + 1
    for filler in ("of", "a", "an"):
        end += word_at(words, end) == filler
    unit_s = seconds_in(word_at(words, end))
    return (part * unit_s, part * unit_s, end + 1) if unit_s else None


def seconds_in(word: str) -> int | None:
    """The seconds of a unit by its name; None if it is none."""
    singular = word[:-1] if len(word) > 1 and word.endswith("s") else word
    return UNITS.get(SHORT.get(singular, singular))


def is_unit(word: str) -> bool:
    """Whether a word is a unit of time."""
    return seconds_in(word) is not None


def word_at(words: Words, at: int) -> str:
    """A word; empty behind the last."""
    return words[at] if at < len(words) else ""
