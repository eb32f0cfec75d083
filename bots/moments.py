"""A moment, or a repetition, and when it is next. Pure; what people call it is read by `moment_words`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

DAY_S = 86_400
DAYTIME = time(9)  # for a day without an hour


class Passed(Exception):
    """The moment is over already."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a phrase means before one knows what time it is. `every` is a repetition: see `following`."""

    seconds: float | None = None  # from now
    day: Callable[[date], date] | None = None  # from today's date; None: the next day on which it is not over
    clock: time | None = None
    week_on: bool = False  # the day is one of each week: if today's is over, it is next week's
    every: dict[str, Any] | None = None


def due(moment: Moment, now: datetime) -> datetime:
    """When it is next, in the time zone of `now`. Raises Passed where it is over."""
    if moment.every is not None:
        return following(moment.every, now)
    if moment.seconds is not None and moment.clock is None:
        return (now.astimezone(UTC) + timedelta(seconds=moment.seconds)).astimezone(now.tzinfo)
    clock = moment.clock or DAYTIME
    if moment.seconds is not None:
        day = now.date() + timedelta(days=round(moment.seconds / DAY_S))
    else:
        day = moment.day(now.date()) if moment.day else now.date()
    then = _at(day, clock, now)
    if _is_over(then, now) and (moment.day is None or moment.week_on):
        then = _at(day + timedelta(days=7 if moment.week_on else 1), clock, now)
    if _is_over(then, now):
        raise Passed
    return then


def following(every: dict[str, Any], now: datetime) -> datetime:
    """The next time of a repetition: {"seconds": n}, {"on": weekdays, "at": [h, m]} or {"days": n, "at": [h, m]}."""
    if "seconds" in every:
        return (now.astimezone(UTC) + timedelta(seconds=every["seconds"])).astimezone(now.tzinfo)
    clock = time(*every["at"])
    if "days" in every:
        today = _at(now.date(), clock, now)
        return today if not _is_over(today, now) else _at(now.date() + timedelta(days=every["days"]), clock, now)
    days = (now.date() + timedelta(days=ahead) for ahead in range(8))
    candidates = (_at(day, clock, now) for day in days if day.weekday() in every["on"])
    return next(then for then in candidates if not _is_over(then, now))


def _at(day: date, clock: time, now: datetime) -> datetime:
    return datetime.combine(day, clock, now.tzinfo)


def _is_over(then: datetime, now: datetime) -> bool:
    return then.timestamp() <= now.timestamp()  # two times of one zone are compared by the clock on the wall
