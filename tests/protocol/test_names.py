"""What is a name, and when two names are one (PROTOCOL.md, "Names")."""

import sys
from time import thread_time
from unicodedata import category, normalize

import pytest

from chatserver.protocol.names import NAME_CHARS_MAX, NAME_CHARS_TYPED_MAX, NO_KEY, checked_name, name_key

COMPOSED, DECOMPOSED = "Zoë", "Zoe\u0308"


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "7",
        "Alice",
        "a" * 32,
        "a_b-c.d",
        "1.",
        "é",
        "日本",
        "Ωmega",
        "ना",
        "שלום",
        "x\u0301",
        "٣",
        "\U0001d538lice",
    ],
    ids=ascii,
)
def test_names(name: str) -> None:
    assert checked_name(name) == normalize("NFC", name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a" * 33,
        "_a",
        "-a",
        ".a",
        "\u0301a",
        "a b",
        " a",
        "a ",
        "#a",
        "a#b",
        "a@b",
        "a'b",
        "a\tb",
        "a\nb",
        "a\n",
        "a|b",
        "a/b",
        "\U0001f600",
        "a\U0001f600",
        "½",
        "Ⅷ",
        "a²",
        "€",
        "\ud800",
    ],
    ids=ascii,
)
def test_what_is_no_name(name: str) -> None:
    assert checked_name(name) is None


@pytest.mark.parametrize(
    "invisible",
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180d\u180e\u180f\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2064"
    "\u2066\u206f\u3164\ufe00\ufe0f\ufeff\uffa0\ufff0\ufff8\U0001bca0\U0001d173\U0001d17a\U000e0001\U000e0100\U000e01ef",
    ids=ascii,
)
def test_no_code_point_that_shows_as_nothing(invisible: str) -> None:
    assert checked_name(f"a{invisible}b") is None
    assert checked_name(f"{invisible}ab") is None


def test_every_invisible_format_character_of_this_unicode_version_is_refused() -> None:
    """Cf is refused by category alone; Hangul fillers and selectors are letters and marks, and need the list."""
    taken = [
        code for code in range(sys.maxunicode + 1) if category(chr(code)) == "Cf" and checked_name(f"a{chr(code)}")
    ]
    assert taken == []


def test_a_name_is_shown_in_its_composed_form_and_counted_in_it() -> None:
    assert checked_name(DECOMPOSED) == COMPOSED
    assert checked_name("e\u0308" * 32) == "ë" * 32
    assert checked_name("\u0958" * 16) == "\u0915\u093c" * 16  # NFC takes this letter apart
    assert checked_name("\u0958" * 17) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alice", "aLICE"),
        (COMPOSED, DECOMPOSED),
        ("straße", "STRASSE"),
        ("ﬁsh", "FISH"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Ｂｏｂ", "bob"),
        ("\u212b", "å"),
        ("\u2126", "ω"),
        ("\u0345\u0399", "ιι"),
        ("\U0001d538lice", "alice"),
        ("ǆ", "Ǆ"),
        ("K", "k"),
    ],
    ids=ascii,
)
def test_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("bob", "bobb"), ("zoe", "zoë"), ("a.b", "ab"), ("а", "a"), ("ı", "i")], ids=ascii
)
def test_different_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_the_key_is_the_one_of_the_contract() -> None:
    for name in ("Alice", "straße", "Ｂｏｂ", DECOMPOSED, "\u0345", "ﬁ", "İstanbul", "\u1e9e"):
        assert name_key(name) == normalize("NFKC", normalize("NFKC", name).casefold())


def test_a_name_and_its_shown_form_have_one_key() -> None:
    for code in range(0x3000):
        shown = checked_name(chr(code))
        if shown:
            assert name_key(shown) == name_key(chr(code))


def test_what_is_too_long_to_be_a_name_is_not_looked_at() -> None:
    longest = "\u1fb7" * NAME_CHARS_MAX  # three characters each when it is decomposed
    assert checked_name(normalize("NFD", longest)) == longest
    assert name_key(normalize("NFD", longest)) == name_key(longest)
    marks = "a" + "\u0327\u0301" * NAME_CHARS_TYPED_MAX
    start = thread_time()
    for _ in range(100):
        assert checked_name(marks) is None
        assert name_key(marks) == NO_KEY
    assert thread_time() - start < 0.01  # normalising it once takes as long


def test_no_name_has_the_key_of_those_too_long() -> None:
    assert checked_name(NO_KEY) is None
    assert name_key("a" * (NAME_CHARS_TYPED_MAX + 1)) == NO_KEY
