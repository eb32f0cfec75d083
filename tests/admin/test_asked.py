"""Words become a command with its arguments and options, or a sentence that says what to do."""

import pytest

from chatserver.admin.asked import UsageError, duration_ms, instant_ms, parse, split
from chatserver.admin.table import TABLE
from chatserver.core.sanctions import FOREVER_MS

NOW_MS = 1_796_212_801_000


@pytest.mark.parametrize(
    ("line", "command", "arguments"),
    [
        ("who", "who", []),
        ("user show ann", "user show", ["ann"]),
        ("user list", "user list", []),
        ("sessions ann", "sessions", ["ann"]),
        ("sessions end ann", "sessions end", ["ann"]),
        ("announce tea at five", "announce", ["tea at five"]),
        ("announce 'tea | five'", "announce", ["tea | five"]),
        ("room handover #tea ben", "room handover", ["#tea", "ben"]),
        ("announce -- --not-an-option", "announce", ["--not-an-option"]),
    ],
)
def test_the_longest_name_is_the_command_and_the_rest_its_arguments(
    line: str, command: str, arguments: list[str]
) -> None:
    asked = parse(TABLE, split(line))
    assert (asked.command.name, asked.arguments) == (command, arguments)


@pytest.mark.parametrize(
    "line", ["user suspend ann --for 2h --reason 'too loud'", "user suspend --reason='too loud' --for=2h ann"]
)
def test_options_stand_anywhere(line: str) -> None:
    asked = parse(TABLE, split(line))
    assert asked.arguments == ["ann"]
    assert asked.options == {"for": "2h", "reason": "too loud"}
    assert asked.until_ms(NOW_MS) == NOW_MS + 7_200_000


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("", "help"),
        ("usr list", "user list"),
        ("user", "create"),
        ("user shw ann", "show"),
        ("user show", "user show name"),
        ("user show ann ben", "user show name"),
        ("user suspend ann --reson x", "--reason"),
        ("user suspend ann --for", "--for takes"),
        ("user suspend ann --for=", "--for takes"),
        ("reports --all=1", "--all takes nothing"),
        ("announce 'tea", "close the quotes"),
        ("announce tea\x1b[2J", "control"),
        ("announce " + "tea " * 200, "100 words"),
        ("announce " + "é" * 10_000, "10000 characters"),
        ("sessions end ann ''", "empty"),
        ("upgrade ''", "empty"),
    ],
)
def test_what_makes_no_sense_gets_a_sentence(line: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint.replace("[", r"\[")):
        parse(TABLE, split(line))


@pytest.mark.parametrize(
    ("text", "ms"), [("90s", 90_000), ("30m", 1_800_000), ("7d", 604_800_000), ("1w", 604_800_000)]
)
def test_a_time(text: str, ms: int) -> None:
    assert duration_ms(text) == ms


@pytest.mark.parametrize("text", ["", "0s", "-1h", "1", "1y", "1.5h", "٣h", "9999999h", "1 h"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(UsageError, match="30m"):
        duration_ms(text)


def test_a_moment_is_in_utc_unless_it_says_otherwise() -> None:
    assert instant_ms("2026-12-02T12:00:01") == NOW_MS
    assert instant_ms("2026-12-02T13:00:01+01:00") == NOW_MS
    assert instant_ms("9999-12-31T23:59:59.999999") == FOREVER_MS
    for text in ("", "tomorrow", "2026-13-01", "12:00"):
        with pytest.raises(UsageError, match="2027-01-31"):
            instant_ms(text)


def test_an_end_is_still_to_come() -> None:
    asked = parse(TABLE, split("invite create --until 2026-12-02T12:00:01"))
    assert asked.until_ms(NOW_MS - 1) == NOW_MS
    with pytest.raises(UsageError, match="over already"):
        asked.until_ms(NOW_MS)


@pytest.mark.parametrize("options", ["--for 1h --until 2027-01-01", "--for 1x", "--until now"])
def test_an_end_that_makes_no_sense(options: str) -> None:
    with pytest.raises(UsageError):
        parse(TABLE, split(f"user suspend ann {options}")).until_ms(NOW_MS)


def test_every_command_says_what_it_does_and_how_it_is_typed() -> None:
    for name, row in TABLE.items():
        assert row.usage.startswith(name)
        assert row.help.isprintable()
        assert row.required <= len(row.arguments)
        assert not row.final or "--yes" in row.usage
