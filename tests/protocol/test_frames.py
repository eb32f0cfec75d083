"""Bytes to lines: the same lines whole, byte by byte and at random cuts; the limit to the byte."""

import random
from itertools import pairwise

import pytest

from chatserver.protocol.frames import FRAME_BYTES_MAX, NOT_PRINTABLE, NOT_UTF8, TOO_LONG, BadFrame, LineReader, clean
from chatserver.protocol.frames import is_clean as is_clean_text

FORBIDDEN = [
    *(chr(code) for code in range(0x20) if chr(code) not in "\t\n"),
    *(chr(code) for code in range(0x7F, 0xA0)),
    "\u2028",
    "\u2029",
    *(chr(code) for code in range(0x202A, 0x202F)),
    *(chr(code) for code in range(0x2066, 0x206A)),
]
"""Every character that no field holds, LF left out: it ends the line."""

NEIGHBOURS = [
    "\t",
    " ",
    "~",
    "\u00a0",
    "\u00a9",
    "\u2027",
    "\u202f",
    "\u2065",
    "\u206a",
    "\u200b",
    "é",
    "日",
    "\U0001f600",
]
"""Characters beside the forbidden ones, in code or in their first bytes, that a field may hold."""

STREAM = b"".join(
    [
        b"PING|plain\n",
        b"PING|with a CR\r\n",
        b"\n\r\n\n",
        b" \n",
        "PING|é 日本 \U0001f600\n".encode(),
        b"PING|\xff\xfe\n",
        b"PING|\x1b[2J\n",
        b"PING|a\rb\n",
        b"PING|two\r\r\n",
        "PING|\u202e\n".encode(),
        b"x" * (FRAME_BYTES_MAX - 1) + b"\n",
        b"y" * FRAME_BYTES_MAX + b"\n",
        b"z" * (3 * FRAME_BYTES_MAX) + b"\n",
        b"\xff" * (2 * FRAME_BYTES_MAX) + b"\n",
        b"PING|last\n",
        b"an unfinished line",
    ]
)
LINES = [
    "PING|plain",
    "PING|with a CR",
    " ",
    "PING|é 日本 \U0001f600",
    NOT_UTF8,
    NOT_PRINTABLE,
    NOT_PRINTABLE,
    NOT_PRINTABLE,
    NOT_PRINTABLE,
    "x" * (FRAME_BYTES_MAX - 1),
    TOO_LONG,
    TOO_LONG,
    TOO_LONG,
    "PING|last",
]


def _cut(data: bytes, cuts: list[int]) -> list[str]:
    """Feed the data in pieces that end at these places."""
    reader = LineReader()
    lines = []
    for start, end in pairwise([0, *cuts, len(data)]):
        lines += reader.feed(data[start:end])
    return lines


def test_whole() -> None:
    assert _cut(STREAM, []) == LINES


def test_byte_by_byte() -> None:
    assert _cut(STREAM, list(range(1, len(STREAM)))) == LINES


@pytest.mark.parametrize("seed", range(20))
def test_at_random_cuts(seed: int) -> None:
    chance = random.Random(seed)
    cuts = sorted(chance.sample(range(len(STREAM)), chance.randrange(1, 200)))
    assert _cut(STREAM, cuts) == LINES


def test_each_line_fed_alone_is_read_as_within_the_stream() -> None:
    """The check over a whole run of lines and the check of one line must agree."""
    reader = LineReader()
    lines = [line for raw in STREAM.splitlines(keepends=True) for line in reader.feed(raw)]
    assert lines == LINES


def test_what_is_no_frame_is_told_from_a_line_that_says_the_same() -> None:
    lines = LineReader().feed(b"\xff\n" + NOT_UTF8.encode() + b"\n")
    assert lines == [NOT_UTF8, NOT_UTF8]
    assert [isinstance(line, BadFrame) for line in lines] == [True, False]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("letter", ["x", "é", "日"])
@pytest.mark.parametrize("before", [b"", b"PING\n" * 2000], ids=["alone", "behind others"])
def test_a_frame_has_8192_bytes_with_its_line_end(end: bytes, letter: str, before: bytes) -> None:
    room = FRAME_BYTES_MAX - len(end)
    text = letter * (room // len(letter.encode()))
    text += "." * (room - len(text.encode()))
    assert len(text.encode() + end) == 8192

    just = LineReader().feed(before + text.encode() + end)
    over = LineReader().feed(before + b"." + text.encode() + end)

    assert just[-1] == text
    assert not isinstance(just[-1], BadFrame)
    assert over[-1] == TOO_LONG
    assert isinstance(over[-1], BadFrame)
    assert len(over) == len(just)


def test_an_overlong_line_is_answered_once_before_it_ends_and_what_follows_is_read() -> None:
    reader = LineReader()
    assert reader.feed(b"x" * 8191) == []
    assert reader.feed(b"x") == [TOO_LONG]
    assert reader.feed(b"x" * 100_000) == []
    assert reader.feed(b"x\nPING\nPI") == ["PING"]
    assert reader.feed(b"NG\n") == ["PING"]


def test_what_an_overlong_line_holds_is_not_looked_at() -> None:
    reader = LineReader()
    assert reader.feed(b"\xff" * 8192) == [TOO_LONG]
    assert reader.feed(b"\xff\x00\nPING\n") == ["PING"]


def test_one_cr_before_the_end_is_dropped_and_no_second() -> None:
    assert LineReader().feed(b"PING\r\n\r\n") == ["PING"]
    assert LineReader().feed(b"PING\r\r\n") == [NOT_PRINTABLE]
    assert LineReader().feed(b"\r\r\n") == [NOT_PRINTABLE]


def test_a_line_of_blanks_is_a_line_and_fields_are_not_trimmed() -> None:
    assert LineReader().feed(b"  \n\t\n PING | x \n") == ["  ", "\t", " PING | x "]


@pytest.mark.parametrize("character", FORBIDDEN, ids=ascii)
def test_a_forbidden_character_spoils_its_line_alone(character: str) -> None:
    data = f"before\nPING|a{character}b\nafter\n".encode()
    lines = LineReader().feed(data)
    assert lines == ["before", NOT_PRINTABLE, "after"]
    assert isinstance(lines[1], BadFrame)
    assert not is_clean_text(f"a{character}b")
    assert clean(f"a{character}b") == "a b"


@pytest.mark.parametrize("character", NEIGHBOURS, ids=ascii)
def test_characters_beside_the_forbidden_ones_are_taken(character: str) -> None:
    line = f"PING|a{character}b"
    assert LineReader().feed(f"{line}\n".encode()) == [line]
    assert is_clean_text(line)
    assert clean(line) == line


@pytest.mark.parametrize(
    "raw",
    [b"\x80", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xff"],
    ids=["continuation alone", "cut short", "overlong", "surrogate", "above U+10FFFF", "two of three", "never"],
)
def test_bytes_that_are_no_utf8(raw: bytes) -> None:
    assert LineReader().feed(b"before\n" + raw + b"\nafter\n") == ["before", NOT_UTF8, "after"]


def test_a_line_end_within_a_run_of_bytes_that_are_no_utf8_ends_the_line() -> None:
    assert LineReader().feed(b"\xe2\n\x80\xa8\n") == [NOT_UTF8, NOT_UTF8]


def test_a_line_feed_can_be_made_harmless_too() -> None:
    assert not is_clean_text("a\nb")
    assert clean("a\nb", "") == "ab"
