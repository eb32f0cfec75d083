"""Bytes of a terminal to keys, however they are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatclient.keys import Key, KeyReader

TYPED = "a日é\x1b[D\x1b[1;5C\x01\x7f\r\x1b[200~two\nlines\x1b[201~\x1bb\tz".encode()
KEYS = [
    Key("text", "a日é"),
    Key("left"),
    Key("word-right"),
    Key("home"),
    Key("backspace"),
    Key("enter"),
    Key("text", "two\nlines"),
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
