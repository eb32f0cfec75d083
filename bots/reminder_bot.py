"""ReminderBot: says something at its time, once or again and again, also when the server was restarted in between."""

import re
from datetime import UTC, datetime
from typing import Any

from bots import After, Bot, Cancel, Event, Sorry, State
from bots.durations import UNITS
from bots.kit.effects import TIMER_SECONDS_MAX
from bots.kit.running import EFFECTS_MAX
from bots.moment_words import WEEKDAYS, looks_like_time, normal, read
from bots.moments import DAY_S, Moment, Passed, due, following
from bots.zones import find_zone, zone_of

bot = Bot("ReminderBot", "reminds you of something at its time")

REMINDERS_MAX = 20
EVERY_S_MIN = 300
WHAT_CHARS_MAX = 300
TOO_FAR_OR_LONG = f"I remind you within a year, of at most {WHAT_CHARS_MAX} characters"
SAID_CHARS_MAX = 500  # with the moment: looking for one in 4,000 characters takes 40 ms
TRY = (
    "say for example: remind me in 1 hour 30 minutes to stretch · tomorrow at 9:00 call Ann · "
    "call Ann on friday at 5 pm · every weekday at 9 stand up"
)
LEADS = (["to"], ["that"], ["-"], ["–"], [""])  # what may stand between the moment and the rest; a colon is taken off
UNCLEAR = f"I do not understand when that is: {TRY}"
OF_NOTHING = "Of what? Say for example: remind me {} to stretch"
ZONED = "I go by your own clock, and by no other: say for example timezone Berlin, and then at 9:00"
_ASKING = re.compile(
    r"(?:please |pls )?(?:(?:can|could|will|would) you )?(?:please )?"
    r"(?:remind me\b|(?:set|make|add|create)(?: me)? (?:a |an )?(?:reminder|alarm)\b(?: for\b)?)[ ,:]*",
    re.IGNORECASE,
)
_OTHER_CLOCK = re.compile(
    r"\b[0-9:.]{1,8}(?: ?[ap]\.?m\.?)? (?P<zone>(?:UTC|GMT|CES?T|[ECMP][SD]T|BST|IST|JST)(?:[+-][0-9:]{1,5})?)\b",
    re.IGNORECASE,
)
_CLOCK_OF_PLACE = re.compile(
    r"\b[0-9:.]{1,8}(?: ?[ap]\.?m\.?)? (?:in |by )?(?P<zone>\w+(?: \w+)?) time\b", re.IGNORECASE
)

Answer = tuple[list[str | After], State]


@bot.on("list", help="what I will remind you of", examples={"list": "I have nothing to remind you of."})
def list_all(event: Event, state: State) -> str:
    rows = sorted(state.get("reminders", {}).items(), key=lambda row: row[1]["due_ms"])
    if not rows:
        return "I have nothing to remind you of."
    return " · ".join(f"no. {number} {_when(event, state, row)}: {row['what']}" for number, row in rows)


@bot.matching(
    r"(?:cancel|stop|delete|remove)(?: reminder)?(?: (?P<which>all|(?:#|no\.? ?)?[0-9]{1,9}))?[.!]?",
    "cancel <number>",
    "or stop; cancel all",
    examples={"cancel 1": "There is no reminder no. 1. Say list to see yours."},
)
def cancel(state: State, which: str = "") -> tuple[list[str | Cancel], State]:
    reminders = state.get("reminders", {})
    if which.lower() == "all":
        if not reminders:
            raise Sorry("There is none to cancel.")
        dropped = ", ".join(f"no. {number}" for number in reminders)
        return [f"I dropped {dropped}.", *map(Cancel, list(reminders)[: EFFECTS_MAX - 1])], {**state, "reminders": {}}
    number = str(int(re.sub("[^0-9]", "", which))) if which else _only_one(reminders)
    dropped = reminders.pop(number, None)
    if not dropped:
        raise Sorry(f"There is no reminder no. {number}. Say list to see yours.")
    return [f"I will not remind you of no. {number}: {dropped['what']}", Cancel(number)], state


@bot.on(
    "timezone <name>",
    help="the clock you live by",
    examples={"timezone Berlin": "For you it is 13:00 now (Europe/Berlin)."},
)
def timezone(event: Event, state: State, name: str) -> tuple[str, State]:
    zone = find_zone(name)
    return f"For you it is {event.now.astimezone(zone_of(zone)):%H:%M} now ({zone}).", {**state, "zone": zone}


@bot.matching(
    r"(?P<said>.+)",
    "remind me <when> to <what>",
    "in 10 minutes, tomorrow at 9:00, on friday at 5 pm, every weekday at 9; also the other way round",
    examples={
        "remind me in 10 minutes to drink tea": "I will remind you at 12:10 UTC (no. 1): drink tea",
        "at 17:30 go home": "I will remind you at 17:30 UTC (no. 1): go home",
        "call Ann tomorrow at 9": "I will remind you tomorrow at 09:00 UTC (no. 1): call Ann",
        "every weekday at 9 stand up": "I will remind you every weekday at 09:00 UTC (no. 1): stand up",
    },
)
def remind(event: Event, state: State, said: str) -> str | Answer:
    if len(said) > SAID_CHARS_MAX:
        raise Sorry(TOO_FAR_OR_LONG)
    asked = _ASKING.sub("", said, count=1) if _ASKING.match(said) else said
    asked = _by_own_clock(event, state, asked)
    spoken = asked.rstrip("?!. ").split()
    if spoken and normal(spoken[-1]) == "please":
        spoken.pop()
    found = _in_front(spoken) or _behind(spoken)
    if found is None and (alone := read([normal(word) for word in spoken], 0)) and alone[1] == len(spoken):
        raise Sorry(OF_NOTHING.format(" ".join(spoken)))
    if found is None:
        raise Sorry(UNCLEAR if asked != said or _mentions_time(spoken) else bot.help_text())
    return _remind(event, state, *found)


def _by_own_clock(event: Event, state: State, asked: str) -> str:
    """What is asked, without one's own clock: `at 9:00 UTC`, `at 9 am Berlin time`. Raises Sorry for another."""
    named = _OTHER_CLOCK.search(asked) or _CLOCK_OF_PLACE.search(asked)
    if named is None:
        return asked
    zone = _zone(state)
    own = {state.get("zone", "UTC"), str(event.now.astimezone(zone).tzname()).upper()}
    try:
        is_theirs = named["zone"].upper() in own or find_zone(named["zone"]) in own
    except Sorry:
        return asked  # at 9 it is dinner time
    if not is_theirs:
        raise Sorry(ZONED)
    return asked[: named.start("zone")] + asked[named.end() :]


@bot.timer
def due_now(event: Event, state: State) -> tuple[str | list[str | After] | None, State]:
    reminders = state.get("reminders", {})
    row = reminders.get(event.timer)
    if not row:
        return None, state
    asked = f"{event.sender}, you asked me" if event.room else "You asked me"
    said = f"{asked} to remind you: {row['what']}"
    if "every" not in row:
        del reminders[event.timer]
        return said, state
    seconds = _seconds_until(event, following(row["every"], event.now.astimezone(_zone(state))))
    row["due_ms"] = event.time_ms + round(seconds * 1000)
    return [f"{said} (no. {event.timer}; stop {event.timer} ends it)", After(seconds, str(event.timer))], state


def _in_front(spoken: list[str]) -> tuple[Moment, str] | None:
    """The moment first: `in 10 minutes [to] drink tea`. Without the `to`, nothing else may be about a time."""
    words = [normal(word) for word in spoken]
    found = read(words, 0)
    if not found:
        return None
    moment, end = found
    has_lead = words[end : end + 1] in LEADS
    what = spoken[end + has_lead :]
    if not what:
        return None
    is_clear = has_lead or spoken[end - 1].endswith((",", ":"))
    if not is_clear and (looks_like_time(words, end) or _ends_with_moment(words, end)):
        return None
    return moment, " ".join(what)


def _behind(spoken: list[str]) -> tuple[Moment, str] | None:
    """The moment last: `drink tea in 10 minutes`. The longest that reaches the end."""
    words = [normal(word) for word in spoken]
    begins = int(words[:1] in LEADS)
    if read(words, begins):
        return None  # it began with a moment that was not understood whole
    for at in range(begins + 1, len(words)):
        found = read(words, at)
        if found and found[1] == len(words):
            return None if looks_like_time(words, at - 1) else (found[0], " ".join(spoken[begins:at]).rstrip(",;"))
    return None


def _ends_with_moment(words: list[str], begins: int) -> bool:
    """`at 17:00 call Ann tomorrow`: nobody knows whether the day belongs to the hour."""
    return any((found := read(words, at)) and found[1] == len(words) for at in range(begins, len(words)))


def _mentions_time(spoken: list[str]) -> bool:
    words = [normal(word) for word in spoken]
    return looks_like_time(words, 0) or any(read(words, at) for at in range(len(words)))


def _remind(event: Event, state: State, moment: Moment, what: str) -> Answer:
    reminders = state.get("reminders", {})
    if len(reminders) >= REMINDERS_MAX:
        raise Sorry(f"I keep {REMINDERS_MAX} reminders for you already: cancel one first (say list to see them)")
    if moment.every and moment.every.get("seconds", EVERY_S_MIN) < EVERY_S_MIN:
        raise Sorry(f"I repeat a reminder every {EVERY_S_MIN // 60} minutes at most: say for example every hour drink")
    if moment.every and max(moment.every.get("days", 0) * DAY_S, moment.every.get("seconds", 0)) > TIMER_SECONDS_MAX:
        raise Sorry("I repeat a reminder at least once in 366 days: say for example every 30 days pay the rent")
    seconds = _seconds_until_due(event, state, moment)
    if seconds > TIMER_SECONDS_MAX or len(what) > WHAT_CHARS_MAX:
        raise Sorry(TOO_FAR_OR_LONG)
    number = str(state.get("last", 0) + 1)
    row: State = {"due_ms": event.time_ms + round(seconds * 1000), "what": what}
    if moment.every:
        row["every"] = moment.every
    state = {**state, "last": int(number), "reminders": {**reminders, number: row}}
    return [f"I will remind you {_when(event, state, row)} (no. {number}): {what}", After(seconds, number)], state


def _seconds_until_due(event: Event, state: State, moment: Moment) -> float:
    try:
        return _seconds_until(event, due(moment, event.now.astimezone(_zone(state))))
    except Passed:
        raise Sorry("That time has passed already: say for example in 10 minutes, or tomorrow at 9:00") from None
    except OverflowError:  # behind the year 9999
        raise Sorry(TOO_FAR_OR_LONG) from None


def _seconds_until(event: Event, then: datetime) -> float:
    return max(0.0, (then.astimezone(UTC) - event.now).total_seconds())


def _only_one(reminders: State) -> str:
    if len(reminders) != 1:
        raise Sorry("Which one? Say for example cancel 1, or cancel all (say list to see yours)")
    return str(next(iter(reminders)))


def _zone(state: State) -> Any:
    return zone_of(state["zone"]) if "zone" in state else UTC


def _when(event: Event, state: State, row: State) -> str:
    zone = _zone(state)
    then, now = datetime.fromtimestamp(row["due_ms"] / 1000, UTC).astimezone(zone), event.now.astimezone(zone)
    if "every" in row:
        return _repetition(row["every"], then)
    days = (then.date() - now.date()).days
    day = {0: "", 1: "tomorrow "}.get(days, f"on {then:%d %B %Y} ")
    seconds = ":%S" if row["due_ms"] - event.time_ms < 120_000 else ""
    return f"{day}at {then.strftime('%H:%M' + seconds)} {then.tzname()}"


def _repetition(every: State, then: datetime) -> str:
    """`every weekday at 09:00 UTC`."""
    if "seconds" in every:
        unit = next(name for name in reversed(UNITS) if every["seconds"] % UNITS[name] == 0)
        count = every["seconds"] // UNITS[unit]
        return f"every {f'{count} {unit}s' if count > 1 else unit}"
    if "days" in every:
        days = f"{every['days']} days" if every["days"] > 1 else "day"
    else:
        groups = {(*range(7),): "day", (*range(5),): "weekday", (5, 6): "saturday and sunday"}
        days = groups.get(tuple(every["on"])) or " and ".join(WEEKDAYS[day].capitalize() for day in every["on"])
    hour, minute = every["at"]
    return f"every {days} at {hour:02d}:{minute:02d} {then.tzname()}"
