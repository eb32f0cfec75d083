"""The line being typed."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatclient.terminal.editor import LineEditor, complete
from chatclient.terminal.keys import Key, KeyReader
from chatclient.terminal.textwidth import clusters, cut, width, wrap
from chatserver.protocol.frames import is_clean

FAMILY = "👩‍👩‍👧"


def typed(editor: LineEditor, data: str) -> list[str]:
    """Type, and return the lines that were finished."""
    return [line for key in KeyReader().feed(data.encode()) if (line := editor.press(key)) is not None]


@pytest.mark.parametrize(
    ("data", "text", "before"),
    [
        ("hello", "hello", "hello"),
        ("hello\x01X", "Xhello", "X"),
        ("hello\x01\x05Y", "helloY", "helloY"),
        ("one two\x17", "one ", "one "),
        ("one two\x01\x0b", "", ""),
        ("one two\x1b[D\x1b[D\x15", "wo", ""),
        ("one two\x17\x01\x19", "twoone ", "two"),
        ("ab\x14", "ba", "ba"),
        ("one two\x1bbX", "one Xtwo", "one X"),
        ("one two\x01\x1bfX", "oneX two", "oneX"),
        ("abc\x1b[D\x1b[3~", "ab", "ab"),
        ("日本\x1b[D\x7f", "本", ""),
        ("e\u0301x\x7f\x7f", "", ""),
        (f"a{FAMILY}\x7f", "a", "a"),
        (f"{FAMILY}a\x1b[D\x1b[DX", f"X{FAMILY}a", "X"),
        ("\x7f\x1b[D\x1b[C\x17\x15\x0b\x14\x1b[3~", "", ""),
        ("\x1b[200~a\r\nb\nc\td\x1b[201~", "a␤b␤c d", "a␤b␤c d"),
    ],
)
def test_keys_edit_the_line(data: str, text: str, before: str) -> None:
    editor = LineEditor()
    assert typed(editor, data) == []
    assert (editor.text, editor.before_cursor) == (text, before)


def test_the_history_is_walked_and_the_draft_kept() -> None:
    editor = LineEditor()
    assert typed(editor, "one\rtwo\rtwo\r") == ["one", "two", "two"]
    typed(editor, "draft\x1b[A")
    assert editor.text == "two"
    typed(editor, "\x1b[A")
    assert editor.text == "one"
    typed(editor, "\x1b[A")
    assert editor.text == "one"
    typed(editor, "\x1b[B\x1b[B")
    assert editor.text == "draft"
    typed(editor, "\x1b[B")
    assert editor.text == "draft"


def test_the_history_is_searched_from_the_newest_back() -> None:
    editor = LineEditor()
    typed(editor, "tea for two\rcake\rTea again\rdraft")
    assert typed(editor, "\x12tea") == []
    assert (editor.search, editor.text) == ("tea", "Tea again")
    typed(editor, "\x12")
    assert editor.text == "tea for two"
    typed(editor, "\x12")
    assert editor.text == "tea for two"  # there is nothing older
    assert typed(editor, "\r") == []
    assert (editor.search, editor.text) == (None, "tea for two")
    assert typed(editor, "\r") == ["tea for two"]


def test_a_search_that_is_given_up_brings_back_what_was_typed() -> None:
    editor = LineEditor()
    typed(editor, "tea\rdraft\x12te")
    assert editor.text == "tea"
    editor.press(Key("escape"))
    assert (editor.search, editor.text) == (None, "draft")
    typed(editor, "\x12te\x1b[D!")  # any other key takes what was found
    assert (editor.search, editor.text) == (None, "te!a")


def test_of_a_pasted_password_the_first_line_alone_is_taken() -> None:
    editor = LineEditor()
    editor.masked = True
    assert typed(editor, "\x1b[200~correct horse\r\n\x1b[201~\r") == ["correct horse"]
    assert typed(editor, "\x1b[200~correct horse\nand more\x1b[201~\r") == ["correct horse"]
    assert typed(editor, "a\x1b\rb\x12\r") == ["ab"]
    assert editor.history == []


def test_a_password_is_neither_shown_nor_remembered() -> None:
    editor = LineEditor()
    editor.masked = True
    typed(editor, "secret")
    assert editor.window(40) == ("••••••", 6)
    assert typed(editor, "\x17\x19secret\r") == ["secret"]
    editor.masked = False
    typed(editor, "\x1b[A\x19")
    assert editor.text == ""


@given(st.lists(st.binary(max_size=30) | st.sampled_from([b"\x1b[200~", b"\x1b[201~", b"\x1b[D", b"\x17", b"ab"])))
def test_no_bytes_make_the_line_hold_what_cannot_be_sent(pieces: list[bytes]) -> None:
    editor, reader = LineEditor(), KeyReader()
    for piece in pieces:
        for key in reader.feed(piece):
            editor.press(key)
            assert is_clean(editor.text)


@given(st.text(st.sampled_from(f"ab 日é\u0301{FAMILY}🇫🇷"), max_size=60), st.integers(4, 30), st.integers(0, 60))
def test_the_window_always_shows_the_cursor_and_never_more_than_fits(text: str, columns: int, left: int) -> None:
    editor = LineEditor()
    editor.insert(text)
    for _ in range(left):
        editor.press(Key("left"))
    shown, at = editor.window(columns)
    assert shown in editor.text
    assert 0 <= at <= columns
    assert sum(map(width, clusters(shown))) <= columns


@given(st.text(max_size=80), st.integers(4, 40), st.integers(4, 40))
@example("a 234567890", 10, 4)  # what goes on to the second row is too long for it
def test_wrapping_loses_nothing_but_the_spaces_it_breaks_at(text: str, first: int, other: int) -> None:
    rows = wrap(text, first, other)
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")
    assert all(width(row) <= limit for row, limit in zip(rows, [first] + [other] * len(rows), strict=False))


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("日本", 4), ("e\u0301", 1), (FAMILY, 2), ("🇫🇷", 2), ("", 0), ("❤️", 2)]
)
def test_the_width_of_a_text(text: str, columns: int) -> None:
    assert width(text) == columns


SYLLABLE = "\u1112\u1161\u11ab"  # 한, taken apart


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (SYLLABLE, 2),
        (SYLLABLE * 3, 6),
        ("1\ufe0f\u20e3", 2),
        ("#\u20e3", 2),
        ("👍🏽", 2),
        ("✌🏽", 2),
        ("👁\ufe0f\u200d🗨\ufe0f", 2),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 2),
        ("🏳\ufe0f\u200d🌈", 2),
        ("👩🏽\u200d❤\ufe0f\u200d💋\u200d👨🏿", 2),
        ("🇩🇪🇫🇷", 4),
        ("👁\u200d🗨", 2),
        ("🏋\u200d♂", 2),
        ("⛹🏻", 2),
        ("x🏽", 3),
        ("क\u094d\u200dष", 1),
        ("\U0001fae8", 2),  # newer than the tables of this Python
        ("❤", 1),
        ("e\u0301\u0323", 1),
    ],
)
def test_what_is_one_character_has_the_width_of_one(text: str, columns: int) -> None:
    assert width(text) == columns


EMOJI = [chr(code) for code in range(0x1F300, 0x1FAF9) if unicodedata.east_asian_width(chr(code)) == "W"]


@pytest.mark.parametrize("emoji", EMOJI[:: len(EMOJI) // 40], ids=ascii)
def test_an_emoji_with_whatever_belongs_to_it_takes_two_columns(emoji: str) -> None:
    for more in ("", "\ufe0f", "🏽", "\u200d♂\ufe0f", "🏽\u200d♀\ufe0f", "\u200d💻", "🏽\u200d🤝\u200d🧑🏿"):
        assert clusters(f"{emoji}{more}") == [f"{emoji}{more}"] or more == "🏽" * 2
        assert width(f"a{emoji}{more}b") == 4


@pytest.mark.parametrize("columns", [30, 40, 60, 80])
def test_an_address_is_not_broken_where_it_fits_into_a_row(columns: int) -> None:
    address = "https://example.org/a/path?with=much&more"[:columns]
    for before in ("", "see ", "a word or two before it ", "日本 "):
        rows = wrap(f"{before}{address} and so on", columns - 12, columns - 12, columns)
        assert any(address in row for row in rows)
        assert width(rows[0]) <= columns - 12
        assert all(width(row) <= columns for row in rows)


@given(st.text(max_size=50), st.integers(1, 20))
def test_what_is_cut_fits(text: str, columns: int) -> None:
    kept = cut(text, columns)
    assert width(kept) <= columns
    assert text.startswith(kept)
    assert kept == text or width(text) > columns


NAMES = ("alice", "Albert", "bob", "#lobby", "Ömer")
COMMANDS = ("/help", "/history", "/to")


@pytest.mark.parametrize(
    ("before", "start", "text", "choices"),
    [
        ("/t", 0, "/to ", 1),
        ("/h", 0, "/h", 2),
        ("/to bo", 4, "bob ", 1),
        ("/to AL", 4, "Al", 2),
        ("hey ali", 4, "alice ", 1),
        ("/to #", 4, "#lobby ", 1),
        ("/to öm", 4, "Ömer ", 1),
    ],
)
def test_a_word_is_completed(before: str, start: int, text: str, choices: int) -> None:
    found = complete(before, COMMANDS, NAMES)
    assert found is not None
    assert (found.start, found.text, len(found.choices)) == (start, text, choices)


@pytest.mark.parametrize("before", ["", "/to ", "/x", "zed", "/to /h"])
def test_what_nothing_begins_like_stays_as_it_is(before: str) -> None:
    assert complete(before, COMMANDS, NAMES) is None
