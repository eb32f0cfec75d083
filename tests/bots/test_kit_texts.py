"""Texts as messages: clean, one line each, within the limits of the wire, nothing lost."""

import pytest

from bots import BotError, join_lines, split_lines
from bots.kit.texts import MESSAGE_BYTES_MAX, MESSAGE_CHARS_MAX, messages
from chatserver.protocol.frames import is_clean


def test_a_short_text_is_itself() -> None:
    assert messages("Hello, Zoë | 2") == ["Hello, Zoë | 2"]


def test_what_a_field_may_not_hold_becomes_a_blank() -> None:
    assert messages("a\r\nb\nc\x00d\u2028e\u202ef\x9bg") == ["a b c d e f g"]


@pytest.mark.parametrize(
    "text", ["word " * 3000, "x" * 20_000, "é" * 9000, "😀" * 9000, "😀 " * 5000, "ab " * 2 + "y" * 9000]
)
def test_a_long_text_is_cut_within_the_limits_and_loses_nothing(text: str) -> None:
    parts = messages(text)
    assert len(parts) > 1
    assert all(len(part) <= MESSAGE_CHARS_MAX and len(part.encode()) <= MESSAGE_BYTES_MAX for part in parts)
    assert all(part == part.strip() and part and is_clean(part) for part in parts)
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")


def test_words_stay_whole_where_they_fit() -> None:
    assert messages("one two three", chars_max=8) == ["one two", "three"]


@pytest.mark.parametrize("length", [MESSAGE_CHARS_MAX - 1, MESSAGE_CHARS_MAX])
def test_a_text_at_the_limit_is_one_message(length: int) -> None:
    assert messages("x" * length) == ["x" * length]
    assert len(messages("x" * (length + 2))) == 2


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\x00"])
def test_a_blank_text_is_refused(text: str) -> None:
    with pytest.raises(BotError, match="not blank"):
        messages(text)


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert messages("a\ud83db") == ["a?b"]


def test_lines_of_one_message_are_joined_and_found_again() -> None:
    text = join_lines(["one", "", "three"])
    assert text == "one␤␤three"
    assert split_lines(text) == ["one", "", "three"]
    assert messages(text) == [text]
    assert split_lines("one") == ["one"]
