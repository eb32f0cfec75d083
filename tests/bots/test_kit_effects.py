"""What a bot may ask for, exactly at its bounds and one beyond."""

import pytest

from bots.kit.effects import TIMER_NAME_CHARS_MAX, TIMER_SECONDS_MAX, After, BotError, Fetch, Reply, Sorry, late


@pytest.mark.parametrize("name", ["", "x", "tea pot", "é" * TIMER_NAME_CHARS_MAX])
def test_what_is_the_name_of_a_timer(name: str) -> None:
    assert After(1, name).name == name


@pytest.mark.parametrize("name", ["x" * (TIMER_NAME_CHARS_MAX + 1), "a\nb", "a\tb", "\u200b"])
def test_what_is_no_name_of_a_timer(name: str) -> None:
    with pytest.raises(BotError, match=f"at most {TIMER_NAME_CHARS_MAX} characters"):
        After(1, name)


def test_a_timer_reaches_a_year() -> None:
    for seconds in (0, 0.5, TIMER_SECONDS_MAX):
        assert After(seconds).seconds == seconds
    for seconds in (-0.001, TIMER_SECONDS_MAX + 0.001, float("nan"), float("inf")):
        with pytest.raises(BotError, match="After takes 0 to"):
            After(seconds)


def test_only_pages_of_the_web_are_fetched() -> None:
    assert Fetch("https://example.org").url == "https://example.org"
    assert Fetch("http://example.org").timeout_s == 5.0
    for url in ("file:///etc/passwd", "ftp://example.org", "example.org", ""):
        with pytest.raises(BotError, match="http"):
            Fetch(url)


def test_a_page_is_read_as_json() -> None:
    assert Reply("", body=b'{"a": [1]}').json() == {"a": [1]}
    assert Reply("", body=b"{}").ok


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_page_that_is_no_json_is_an_apology(body: bytes) -> None:
    with pytest.raises(Sorry, match="no JSON"):
        Reply("", body=body).json()


def test_a_page_that_did_not_come_is_an_apology_with_the_reason() -> None:
    reply = late(Fetch("https://example.org", timeout_s=2.5))
    assert not reply.ok
    with pytest.raises(Sorry, match=r"within 2\.5 seconds"):
        reply.json()
