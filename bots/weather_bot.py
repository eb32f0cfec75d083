"""WeatherBot: the weather, by Open-Meteo or by what serves the same pages at the setting `weather_url`."""

from collections.abc import Generator
from typing import Any

from bots import Bot, Event, Fetch, Reply, Sorry, State
from bots.open_meteo import DAYS_MAX, forecast_page, places, search_page, weather

bot = Bot("WeatherBot", "tells the weather, now and for the days to come")

KEEP_S = 600  # the service itself has new values every 15 minutes
Talk = Generator[Fetch, Reply, tuple[str, State]]


@bot.on("now", "weather", help="at home")
def now(event: Event, state: State) -> Talk:
    return (yield from _tell(event, state, _home(state), "now"))


@bot.on("tomorrow")
def tomorrow(event: Event, state: State) -> Talk:
    return (yield from _tell(event, state, _home(state), "tomorrow"))


@bot.on("home", help="the place that now and tomorrow are about", examples={"home": "I do not know where you live..."})
def home(state: State) -> str:
    return f"Your home is {_home(state)['label']}."


@bot.on("home <place>", examples={"home Tel Aviv": "Your home is Tel Aviv..."})
def move(event: Event, state: State, place: str) -> Talk:
    return (yield from _ask(event, state, place, "home"))


@bot.on("units <system>", help="metric or imperial", examples={"units imperial": "From now on: °F and mph."})
def units(state: State, system: str) -> tuple[str, State]:
    shown = {"metric": "°C and km/h", "imperial": "°F and mph"}.get(system.lower())
    if not shown:
        raise Sorry("I know two: say units metric or units imperial")
    return f"From now on: {shown}.", {**state, "units": system.lower()}


@bot.on("forecast", "forecast <days> days")
def forecast(event: Event, state: State, days: int = 3) -> Talk:
    return (yield from _tell(event, state, _home(state), _days(days)))


@bot.on(
    "forecast <place> <days> days",
    "forecast <place>",
    "<place> <days> days",
    examples={"forecast Paris 5 days": "Paris...: ..."},
)
def forecast_there(event: Event, state: State, place: str, days: int = 3) -> Talk:
    return (yield from _ask(event, state, place, _days(days)))


@bot.on(
    "weather in <place> tomorrow",
    "weather <place> tomorrow",
    "<place> tomorrow",
    examples={"London tomorrow": "London... tomorrow, ..."},
)
def tomorrow_there(event: Event, state: State, place: str) -> Talk:
    return (yield from _ask(event, state, place, "tomorrow"))


@bot.on("weather in <place>", "weather <place>", "<place>", examples={"London": "London... now: ..."})
def there(event: Event, state: State, place: str) -> Talk:
    chosen = _chosen(state.get("choices", []), place.strip("?!. ").casefold())
    if chosen:
        return (yield from _tell(event, state, chosen, state["question"]))
    return (yield from _ask(event, state, place, "now"))


def _ask(event: Event, state: State, wanted: str, question: str) -> Talk:
    """Find the place, ask back which one if its name is ambiguous, and answer the question about it."""
    name, _, region = (part.strip() for part in wanted.strip("?!. ").partition(","))
    if not name:
        raise Sorry(f"Which place do you mean? {bot.help_text()}")
    page = yield Fetch(search_page(event.config.get("weather_url", ""), name), keep_s=KEEP_S)
    found = places(_read(page, state), region)
    if not found:
        raise Sorry(f"I find no place called {wanted[:100]}. {bot.help_text()}")
    if len(found) == 1:
        return (yield from _tell(event, state, found[0], question))
    listed = " · ".join(f"{number} {place['label']}" for number, place in enumerate(found, 1))
    return f"Which one? Answer with its number: {listed}", {**state, "choices": found, "question": question}


def _tell(event: Event, state: State, place: State, question: str) -> Talk:
    state = {key: value for key, value in state.items() if key not in ("choices", "question")}
    if question == "home":
        return f"Your home is {place['label']}. Say now for its weather.", {**state, "home": place}
    days = {"now": 1, "tomorrow": 2}.get(question) or int(question)
    imperial = state.get("units") == "imperial"
    page = yield Fetch(forecast_page(event.config.get("weather_url", ""), place, days, imperial), keep_s=KEEP_S)
    said = place["label"] + weather(_read(page, state), question, imperial)
    return said, {**state, "last": [f"{event.now:%d %B %H:%M} UTC", said]}


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
    return dict(state["home"])


def _days(days: int) -> str:
    if not 1 <= days <= DAYS_MAX:
        raise Sorry(f"I look 1 to {DAYS_MAX} days ahead: say for example forecast Paris 5 days")
    return str(days)


def _chosen(choices: list[State], said: str) -> State | None:
    """The one of the places offered that this means, by its number or by a part of its name."""
    if said.isdecimal() and 1 <= int(said[:9]) <= len(choices):
        return choices[int(said) - 1]
    meant = [choice for choice in choices if said in choice["label"].casefold()]
    return meant[0] if len(meant) == 1 else None
