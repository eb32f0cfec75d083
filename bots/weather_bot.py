"""WeatherBot: the weather, by Open-Meteo or by what serves the same pages at the setting `weather_url`."""

from collections.abc import Generator
from datetime import UTC, datetime, time
from typing import Any

from bots import After, Bot, Cancel, Event, Fetch, Reply, Sorry, State
from bots.moment_words import normal
from bots.moment_words import read as read_moment
from bots.moments import following
from bots.open_meteo import SEARCHED_MAX, USUAL_MAX, days_needed, forecast_page, is_region, places, search_page, weather
from bots.weather_words import TODAY, read
from bots.zones import zone_of

GREETINGS = ("hello", "hi", "hey", "good morning", "thanks", "thank you", "ok")

bot = Bot("WeatherBot", "tells the weather, now and for the days to come")

KEEP_S = 600  # the service itself has new values every 15 minutes
QUESTION_CHARS_MAX = 200
TOO_LONG = (
    f"A place has at most {QUESTION_CHARS_MAX} characters with all that is said of it: say for example London, UK"
)
REGIONS_MAX = 3
MORNING = time(7)
MORNING_TIMER = "morning"
UNITS = {
    **dict.fromkeys(("metric", "celsius", "c", "°c", "si"), "metric"),
    **dict.fromkeys(("imperial", "fahrenheit", "f", "°f", "us"), "imperial"),
}
Said = str | list[str | After | Cancel]
Talk = Generator[Fetch, Reply, tuple[Said, State]]


@bot.on(
    "home",
    "home?",
    help="the place that now and tomorrow are about",
    examples={"home": "I do not know where you live..."},
)
def home(state: State) -> str:
    return f"Your home is {_home(state)['label']}."


@bot.on("home <place>", "my home is <place>", examples={"home Tel Aviv": "Your home is Tel Aviv..."})
def move(event: Event, state: State, place: str) -> Talk:
    return (yield from _ask(event, state, place, "home"))


@bot.on("units <system>", help="metric or imperial", examples={"units imperial": "From now on: °F and mph."})
def units(state: State, system: str) -> tuple[str, State]:
    chosen = UNITS.get(system.strip("?!. ").lower())
    if not chosen:
        raise Sorry("I know two: say units metric or units imperial")
    shown = {"metric": "°C and km/h", "imperial": "°F and mph"}[chosen]
    return f"From now on: {shown}.", {**state, "units": chosen}


@bot.matching(
    r"(?:tell me )?(?:(?:every|each) (?:day|morning|weekday)|daily|mornings)(?: at)?(?: (?P<clock>.{1,9}))?[.!]?",
    "every morning at 7",
    "the day's weather at home; stop ends it",
    examples={"every morning": "I do not know where you live..."},
)
def every_morning(event: Event, state: State, clock: str = "") -> tuple[Said, State]:
    place = _home(state)
    words = ["at", *map(normal, clock.split())] if clock else []
    found = read_moment(["every", "weekday" if "weekday" in event.text.casefold() else "day", *words], 0)
    if not found or found[1] != 2 + len(words) or not found[0].every:
        raise Sorry("I do not understand that time: say for example every morning at 7:30")
    every = found[0].every if clock else {**found[0].every, "at": [MORNING.hour, MORNING.minute]}
    then = following(every, event.now.astimezone(zone_of(place["timezone"])))
    said = f"I will tell you the weather of {place['label']} each time at {then:%H:%M} there, first on {then:%d %B}."
    return [f"{said} Say stop to end it.", _after(event, then)], {**state, "every": every}


@bot.on("stop", examples={"stop": "I tell you nothing of my own accord..."})
def stop(state: State) -> tuple[Said, State]:
    if "every" not in state:
        raise Sorry("I tell you nothing of my own accord. Say for example every morning at 7")
    del state["every"]
    return ["I will not tell you each morning any more.", Cancel(MORNING_TIMER)], state


@bot.timer
def morning(event: Event, state: State) -> Talk:
    if "every" not in state or "home" not in state:
        return _said([], state)
    again = _after(event, following(state["every"], event.now.astimezone(zone_of(state["home"]["timezone"]))))
    try:
        said, state = yield from _tell(event, state, state["home"], TODAY)
    except Sorry as problem:  # tomorrow it may answer again
        said = str(problem)
    return [f"Good morning! {said}", again], state


@bot.matching(
    r"(?P<said>.+)",
    "weather in <place>",
    "now, today, tomorrow, on friday, this weekend; without a place at home",
    examples={
        "London": "London... now: ...",
        "weather in London tomorrow": "London... tomorrow, ...",
        "forecast Paris 5 days": "Paris...: ...",
    },
)
def there(event: Event, state: State, said: str) -> Talk:
    if len(said) > QUESTION_CHARS_MAX:  # reading it takes its length squared
        raise Sorry(TOO_LONG)
    chosen = _chosen(state.get("choices", []), said.strip("?!. ").casefold())
    if chosen:
        return (yield from _tell(event, state, chosen, state["question"]))
    if said.strip("?!. ").casefold() in GREETINGS:
        raise Sorry(bot.help_text())
    question = read(said)
    days_needed(question.when)
    if question.place:
        return (yield from _ask(event, state, question.place, question.when))
    if not any(letter.isalnum() for letter in said.split()[-1]):
        raise Sorry(f"Which place do you mean? {bot.help_text()}")
    return (yield from _tell(event, state, _home(state), question.when))


def _ask(event: Event, state: State, wanted: str, question: str) -> Talk:
    """Find the place, ask back which one if its name is ambiguous, and answer the question about it."""
    if len(wanted) > QUESTION_CHARS_MAX:  # each region is compared with each place that is found
        raise Sorry(TOO_LONG)
    name, *rest = (part.strip() for part in wanted.strip("?!. ").split(","))
    regions = list(dict.fromkeys(part.casefold() for part in rest if part))
    if len(regions) > REGIONS_MAX:
        raise Sorry(f"I know at most {REGIONS_MAX} regions behind a place: say for example Paris, Texas, United States")
    if not name:
        raise Sorry(f"Which place do you mean? {bot.help_text()}")
    found = places(_read((yield _search(event, name, regions)), state), regions)
    if not found and not regions and is_region(name.split()[-1]) and " " in name:  # Austin TX
        name, _, region = name.rpartition(" ")
        found = places(_read((yield _search(event, name, [region])), state), [region])
    if not found:
        raise Sorry(f"I find no place called {wanted[:100]}. {bot.help_text()}")
    if len(found) == 1:
        return (yield from _tell(event, state, found[0], question))
    listed = " · ".join(f"{number} {place['label']}" for number, place in enumerate(found, 1))
    return f"Which one? Answer with its number: {listed}", {**state, "choices": found, "question": question}


def _tell(event: Event, state: State, place: State, question: str) -> Generator[Fetch, Reply, tuple[str, State]]:
    state = {key: value for key, value in state.items() if key not in ("choices", "question")}
    if question == "home":
        return f"Your home is {place['label']}. Say now for its weather.", {**state, "home": place}
    imperial = state.get("units") == "imperial"
    wanted = forecast_page(event.config.get("weather_url", ""), place, days_needed(question), imperial)
    page = yield Fetch(wanted, keep_s=KEEP_S)
    said = place["label"] + weather(_read(page, state), question, imperial)
    return said, {**state, "last": [f"{event.now:%d %B %H:%M} UTC", said]}


def _search(event: Event, name: str, regions: list[str]) -> Fetch:
    count = SEARCHED_MAX if regions else USUAL_MAX
    return Fetch(search_page(event.config.get("weather_url", ""), name, count), keep_s=KEEP_S)


def _said(said: Said, state: State) -> tuple[Said, State]:
    return said, state


def _after(event: Event, then: datetime) -> After:
    return After(max(0.0, (then.astimezone(UTC) - event.now).total_seconds()), MORNING_TIMER)


def _read(page: Reply, state: State) -> Any:
    """The page's JSON; or a sentence that says what went wrong, and the last that is known."""
    try:
        return page.json()
    except Sorry as problem:
        last = state.get("last")
        known = (
            f"The last I know, of {last[0]}: {last[1]}." if last else "I can still set your units and show your home."
        )
        raise Sorry(f"I asked the weather service, but {problem}. {known} Please try again later.") from None


def _home(state: State) -> State:
    if "home" not in state:
        raise Sorry("I do not know where you live: say for example home Tel Aviv")
    return {"timezone": "UTC", **state["home"]}


def _chosen(choices: list[State], said: str) -> State | None:
    """The one of the places offered that this means, by its number or by a part of its name."""
    if said.isdecimal():
        number = int(said)
        return choices[number - 1] if 1 <= number <= len(choices) else None
    meant = [choice for choice in choices if said in choice["label"].casefold()]
    return meant[0] if len(meant) == 1 else None
