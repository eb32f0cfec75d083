"""ReminderBot: says something at its time, also when the server was restarted in between."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bots import After, Bot, Cancel, Event, Sorry, State
from bots.kit.effects import TIMER_SECONDS_MAX

bot = Bot("ReminderBot", "reminds you of something at its time")

REMINDERS_MAX = 20
WHAT_CHARS_MAX = 300
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}  # by the first letter of the unit
UNITS = "seconds?|secs?|s|minutes?|mins?|m|hours?|h|days?|d|weeks?|w"

Answer = tuple[list[str | After], State]


@bot.matching(
    rf"(?:remind me )?in (?P<amount>[0-9]{{1,8}}|an?) ?(?P<unit>{UNITS}) (?:to |that )?(?P<what>.+)",
    "remind me in <number> minutes to <what>",
    "or seconds, hours, days, weeks",
    examples={"remind me in 10 minutes to drink tea": "I will remind you at 12:10 UTC (no. 1): drink tea"},
)
def remind_in(event: Event, state: State, amount: str, unit: str, what: str) -> Answer:
    seconds = (int(amount) if amount.isdigit() else 1) * SECONDS[unit[0].lower()]
    return _remind(event, state, seconds, what)


@bot.matching(
    r"(?:remind me )?at (?P<hour>[01]?[0-9]|2[0-3])[:.](?P<minute>[0-5][0-9]) (?:to |that )?(?P<what>.+)",
    "at 17:30 <what>",
    "today, or tomorrow if it has passed",
    examples={
        "at 17:30 go home": "I will remind you at 17:30 UTC (no. 1): go home",
        "at 9:00 call Ann": "I will remind you tomorrow at 09:00 UTC (no. 1): call Ann",
    },
)
def remind_at(event: Event, state: State, hour: int, minute: int, what: str) -> Answer:
    now = event.now.astimezone(_zone(state))
    due = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if due.astimezone(UTC) <= event.now:
        due += timedelta(days=1)
    return _remind(event, state, (due.astimezone(UTC) - event.now).total_seconds(), what)


@bot.on("list", help="what I will remind you of", examples={"list": "I have nothing to remind you of."})
def list_all(event: Event, state: State) -> str:
    rows = sorted(state.get("reminders", {}).items(), key=lambda row: row[1]["due_ms"])
    if not rows:
        return "I have nothing to remind you of."
    return " · ".join(f"no. {number} {_when(event, state, row['due_ms'])}: {row['what']}" for number, row in rows)


@bot.on("cancel <number>", help="drop one", examples={"cancel 1": "There is no reminder no. 1. Say list to see yours."})
def cancel(state: State, number: int) -> tuple[list[str | Cancel], State]:
    dropped = state.get("reminders", {}).pop(str(number), None)
    if not dropped:
        raise Sorry(f"There is no reminder no. {number}. Say list to see yours.")
    return [f"I will not remind you of no. {number}: {dropped['what']}", Cancel(str(number))], state


@bot.on(
    "timezone <name>",
    help="the clock you live by",
    examples={
        "timezone Europe/Nowhere": "I do not know the time zone Europe/Nowhere: say for example timezone Europe/Berlin"
    },
)
def timezone(event: Event, state: State, name: str) -> tuple[str, State]:
    try:
        local = event.now.astimezone(ZoneInfo(name))
    except (ValueError, OSError, LookupError):  # no such zone, or no table of zones on this machine
        raise Sorry(f"I do not know the time zone {name[:60]}: say for example timezone Europe/Berlin") from None
    return f"For you it is {local:%H:%M} now.", {**state, "zone": name}


@bot.timer
def due(event: Event, state: State) -> tuple[str | None, State]:
    row = state.get("reminders", {}).pop(event.timer, None)
    if not row:
        return None, state
    asked = f"{event.sender}, you asked me" if event.room else "You asked me"
    return f"{asked} to remind you: {row['what']}", state


def _remind(event: Event, state: State, seconds: float, what: str) -> Answer:
    reminders = state.get("reminders", {})
    if len(reminders) >= REMINDERS_MAX:
        raise Sorry(f"I keep {REMINDERS_MAX} reminders for you already: cancel one first (say list to see them)")
    if seconds > TIMER_SECONDS_MAX or len(what) > WHAT_CHARS_MAX:
        raise Sorry(f"I remind you within a year, of at most {WHAT_CHARS_MAX} characters")
    number = str(state.get("last", 0) + 1)
    due_ms = event.time_ms + round(seconds * 1000)
    state = {**state, "last": int(number), "reminders": {**reminders, number: {"due_ms": due_ms, "what": what}}}
    return [f"I will remind you {_when(event, state, due_ms)} (no. {number}): {what}", After(seconds, number)], state


def _zone(state: State) -> tzinfo:
    return ZoneInfo(state["zone"]) if "zone" in state else UTC


def _when(event: Event, state: State, due_ms: int) -> str:
    zone = _zone(state)
    due, now = datetime.fromtimestamp(due_ms / 1000, UTC).astimezone(zone), event.now.astimezone(zone)
    days = (due.date() - now.date()).days
    day = {0: "", 1: "tomorrow "}.get(days, f"on {due:%d %B %Y} ")
    seconds = ":%S" if due_ms - event.time_ms < 120_000 else ""
    return f"{day}at {due.strftime('%H:%M' + seconds)} {due.tzname()}"
