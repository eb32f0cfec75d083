"""Open-Meteo (no key needed) as WeatherBot needs it: which pages to ask for, and what their JSON says in words.

Pure: URLs and parsed JSON in, places and sentences out. Its forms: open-meteo.com/en/docs and
open-meteo.com/en/docs/geocoding-api.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from math import floor
from typing import Any
from urllib.parse import urlencode

from bots import Sorry, State
from bots.regions import COUNTRIES, STATES
from bots.weather_words import NOW, TODAY, TOMORROW, WEEKDAYS, WEEKEND

SEARCH_URL = "https://geocoding-api.open-meteo.com"
FORECAST_URL = "https://api.open-meteo.com"
DAYS_MAX = 16  # as far as the service looks
PLACES_MAX = 6
USUAL_MAX = 10  # places asked for where the name says it all
SEARCHED_MAX = 100  # as many as the service gives: the one in a certain region may be small
SATURDAY = 5
NO_VALUES = "the weather service has no values for that yet"
CLEARLY_BIGGER = 5  # a city so many times bigger than the next of its name is the one that is meant
UNREADABLE = "The weather service gave an answer that I cannot read. Please try again later."
SKIES = {
    0: "clear", 1: "mainly clear", 2: "partly cloudy", 3: "overcast", 45: "fog", 48: "freezing fog",
    51: "light drizzle", 53: "drizzle", 55: "heavy drizzle", 56: "freezing drizzle", 57: "freezing drizzle",
    61: "light rain", 63: "rain", 65: "heavy rain", 66: "freezing rain", 67: "freezing rain",
    71: "light snow", 73: "snow", 75: "heavy snow", 77: "snow grains", 80: "light showers", 81: "showers",
    82: "violent showers", 85: "snow showers", 86: "heavy snow showers", 95: "thunderstorm",
    96: "thunderstorm with hail", 99: "thunderstorm with heavy hail",
}  # fmt: skip


def search_page(base: str, name: str, count: int) -> str:
    """The page that finds the places of a name, the biggest first. An empty base is Open-Meteo's own."""
    query = urlencode({"name": name, "count": count, "language": "en", "format": "json"})
    return f"{base.rstrip('/') or SEARCH_URL}/v1/search?{query}"


def forecast_page(base: str, place: State, days: int, imperial: bool) -> str:
    """The page that has the weather of a place, now and for so many days."""
    query = {
        "latitude": place["latitude"],
        "longitude": place["longitude"],
        "timezone": "auto",
        "current": "temperature_2m,apparent_temperature,relative_humidity_2m,weather_code,wind_speed_10m",
        "daily": "weather_code,temperature_2m_max,temperature_2m_min,precipitation_probability_max",
        "forecast_days": days,
    }
    if imperial:
        query |= {"temperature_unit": "fahrenheit", "wind_speed_unit": "mph"}
    return f"{base.rstrip('/') or FORECAST_URL}/v1/forecast?{urlencode(query)}"


def places(found: Any, regions: Sequence[str]) -> list[State]:
    """The places that may be meant, each with its label and where it is: one if it is clear which.

    `regions` are the names behind the place's, as in London, UK or Paris, Texas, United States.
    """
    try:
        rows = [row for row in found.get("results", []) if all(_is_in(row, region) for region in regions)]
        rows = [row for row in rows if row["name"].casefold() == rows[0]["name"].casefold()]
        rows.sort(key=_people, reverse=True)
        if len(rows) > 1 and _people(rows[0]) > CLEARLY_BIGGER * _people(rows[1]):
            rows = rows[:1]
        return list({_label(row): _place(row) for row in rows}.values())[:PLACES_MAX]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Sorry(UNREADABLE) from None


def weather(page: Any, question: str, imperial: bool) -> str:
    """What follows the name of the place. The question is one of `weather_words`, or a number of days."""
    degrees, speed = ("°F", "mph") if imperial else ("°C", "km/h")
    try:
        if question == NOW:
            return _now(page["current"], degrees, speed)
        days = [(date.fromisoformat(day), at) for at, day in enumerate(page["daily"]["time"])]
        if question in (TODAY, TOMORROW):
            day, at = days[question == TOMORROW]
            return f" {question}, {_day(page['daily'], day, at, degrees) or NO_VALUES}"
        said = [text for day, at in _wanted(days, question) if (text := _day(page["daily"], day, at, degrees))]
        return f": {' · '.join(said) or NO_VALUES}"
    except (AttributeError, KeyError, IndexError, TypeError, ValueError):
        raise Sorry(UNREADABLE) from None


def _wanted(days: list[tuple[date, int]], question: str) -> list[tuple[date, int]]:
    """The days that a question is about, with their place on the page."""
    if question == WEEKEND:
        return [row for row in days if row[0].weekday() >= SATURDAY][:2]
    if question in WEEKDAYS:
        return [row for row in days if row[0].weekday() == WEEKDAYS.index(question)][:1]
    return days[: int(question)]


def days_needed(question: str) -> int:
    """How many days of a forecast answer a question. Raises Sorry where there are none, or not so many."""
    known = {NOW: 1, TODAY: 1, TOMORROW: 2, WEEKEND: 8, **dict.fromkeys(WEEKDAYS, 8)}
    days = known.get(question) or int(question)
    if not 1 <= days <= DAYS_MAX:
        raise Sorry(f"I look 1 to {DAYS_MAX} days ahead: say for example forecast Paris 5 days")
    return days


def is_region(word: str) -> bool:
    """Whether a word behind a place's name can be its region without a comma: Austin TX, London UK."""
    return word.casefold().replace(".", "") in {**STATES, **COUNTRIES}


def _is_in(row: Mapping[str, Any], region: str) -> bool:
    """Whether a place lies in a region, by its name, a part of it, its code, or a usual short form."""
    wanted = region.casefold().replace(".", "")
    names = [str(row.get(key) or "").casefold() for key in ("admin1", "admin2", "country")]
    code = str(row.get("country_code") or "").casefold()
    if wanted in names or wanted == code or COUNTRIES.get(wanted, "?") in (code, *names):
        return True
    if wanted in STATES:
        return STATES[wanted] in names
    return len(wanted) > 2 and any(wanted in name for name in names)


def _people(row: Mapping[str, Any]) -> int:
    return int(row.get("population") or 0)


def _label(row: Mapping[str, Any]) -> str:
    parts = [row["name"], row.get("admin1"), row.get("country")]
    return ", ".join(dict.fromkeys(part for part in parts if part))


def _place(row: Mapping[str, Any]) -> State:
    place = {"label": _label(row), "latitude": float(row["latitude"]), "longitude": float(row["longitude"])}
    return {**place, "timezone": str(row.get("timezone") or "UTC")}


def _now(air: Mapping[str, Any], degrees: str, speed: str) -> str:
    temperature, wind = air["temperature_2m"], air.get("wind_speed_10m")
    feels = air.get("apparent_temperature")
    parts = [
        SKIES.get(air.get("weather_code", -1)),
        None if temperature is None else f"{_whole(temperature)} {degrees}",
        None if feels is None else f"feels like {_whole(feels)} {degrees}",
        None if wind is None else f"wind {_whole(wind)} {speed}",
    ]
    return f" now: {', '.join(part for part in parts if part) or NO_VALUES}"


def _day(daily: Mapping[str, Any], day: date, at: int, degrees: str) -> str:
    """A day in words; empty if the service has no values for it yet."""
    row = {key: values[at] for key, values in daily.items()}
    low, high, rain = row["temperature_2m_min"], row["temperature_2m_max"], row.get("precipitation_probability_max")
    known = [_whole(value) for value in (low, high) if value is not None]
    parts = [
        SKIES.get(row.get("weather_code", -1)),
        f"{' to '.join(known)} {degrees}" if known else None,
        f"{_whole(rain)} % rain" if rain else None,
    ]
    said = ", ".join(part for part in parts if part)
    return f"{day:%a %d %b}: {said}" if said else ""


def _whole(value: float) -> str:
    """To the nearest whole number; a half goes up, and there is no -0."""
    return str(floor(value + 0.5))
