"""Times on the wire, UTC with milliseconds."""

import pytest

from chatserver.protocol.times import format_time, parse_time

PAIRS = [
    (0, "1970-01-01T00:00:00.000Z"),
    (1, "1970-01-01T00:00:00.001Z"),
    (999, "1970-01-01T00:00:00.999Z"),
    (1_000, "1970-01-01T00:00:01.000Z"),
    (951_827_696_789, "2000-02-29T12:34:56.789Z"),
    (1_795_358_345_123, "2026-11-22T14:39:05.123Z"),
    (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
]


@pytest.mark.parametrize(("time_ms", "text"), PAIRS)
def test_written_and_read_back(time_ms: int, text: str) -> None:
    assert format_time(time_ms) == text
    assert parse_time(text) == time_ms


def test_every_millisecond_of_a_second_survives() -> None:
    start = 1_795_358_345_000
    assert [parse_time(format_time(start + at)) for at in range(1000)] == list(range(start, start + 1000))


@pytest.mark.parametrize("text", ["", "now", "2026-11-22", "2026-11-22T14:39:05.123", "2026-13-01T00:00:00.000Z"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the words are datetime's own)
        parse_time(text)
