"""WeatherBot against Open-Meteo's pages as they look, and against every way in which a service fails."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bots import Fetch, Reply
from bots.kit.fetching import fetch_page
from bots.testing import Conversation, canned, check_examples, play
from bots.weather_bot import bot
from tests.bots.web import json_page, page, web

SEARCH = "https://geocoding-api.open-meteo.com/v1/search"
FORECAST = "https://api.open-meteo.com/v1/forecast"


CODES = {"United Kingdom": "GB", "United States": "US"}


def place(name: str, admin1: str | None, country: str, population: int | None = None, **more: object) -> dict[str, Any]:
    return {
        "id": 1, "name": name, "latitude": 51.5, "longitude": -0.12, "feature_code": "PPLC", "admin1": admin1,
        "country": country, "country_code": CODES.get(country, country[:2].upper()), "timezone": "Europe/London",
        **({} if population is None else {"population": population}), **more,
    }  # fmt: skip


LONDON = place("London", "England", "United Kingdom", 8_961_989)
PLACES: dict[str, list[dict[str, Any]]] = {
    "london": [LONDON, place("London", "Ontario", "Canada", 422_324, latitude=43.0)],
    "paris": [place("Paris", "Île-de-France", "France", 2_138_551), place("Paris", "Texas", "United States", 24_782)],
    "são paulo": [place("São Paulo", "São Paulo", "Brazil", 10_021_295)],
    "tel aviv": [place("Tel Aviv", "Tel Aviv", "Israel", 432_892)],
    "springfield": [
        place("Springfield", "Missouri", "United States", 166_810, latitude=37.2),
        place("Springfield", "Massachusetts", "United States", 155_929, latitude=42.1),
        place("Springfield", "Illinois", "United States", 116_565, latitude=39.8),
        place("Springfield Gardens", "New York", "United States"),
    ],
    "newtown": [place("Newtown", None, "Ireland"), place("Newtown", None, "Wales")],
}


def forecast(query: dict[str, str]) -> dict[str, Any]:
    days = int(query["forecast_days"])
    warm = 32.0 if query.get("temperature_unit") == "fahrenheit" else 0.0
    return {
        "latitude": float(query["latitude"]),
        "current_units": {"temperature_2m": "°C"},
        "current": {
            "time": "2026-12-02T12:00", "interval": 900, "temperature_2m": 8.6 + warm, "apparent_temperature": 5.5,
            "relative_humidity_2m": 80, "weather_code": 61, "wind_speed_10m": 15.1,
        },
        "daily": {
            "time": [f"2026-12-{2 + day:02d}" for day in range(days)],
            "weather_code": [3] * days,
            "temperature_2m_max": [11.4] * days,
            "temperature_2m_min": [4.6] * days,
            "precipitation_probability_max": [60, 0, *[None] * 14][:days],
        },
    }  # fmt: skip


def open_meteo(url: str) -> object:
    parts = urlsplit(url)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    if parts.path == "/v1/search":
        found = PLACES.get(query["name"].casefold())
        return {"results": found, "generationtime_ms": 0.5} if found else {"generationtime_ms": 0.5}
    assert parts.path == "/v1/forecast"
    return forecast(query)


def service(wanted: Fetch) -> Reply:
    return canned({"": open_meteo(wanted.url)})(wanted)


def test_examples() -> None:
    assert check_examples(bot, service) == 8


@pytest.mark.parametrize(
    "said", ["London", "london?", "weather in London", "weather london", "London, united kingdom", "London, England"]
)
def test_the_weather_now(said: str) -> None:
    play(
        bot,
        f"me> {said}\nbot> London, England, United Kingdom now: light rain, 9 °C, feels like 6 °C, wind 15 km/h",
        fetch=service,
    )


HERE = "London, England, United Kingdom"


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ("London, UK", HERE),
        ("London UK", HERE),
        ("London, England, U.K.", HERE),
        ("London, Canada", "London, Ontario, Canada"),
        ("London, ON", "London, Ontario, Canada"),
        ("Paris, TX", "Paris, Texas, United States"),
        ("paris tx", "Paris, Texas, United States"),
        ("Paris, Texas, USA", "Paris, Texas, United States"),
        ("Paris, Texas, United States", "Paris, Texas, United States"),
        ("Springfield, Illinois, United States", "Springfield, Illinois, United States"),
    ],
)
def test_a_place_with_its_region(said: str, about: str) -> None:
    play(bot, f"me> {said}\nbot> {about} now: ...", fetch=service)


def test_a_region_that_fits_none_finds_none() -> None:
    play(bot, "me> London, France\nbot> I find no place called London, France. ...", fetch=service)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        *((said, " now: ...") for said in ("now", "weather?", "what's the weather like", "right now")),
        *((said, " today, Wed 02 Dec: ...") for said in ("today", "weather today", "What is the forecast for today?")),
        *((said, " tomorrow, Thu 03 Dec: ...") for said in ("tomorrow?", "forecast tomorrow", "will it rain tomorrow")),
        *((said, ": Sat 05 Dec: ... · Sun 06 Dec: ...") for said in ("weekend", "weather this weekend")),
        *((said, ": Wed 02 Dec: overcast, 5 to 11 °C, 60 % rain") for said in ("forecast 1 day", "1 day")),
    ],
)
@pytest.mark.parametrize("where", ["", " in London", " for London, UK"])
def test_plain_sentences(said: str, answer: str, where: str) -> None:
    talk = Conversation(bot, service)
    talk.say("home London")
    play(bot, f"me> {said.rstrip('?')}{where}\nbot> {HERE}{answer}", conversation=talk)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("how cold is it in London?", " now: ..."),
        ("weather for London please", " now: ..."),
        ("how warm will it be tomorrow in London", " tomorrow, Thu 03 Dec: ..."),
        ("will it be warm in London tomorrow", " tomorrow, Thu 03 Dec: ..."),
        ("will it be tomorrow in London", " tomorrow, Thu 03 Dec: ..."),
        ("London tonight", " today, Wed 02 Dec: ..."),
        ("weather in London this evening", " today, Wed 02 Dec: ..."),
        ("weather in London on friday", ": Fri 04 Dec: overcast, 5 to 11 °C"),
        ("London, next sunday", ": Sun 06 Dec: overcast, 5 to 11 °C"),
        ("Wednesday in London", ": Wed 02 Dec: overcast, 5 to 11 °C, 60 % rain"),
        ("London 2 day forecast", ": Wed 02 Dec: ... · Thu 03 Dec: overcast, 5 to 11 °C"),
        ("2-day forecast for London", ": Wed 02 Dec: ... · Thu 03 Dec: overcast, 5 to 11 °C"),
    ],
)
def test_a_question_as_people_ask_it(said: str, answer: str) -> None:
    play(bot, f"me> {said}\nbot> {HERE}{answer}", fetch=service)


@pytest.mark.parametrize("said", ["hello", "Thanks!", "good morning"])
def test_a_greeting_is_no_place(said: str) -> None:
    play(bot, f"me> {said}\nbot> WeatherBot tells the weather, now and for the days to come. You can say: ...")


@pytest.mark.parametrize(
    ("said", "answer"), [("weather at home", " now: ..."), ("forecast 2", ": Wed 02 Dec: ... · Thu ...")]
)
def test_plain_sentences_about_home(said: str, answer: str) -> None:
    play(bot, f"me> home London\nbot> ...\nme> {said}\nbot> {HERE}{answer}", fetch=service)


@pytest.mark.parametrize("said", ["tomorrow in London", "London, tomorrow", "what about London tomorrow?"])
def test_the_day_may_stand_anywhere(said: str) -> None:
    play(bot, f"me> {said}\nbot> {HERE} tomorrow, ...", fetch=service)


def test_a_place_that_begins_with_the_is_asked_for_with_it() -> None:
    play(bot, "me> The Hague\nbot> I find no place called The Hague. ...", fetch=service)


@pytest.mark.parametrize(
    ("missing", "answer"),
    [
        ("temperature_2m", "light rain, feels like 6 °C, wind 15 km/h"),
        ("apparent_temperature", "light rain, 9 °C, wind 15 km/h"),
        ("weather_code", "9 °C, feels like 6 °C, wind 15 km/h"),
        ("wind_speed_10m", "light rain, 9 °C, feels like 6 °C"),
    ],
)
def test_a_value_that_is_missing_now_is_left_out(missing: str, answer: str) -> None:
    current = {**forecast({"forecast_days": "1", "latitude": "0"})["current"], missing: None}
    pages = {SEARCH: {"results": [LONDON]}, FORECAST: {"current": current}}
    play(bot, f"me> London\nbot> {HERE} now: {answer}", fetch=pages)


@pytest.mark.parametrize("missing", ["weather_code", "temperature_2m_min", "temperature_2m_max"])
def test_a_value_that_is_missing_of_a_day_is_left_out(missing: str) -> None:
    daily = forecast({"forecast_days": "2", "latitude": "0"})["daily"]
    daily[missing][1] = None
    pages = {SEARCH: {"results": [LONDON]}, FORECAST: {"daily": daily}}
    [answer] = Conversation(bot, canned(dict(pages))).say("London tomorrow")
    left = {
        "weather_code": "5 to 11 °C",
        "temperature_2m_min": "overcast, 11 °C",
        "temperature_2m_max": "overcast, 5 °C",
    }
    assert answer == f"{HERE} tomorrow, Thu 03 Dec: {left[missing]}"


def test_a_day_without_any_values_is_not_told() -> None:
    daily = forecast({"forecast_days": "3", "latitude": "0"})["daily"]
    for values in daily.values():
        values[2] = values[2] if isinstance(values[2], str) else None
    pages = {SEARCH: {"results": [LONDON]}, FORECAST: {"daily": daily}}
    [answer] = Conversation(bot, canned(dict(pages))).say("forecast London")
    assert answer.count(" · ") == 1


@pytest.mark.parametrize(("degrees", "shown"), [(-0.4, "0"), (-0.0, "0"), (0.5, "1"), (2.5, "3"), (-0.6, "-1")])
def test_degrees_are_whole_and_never_minus_zero(degrees: float, shown: str) -> None:
    pages = {SEARCH: {"results": [LONDON]}, FORECAST: {"current": {"temperature_2m": degrees}}}
    play(bot, f"me> London\nbot> {HERE} now: {shown} °C", fetch=pages)


def test_each_morning_it_tells_the_weather_at_home_until_it_is_stopped() -> None:
    play(
        bot,
        f"""
        me> every morning at 7:30
        bot> I do not know where you live: ...
        me> home London
        bot> ...
        me> every morning at 7:30
        bot> I will tell you the weather of {HERE} each time at 07:30 there, first on 03 December. Say stop to end it.
        wait> 70199
        wait> 1
        bot> Good morning! {HERE} today, Wed 02 Dec: overcast, 5 to 11 °C, 60 % rain
        wait> 86400
        bot> Good morning! {HERE} today, ...
        me> stop
        bot> I will not tell you each morning any more.
        wait> 200000
        me> stop
        bot> I tell you nothing of my own accord. ...
        me> every morning at half past
        bot> I do not understand that time: say for example every morning at 7:30
        """,
        fetch=service,
    )


def test_a_morning_without_a_network_is_followed_by_the_next() -> None:
    talk = Conversation(bot, service)
    talk.say("home London")
    talk.say("every morning")
    talk.fetch = canned({"": "it refused the connection"})
    [(_, said)] = talk.pass_time(86_400)
    assert said.startswith("Good morning! I asked the weather service, but it refused the connection.")
    talk.fetch = service
    [(_, said)] = talk.pass_time(86_400)
    assert said.startswith(f"Good morning! {HERE} today")


def test_a_name_with_accents_goes_out_in_utf_8() -> None:
    play(bot, "me> weather in São Paulo\nbot> São Paulo, Brazil now: ...", fetch=service)


@pytest.mark.parametrize("said", ["London tomorrow", "weather in London tomorrow", "weather london tomorrow"])
def test_tomorrow(said: str) -> None:
    play(
        bot,
        f"me> {said}\nbot> London, England, United Kingdom tomorrow, Thu 03 Dec: overcast, 5 to 11 °C",
        fetch=service,
    )


@pytest.mark.parametrize(("said", "days"), [("forecast Paris 5 days", 5), ("Paris 5 days", 5), ("forecast Paris", 3)])
def test_a_forecast(said: str, days: int) -> None:
    [answer] = Conversation(bot, service).say(said)
    assert answer.startswith("Paris, Île-de-France, France: Wed 02 Dec: overcast, 5 to 11 °C, 60 % rain · Thu 03 Dec: ")
    assert answer.count(" · ") == days - 1


@pytest.mark.parametrize("days", [0, 17, 999_999])
def test_a_forecast_has_a_length(days: int) -> None:
    play(bot, f"me> forecast Paris {days} days\nbot> I look 1 to 16 days ahead: ...", fetch=service)


def test_home_and_then_now() -> None:
    play(
        bot,
        """
        me> now
        bot> I do not know where you live: say for example home Tel Aviv
        me> home Tel Aviv
        bot> Your home is Tel Aviv, Israel. Say now for its weather.
        me> home
        bot> Your home is Tel Aviv, Israel.
        me> now
        bot> Tel Aviv, Israel now: ...
        me> weather
        bot> Tel Aviv, Israel now: ...
        me> tomorrow
        bot> Tel Aviv, Israel tomorrow, ...
        me> forecast 2 days
        bot> Tel Aviv, Israel: Wed 02 Dec: ... · Thu 03 Dec: ...
        you> now
        bot> I do not know where you live...
        """,
        fetch=service,
    )


def test_units() -> None:
    play(
        bot,
        """
        me> units imperial
        bot> From now on: °F and mph.
        me> London
        bot> London, England, United Kingdom now: light rain, 41 °F, feels like 6 °F, wind 15 mph
        me> units metric
        bot> From now on: °C and km/h.
        me> London
        bot> London, England, United Kingdom now: light rain, 9 °C, ...
        me> units F
        bot> From now on: °F and mph.
        me> units celsius
        bot> From now on: °C and km/h.
        me> units kelvin
        bot> I know two: say units metric or units imperial
        """,
        fetch=service,
    )


def test_an_ambiguous_name_asks_back_and_takes_a_number() -> None:
    states = enumerate(("Missouri", "Massachusetts", "Illinois"), 1)
    listed = " · ".join(f"{number} Springfield, {state}, United States" for number, state in states)
    play(
        bot,
        f"""
        me> Springfield tomorrow
        bot> Which one? Answer with its number: {listed}
        me> 2
        bot> Springfield, Massachusetts, United States tomorrow, ...
        me> 2
        bot> I find no place called 2. WeatherBot tells the weather...
        """,
        fetch=service,
    )


def test_an_ambiguous_name_takes_a_part_of_the_name_or_another_question() -> None:
    play(
        bot,
        """
        me> home springfield
        bot> Which one? ...
        me> illinois
        bot> Your home is Springfield, Illinois, United States. ...
        me> springfield
        bot> Which one? ...
        me> 9
        bot> I find no place called 9. ...
        me> London
        bot> London, England...
        me> 1
        bot> I find no place called 1. ...
        me> Springfield, Illinois
        bot> Springfield, Illinois, United States now: ...
        me> Newtown
        bot> Which one? Answer with its number: 1 Newtown, Ireland · 2 Newtown, Wales
        """,
        fetch=service,
    )


def test_what_is_no_place_gets_help() -> None:
    play(bot, "me> asdf qwer\nbot> I find no place called asdf qwer. WeatherBot tells the weather...", fetch=service)
    play(
        bot,
        "me> help\nbot> WeatherBot tells the weather, now and for the days to come. You can say: ...",
        fetch=service,
    )
    play(bot, "me> weather ???\nbot> Which place do you mean? WeatherBot tells the weather...", fetch=service)


def test_answers_are_kept_for_ten_minutes() -> None:
    asked: list[str] = []

    def counted(wanted: Fetch) -> Reply:
        asked.append(wanted.url)
        return service(wanted)

    talk = Conversation(bot, counted)
    talk.say("London", "ann")
    talk.say("london", "bob")
    assert len(asked) == 3  # the two spell it differently, and its weather is known
    talk.pass_time(599)
    talk.say("London", "ann")
    assert len(asked) == 3
    talk.pass_time(1)
    talk.say("London", "ann")
    assert len(asked) == 5


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (page(b"", "500 Internal Server Error"), "it answered with an error (500)"),
        (page(b"{'single': quotes}"), "its answer is broken (no JSON)"),
        (page(b"x" * 300_000), "its answer is too big (over 200000 bytes)"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "its answer broke off in the middle"),
        (b"", "it closed the connection without an answer"),
    ],
)
def test_a_service_that_fails_is_named_in_a_sentence(answer: bytes, said: str) -> None:
    with web(lambda path: answer) as server:
        play(
            bot,
            f"me> London\nbot> I asked the weather service, but {said}. I can still set your units and show your home. "
            "Please try again later.",
            fetch=fetch_page,
            config={"weather_url": server.url},
        )


@pytest.mark.parametrize("answer", [[], 7, "x", {"results": 7}, {"results": [{}]}, {"results": [{"name": "London"}]}])
def test_places_that_make_no_sense(answer: object) -> None:
    pages = {SEARCH: Reply("", body=json.dumps(answer).encode())}
    play(bot, "me> London\nbot> The weather service gave an answer that I cannot read. ...", fetch=pages)


@pytest.mark.parametrize(
    "answer", [[], 7, {}, {"current": []}, {"current": {"temperature_2m": "warm", "weather_code": 1}}, {"current": {}}]
)
def test_weather_that_makes_no_sense(answer: object) -> None:
    pages = {SEARCH: {"results": [LONDON]}, FORECAST: answer}
    play(bot, "me> London\nbot> The weather service gave an answer that I cannot read. ...", fetch=pages)


@pytest.mark.parametrize("daily", [None, {}, {"time": ["2026-12-02"]}, {"time": ["soon", "later"]}, {"time": 5}])
def test_a_forecast_that_makes_no_sense(daily: object) -> None:
    pages = {SEARCH: {"results": [LONDON]}, FORECAST: {"daily": daily}}
    play(bot, "me> London tomorrow\nbot> The weather service gave an answer that I cannot read. ...", fetch=pages)


def test_without_a_network_it_tells_the_last_it_knows() -> None:
    talk = Conversation(bot, service)
    talk.say("London")
    talk.fetch = canned({"": "it refused the connection"})
    talk.pass_time(3600)
    assert talk.say("London") == [
        "I asked the weather service, but it refused the connection. The last I know, of 02 December 12:00 UTC: "
        "London, England, United Kingdom now: light rain, 9 °C, feels like 6 °C, wind 15 km/h. Please try again later."
    ]
    assert talk.say("units imperial") == ["From now on: °F and mph."]


def test_one_base_serves_both_pages() -> None:
    with web(lambda path: json_page(open_meteo(path))) as server:
        play(
            bot,
            "me> London\nbot> London, England, United Kingdom now: ...",
            fetch=fetch_page,
            config={"weather_url": server.url + "/"},
        )
        assert [urlsplit(path).path for path in server.asked] == ["/v1/search", "/v1/forecast"]


def test_what_the_service_says_cannot_reach_the_terminal() -> None:
    pages = {SEARCH: {"results": [place("Lon\x1b[31mdon\n", None, "UK")]}, FORECAST: {"current": {"temperature_2m": 1}}}
    [answer] = Conversation(bot, canned(dict(pages))).say("London")
    assert answer == "Lon [31mdon , UK now: 1 °C"


@pytest.mark.parametrize("said", ["in " * 1300, "the " * 1000, "now " * 1000, "x" * 4000, "home x" + ",y" * 1900])
def test_what_is_too_long_for_a_place_is_not_looked_into(said: str) -> None:
    talk = Conversation(bot, canned({}))
    assert talk.say(said)[0].startswith("A place has at most 200 characters")


def test_a_place_has_few_regions_and_each_counts_once() -> None:
    talk = Conversation(bot, canned({SEARCH: {"results": PLACES["newtown"]}, FORECAST: {"current": {}}}))
    assert talk.say("home Newtown, Wales, Wales, wales, Wales")[0].startswith("Your home is Newtown, Wales")
    assert talk.say("home a,b,c,d,e,f")[0].startswith("I know at most 3 regions behind a place")


@pytest.mark.parametrize("said", ["00000000111", "0", "3", "9" * 100])
def test_a_number_that_was_not_offered_chooses_nothing(said: str) -> None:
    talk = Conversation(bot, canned({SEARCH: {"results": PLACES["newtown"]}}))
    assert talk.say("Newtown")[0].startswith("Which one?")
    assert talk.say(said)[0].startswith("Which one?")
