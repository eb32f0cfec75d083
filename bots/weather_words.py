"""What a sentence about the weather asks: of which days, and where. Pure."""

import re
from dataclasses import dataclass

NOW, TODAY, TOMORROW, WEEKEND = "now", "today", "tomorrow", "weekend"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FORECAST_DAYS = 3
WEEK_DAYS = 7

_LEAD = re.compile(
    r"(?:(?:please|tell me|show me|give me|and|what about|how about|what(?:'s| is| will| was)|whats|how(?:'s| is| will)"
    r"|will it (?:rain|snow|be(?: (?!today|tomorrow|tonight|on |in |this |next )\w+)?)|is it \w+|do i need an umbrella"
    r"|(?:can|could) you|how (?:cold|warm|hot|windy|wet))\b ?)+(?:(?:the|it|is|will|be|like|going to be|get)(?: |$))*"
    r"|the (?=weather|forecast|temperature)|"
)
_KIND = re.compile(r"(?:(?P<kind>weather|forecast|temperature)(?: forecast)?(?: be| like)*)?(?: |$)")
_LITTLE = r"(?:(?:in|for|at|of|on|the|this|over) )*"
_DAYS = (
    rf"{_LITTLE}(?:next )?(?P<days>[0-9]{{1,6}})[ -]days?(?: forecast)?|{_LITTLE}(?P<word>now|right now|today|tonight"
    rf"|(?:this )?evening|tomorrow|weekend|(?:next )?week|(?:next )?(?:{'|'.join(WEEKDAYS)}))"
)
_SAME = {"right now": NOW, "week": str(WEEK_DAYS), "next week": str(WEEK_DAYS), "tonight": TODAY, "evening": TODAY}
_FIRST = re.compile(rf"(?:{_DAYS})(?= |$)")
_LAST = re.compile(rf"(?:^| )(?:{_DAYS})$")


@dataclass(frozen=True, slots=True)
class Question:
    """`when` is now, today, tomorrow, weekend, a weekday, or a number of days; `place` as typed, empty for home."""

    when: str
    place: str


def read(said: str) -> Question:
    """What is left when the words around it are taken off is the place."""
    text = re.sub(r"(?i),? please$", "", said.strip("?!. "))
    rest = text[_LEAD.match(text.casefold()).end() :]  # type: ignore[union-attr]  # nothing at least
    kind = _KIND.match(rest.casefold())
    rest = rest[kind.end() :].strip() if kind and kind["kind"] else rest.strip()
    when, rest = _take_days(rest)
    place = re.sub(r"^(?:(?:in|for|at|of)\b ?)+", "", rest, flags=re.IGNORECASE).strip("?!. ")
    is_forecast = bool(kind and kind["kind"] == "forecast")
    number = re.fullmatch(r"(.*?) ?([0-9]{1,6})", place)
    if is_forecast and not when and number:
        when, place = number[2], number[1].strip()
    if place.casefold() == "home":
        place = ""
    return Question(when or (str(FORECAST_DAYS) if is_forecast else NOW), place)


def _take_days(rest: str) -> tuple[str, str]:
    """The days asked for, wherever they stand, and the rest."""
    for pattern in (_FIRST, _LAST):
        found = pattern.search(rest.casefold()) if pattern is _LAST else pattern.match(rest.casefold())
        if found and len(rest.casefold()) == len(rest):
            word = (found["word"] or "").removeprefix("this ")
            when = found["days"] or _SAME.get(word, word.removeprefix("next "))
            return when, (rest[: found.start()] + rest[found.end() :]).strip()
    return "", rest
