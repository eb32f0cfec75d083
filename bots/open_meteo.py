"""Open-Meteo (no key needed) as WeatherBot needs it: which pages to ask for, and what their JSON says in words.

Pure: URLs and parsed JSON in, places and sentences out. Its forms: open-meteo.com/en/docs and
open-meteo.com/en/docs/geocoding-api.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from bots import Sorry, State

SEARCH_URL = "https://geocoding-api.open-meteo.com"
FORECAST_URL = "https://api.open-meteo.com"
DAYS_MAX = 16  # as far as the service looks
PLACES_MAX = 6
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


def search_page(base: str, name: str) -> str:
    """The page that finds the places of a name. An empty base is Open-Meteo's own."""
    query = urlencode({"name": name, "count": 10, "language": "en", "format": "json"})
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


def places(found: Any, region: str) -> list[State]:
    """The places that may be meant, each with its label and where it is: one if it is clear which."""
    try:
        rows = [row for row in found.get("results", []) if _is_in(row, region.casefold())]
        rows = [row for row in rows if row["name"].casefold() == rows[0]["name"].casefold()]
        rows.sort(key=_people, reverse=True)
        if len(rows) > 1 and _people(rows[0]) > CLEARLY_BIGGER * _people(rows[1]):
            rows = rows[:1]
        return list({_label(row): _place(row) for row in rows}.values())[:PLACES_MAX]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Sorry(UNREADABLE) from None


def weather(page: Any, question: str, imperial: bool) -> str:
    """What follows the name of the place. The question is `now`, `tomorrow`, or a number of days."""
    degrees, speed = ("°F", "mph") if imperial else ("°C", "km/h")
    try:
        if question == "now":
            return _now(page["current"], degrees, speed)
        days = [_day(page["daily"], at, degrees) for at in range(len(page["daily"]["time"]))]
        return f" tomorrow, {days[1]}" if question == "tomorrow" else f": {' · '.join(days[: int(question)])}"
    except (AttributeError, KeyError, IndexError, TypeError, ValueError):
        raise Sorry(UNREADABLE) from None


def _is_in(row: Mapping[str, Any], region: str) -> bool:
    names = [str(row.get(key) or "").casefold() for key in ("admin1", "country", "country_code")]
    return not region or region in names or any(region in name for name in names[:2])


def _people(row: Mapping[str, Any]) -> int:
    return int(row.get("population") or 0)


def _label(row: Mapping[str, Any]) -> str:
    parts = [row["name"], row.get("admin1"), row.get("country")]
    return ", ".join(dict.fromkeys(part for part in parts if part))


def _place(row: Mapping[str, Any]) -> State:
    return {"label": _label(row), "latitude": float(row["latitude"]), "longitude": float(row["longitude"])}


def _now(air: Mapping[str, Any], degrees: str, speed: str) -> str:
    feels = f", feels like {air['apparent_temperature']:.0f} {degrees}" if "apparent_temperature" in air else ""
    wind = f", wind {air['wind_speed_10m']:.0f} {speed}" if "wind_speed_10m" in air else ""
    return f" now: {_sky(air)}{air['temperature_2m']:.0f} {degrees}{feels}{wind}"


def _day(daily: Mapping[str, Any], at: int, degrees: str) -> str:
    row = {key: values[at] for key, values in daily.items()}
    rain = row.get("precipitation_probability_max")
    low, high = row["temperature_2m_min"], row["temperature_2m_max"]
    said = f"{date.fromisoformat(row['time']):%a %d %b}: {_sky(row)}{low:.0f} to {high:.0f} {degrees}"
    return f"{said}, {rain} % rain" if rain else said


def _sky(row: Mapping[str, Any]) -> str:
    """The state of the sky in words, with its comma; nothing for a code that has no words."""
    sky = SKIES.get(row.get("weather_code", -1))
    return f"{sky}, " if sky else ""
