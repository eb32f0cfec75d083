"""Bytes of a terminal to keys, however they are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatclient.terminal.keys import ESCAPE_S, PASTE_BYTES_MAX, PASTE_SILENCE_S, Key, KeyReader

TYPED = "a日é\x1b[D\x1b[1;5C\x01\x7f\r\x1b[200~two\nlines\x1b[201~\x1bb\tz".encode()
KEYS = [
    Key("text", "a日é"),
    Key("left"),
    Key("word-right"),
    Key("home"),
    Key("backspace"),
    Key("enter"),
    Key("paste", "two\nlines"),
    Key("word-left"),
    Key("tab"),
    Key("text", "z"),
]


def joined(keys: list[Key]) -> list[Key]:
    """The keys with runs of text put together, which a cut may part."""
    found: list[Key] = []
    for key in keys:
        if found and key.name == found[-1].name == "text":
            found[-1] = Key("text", found[-1].text + key.text)
        else:
            found.append(key)
    return found


def test_keys_come_out_whole() -> None:
    assert KeyReader().feed(TYPED) == KEYS


@given(st.lists(st.integers(0, len(TYPED)), max_size=12))
def test_keys_come_out_the_same_at_any_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(TYPED)]
    reader = KeyReader()
    found = [key for start, end in pairwise(edges) for key in reader.feed(TYPED[start:end])]
    assert joined(found) == KEYS


def test_keys_come_out_the_same_byte_by_byte() -> None:
    reader = KeyReader()
    assert joined([key for byte in TYPED for key in reader.feed(bytes([byte]))]) == KEYS


@pytest.mark.parametrize(
    "noise", [b"\x1b[99;99Q", b"\xff", b"\xc3\x28"[:1] + b"\xff", b"\x1b[M", b"\x00", b"\x1b\x1b[A"]
)
def test_what_is_no_key_is_left_out(noise: bytes) -> None:
    keys = KeyReader().feed(noise + b"\r")
    assert keys[-1] == Key("enter")
    assert all(key.name in ("enter", "up") for key in keys)


@pytest.mark.parametrize("size", [0, 100, 70_000, PASTE_BYTES_MAX + 5000])
def test_a_paste_is_one_key_however_long_it_is_and_nothing_in_it_is_obeyed(size: int) -> None:
    data = b"\x1b[200~" + (b"line\n/block bob\n\x03\x1b[A" * (size // 20 + 1))[:size] + b"\x1b[201~\r"
    reader = KeyReader()
    keys = [key for at in range(0, len(data), 4096) for key in reader.feed(data[at : at + 4096])]
    assert [key.name for key in keys] == ["paste", "enter"]
    assert len(keys[0].text.encode()) == min(size, PASTE_BYTES_MAX)
    assert reader.patience_s is None


def test_a_paste_without_an_end_is_over_after_a_silence() -> None:
    reader = KeyReader()
    assert reader.feed(b"\x1b[200~two\nlines\x1b[2") == []
    assert reader.patience_s == PASTE_SILENCE_S
    assert reader.silence() == [Key("paste", "two\nlines\x1b[2")]
    assert reader.feed(b"x\r") == [Key("text", "x"), Key("enter")]
    assert reader.feed(b"\x1b[201~") == []


def test_ctrl_c_by_itself_ends_a_paste_and_within_it_does_not() -> None:
    reader = KeyReader()
    assert reader.feed(b"\x1b[200~half") == []
    assert reader.feed(b"\x03") == [Key("interrupt")]
    assert reader.feed(b"\x1b[200~half") == []
    assert reader.feed(b"\x03\r/block bob\r") == []


def test_escape_is_a_key_once_nothing_follows_it() -> None:
    reader = KeyReader()
    assert reader.feed(b"\x1b") == []
    assert reader.patience_s == ESCAPE_S
    assert reader.silence() == [Key("escape")]
    assert reader.feed(b"\x1b\x15") == [Key("escape"), Key("kill-to-start")]
    assert reader.patience_s is None
    assert reader.silence() == []


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\x1b1", "window-1"),
        (b"\x1ba", "next-unread"),
        (b"\x1b[5~", "page-up"),
        (b"\x1b[6~", "page-down"),
        (b"\x1b\r", "line-break"),
        (b"\x1b[I", "focus"),
        (b"\x1b[O", "unfocus"),
        (b"\x12", "search"),
        (b"\x0e", "next-window"),
        (b"\x10", "previous-window"),
    ],
)
def test_keys_that_move_between_windows(data: bytes, name: str) -> None:
    assert KeyReader().feed(data) == [Key(name)]
