"""Time zones as people name them: `Europe/Berlin` in any case, `berlin`, `new york`, `UTC+2`."""

import os
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import TZPATH, ZoneInfo, available_timezones

from bots import Sorry

_OFFSET = re.compile(r"(?:utc|gmt) ?([+-−]) ?([0-9]{1,2})(?::?([0-9]{2}))?", re.IGNORECASE)
NO_ZONES = frozenset(("localtime", "posixrules", "Factory"))  # in the machine's table, but no place's clock
NO_PLACES = ("Etc/", "SystemV/", "US/", "Brazil/", "Canada/", "Chile/", "Mexico/")  # older names of what has a city
OFFSET_MINUTES_MAX = 14 * 60
CHOICES_SHOWN = 6


def find_zone(said: str) -> str:
    """The name under which `zone_of` knows it. Raises Sorry where none or several fit."""
    wanted = " ".join(said.split()).casefold().replace(" ", "_")
    if wanted in ("utc", "gmt", "z"):
        return "UTC"
    if offset := _offset(said):
        return offset
    if wanted in _ZONES and zone_of(_ZONES[wanted]) is not UTC:
        return _ZONES[wanted]
    found = _differing(_CITIES.get(wanted, []))
    if len(found) == 1:
        return found[0]
    if found:
        raise Sorry(
            f"There are several: say for example {' · '.join(f'timezone {name}' for name in found[:CHOICES_SHOWN])}"
        )
    raise Sorry(f"I do not know the time zone {said[:60]}: say for example timezone Europe/Berlin, or timezone UTC+2")


def zone_of(name: str) -> tzinfo:
    """The zone of a name from `find_zone`; UTC where this machine has no table of zones any more."""
    if match := _OFFSET.fullmatch(name):
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes), name)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return UTC


def _offset(said: str) -> str | None:
    match = _OFFSET.fullmatch(said.strip())
    if not match:
        return None
    hours, minutes = int(match[2]), int(match[3] or 0)
    if minutes > 59 or hours * 60 + minutes > OFFSET_MINUTES_MAX:
        raise Sorry("A clock is at most 14 hours off UTC: say for example timezone UTC+2")
    sign = "+" if match[1] == "+" else "-"
    return f"UTC{sign}{hours:02d}:{minutes:02d}" if hours or minutes else "UTC"


def _names() -> set[str]:
    """As the folders of zones have them: zoneinfo's own list opens each file, 80 ms that everybody would wait for."""
    found = set()
    for base in TZPATH:
        for folder, inner, files in os.walk(base):
            inner[:] = [name for name in inner if name not in ("posix", "right")]
            found |= {os.path.relpath(os.path.join(folder, name), base) for name in files if "." not in name}
    return found or available_timezones()


def _tables() -> tuple[dict[str, str], dict[str, list[str]]]:
    """Zones by their name, and by the city that they are named after."""
    names = sorted(name for name in _names() if name not in NO_ZONES)
    cities: dict[str, list[str]] = {}
    for name in names:
        if "/" in name and not name.startswith(NO_PLACES):
            cities.setdefault(name.rpartition("/")[2].casefold(), []).append(name)
    return {name.casefold(): name for name in names}, cities


_ZONES, _CITIES = _tables()
"""Made when the bot is loaded: who asks first would keep everybody waiting for it."""


def _differing(names: list[str]) -> list[str]:
    """One name of each clock: America/Louisville is America/Kentucky/Louisville."""
    clocks: dict[tuple[timedelta | None, ...], str] = {}
    for name in names:
        zone = ZoneInfo(name)
        clocks.setdefault(tuple(datetime(2024, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)), name)
    return list(clocks.values())
